"""How collections stand, and what sources remember, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outage.errors import BadInput
from outage.store import Added, Freshness, Standing, Store
from tests.store.samples import FLOWS, NOW, SLOT, batch, rows, sample

STANDING = Standing("probe", NOW - 60, NOW, 2, NOW + 3600)


def test_a_standing_is_kept_and_replaced(store: Store) -> None:
    assert store.standings() == {}

    store.save_standing(STANDING)
    store.save_standing(Standing("other"))
    later = replace(STANDING, failures=0, paused_until=None)
    store.save_standing(later)

    assert store.standings() == {"probe": later, "other": Standing("other")}


def test_samples_and_notes_are_kept_together(store: Store) -> None:
    added = store.add_collected("probe", batch(sample(1, 5.0)), {"cursor": "17", "day": "é"}, NOW)

    assert added == Added(1, 0, 0, 0)
    assert rows(store.load(0, NOW)) == [sample(1, 5.0)]
    assert store.remembered("probe", "cursor") == "17"
    assert store.remembered("probe", "day") == "é"
    assert store.remembered("other", "cursor") is None


def test_a_note_is_replaced_and_needs_no_sample(store: Store) -> None:
    store.add_collected("probe", batch(), {"cursor": "17", "day": "1"}, NOW)
    store.add_collected("probe", batch(), {"cursor": "18"}, NOW)

    assert store.remembered("probe", "cursor") == "18"
    assert store.remembered("probe", "day") == "1"
    assert store.freshness() == []


def test_a_note_does_not_outlive_samples_that_were_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="no finite value"):
        store.add_collected("probe", batch(sample(1, float("nan"))), {"cursor": "17"}, NOW)
    bad = sample(1, 1.0, series=replace(FLOWS, signal="nonsense"))
    with pytest.raises(BadInput, match="nonsense"):
        store.add_collected("probe", batch(bad), {"cursor": "17"}, NOW)

    assert store.remembered("probe", "cursor") is None
    assert store.series() == []


def test_the_source_is_fresh_whatever_its_series_are_called(store: Store) -> None:
    there = replace(FLOWS, source="elsewhere")
    store.add_collected("folder", batch(sample(2, 5.0, series=there)), {}, NOW)

    assert store.freshness() == [
        Freshness("elsewhere", 3 * SLOT, NOW, None, None),
        Freshness("folder", 3 * SLOT, NOW, None, None),
    ]


def test_a_note_is_swapped_only_if_nobody_was_faster(store: Store) -> None:
    assert not store.swap("probe", "spent", "1", "2")
    assert store.swap("probe", "spent", None, "1")
    assert not store.swap("probe", "spent", None, "2")
    assert store.swap("probe", "spent", "1", "2")
    assert store.remembered("probe", "spent") == "2"
