"""Each cause opens as itself, where it is; each nuisance opens nothing and is named."""

from __future__ import annotations

from functools import cache

import pytest

from outage.slots import HOUR, MINUTE
from outage.words import Cause, State
from tests.judging.made import (
    ALARM,
    APPLICATION,
    DNS,
    ENDS,
    GONE,
    LATENCY_UP,
    NETWORK,
    SERVICES,
    SLOT,
    THROTTLED,
    UNREACHABLE,
    Change,
    Judged,
    at,
    everything,
    judge,
    where,
    without,
    world,
)

NOON, TWO = at(12), at(14)
THREE = ("op-a", "op-b", "op-c")


def hits(factors: dict[str, float], vantage: str | None = None) -> tuple[Change, ...]:
    """Return a failure of alpha; people complain however few vantages it is on."""
    if vantage is None:
        return (Change(NOON, TWO, factors, "alpha"),)
    network = {name: factor for name, factor in factors.items() if name not in ALARM}
    return (
        Change(NOON, TWO, network, "alpha", vantage),
        Change(NOON, TWO, ALARM, "alpha", ""),
    )


CAUSES = [
    pytest.param(APPLICATION, Cause.APPLICATION, id="application"),
    pytest.param(UNREACHABLE, Cause.UNREACHABLE, id="unreachable"),
    pytest.param(DNS, Cause.DNS, id="dns"),
    pytest.param(LATENCY_UP, Cause.LATENCY, id="latency"),
]


@pytest.mark.parametrize(("factors", "cause"), CAUSES)
def test_a_cause_on_all_vantages_opens_everywhere(factors: dict[str, float], cause: Cause) -> None:
    judged = judge(world(*hits(factors)))

    (one,) = judged.incidents
    assert (one.subject, one.cause, one.vantage) == ("alpha", cause, None)
    assert one.vantages == ("op-a", "op-b")
    assert NOON < one.opened_at <= NOON + 3 * SLOT
    assert one.confirmed_at is not None
    assert abs(one.start - NOON) <= SLOT
    assert one.end is not None
    assert abs(one.end - TWO) <= 2 * SLOT
    assert one.state is State.CLOSED
    assert one.runner_up not in (None, cause)


@pytest.mark.parametrize(("factors", "cause"), CAUSES)
@pytest.mark.parametrize("vantage", ["op-a", "op-b"])
def test_a_cause_on_one_vantage_says_which(
    factors: dict[str, float], cause: Cause, vantage: str
) -> None:
    (one,) = judge(world(*hits(factors, vantage))).incidents

    assert (one.subject, one.cause, one.vantage) == ("alpha", cause, vantage)
    assert one.vantages == (vantage,)


@pytest.mark.parametrize("operators", [("op-a", "op-b"), THREE])
def test_a_throttled_service_is_told_from_a_release(operators: tuple[str, ...]) -> None:
    complaints = Change(NOON, TWO, {"error_posts": 6.0, "user_reports": 4.0}, "alpha", "")
    throttled = Change(NOON, TWO, THROTTLED, "alpha", "op-a")

    (one,) = judge(world(throttled, complaints, operators=operators)).incidents

    assert (one.subject, one.cause, one.vantage) == ("alpha", Cause.THROTTLING, "op-a")


def test_an_operator_is_the_subject_of_its_own_outage() -> None:
    judged = judge(
        world(Change(NOON, TWO, GONE, None, "op-a"), Change(NOON, TWO, ALARM, "op-a", ""))
    )

    (one,) = judged.incidents
    assert (one.subject, one.cause, one.vantage) == ("op-a", Cause.OPERATOR, "op-a")


def test_services_are_not_blamed_while_their_operator_comes_back() -> None:
    """Two services fall with op-a; one of them takes an hour longer to be used again."""
    judged = judge(
        world(
            Change(NOON, TWO, GONE, None, "op-a"),
            Change(TWO, TWO + HOUR, everything(0.6), "alpha", "op-a"),
            Change(NOON, TWO, ALARM, "op-a", ""),
        )
    )

    assert [one.subject for one in judged.incidents] == ["op-a"]


@pytest.mark.parametrize(
    ("factors", "services"),
    [
        pytest.param(APPLICATION, SERVICES, id="application"),
        pytest.param(DNS, SERVICES, id="dns"),
        pytest.param(UNREACHABLE, (*SERVICES, "gamma"), id="unreachable, another is well"),
        pytest.param(UNREACHABLE, SERVICES, id="unreachable, all that are watched"),
    ],
)
def test_a_platform_that_is_out_everywhere_blames_no_operator(
    factors: dict[str, float], services: tuple[str, ...]
) -> None:
    failing = (Change(NOON, TWO, factors, "alpha"), Change(NOON, TWO, factors, "beta"))

    judged = judge(world(*failing, services=services))

    assert [one.subject for one in judged.incidents] == ["alpha", "beta"]
    assert len({one.event for one in judged.incidents}) == 1


