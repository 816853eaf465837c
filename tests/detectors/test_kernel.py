"""Change points: found where they are, not in noise, and the screen lets none go."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.kernel import KernelChangePoints, shifted


def noise(series: int, slots: int = 288, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((slots, series))


def test_a_dip_of_seven_slots_is_placed_to_the_slot() -> None:
    residuals = noise(60)
    residuals[200:207] -= 4
    found = [KernelChangePoints().find(residuals[:, one]) for one in range(60)]
    assert sum(bool(places) for places in found) >= 58
    onset = [places[0] - 200 for places in found if len(places) == 2]
    assert np.mean(np.abs(onset) <= 1) > 0.9


def test_noise_has_no_change_points() -> None:
    residuals = noise(200, seed=1)
    assert sum(bool(KernelChangePoints().find(residuals[:, one])) for one in range(200)) <= 3


def test_positions_are_those_of_the_slots_not_of_what_is_left_without_gaps() -> None:
    residuals = noise(1)[:, 0] * 0.3
    residuals[150:] += 4
    residuals[20:60] = np.nan
    residuals[149] = np.nan
    assert list(KernelChangePoints().find(residuals)) == [150]


def test_one_wild_point_is_no_change() -> None:
    residuals = noise(1)[:, 0]
    residuals[100] = 1e9
    assert list(KernelChangePoints().find(residuals)) == []


def test_long_residuals_are_searched_in_windows() -> None:
    residuals = noise(1, slots=2000, seed=3)[:, 0]
    residuals[700:720] -= 5
    residuals[1500:] += 3
    found = list(KernelChangePoints().find(residuals))
    assert len(found) == 3
    np.testing.assert_allclose(found, [700, 720, 1500], atol=1)


@pytest.mark.parametrize(("depth", "slots"), [(4, 7), (2, 7), (5, 2), (1.5, 40), (1, 144)])
def test_the_screen_lets_nothing_go_that_would_be_found(depth: float, slots: int) -> None:
    residuals = noise(80, seed=4)
    residuals[140 : 140 + slots] -= depth
    residuals[10:14] = np.nan
    passed = shifted(residuals)
    for one in range(80):
        if KernelChangePoints().find(residuals[:, one]):
            assert passed[one]


def test_the_screen_spares_nearly_all_of_the_noise() -> None:
    assert shifted(noise(1000, seed=5)).mean() < 0.03
    assert not shifted(np.full((288, 2), np.nan)).any()
    assert bool(shifted(np.repeat([0.0, 5.0], 100)))
