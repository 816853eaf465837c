"""Every flow gets the name that a plain, obviously right reference gives it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from outage.flows.surveying import Options
from tests.flows.made import (
    Named,
    answer,
    classified,
    classify,
    flow,
    made_answers,
    made_flows,
    reference,
)  # fmt: skip

KEYS = ("client", "server_ip", "start", "end", "server_name", "certificate_name", "bytes_down",
        "bytes_up", "rtt_ms", "vantage")  # fmt: skip


def test_200_000_random_flows_are_named_as_the_reference_names_them(tmp_path: Path) -> None:
    flows, answers = made_flows(200_000, seed=1), made_answers(50_000, seed=2)

    outcome = classify(tmp_path, flows, answers)

    expected = Counter(
        (*(one[key] for key in KEYS), *name)
        for one, name in zip(flows, reference(flows, answers, grace=300), strict=True)
    )
    columns = (*KEYS, "service", "category", "named_by")
    assert Counter(tuple(x[y] for y in columns) for x in classified(tmp_path / "out")) == expected
    rules = Counter(name[-1] for name in expected.elements())
    assert outcome.named == {rule: rules[rule] for rule in outcome.named}
    assert min(rules[rule] for rule in ("dns", "sni", "certificate", None)) > 1_000


def named(tmp_path: Path, flows: list, answers: list = (), **options: object) -> list[Named]:
    """Return the names of flows, in the order of their start."""
    classify(tmp_path, flows, answers, **options)
    rows = sorted(classified(tmp_path / "out"), key=lambda row: row["start"])
    return [Named(row["service"], row["category"], row["named_by"]) for row in rows]


NOTHING = Named(None, None, None)
CHAT = Named("alpha", "chat", "dns")


def test_an_answer_counts_until_the_very_second_it_expires(tmp_path: Path) -> None:
    answers = [answer("c", "c1.alpha.example", "198.51.100.1", 100, ttl=60)]
    # Another name of that address: the address rule stays out of it.
    answers.append(answer("x", "nobody.example", "198.51.100.1", 100))
    starts = (99.999999, 100, 160, 170, 170.000001)

    rows = named(tmp_path, [flow("c", "198.51.100.1", x) for x in starts], answers, grace=10)

    assert rows == [NOTHING, CHAT, CHAT, CHAT, NOTHING]


def test_only_the_latest_answer_counts_even_once_it_has_expired(tmp_path: Path) -> None:
    answers = [
        answer("c", "c1.alpha.example", "198.51.100.1", 0, ttl=7_200),
        answer("c", "nobody.example", "198.51.100.1", 100, ttl=1),
    ]

    rows = named(tmp_path, [flow("c", "198.51.100.1", x) for x in (99, 100, 5_000)], answers)

    assert rows == [CHAT, NOTHING, NOTHING]


def test_an_answer_is_for_its_client_and_address_only(tmp_path: Path) -> None:
    answers = [
        answer("c", "c1.alpha.example", "198.51.100.1", 0),
        answer("x", "nobody.example", "198.51.100.1", 0),
    ]
    flows = [flow("d", "198.51.100.1", 1), flow("c", "198.51.100.2", 2)]

    assert named(tmp_path, flows, answers) == [NOTHING, NOTHING]


def test_of_answers_at_the_same_moment_the_longest_lived_counts_then_the_first_name(
    tmp_path: Path,
) -> None:
    answers = [
        answer("c", "c1.alpha.example", "198.51.100.1", 0, ttl=60),
        answer("c", "beta.example", "198.51.100.1", 0, ttl=61),
        answer("d", "gamma.example", "198.51.100.1", 0, ttl=60),
        answer("d", "beta.example", "198.51.100.1", 0, ttl=60),
        answer("e", "a.unlisted.example", "198.51.100.1", 0, ttl=60),
        answer("e", "beta.example", "198.51.100.1", 0, ttl=60),
    ]

    rows = named(tmp_path, [flow(x, "198.51.100.1", n) for n, x in enumerate("cde")], answers)

    assert rows == [Named("beta", "", "dns"), Named("beta", "", "dns"), NOTHING]


def test_clients_whose_names_are_addresses_keep_their_own_answers(tmp_path: Path) -> None:
    one, two = "198.51.100.1", "198.51.100.2"
    answers = [
        answer(client, name, address, second, ttl=600)
        for second, (client, address, name) in enumerate(
            [(one, one, "c1.alpha.example"), (two, two, "beta.example"),
             (one, two, "mm1.alpha.example"), (two, one, "gamma.example")]
        )
    ]  # fmt: skip
    flows = [flow(x, y, 60 + n) for n, (x, y) in enumerate([(one, one), (two, two), (one, two)])]

    assert named(tmp_path, flows, answers) == [
        CHAT, Named("beta", "", "dns"), Named("alpha", "media", "dns"),
    ]  # fmt: skip


def test_an_answer_of_yesterday_names_a_flow_of_today(tmp_path: Path) -> None:
    answers = [answer("c", "c1.alpha.example", "198.51.100.1", -10 * 86_400, ttl=11 * 86_400)]

    (row,) = named(tmp_path, [flow("c", "198.51.100.1", 5)], answers)

    assert row == CHAT


def test_an_answer_of_an_unknown_name_leaves_the_flow_to_its_server_name(tmp_path: Path) -> None:
    answers = [answer("c", "nobody.example", "203.0.113.1", 0)]
    flows = [
        flow("c", "203.0.113.1", 1, server_name="mm3.alpha.example"),
        flow("c", "203.0.113.1", 2),  # in the block of gamma, but seen under another name
    ]

    assert named(tmp_path, flows, answers) == [Named("alpha", "media", "sni"), NOTHING]


def test_server_name_goes_before_certificate_and_certificate_before_address(tmp_path: Path) -> None:
    flows = [
        flow("c", "203.0.113.1", 0, server_name="beta.example", certificate_name="*.alpha.example"),
        flow("c", "203.0.113.1", 1, server_name="x.example", certificate_name="*.alpha.example"),
        flow("c", "203.0.113.2", 2),
        flow("c", "2001:db8:77::1", 3),
        flow("c", "203.0.113.99", 4),
    ]

    assert named(tmp_path, flows) == [
        Named("beta", "", "sni"),
        Named("alpha", "", "certificate"),
        Named("gamma", "", "address"),
        Named("gamma", "", "address"),
        NOTHING,
    ]


def test_an_address_names_only_where_all_its_names_belong_to_one_service(tmp_path: Path) -> None:
    answers = [
        answer("x", "c1.alpha.example", "198.51.100.1", 0),
        answer("y", "c2.alpha.example", "198.51.100.1", 90_000),  # later, on another day
        answer("x", "c1.alpha.example", "198.51.100.2", 0),
        answer("x", "mm1.alpha.example", "198.51.100.2", 0),
        answer("x", "c1.alpha.example", "198.51.100.3", 0),
        answer("x", "beta.example", "198.51.100.3", 0),
        answer("x", "c1.alpha.example", "198.51.100.4", 0),
        answer("x", "nobody.example", "198.51.100.4", 0),
    ]

    rows = named(tmp_path, [flow("c", f"198.51.100.{x}", x) for x in (1, 2, 3, 4)], answers)

    assert rows == [
        Named("alpha", "chat", "address"), Named("alpha", "", "address"), NOTHING, NOTHING,
    ]  # fmt: skip


def test_reverse_names_keep_only_the_addresses_that_they_speak_for(tmp_path: Path) -> None:
    names = {"203.0.113.1": "host.gamma.example", "203.0.113.2": "host.beta.example"}
    flows = [flow("c", f"203.0.113.{x}", x) for x in (1, 2, 3)]

    rows = named(tmp_path, flows, reverse=names.get)

    assert rows == [Named("gamma", "", "address"), NOTHING, NOTHING]


@pytest.mark.parametrize("grace", [-1, 3_601])
def test_a_grace_out_of_bounds_is_refused(grace: int) -> None:
    with pytest.raises(Exception, match="--grace"):
        Options(grace=grace).check()
