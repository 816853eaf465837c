"""The seasonal baseline against the truth of made series: the day after the fit counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.seasonal import Seasonal
from detectors.seasons import prior_sd
from outage.batches import Floats
from outage.interfaces import History
from outage.slots import DAY, HOUR
from outage.words import Noise
from tests.detectors.made import MONDAY, Made, made, noisy, pattern, with_outages

KINDS = (Noise.COUNT, Noise.VOLUME, Noise.LATENCY, Noise.SHARE)


def errors(one: Made) -> Floats:
    """Return the relative error of the next day's location, shape (slots, series)."""
    expected = Seasonal().fit(one.history).expect(one.next_starts, one.next_offsets)
    return np.asarray(np.abs(expected.location / one.next_truth - 1))


def mixed(count: int, days: int = 28, seed: int = 0) -> Made:
    levels = np.geomspace(3, 3e4, count)
    kinds = [KINDS[place % 3] for place in range(count)]
    return made(days=days, noises=kinds, levels=levels.tolist(), seed=seed)


def test_the_next_day_of_clean_series_is_known_to_one_percent() -> None:
    assert np.median(errors(mixed(60))) < 0.01


def test_two_weeks_are_enough() -> None:
    assert np.median(errors(mixed(60, days=14))) < 0.015


def test_an_outage_in_the_last_days_does_not_become_normal() -> None:
    clean = mixed(60)
    spoilt = with_outages(clean, hours=8, share=1.0, seed=1)
    assert np.median(errors(spoilt)) < 0.01
    assert np.median(errors(spoilt)) < 1.2 * np.median(errors(clean))


def test_a_burst_of_posts_does_not_become_normal() -> None:
    one = made(noises=(Noise.COUNT,) * 10, levels=(2.0,) * 10, seed=4)
    values = one.history.values.copy()
    values[-200:-140] += 80.0
    spoilt = replace(one, history=replace(one.history, values=values))
    assert np.median(errors(spoilt)) < 0.15


@pytest.mark.parametrize("level", [0.05, 0.3])
def test_sparse_counts_keep_their_mean(level: float) -> None:
    count = 40
    one = made(noises=(Noise.COUNT,) * count, levels=(level,) * count, seed=2, spread=0.0)
    expected = Seasonal().fit(one.history).expect(one.next_starts, one.next_offsets)
    ratio = expected.location.mean(axis=0) / one.next_truth.mean(axis=0)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.15)
    assert np.median(np.abs(ratio - 1)) < 0.3


def test_counts_of_tens_of_thousands_are_as_good_as_their_noise() -> None:
    one = made(noises=(Noise.COUNT,) * 10, levels=(7e4,) * 10, seed=3, spread=0.03)
    assert np.median(errors(one)) < 0.015


def test_a_series_that_never_counted_anything_expects_next_to_nothing() -> None:
    one = made(noises=(Noise.COUNT,), levels=(1.0,))
    history = replace(one.history, values=np.zeros_like(one.history.values))
    location = Seasonal().fit(history).expect(one.next_starts, one.next_offsets).location
    assert (location > 0).all()
    assert location.max() < 0.01


def test_seasons_follow_the_local_clock_over_its_change() -> None:
    starts = MONDAY + 600 * np.arange(29 * 144, dtype=np.int64)
    change = MONDAY + 28 * DAY
    offset = np.where(starts < change, HOUR, 2 * HOUR)
    truth = 1e4 * np.exp(pattern(starts + offset, 0.8, -0.3))[:, None]
    seen = noisy(np.random.default_rng(0), truth, Noise.VOLUME, 0.02)
    past, day = slice(0, 28 * 144), slice(28 * 144, None)
    history = History(starts[past], 600, seen[past], [Noise.VOLUME], offset[past, None])
    baseline = Seasonal().fit(history)
    right = baseline.expect(starts[day], offset[day, None]).location
    wrong = baseline.expect(starts[day], np.full((144, 1), HOUR)).location
    assert np.median(np.abs(right / truth[day] - 1)) < 0.015
    assert np.median(np.abs(wrong / truth[day] - 1)) > 0.1


def test_a_change_of_the_clock_within_the_history_is_no_outlier() -> None:
    starts = MONDAY + 600 * np.arange(22 * 144, dtype=np.int64)
    for before, after in ((HOUR, 2 * HOUR), (2 * HOUR, HOUR)):
        offset = np.where(starts < MONDAY + 13 * DAY + HOUR, before, after)
        truth = 1e4 * np.exp(pattern(starts + offset, 0.8, -0.3))[:, None]
        seen = noisy(np.random.default_rng(0), truth, Noise.VOLUME, 0.02)
        past, day = slice(0, 21 * 144), slice(21 * 144, None)
        history = History(starts[past], 600, seen[past], [Noise.VOLUME], offset[past, None])
        location = Seasonal().fit(history).expect(starts[day], offset[day, None]).location
        assert np.median(np.abs(location / truth[day] - 1)) < 0.015


