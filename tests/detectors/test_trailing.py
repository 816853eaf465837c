"""The cold start: unsure, but not blind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detectors.noise import counted_distance
from detectors.trailing import Trailing
from outage.batches import Floats
from outage.errors import NotEnoughHistory
from outage.interfaces import Expectation, History
from outage.words import Noise
from tests.detectors.made import made


def history_of(values: Floats, noise: Noise = Noise.COUNT, slot_seconds: int = 900) -> History:
    starts = slot_seconds * np.arange(len(values), dtype=np.int64)
    offsets = np.zeros((len(values), 1), dtype=np.int64)
    return History(starts, slot_seconds, values[:, None], [noise], offsets)


def expected(history: History) -> Expectation:
    return Trailing().fit(history).expect(history.slot_starts, history.utc_offsets)


def test_a_burst_stands_out_of_sparse_counts_and_a_single_report_does_not() -> None:
    quiet = np.zeros(12)
    quiet[5] = 1
    answer = expected(history_of(quiet))
    location, spread = answer.location[0], answer.spread[0]
    assert 0 < location[0] < 0.3
    assert counted_distance(np.array([25.0]), location, spread)[0] > 4
    assert counted_distance(np.array([1.0]), location, spread)[0] < 2


def test_a_burst_within_the_window_does_not_lift_the_level() -> None:
    values = np.tile([0.0, 1.0, 0.0, 2.0], 12)
    values[-4:] = 90
    assert expected(history_of(values)).location[0, 0] < 2.5


def test_only_the_last_day_counts() -> None:
    values = np.concatenate([np.full(96 * 2, 1000.0), np.full(96, 10.0)])
    assert expected(history_of(values)).location[0, 0] == pytest.approx(10, rel=0.1)


def test_it_is_less_sure_the_less_it_has_seen_and_less_than_the_season() -> None:
    rng = np.random.default_rng(0)
    values = rng.poisson(400 * np.exp(0.3 * rng.standard_normal(96))).astype(float)
    day, hours = expected(history_of(values)), expected(history_of(values[-12:]))
    assert day.spread[0, 0] > 1.5 * 0.25
    assert hours.spread[0, 0] > 0.2
    steady = history_of(np.full(96, 400.0))
    assert expected(steady).spread[0, 0] == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    ("slot_seconds", "slots", "known"),
    [
        (900, 8, True),
        (900, 7, False),
        (60, 119, False),
        (60, 120, True),
        (3600, 8, True),
        (3600, 7, False),
    ],
)
def test_eight_slots_and_two_hours_are_needed(slot_seconds: int, slots: int, known: bool) -> None:
    history = history_of(np.full(slots, 5.0), slot_seconds=slot_seconds)
    if known:
        assert expected(history).location[0, 0] == pytest.approx(5, rel=0.1)
    else:
        with pytest.raises(NotEnoughHistory, match="trailing"):
            Trailing().fit(history)


def test_a_swing_of_the_day_stays_within_four_spreads() -> None:
    one = made(days=1, noises=(Noise.VOLUME,), levels=(1e6,))
    answer = Trailing().fit(one.history).expect(one.next_starts, one.next_offsets)
    off = np.abs(np.log(one.next_truth / answer.location)) / answer.spread
    assert off.max() < 4


def test_zero_volumes_keep_the_level_positive() -> None:
    history = history_of(np.zeros(96), Noise.VOLUME)
    assert (expected(history).location > 0).all()
    assert (expected(replace(history, noises=[Noise.SHARE])).location == 0).all()
