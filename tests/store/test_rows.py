"""The rules of which row wins, without a database."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from outage.store.rows import FOUND, ROW, RUN_GAP, Rows, Stored, overlay, runs

SLOT = 600


def at(*keys: tuple[int, int], value: float = 0.0, dtype: np.dtype[np.void] = ROW) -> Rows:
    """Return rows of (series, slot number), in the order of their key."""
    rows = np.zeros(len(keys), dtype=dtype)
    ordered = sorted(keys)
    rows["series_id"] = [series for series, _ in ordered]
    rows["slot_start"] = [slot * SLOT for _, slot in ordered]
    rows["value"] = value
    rows["weight"] = np.nan
    return rows


KEYS = st.sets(st.tuples(st.integers(1, 4), st.integers(0, 300)))


@given(keys=KEYS)
def test_runs_cover_every_key_once_and_skip_long_gaps(keys: set[tuple[int, int]]) -> None:
    rows = at(*keys)

    ranges = runs(rows, np.full(len(rows), SLOT, dtype=np.int64)).tolist()

    for series, slot in keys:
        assert sum(s == series and first <= slot * SLOT <= last for s, first, last in ranges) == 1
    for series, first, last in ranges:
        inside = sorted(n * SLOT for s, n in keys if s == series and first <= n * SLOT <= last)
        assert (inside[0], inside[-1]) == (first, last)
        assert all(b - a <= RUN_GAP * SLOT for a, b in pairwise(inside))
    for (s1, _, last), (s2, first, _) in pairwise(ranges):
        assert s1 != s2 or first - last > RUN_GAP * SLOT


@given(incoming=KEYS, stored=KEYS)
def test_matching_finds_what_is_stored_and_nothing_else(
    incoming: set[tuple[int, int]], stored: set[tuple[int, int]]
) -> None:
    rows, samples = at(*incoming), at(*stored, dtype=FOUND)
    samples["value"] = samples["series_id"] * 1000.0 + samples["slot_start"]

    found = Stored.matching(rows, samples, at()).found
    first = Stored.matching(rows, samples, at()).first

    assert found.tolist() == [pair in stored for pair in sorted(incoming)]
    expected = rows["series_id"] * 1000.0 + rows["slot_start"]
    np.testing.assert_array_equal(first["value"][found], expected[found])


def test_the_latest_correction_is_laid_over_and_the_time_of_knowing_stays() -> None:
    rows = at((1, 1), (1, 2), (2, 1), value=5.0)
    rows["known_at"] = 7
    corrections = at((1, 2), (1, 2), (3, 1))
    corrections["value"], corrections["known_at"] = [8.0, 9.0, 1.0], [10, 20, 30]

    revised = overlay(rows, corrections)

    assert revised["value"].tolist() == [5.0, 9.0, 5.0]
    assert revised["known_at"].tolist() == [7, 7, 7]
    assert rows["value"].tolist() == [5.0] * 3
    assert len(overlay(at(), corrections)) == 0