NUISANCES = [
    pytest.param(
        Change(NOON, TWO, everything(2.0) | {"posts": 1.5}, "alpha"), {"flash_crowd"}, id="crowd"
    ),
    pytest.param(Change(NOON, TWO, everything(0.6), "alpha"), {"ebb"}, id="ebb"),
    pytest.param(Change(NOON, TWO, everything(0.6)), {"ebb"}, id="feast"),
    pytest.param(
        Change(NOON, ENDS, {"bytes_down": 0.6, "bytes_up": 0.6}, "alpha"),
        {"level_shift"},
        id="level shift down",
    ),
    pytest.param(
        Change(NOON, ENDS, {"bytes_down": 1.7, "bytes_up": 1.7}, "alpha"),
        {"level_shift"},
        id="level shift up",
    ),
    pytest.param(
        Change(NOON, TWO, {"posts": 10.0, "error_posts": 4.0}, "alpha"), {"news"}, id="news"
    ),
    pytest.param(
        Change(NOON, TWO, {"posts": 1.5, "error_posts": 15.0}, "alpha"), {"meme"}, id="meme"
    ),
    pytest.param(
        Change(NOON, TWO, everything(0.4), None, "op-a"), {"record_loss", "ebb"}, id="record loss"
    ),
]


@pytest.mark.parametrize(("change", "kinds"), NUISANCES)
def test_a_nuisance_opens_nothing_and_is_named(change: Change, kinds: set[str]) -> None:
    judged = judge(world(change))

    assert judged.incidents == []
    assert judged.kinds("alpha", NOON, TWO) <= kinds
    assert judged.kinds("alpha", NOON, TWO)


def test_ordinary_days_open_nothing_and_name_nothing() -> None:
    for seed in (1, 2):
        judged = judge(world(seed=seed, days=17), until=ENDS + 12 * HOUR)

        assert (judged.incidents, judged.notices) == ([], [])


@cache
def failing() -> Judged:
    return judge(world(*hits(APPLICATION)))


def test_a_nuisance_says_what_it_is() -> None:
    (notice,) = judge(world(Change(NOON, TWO, everything(2.0), "alpha"))).notices

    assert notice.text.startswith("alpha: ")
    assert "crowd" in notice.text
    assert NOON <= notice.start <= NOON + 2 * SLOT
    assert notice.end is not None
    assert TWO <= notice.end <= TWO + 4 * SLOT


def test_the_evidence_is_told_in_numbers_and_words() -> None:
    (one,) = failing().incidents
    by_signal = {e.signal: e for e in one.evidence if e.vantage in ("op-a", "")}

    assert {"bytes_down", "rst", "syn", "error_posts"} <= set(by_signal)
    assert {by_signal[name].direction for name in ("rst", "syn", "error_posts")} == {"up"}
    down = by_signal["bytes_down"]
    assert down.direction == "down"
    assert down.score < 0
    assert down.seen / down.expected == pytest.approx(0.2, abs=0.05)
    assert down.unit == "bytes"
    assert "at op-a" in down.text
    assert "12:00 UTC" in down.text
    assert len(one.evidence) <= 12


def test_the_severity_is_the_missing_share() -> None:
    (one,) = failing().incidents

    assert one.severity == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("minutes", [0, 40])
def test_it_says_how_long_after_the_network_people_spoke(minutes: int) -> None:
    network = {name: factor for name, factor in APPLICATION.items() if name not in ALARM}
    complaints = Change(NOON + minutes * MINUTE, TWO, ALARM, "alpha", "")

    (one,) = judge(world(Change(NOON, TWO, network, "alpha"), complaints)).incidents

    assert one.lag_s == minutes * MINUTE


def test_a_shallow_outage_is_less_sure_than_a_deep_one() -> None:
    shallow = Change(NOON, TWO, {"error_posts": 9.0, "user_reports": 9.0}, "alpha")
    people = judge(where(world(shallow), lambda one: one.source == "crowd"))

    (one,) = people.incidents
    assert one.confidence < failing().incidents[0].confidence


def test_a_gap_at_one_vantage_opens_nothing() -> None:
    judged = judge(without(world(), NOON, TWO, vantage="op-a"))

    assert judged.incidents == []


@pytest.mark.parametrize("vantage", [None, "op-a"])
def test_a_service_of_which_nothing_is_left_is_out(vantage: str | None) -> None:
    """A zero is a measurement, not a gap."""
    judged = judge(world(*hits(dict.fromkeys(NETWORK, 0.0) | ALARM, vantage)))

    (one,) = judged.of("alpha")
    assert one.vantage == vantage
    assert one.opened_at <= NOON + 2 * SLOT
    assert one.end is not None
    assert one.end >= TWO - SLOT


def test_an_operator_of_which_nothing_is_left_is_out() -> None:
    gone = Change(NOON, TWO, dict.fromkeys(NETWORK, 0.0), None, "op-a")

    judged = judge(world(gone, Change(NOON, TWO, ALARM, "op-a", "")))

    assert [(one.subject, one.cause) for one in judged.incidents] == [("op-a", Cause.OPERATOR)]


def test_few_signals_open_without_a_cause_that_they_cannot_tell() -> None:
    few = where(
        world(Change(NOON, TWO, everything(0.1) | ALARM, "alpha")),
        lambda one: one.signal in ("flows", "bytes_down", "error_posts"),
    )

    (one,) = judge(few).incidents
    assert one.subject == "alpha"
    assert one.vantages == ("op-a", "op-b")
