"""When an incident closes, when it goes on, and when the next one is another."""

from __future__ import annotations

import pytest

from outage.settings import Settings
from outage.words import State
from tests.judging.made import SLOT, at, blackout, judge, world

NOON = at(12)


@pytest.mark.parametrize("pause", [20, 30])
def test_a_relapse_within_forty_minutes_is_the_same(pause: int) -> None:
    again = at(13) + pause * 60
    batch = world(blackout(NOON, 60), blackout(again, 60))

    (alone,) = judge(batch, until=again).incidents
    (one,) = judge(batch).incidents

    assert one.id == alone.id
    assert one.opened_at == alone.opened_at
    assert one.end is not None
    assert one.end >= again + 60 * 60 - SLOT


@pytest.mark.parametrize("pause", [100, 180])
def test_a_later_relapse_is_another(pause: int) -> None:
    again = at(13) + pause * 60

    first, second = judge(world(blackout(NOON, 60), blackout(again, 60))).incidents

    assert first.end is not None
    assert first.end < again
    assert abs(second.start - again) <= SLOT
    assert second.opened_at > again
    assert second.id != first.id


def test_an_incident_that_lasts_is_open_until_it_is_over() -> None:
    batch = world(blackout(NOON, 60))

    for moment, state in ((at(12.5), State.CONFIRMED), (at(14), State.CLOSED)):
        (one,) = judge(batch, until=moment).incidents
        assert (one.state, one.end is None) == (state, state is not State.CLOSED)


def test_the_identity_never_changes() -> None:
    batch = world(blackout(NOON, 120))
    moments = [at(12.5), at(13), at(14.5), at(23)]

    assert len({judge(batch, until=moment).incidents[0].id for moment in moments}) == 1


def test_how_long_reopening_is_possible_can_be_set() -> None:
    batch = world(blackout(NOON, 60), blackout(at(13.5), 60))
    judging = Settings().judging.model_copy(update={"reopen_seconds": 0})
    settings = Settings().model_copy(update={"judging": judging})

    assert len(judge(batch).incidents) == 1
    assert len(judge(batch, settings=settings).incidents) == 2
