"""Spreads and medians against what they were made with."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.noise import (
    counted_distance,
    distance,
    median_along,
    overdispersion,
    spread_of,
    surprise,
    to_positive,
)
from outage.words import Noise


def test_median_along_is_the_median_of_what_is_there() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((50, 31))
    np.testing.assert_allclose(median_along(values), np.median(values, axis=1))
    values[rng.random(values.shape) < 0.4] = np.nan
    values[7] = np.nan
    values[8, 1:] = np.nan
    expected = [
        np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in values
    ]
    np.testing.assert_allclose(median_along(values), expected)


@pytest.mark.parametrize("level", [0.5, 5.0, 50.0, 5000.0])
def test_pure_counting_has_hardly_any_spread(level: float) -> None:
    rng = np.random.default_rng(1)
    location = np.full((40, 1300), level)
    spread = overdispersion(rng.poisson(location).astype(float), location)
    assert np.median(spread) < 0.4 / np.sqrt(level)


@pytest.mark.parametrize(("level", "true"), [(2.0, 0.8), (30.0, 0.3), (1e4, 0.07)])
def test_overdispersion_is_found_beside_counting(level: float, true: float) -> None:
    rng = np.random.default_rng(2)
    location = level * np.exp(0.5 * np.sin(np.linspace(0, 60, 1300)))[None, :].repeat(40, axis=0)
    shape = 1 / true**2
    seen = rng.poisson(location * rng.gamma(shape, true**2, location.shape)).astype(float)
    assert np.median(overdispersion(seen, location)) == pytest.approx(true, rel=0.25)


def test_an_outage_hardly_widens_a_dense_count() -> None:
    rng = np.random.default_rng(3)
    location = np.full((20, 1300), 400.0)
    seen = rng.poisson(location * np.exp(0.05 * rng.standard_normal(location.shape))).astype(float)
    spoilt = seen.copy()
    spoilt[:, -48:] *= 0.1
    assert (
        np.median(overdispersion(spoilt, location))
        < np.median(overdispersion(seen, location)) + 0.01
    )


def test_a_volume_of_few_flows_is_wider_at_night() -> None:
    rng = np.random.default_rng(4)
    location = 1e5 * np.exp(0.8 * np.sin(np.linspace(0, 60, 1300)))[None, :].repeat(30, axis=0)
    true = np.sqrt(0.05**2 + 0.04 * 1e5 / location)
    seen = location * np.exp(true * rng.standard_normal(location.shape))
    spread = spread_of(seen, location, Noise.VOLUME).at(location.T).T
    assert np.median(spread / true) == pytest.approx(1.0, abs=0.05)
    assert spread[:, location[0].argmin()].mean() > 1.7 * spread[:, location[0].argmax()].mean()


def test_a_volume_of_even_width_is_even() -> None:
    rng = np.random.default_rng(5)
    location = 1e5 * np.exp(0.8 * np.sin(np.linspace(0, 60, 1300)))[None, :].repeat(30, axis=0)
    seen = location * np.exp(0.1 * rng.standard_normal(location.shape))
    spread = spread_of(seen, location, Noise.VOLUME).at(location.T)
    np.testing.assert_allclose(spread.mean(), 0.1, rtol=0.05)
    assert np.median(spread.max(axis=0) / spread.min(axis=0)) < 1.4


def test_surprise_has_the_unit_of_the_contract() -> None:
    seen, location = np.array([0.0, 20.0]), np.array([9.0, 10.0])
    np.testing.assert_allclose(surprise(seen, location, Noise.COUNT), np.log([1 / 10, 21 / 11]))
    np.testing.assert_allclose(surprise(seen, location, Noise.VOLUME)[1], np.log(2))
    np.testing.assert_allclose(surprise(seen, location, Noise.SHARE), [-9, 10])
    assert surprise(seen, location, Noise.VOLUME)[0] < -100


def test_few_reports_are_no_outlier_and_a_burst_is() -> None:
    far = counted_distance(np.array([1.0, 2.0, 30.0]), np.array(0.05), np.array(0.01))
    assert far[0] < 2
    assert far[1] < 3
    assert far[2] > 5
    assert distance(np.array(110.0), np.array(100.0), np.array(0.1), Noise.VOLUME) < 1


def test_zeros_of_a_volume_get_a_logarithm() -> None:
    seen = np.array([[0.0, 10.0, 1000.0, np.nan, 1000.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    raised = to_positive(seen)
    np.testing.assert_array_equal(raised[0], [1.0, 10.0, 1000.0, np.nan, 1000.0])
    assert (raised[1] > 0).all()
    assert seen[0, 0] == 0
