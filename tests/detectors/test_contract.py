"""What every registered detector promises, whatever it is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from outage.errors import NotEnoughHistory
from outage.interfaces import ChangePoints, Detector, Expectation, History
from outage.plugs import available, load
from outage.words import Noise
from tests.detectors.made import STEP, Made, made

DETECTORS = sorted(available("outage.detectors"))
BASELINES = [name for name in DETECTORS if hasattr(load("outage.detectors", name), "fit")]
CHANGE_POINTS = [name for name in DETECTORS if hasattr(load("outage.detectors", name), "find")]
EXACT = [name for name in BASELINES if name != "prophet"]  # one fit of Prophet takes a while


def detector(name: str) -> Any:
    return load("outage.detectors", name)()


def expectation(name: str, history: History) -> Expectation:
    return detector(name).fit(history).expect(history.slot_starts, history.utc_offsets)


def few(days: int = 8) -> Made:
    kinds = (Noise.COUNT, Noise.VOLUME, Noise.LATENCY, Noise.SHARE)
    return made(days=days, noises=kinds, levels=(300.0, 2e6, 40.0, 0.5), seed=3)


def columns(history: History, chosen: list[int]) -> History:
    return replace(
        history,
        values=history.values[:, chosen],
        noises=[history.noises[one] for one in chosen],
        utc_offsets=history.utc_offsets[:, chosen],
    )


def test_every_registered_detector_is_a_baseline_or_finds_change_points() -> None:
    assert set(BASELINES) | set(CHANGE_POINTS) == set(DETECTORS)
    assert set(BASELINES) >= {"seasonal", "trailing", "prophet"}


@pytest.mark.parametrize("name", BASELINES)
def test_fits_twice_alike_and_leaves_its_input_alone(name: str) -> None:
    history = few().history
    before = history.values.copy(), history.slot_starts.copy(), history.utc_offsets.copy()
    first, second = expectation(name, history), expectation(name, history)
    np.testing.assert_array_equal(first.location, second.location)
    np.testing.assert_array_equal(first.spread, second.spread)
    after = history.values, history.slot_starts, history.utc_offsets
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("name", BASELINES)
def test_answers_in_the_shape_and_unit_of_the_series(name: str) -> None:
    one = few()
    answer = expectation(name, one.history)
    assert answer.location.shape == answer.spread.shape == one.history.values.shape
    assert np.isfinite(answer.location).all()
    assert (answer.spread > 0).all()
    middle = np.median(answer.location, axis=0)
    np.testing.assert_allclose(middle, np.median(one.history.values, axis=0), rtol=0.25)
    assert isinstance(detector(name), Detector)


@pytest.mark.parametrize("name", BASELINES)
def test_a_constant_series_is_expected_to_stay(name: str) -> None:
    history = few(days=3).history
    constant = replace(history, values=np.tile([7.0, 5e5, 20.0, 0.25], (len(history.values), 1)))
    answer = expectation(name, constant)
    np.testing.assert_allclose(answer.location, constant.values, rtol=0.02)


@pytest.mark.parametrize("name", BASELINES)
def test_all_gaps_and_no_series_are_not_enough_history(name: str) -> None:
    history = few(days=3).history
    with pytest.raises(NotEnoughHistory, match="wait"):
        detector(name).fit(replace(history, values=np.full_like(history.values, np.nan)))
    with pytest.raises(NotEnoughHistory):
        detector(name).fit(columns(history, []))
    with pytest.raises(NotEnoughHistory):
        detector(name).fit(
            replace(
                history,
                slot_starts=history.slot_starts[:0],
                values=history.values[:0],
                utc_offsets=history.utc_offsets[:0],
            )
        )


@pytest.mark.parametrize("name", BASELINES)
def test_a_short_series_is_unknown_and_disturbs_no_other(name: str) -> None:
    history = few(days=4).history
    gappy = history.values.copy()
    gappy[:-6, 1] = np.nan
    answer = expectation(name, replace(history, values=gappy))
    whole = expectation(name, columns(history, [0]))
    assert np.isnan(answer.location[:, 1]).all()
    assert np.isnan(answer.spread[:, 1]).all()
    np.testing.assert_allclose(answer.location[:, 0], whole.location[:, 0], rtol=1e-9)


@pytest.mark.parametrize("name", EXACT)
def test_a_series_is_judged_the_same_alone_in_company_and_in_any_order(name: str) -> None:
    kinds = tuple(Noise) * 3
    one = made(days=9, noises=kinds, levels=(0.2, 900.0, 30.0, 0.4) * 3, seed=5).history
    rng = np.random.default_rng(1)
    values = np.where(rng.random(one.values.shape) < 0.05, np.nan, one.values)
    offsets = one.utc_offsets + np.where(np.arange(12) % 2, 3600, 0)
    history = replace(one, values=values, utc_offsets=offsets)
    together = expectation(name, history)
    order = [int(place) for place in rng.permutation(12)]
    shuffled = expectation(name, columns(history, order))
    np.testing.assert_allclose(shuffled.location, together.location[:, order], rtol=1e-9)
    np.testing.assert_allclose(shuffled.spread, together.spread[:, order], rtol=1e-6)
    for column in range(12):
        alone = expectation(name, columns(history, [column]))
        np.testing.assert_allclose(alone.location[:, 0], together.location[:, column], rtol=1e-9)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("slot_seconds", [60, 3600])
def test_any_slot_length_is_expected_at_its_own_level(name: str, slot_seconds: int) -> None:
    level = 6.0 * slot_seconds / 60
    one = made(days=3, noises=(Noise.COUNT,), levels=(level,), slot_seconds=slot_seconds, swing=0.0)
    answer = expectation(name, one.history)
    assert np.median(answer.location) == pytest.approx(level, rel=0.1)


@pytest.mark.parametrize("name", BASELINES)
def test_future_slots_need_no_history_of_their_own(name: str) -> None:
    history = few(days=3).history
    later = history.slot_starts[-1] + STEP * np.arange(1, 145)
    answer = detector(name).fit(history).expect(later, np.full((144, 4), 3600))
    assert answer.location.shape == (144, 4)
    assert np.isfinite(answer.location).all()


@pytest.mark.parametrize("name", CHANGE_POINTS)
def test_change_points_are_plain_ascending_numbers(name: str) -> None:
    finder: ChangePoints = detector(name)
    residuals = np.random.default_rng(2).standard_normal(288)
    residuals[100:130] -= 5.0
    residuals[:20] = np.nan
    before = residuals.copy()
    found = finder.find(residuals)
    assert [type(one) for one in found] == [int, int]
    assert list(found) == [100, 130]
    np.testing.assert_array_equal(residuals, before)


@pytest.mark.parametrize("name", CHANGE_POINTS)
@pytest.mark.parametrize(
    "residuals",
    [np.empty(0), np.full(50, np.nan), np.zeros(288), np.array([1.0]), np.array([1.0, 9.0, 9.0])],
    ids=["empty", "gaps", "constant", "single", "tiny"],
)
def test_nothing_to_find_is_no_change(name: str, residuals: np.ndarray) -> None:
    assert list(detector(name).find(residuals)) == []
