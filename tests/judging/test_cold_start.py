"""A few hours of counts and no season yet: bursts open, ordinary counts do not."""

from __future__ import annotations

import pytest

from outage.batches import SampleBatch
from outage.slots import DAY, HOUR
from outage.words import Cause
from tests.judging.made import JUDGED, SLOT, START, Change, at, judge, where, world

BURST = {"error_posts": 30.0, "user_reports": 30.0}


def counts(
    *changes: Change, days: int = 1, signal: str | None = None, seed: int = 0
) -> SampleBatch:
    """Return what people said, or one signal of it, from the first hour on."""
    made = world(*changes, days=days, seed=seed)
    return where(made, lambda one: one.source == "crowd" and signal in (None, one.signal))


@pytest.mark.parametrize("hours", [4, 11, 20])
@pytest.mark.parametrize("signal", ["error_posts", "user_reports"])
def test_a_burst_opens_after_a_few_hours(hours: int, signal: str) -> None:
    begins = START + hours * HOUR
    batch = counts(Change(begins, begins + HOUR, BURST, "alpha"), signal=signal)

    (one,) = judge(batch, START, START + DAY).incidents

    assert (one.subject, one.cause, one.vantage, one.vantages) == ("alpha", Cause.UNKNOWN, None, ())
    assert begins < one.opened_at <= begins + 3 * SLOT
    assert one.end is not None
    assert abs(one.end - begins - HOUR) <= 2 * SLOT


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ordinary_counts_open_nothing(seed: int) -> None:
    judged = judge(counts(seed=seed, days=2), START, START + 2 * DAY)

    assert judged.incidents == []


def test_an_ordinary_first_day_of_traffic_opens_nothing() -> None:
    assert judge(world(days=2), START, START + 2 * DAY).incidents == []


def test_the_very_first_slots_open_nothing_however_many() -> None:
    """Unknown is not normal: without an hour of history nothing is surprising."""
    batch = counts(Change(START, START + HOUR, BURST, "alpha"))

    assert judge(batch, START, START + HOUR).incidents == []


def test_it_is_less_sure_than_with_a_season() -> None:
    cold = counts(Change(START + 9 * HOUR, START + 10 * HOUR, BURST, "alpha"))
    warm = counts(Change(at(9), at(10), BURST, "alpha"), days=16)

    (unsure,) = judge(cold, START, START + DAY).incidents
    (sure,) = judge(warm, JUDGED, JUDGED + DAY).incidents

    assert unsure.confidence < sure.confidence
