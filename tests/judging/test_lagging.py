"""The lag between network and people, by cross-correlation, with its uncertainty."""

from __future__ import annotations

import numpy as np
import pytest

from outage.judging.lagging import correlate

SLOT = 600


def step(at: int, count: int = 36, noise: float = 0.05, seed: int = 0) -> np.ndarray:
    line = np.where(np.arange(count) >= at, 1.0, 0.0)
    return line + noise * np.random.default_rng(seed).standard_normal(count)


@pytest.mark.parametrize("slots", [-3, -1, 0, 1, 4, 9])
def test_the_lag_is_the_shift(slots: int) -> None:
    found = correlate(step(14), step(14 + slots, seed=1), SLOT)

    assert found is not None
    assert found.seconds == slots * SLOT
    assert found.plus_minus >= SLOT
    assert found.correlation > 0.9


def test_noise_widens_the_uncertainty() -> None:
    sharp = correlate(step(14), step(16, seed=1), SLOT)
    blurred = correlate(step(14), step(16, noise=0.4, seed=1), SLOT)

    assert sharp is not None
    assert blurred is not None
    assert blurred.plus_minus > sharp.plus_minus
    assert abs(blurred.seconds - 2 * SLOT) <= blurred.plus_minus


def test_lines_that_do_not_agree_have_no_lag() -> None:
    rng = np.random.default_rng(0)

    assert correlate(rng.standard_normal(40), rng.standard_normal(40), SLOT) is None


def test_too_few_slots_have_no_lag() -> None:
    assert correlate(step(3, count=6), step(3, count=6), SLOT) is None


def test_a_gap_is_passed_over() -> None:
    people = step(16, seed=1)
    people[20:24] = np.nan

    found = correlate(step(14), people, SLOT)

    assert found is not None
    assert found.seconds == 2 * SLOT
