"""Stretches of time that are done: what is missing, and pieces that stay the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collectors.intervals import Interval, as_text, from_text, merged, missing, pieces

MOMENTS = st.integers(0, 60)
INTERVALS = st.lists(st.tuples(MOMENTS, MOMENTS))


def moments(intervals: list[Interval]) -> set[int]:
    return {at for start, end in intervals for at in range(start, end)}


@given(INTERVALS, MOMENTS, MOMENTS)
def test_missing_is_what_is_not_done(done: list[Interval], since: int, until: int) -> None:
    found = list(missing(done, since, until))
    assert moments(found) == set(range(since, until)) - moments(done)
    assert found == merged(found)


@given(INTERVALS)
def test_merged_is_the_same_moments_apart_and_in_order(done: list[Interval]) -> None:
    found = merged(done)
    assert moments(found) == moments(done)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert from_text(as_text(done)) == found


@given(MOMENTS, MOMENTS, st.integers(1, 20))
def test_pieces_end_where_they_would_from_any_start(since: int, until: int, size: int) -> None:
    found = list(pieces(since, until, size))
    assert moments(found) == set(range(since, until))
    assert all(end % size == 0 for _, end in found[:-1])
    assert all(end - start <= size for start, end in found)


def test_nothing_remembered_is_nothing_done() -> None:
    assert from_text(None) == []
