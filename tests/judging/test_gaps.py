"""A gap neither opens nor closes; an open incident without data is blind for a while."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outage.slots import HOUR, MINUTE
from outage.words import Cause, State
from tests.judging.made import (
    ALARM,
    ENDS,
    SLOT,
    Change,
    Judged,
    at,
    blackout,
    judge,
    together,
    where,
    without,
    world,
)

NOON = at(12)


@pytest.mark.parametrize(
    "silent",
    [
        {},
        {"vantage": "op-a"},
        {"subject": "alpha"},
        {"subject": "alpha", "vantage": "op-b"},
        {"signal": "bytes_down"},
        {"signal": "syn_ack"},
        {"source": "crowd"},
        {"source": "probe"},
    ],
    ids=lambda which: " ".join(which.values()) or "everything",
)
def test_a_gap_opens_nothing(silent: dict[str, str]) -> None:
    judged = judge(without(world(), NOON, NOON + 5 * HOUR, **silent))

    assert judged.incidents == []


def test_the_return_of_data_after_days_opens_nothing() -> None:
    judged = judge(without(world(days=20), at(6), at(75)), until=at(96))

    assert judged.incidents == []


@pytest.mark.parametrize("hours", [1, 5])
def test_a_short_gap_does_not_close(hours: int) -> None:
    batch = world(blackout(NOON, 9 * 60))

    (one,) = judge(without(batch, at(13), at(13 + hours))).incidents

    assert one.start == NOON
    assert one.end is not None
    assert abs(one.end - at(21)) <= 2 * SLOT


def test_blind_for_six_hours_closes_at_the_last_slot_seen() -> None:
    batch = without(world(blackout(NOON, 9 * 60)), at(13), ENDS)

    (waiting,) = judge(batch, until=at(19) - SLOT).incidents
    (closed,) = judge(batch, until=at(19)).incidents

    assert (waiting.state, waiting.end) == (State.CONFIRMED, None)
    assert (closed.state, closed.end) == (State.CLOSED, at(13))


def test_one_vantage_going_blind_does_not_close_what_another_still_sees() -> None:
    batch = without(world(blackout(NOON, 9 * 60)), at(13), ENDS, vantage="op-a")

    (one,) = judge(batch).incidents

    assert one.end is not None
    assert abs(one.end - at(21)) <= 2 * SLOT


def test_an_incident_goes_on_after_a_gap_in_one_signal() -> None:
    batch = without(world(blackout(NOON, 4 * 60)), at(13), at(14), signal="flows")

    (one,) = judge(batch).incidents

    assert one.end is not None
    assert abs(one.end - at(16)) <= 2 * SLOT
    assert one.cause is Cause.APPLICATION


@pytest.mark.parametrize("silent", [{}, {"vantage": "op-a"}], ids=["all", "op-a"])
def test_a_gap_is_noticed(silent: dict[str, str]) -> None:
    judged = judge(without(world(), NOON, NOON + 3 * HOUR, **silent))

    assert any(
        one.start <= NOON + HOUR and (one.end or ENDS) >= NOON + 2 * HOUR for one in judged.notices
    )


def test_a_nuisance_is_not_seen_going_on_in_a_gap() -> None:
    crowd = Change(NOON, NOON + 2 * HOUR, {"posts": 10.0, "error_posts": 3.0}, "alpha")
    silent = without(world(crowd), NOON + HOUR, ENDS)

    ends = [n.end for n in judge(silent).notices if n.kind == "news"]

    assert ends
    assert all(end is not None and end <= NOON + HOUR + SLOT for end in ends)


def test_people_are_heard_while_the_network_is_silent() -> None:
    """Traffic that was calm before the gap refutes nobody who complains within it."""
    alarm = Change(NOON, NOON + 2 * HOUR, ALARM, "alpha")
    batch = without(world(alarm), NOON - 30 * MINUTE, NOON + 3 * HOUR, source="probe")

    (one,) = judge(batch).incidents
    assert (one.subject, one.cause, one.vantages) == ("alpha", Cause.UNKNOWN, ())


# -- who is silent ----------------------------------------------------------------------------


def gaps(judged: Judged) -> list[tuple[str, str | None]]:
    return [(n.subject, n.vantage) for n in judged.notices if n.kind == "data_gap"]


def test_a_silent_source_of_people_is_named_once() -> None:
    judged = judge(without(world(), NOON, NOON + 5 * HOUR, source="crowd"))

    assert gaps(judged) == [("crowd", None)]
    (one,) = [n for n in judged.notices if n.kind == "data_gap"]
    assert (one.start, one.end) == (NOON, NOON + 5 * HOUR)
    assert one.text == (
        "crowd: this source says nothing of people any more, though much is expected"
    )
    assert judged.incidents == []


@pytest.mark.parametrize("source", ["probe", "crowd"])
def test_a_service_of_which_nothing_is_heard_is_named(source: str) -> None:
    judged = judge(without(world(), NOON, NOON + 5 * HOUR, subject="alpha", source=source))

    assert gaps(judged) == [("alpha", None)]
    assert judged.incidents == []


def test_a_silent_vantage_is_named_and_not_its_services_too() -> None:
    judged = judge(without(world(), NOON, NOON + 5 * HOUR, vantage="op-a"))

    assert gaps(judged) == [("op-a", "op-a")]


def test_a_single_empty_slot_is_told_of_nobody() -> None:
    silent = without(world(), NOON, NOON + SLOT, source="crowd")

    assert gaps(judge(without(silent, NOON, NOON + SLOT, subject="alpha"))) == []


def test_those_of_whom_little_is_expected_may_be_silent() -> None:
    batch = where(world(), lambda one: one.signal != "posts")

    assert gaps(judge(without(batch, NOON, NOON + HOUR, subject="alpha", source="crowd"))) == []


def test_an_hourly_source_that_ends_does_not_blind_a_vantage_that_others_hear() -> None:
    hourly = where(world(slot_seconds=3_600), lambda one: one.vantage == "op-a")
    slow = tuple(replace(one, source="hourly") for one in hourly.series)
    both = together(world(), replace(hourly, series=slow))

    judged = judge(without(both, NOON, ENDS, source="hourly"))

    assert gaps(judged) == [("hourly", None)]
    assert judged.incidents == []


def test_a_quick_source_that_ends_is_named_where_an_hourly_one_goes_on() -> None:
    hourly = where(world(slot_seconds=3_600), lambda one: one.vantage == "op-a")
    slow = tuple(replace(one, source="hourly") for one in hourly.series)
    quick = where(world(), lambda one: one.vantage == "op-a" or one.source == "crowd")

    judged = judge(
        without(together(quick, replace(hourly, series=slow)), NOON, ENDS, source="probe")
    )

    assert gaps(judged) == [("probe", None)]


def test_a_source_of_people_is_named_where_there_is_no_network_at_all() -> None:
    people = where(world(), lambda one: one.source == "crowd")

    assert gaps(judge(without(people, NOON, ENDS, source="crowd"))) == [("crowd", None)]
