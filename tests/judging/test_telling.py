"""Evidence reads right to a person who knows the paper: who saw what, and why not otherwise."""

from __future__ import annotations

from functools import cache

import pytest

from outage.catalogue import load_catalogue
from outage.judging.rejecting import did, moved, wanted
from outage.judging.signatures import built_in
from outage.replay import replay_scenario
from outage.settings import Settings
from outage.slots import MINUTE
from outage.words import Evidence, Incident
from tests.judging.made import (
    ALARM,
    APPLICATION,
    DNS,
    GONE,
    LATENCY_UP,
    UNREACHABLE,
    Change,
    Judged,
    at,
    judge,
    world,
)

NOON, TWO = at(12), at(14)
EVENTS = "ABCD"


@cache
def blackout() -> dict[str, Incident]:
    found = replay_scenario("whatsapp-2014", Settings(), load_catalogue(None))
    return dict(zip(EVENTS, found.incidents, strict=True))


@cache
def failed(name: str, vantage: str | None = None) -> Judged:
    causes = {"dns": DNS, "unreachable": UNREACHABLE, "latency": LATENCY_UP, "app": APPLICATION}
    network = {k: v for k, v in causes[name].items() if k not in ALARM}
    people = Change(NOON, TWO, ALARM, "alpha", "")
    return judge(world(Change(NOON, TWO, network, "alpha", vantage), people))


def line(one: Incident, signal: str) -> Evidence:
    return next(row for row in one.evidence if row.signal == signal)


@pytest.mark.parametrize("event", EVENTS)
def test_the_story_of_figure_8_is_told_in_its_order(event: str) -> None:
    told = blackout()[event].evidence

    assert [(row.signal, row.direction) for row in told[:6]] == [
        ("bytes_down", "down"),
        ("flows", "up"),
        ("syn", "up"),
        ("rst", "up"),
        ("error_posts", "up"),
        ("syn_ack", "up"),
    ]
    network = [row for row in told[:6] if row.signal != "error_posts"]
    assert {(row.vantage, row.category) for row in network} == {("operator-a", "chat")}


@pytest.mark.parametrize("event", EVENTS)
def test_syn_ack_still_answers(event: str) -> None:
    text = line(blackout()[event], "syn_ack").text

    assert "; not unreachable: syn_ack per syn would fall (it stays)" in text


@pytest.mark.parametrize("event", EVENTS)
def test_the_lag_of_the_people_is_told_with_its_uncertainty(event: str) -> None:
    one = blackout()[event]
    (text,) = [row.text for row in one.evidence if "people spoke" in row.text]

    assert row_signal(one, text) == "error_posts"
    assert "min, correlation 0." in text
    assert one.lag_s is not None
    assert abs(one.lag_s) <= 10 * MINUTE


def row_signal(one: Incident, text: str) -> str:
    return next(row.signal for row in one.evidence if row.text == text)


def test_it_is_told_what_is_hit() -> None:
    text = blackout()["B"].evidence[0].text

    assert text.startswith("bytes_down chat at operator-a -9")
    assert text.endswith(
        "; hit at operator-a and operator-b, in every category (chat, mmi, mms, mmv and mm_other)"
    )


def test_it_is_told_what_is_not_hit() -> None:
    (one,) = failed("app", "op-a").incidents

    assert "; hit at op-a, not at op-b" in one.evidence[0].text


@pytest.mark.parametrize(
    ("cause", "first"), [("dns", "dns_failures"), ("unreachable", "syn_ack"), ("app", "syn")]
)
def test_what_defines_the_cause_comes_before_the_people(cause: str, first: str) -> None:
    (one,) = failed(cause).incidents
    signals = [row.signal for row in one.evidence]

    assert signals.index(first) < signals.index("error_posts") < signals.index("posts")


@pytest.mark.parametrize("cause", ["dns", "unreachable", "app", "latency"])
def test_the_runner_up_is_a_named_cause_and_rejected_with_a_reason(cause: str) -> None:
    (one,) = failed(cause).incidents
    told = [row.text for row in one.evidence if "; not " in row.text]

    assert one.runner_up is not None
    assert len(told) == 1
    assert f"; not {one.runner_up.value}: " in told[0]
    assert " would " in told[0]


def test_a_feature_that_stayed_is_told_where_it_rejects() -> None:
    """Evidence of absence: without it the reader could not see why."""
    (one,) = failed("dns").incidents
    text = next(row.text for row in one.evidence if "; not " in row.text)

    assert "(it " in text


def test_lines_of_an_operator_name_the_service() -> None:
    gone = Change(NOON, TWO, GONE, None, "op-a")
    people = Change(NOON, TWO, ALARM, "op-a", "")

    (one,) = judge(world(gone, people)).incidents

    assert one.evidence[0].text.startswith(("alpha bytes_down at op-a", "beta bytes_down at op-a"))
    assert "; hit: alpha and beta" in one.evidence[0].text
    assert line(one, "error_posts").text.startswith("error_posts x")


@pytest.mark.parametrize(
    ("feature", "row", "direction"),
    [
        ("syn_ack_per_syn", "unreachable", "fall"),
        ("syn_ack_per_syn", "application", "stay"),
        ("rst_per_flow", "application", "rise"),
        ("rtt_tcp_ms", "latency", "rise"),
        ("differentiation", "throttling", "rise"),
    ],
)
def test_what_a_cause_wants_is_read_off_the_table(feature: str, row: str, direction: str) -> None:
    table = built_in()

    assert wanted(table, feature, table.position(row)) == direction


def test_changes_are_told_in_words() -> None:
    assert [did(x) for x in (-0.05, -3.0, 0.3, 1.0)] == [
        "stays",
        "falls by 95 %",
        "rises by 35 %",
        "rises to 2.7 times",
    ]
    assert [moved(x) for x in (0.05, -0.5)] == ["stays", "falls by 0.5"]
