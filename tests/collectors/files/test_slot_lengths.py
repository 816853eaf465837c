from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.files.slot_lengths import ALLOWED, SlotLengths
from outage.slots import check_slot_seconds
from outage.words import Series

POSTS, FLOWS = Series("a", "posts"), Series("a", "flows")
MINUTES = 60


def learnt(minutes: list[float], *, aligned: bool = True) -> SlotLengths:
    lengths = SlotLengths(aligned=aligned)
    moments = np.array([round(one * MINUTES) for one in minutes], dtype=np.int64)
    lengths.learn((POSTS,), np.zeros(len(moments), dtype=np.int64), moments)
    return lengths


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [
        ([0, 15, 30, 45], 900),
        ([45, 0, 30, 15], 900),
        ([0, 60, 120, 240], 3600),
        ([0, 10, 30, 40, 60, 80], 600),  # gaps leave their doubles
        ([0, 10, 13], 600),  # one row off the grid
        ([10, 40, 70, 100], 600),  # sparse: no distance fits, the default does
        ([5, 15, 25], 600),  # off its own grid: the rows are to be rejected
        ([0], 600),
        ([0, 0, 0], 600),
        ([0, 1440, 2880], 600),  # a day is no slot
        ([0, 5, 10], 300),
    ],
)
def test_the_most_common_distance_that_fits_is_the_slot(minutes: list[float], seconds: int) -> None:
    assert learnt(minutes).of(POSTS) == seconds


def test_moments_need_not_be_aligned() -> None:
    assert learnt([2.9, 7.9, 12.9], aligned=False).of(POSTS) == 300


def test_a_series_of_one_row_takes_after_its_file() -> None:
    lengths = learnt([0, 15, 30])
    assert lengths.of(FLOWS) == 900


def test_every_allowed_length_divides_an_hour() -> None:
    assert all(check_slot_seconds(length) == length for length in ALLOWED.tolist())
    assert {60, 300, 600, 900, 3600} <= set(ALLOWED.tolist())


@given(
    starts=st.lists(st.integers(0, 300), min_size=1, max_size=40, unique=True).map(sorted),
    cut=st.integers(0, 40),
)
def test_a_file_in_chunks_is_the_file_whole(starts: list[int], cut: int) -> None:
    moments = np.array(starts, dtype=np.int64) * 300
    lengths = SlotLengths()
    for part in (moments[:cut], moments[cut:]):
        lengths.learn((POSTS,), np.zeros(len(part), dtype=np.int64), part)
    assert lengths.of(POSTS) == learnt([one / MINUTES for one in moments.tolist()]).of(POSTS)
