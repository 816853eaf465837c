"""Every reason for which an incident does not open has its own sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outage.explaining.record import Footing, VantageView, Warming, Weight
from outage.explaining.sentences import cold, places, seen, why
from outage.explaining.weighing import Weighed
from outage.settings import Judging
from outage.slots import parse_time
from tests.explaining.made import reading

HIT = VantageView("op-a", heard=True, hit=True, running=30.0, slot=10.0, muted=0.0)
SPARED = replace(HIT, name="op-b", hit=False, running=-3.0)
LEAD = Weight("application", outage=True, running=30.0, slot=9.0, margin=20.0, over="news")
NEWS = Weight("news", outage=False, running=10.0, slot=4.0, margin=None, over=None)
WEIGHED = Weighed((LEAD, NEWS), (HIT, SPARED), 20.0, 20.0, 7.0, 3.0, "application", ())
MIDNIGHT = parse_time("2026-03-02T00:00:00Z")
YOUNG = Warming("chatty", "flows", "", "op-a", "probe", Footing.LAST_HOURS, 0, MIDNIGHT)


def said(opened: bool = False, kind: str = "service", **changes: object) -> str:
    weighed = replace(WEIGHED, **changes)  # type: ignore[arg-type]
    return " ".join(why(kind, weighed, opened, Judging()))


def test_how_far_it_passed_and_what_came_closest() -> None:
    text = said(opened=True)

    assert text.startswith("It looks most like application: a margin of 20.0 nats, 13.0 over the 7")
    assert "comes closest is news: 10.0 nats against 30.0 (many posts name it" in text
    assert "did not open" not in text


def test_an_innocent_explanation_that_fits_better_is_named() -> None:
    lead, news = replace(LEAD, running=8.0, margin=-2.0), NEWS

    text = said(weights=(lead, news), margin=-2.0, unmuted=-2.0)

    assert "a margin of -2.0 nats, 9.0 short of the 7 that open an incident" in text
    assert "The innocent explanation news fits better: 10.0 nats against 8.0" in text


def test_a_slot_that_no_longer_speaks_opens_nothing() -> None:
    assert "this slot by itself does not speak for the cause any more" in said()


def test_too_few_people_alone_open_nothing() -> None:
    text = said(vantages=(SPARED,))

    assert "people alone speak, and 3 complaints more than expected are too few (15" in text


def test_an_operator_that_is_out_explains_away() -> None:
    muted = replace(HIT, muted=25.0)
    lead = replace(LEAD, margin=-5.0)

    text = said(
        weights=(lead, NEWS), vantages=(muted,), margin=-5.0, unmuted=18.0, operators_out=("op-a",)
    )

    assert "By itself it would have opened, with 18.0 nats: the outage of op-a explains" in text


def test_an_operator_not_proven_says_what_it_takes() -> None:
    text = said(kind="operator", margin=None)

    assert text == (
        "Of 2 services seen from it 1 fall; an operator's outage takes at least two,"
        " and three in four."
    )


@pytest.mark.parametrize(
    ("vantages", "text"),
    [
        ((HIT, SPARED), ["Hit: op-a; not hit: op-b."]),
        ((SPARED, replace(HIT, heard=False, hit=False)), ["Not hit: op-b; silent: op-a."]),
        ((), ["No network that is watched sees it."]),
    ],
)
def test_vantages_are_hit_spared_or_silent(
    vantages: tuple[VantageView, ...], text: list[str]
) -> None:
    assert places("service", vantages) == text


def test_what_was_off_is_told_the_most_surprising_first() -> None:
    readings = [
        reading("flows", sigma=1.0),
        reading("syn", sigma=8.0, seen=420.0),
        reading("rst", sigma=20.0, seen=900.0),
    ]

    assert seen(readings).startswith("2 of 3 series were off, most of all rst at north x9.0 (")
    assert seen(readings[:1]) == "All 1 series were within 3 sigma of what was expected."
    assert seen([reading("flows", sigma=None)]).startswith("Nothing that was measured could")


def test_what_is_cold_is_told_with_the_midnight_that_ends_it() -> None:
    (told,) = cold([YOUNG, replace(YOUNG, signal="syn", footing=Footing.NOTHING)])

    assert "2 series were still warming up (flows (op-a), syn (op-a))" in told
    assert "judged against the last hours only (1 not at all)" in told
    assert told.endswith("warm from 2026-03-02 00:00 UTC on if samples keep coming.")
    assert "too few of their slots" in cold([replace(YOUNG, warm_from=None)])[0]
    assert cold([]) == []
