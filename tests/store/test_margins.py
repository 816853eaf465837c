"""Rejected rows, freshness and baselines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outage.errors import UsageError
from outage.store import Freshness, Store
from outage.words import RejectedRow
from tests.store.samples import FLOWS, NOW, SLOT, batch, sample

ROW = RejectedRow("file.csv", 7, "value is not a number", "write 1.5", "2014-01-01,whatsapp,x")
DAY = 86_400


def test_the_same_rejected_row_is_kept_once(store: Store) -> None:
    other = replace(ROW, line=8)

    assert store.reject([ROW, ROW, other], NOW) == 2
    assert store.reject([ROW, other, replace(ROW, reason="another")], NOW + 1) == 1
    assert store.reject([], NOW) == 0
    assert store.rejected() == [replace(ROW, reason="another"), other, ROW]
    assert store.rejected(limit=1) == [replace(ROW, reason="another")]


def test_an_excerpt_is_bounded_and_printable(store: Store) -> None:
    wild = "a\x00b\x1b[2J\r\nc\ud800" + "x" * 300

    assert store.reject([replace(ROW, excerpt=wild, reason="bad\x00" * 200)], NOW) == 1

    (found,) = store.rejected()
    assert len(found.excerpt) == 200
    assert found.excerpt.startswith("a\ufffdb\ufffd[2J\ufffd\ufffdc\ufffdx")
    assert len(found.reason) == 500


def test_many_rejected_rows_are_counted(store: Store) -> None:
    rows = [replace(ROW, line=n) for n in range(3000)]

    assert store.reject(rows, NOW) == 3000
    assert store.reject(rows, NOW) == 0
    assert len(store.rejected(5000)) == 3000


def test_freshness_keeps_the_latest_end_of_each_source(store: Store) -> None:
    other = replace(FLOWS, source="other", slot_seconds=3600)
    store.add(batch(sample(9, 1.0), sample(3, 1.0), sample(5, 1.0, series=other)), NOW)
    store.add(batch(sample(2, 1.0)), NOW + 5)

    assert store.freshness() == [
        Freshness("other", 6 * 3600, NOW, None, None),
        Freshness("probe", 10 * SLOT, NOW + 5, None, None),
    ]


def test_a_failure_is_noted_beside_the_last_success(store: Store) -> None:
    store.note_failure("probe", "no answer\nfor 30 s", NOW)
    assert store.freshness() == [Freshness("probe", None, None, "no answer\ufffdfor 30 s", NOW)]

    store.add(batch(sample(1, 1.0)), NOW + 5)
    store.note_failure("probe", "gone", NOW + 9)
    assert store.freshness() == [Freshness("probe", 2 * SLOT, NOW + 5, "gone", NOW + 9)]


def test_baselines_come_back_bit_for_bit_by_sorted_key(store: Store) -> None:
    location = np.array([[1.0, np.nan, -0.0], [0.1, np.inf, 1e-300]])
    spread = np.arange(6.0).reshape(2, 3)
    store.save_baselines(DAY, SLOT, ["b", "a", "C"], location, spread)

    found = store.baselines(DAY, SLOT)

    assert found is not None
    assert found[0] == ("C", "a", "b")
    np.testing.assert_array_equal(found[1], location[:, [2, 1, 0]])
    np.testing.assert_array_equal(found[2], spread[:, [2, 1, 0]])
    found[1][0, 0] = 5.0  # the arrays are the caller's own


def test_baselines_are_replaced_by_key_and_dropped_by_day(store: Store) -> None:
    ones = np.ones((4, 2))
    store.save_baselines(DAY, SLOT, ["a", "b"], ones, ones)
    store.save_baselines(DAY, 3600, ["a"], ones[:, :1], ones[:, :1])
    store.save_baselines(2 * DAY, SLOT, ["a", "b"], ones, ones)
    store.save_baselines(DAY, SLOT, ["b", "c"], 2 * ones, 3 * ones)

    found = store.baselines(DAY, SLOT)
    assert found is not None
    assert found[0] == ("a", "b", "c")
    assert found[1][0].tolist() == [1.0, 2.0, 2.0]
    some = store.baselines(DAY, SLOT, ["c", "d", "a"])
    assert some is not None
    assert some[0] == ("c", "a")
    assert some[2][0].tolist() == [3.0, 1.0]
    assert store.baselines(DAY, SLOT, ["d"]) is None
    assert store.baselines(DAY, 3600) is not None

    store.drop_baselines(2 * DAY)
    assert store.baselines(DAY, SLOT) is None
    assert store.baselines(DAY, 3600) is None
    assert store.baselines(2 * DAY, SLOT) is not None


def test_baselines_of_another_shape_are_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="shape"):
        store.save_baselines(DAY, SLOT, ["a"], np.ones((4, 2)), np.ones((4, 2)))
    with pytest.raises(UsageError, match="shape"):
        store.save_baselines(DAY, SLOT, ["a", "b"], np.ones((4, 2)), np.ones((3, 2)))