def test_the_weekend_is_learnt_and_not_before_it_was_seen_twice() -> None:
    saturday = MONDAY + 33 * DAY + 600 * np.arange(144, dtype=np.int64)
    offsets = np.full((144, 1), HOUR)
    truth = 500 * np.exp(pattern(saturday + HOUR, 0.5, -0.7))
    long = made(days=28, noises=(Noise.VOLUME,), levels=(500.0,), weekend=-0.7).history
    location = Seasonal().fit(long).expect(saturday, offsets).location[:, 0]
    assert np.median(np.abs(location / truth - 1)) < 0.05
    narrow, wide = prior_sd(6, np.array([4.0, 28.0]))
    assert (narrow[-8:] < 0.1 * wide[-8:]).all()
    np.testing.assert_array_equal(narrow[:13], wide[:13])


def test_a_trend_is_followed_and_stands_still_after_a_day() -> None:
    one = made(noises=(Noise.VOLUME,), levels=(1e6,), spread=0.02)
    growth = np.exp(0.1 * np.linspace(-2, 2, len(one.history.values)))[:, None]
    baseline = Seasonal().fit(replace(one.history, values=one.history.values * growth))
    location = baseline.expect(one.next_starts, one.next_offsets).location
    assert np.median(location / (one.next_truth * np.exp(0.207))) == pytest.approx(1.0, abs=0.005)
    weeks = [baseline.expect(one.next_starts + k * 7 * DAY, one.next_offsets) for k in (1, 5)]
    np.testing.assert_allclose(weeks[0].location, weeks[1].location, rtol=1e-9)


def test_minutes_are_fitted_by_the_hour_and_right_by_the_minute() -> None:
    one = made(days=14, noises=(Noise.COUNT, Noise.VOLUME), levels=(8.0, 1e5), slot_seconds=60)
    assert np.median(errors(one)) < 0.04


def test_gaps_of_whole_days_bias_nothing() -> None:
    one = mixed(30)
    values = one.history.values.copy()
    values[5 * 144 : 9 * 144, ::2] = np.nan
    values[::3, 1::2] = np.nan
    gappy = replace(one, history=replace(one.history, values=values))
    assert np.median(errors(gappy)) < 0.012


@pytest.mark.parametrize("first", [0, 1, 2])
def test_every_third_slot_is_enough_for_location_and_spread(first: int) -> None:
    one = made(noises=(Noise.VOLUME,) * 5, levels=(1e6,) * 5, spread=0.1)
    values = np.full_like(one.history.values, np.nan)
    values[first::3] = one.history.values[first::3]
    history = replace(one.history, values=values)
    answer = Seasonal().fit(history).expect(one.next_starts, one.next_offsets)
    assert np.median(np.abs(answer.location / one.next_truth - 1)) < 0.03
    assert np.median(answer.spread) == pytest.approx(0.1, rel=0.15)


def test_spread_is_what_counting_does_not_explain() -> None:
    one = made(noises=(Noise.COUNT,) * 30, levels=(2000.0,) * 30, spread=0.10, seed=6)
    spread = Seasonal().fit(one.history).expect(one.next_starts, one.next_offsets).spread
    assert np.median(spread) == pytest.approx(0.10, rel=0.15)
    pure = made(noises=(Noise.COUNT,) * 30, levels=(2000.0,) * 30, spread=0.0, seed=6)
    spread = Seasonal().fit(pure.history).expect(one.next_starts, one.next_offsets).spread
    assert np.median(spread) < 0.03


@settings(max_examples=20, deadline=None)
@given(
    gaps=st.floats(0.0, 0.8),
    level=st.floats(0.02, 1e6),
    days=st.integers(3, 15),
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 99),
)
def test_whatever_the_series_the_answer_is_finite_and_within_its_range(
    gaps: float, level: float, days: int, kind: Noise, seed: int
) -> None:
    level = 0.5 if kind is Noise.SHARE else level
    one = made(days=max(days, 12 if gaps > 0.3 else 3), noises=(kind,), levels=(level,), seed=seed)
    rng = np.random.default_rng(seed)
    holes = rng.random(one.history.values.shape) < gaps
    history = replace(one.history, values=np.where(holes, np.nan, one.history.values))
    answer = Seasonal().fit(history).expect(one.next_starts, one.next_offsets)
    assert np.isfinite(answer.location).all()
    assert (answer.spread >= 0.0099).all()
    assert answer.location.max() <= 3 * np.nanmax(history.values) + 1
