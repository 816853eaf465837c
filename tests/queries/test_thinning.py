"""Fewer points draw the same line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage.queries.thinning import MOST_POINTS, thin


def test_a_short_line_stays_whole() -> None:
    assert thin(np.arange(float(MOST_POINTS))).tolist() == list(range(MOST_POINTS))


@given(st.integers(31, 3_000), st.integers(30, 300), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_extremes_and_gaps_survive(size: int, most: int, seed: int, gaps: float) -> None:
    made = np.random.default_rng(seed)
    values = made.normal(size=size)
    values[made.random(size) < gaps] = np.nan

    kept = thin(values, most)

    assert len(kept) <= max(most, 1)
    assert (np.diff(kept) > 0).all()
    assert np.isnan(values[kept]).any() == np.isnan(values).any()
    if np.isfinite(values).any():
        assert np.nanmax(values[kept]) == np.nanmax(values)
        assert np.nanmin(values[kept]) == np.nanmin(values)


@pytest.mark.parametrize("at", [0, 4_999, 9_999])
def test_a_single_spike_is_not_lost(at: int) -> None:
    values = np.zeros(10_000)
    values[at] = 1.0

    assert at in thin(values)
