"""Live is replay whatever comes late, joins, changes its slots or is corrected on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from outage.batches import SampleBatch
from outage.catalogue import Catalogue, load_catalogue
from outage.live import Live, detect
from outage.replay import replay_stored
from outage.settings import Settings
from outage.slots import DAY, HOUR
from outage.store import Store
from outage.words import Incident, Notice, Series, as_json
from tests.judging.made import (
    APPLICATION,
    JUDGED,
    MINUTE,
    SLOT,
    Change,
    at,
    blackout,
    where,
    world,
)

SETTINGS = Settings()
SOURCE = "[sources.{}]\nplug = 'folder'\noptions = {{ path = 'x' }}\nlag_seconds = {}\n"


def text(records: Iterable[Incident | Notice]) -> str:
    return json.dumps([as_json(one) for one in records])


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    with Store.open(sqlite_store_url) as opened:
        yield opened


def lagging(tmp_path: Path, **lags: int) -> Catalogue:
    file = tmp_path / "outage.toml"
    file.write_text("".join(SOURCE.format(name, lag) for name, lag in lags.items()))
    return load_catalogue(file)


def arriving(batch: SampleBatch, since: int, until: int, lag: int = 0) -> SampleBatch:
    """Return the samples that come in `(since, until]`, each `lag` after its slot's end."""
    seconds = np.array([one.slot_seconds for one in batch.series])[batch.series_index]
    comes = batch.slot_start + seconds + lag
    chosen = (comes > since) & (comes <= until)
    return replace(batch, known_at=comes).take(chosen)


def renamed(batch: SampleBatch, **changes: object) -> SampleBatch:
    return replace(batch, series=tuple(replace(one, **changes) for one in batch.series))


def assert_same_as_replay(
    store: Store, catalogue: Catalogue, until: int, since: int = JUDGED
) -> None:
    replayed = replay_stored(store, since, until, SETTINGS, catalogue)
    assert text(store.incidents()) == text(replayed.incidents)
    assert text(store.notices()) == text(replayed.notices)


# -- sources that lag -------------------------------------------------------------------------


def fed_with_a_slow_source(store: Store, catalogue: Catalogue, lag: int, until: int) -> None:
    """Feed a world in which op-b's probe lags, slot by slot, and judge after each."""
    made = world(blackout(at(2), 180))
    fast = where(made, lambda one: one.vantage != "op-b")
    slow = renamed(where(made, lambda one: one.vantage == "op-b"), source="slow")
    live = Live(store, SETTINGS, catalogue)
    store.add(arriving(fast, 0, JUDGED), JUDGED)
    store.add(arriving(slow, 0, JUDGED, lag), JUDGED)
    for moment in range(JUDGED + SLOT, until + 1, SLOT):
        store.add(arriving(fast, moment - SLOT, moment), moment)
        store.add(arriving(slow, moment - SLOT, moment, lag), moment)
        live.detect(moment, since=JUDGED if moment == JUDGED + SLOT else None, until=moment)


@pytest.mark.parametrize("lag", [900, HOUR])
def test_a_slow_source_delays_no_other(store: Store, tmp_path: Path, lag: int) -> None:
    catalogue = lagging(tmp_path, slow=lag)

    fed_with_a_slow_source(store, catalogue, lag, at(8))

    (one,) = store.incidents()
    assert (one.subject, one.start, one.opened_at) == ("alpha", at(2), at(2) + SLOT)
    assert one.vantages == ("op-a", "op-b")
    assert one.end is not None
    assert abs(one.end - at(5)) <= 2 * SLOT
    assert_same_as_replay(store, catalogue, at(8))


def test_an_incident_that_only_the_slow_source_sees_does_not_flap(
    store: Store, tmp_path: Path
) -> None:
    catalogue = lagging(tmp_path, slow=HOUR)
    made = world(Change(at(2), at(5), APPLICATION, "alpha", "op-b"))
    slow = renamed(where(made, lambda one: one.vantage == "op-b"), source="slow")
    store.add(arriving(where(made, lambda one: one.vantage != "op-b"), 0, at(9)), at(9))
    store.add(arriving(slow, 0, at(9), HOUR), at(9))

    detect(store, SETTINGS, catalogue, at(9), since=JUDGED)

    (one,) = store.incidents()
    assert (one.vantage, one.opened_at) == ("op-b", at(2) + SLOT + HOUR)
    assert one.end is not None
    assert abs(one.end - at(5)) <= 2 * SLOT


def test_a_correction_within_the_lag_replaces(store: Store, tmp_path: Path) -> None:
    catalogue = lagging(tmp_path, probe=1_500, crowd=1_500)
    calm, out = world(), world(blackout(at(4), 60))
    store.add(arriving(calm, 0, at(5), 1_500), at(5))
    detect(store, SETTINGS, catalogue, at(4) + SLOT, since=JUDGED, until=at(4) + SLOT)

    slot = (out.slot_start == at(4)) & (out.slot_start < at(4) + SLOT)
    added = store.add(replace(out, known_at=out.slot_start + SLOT + 1_500).take(slot), at(4) + SLOT)

    assert added.replaced > 0
    assert added.corrected == 0


def test_a_correction_within_a_slot_of_the_grid_replaces(store: Store) -> None:
    one = Series("alpha", "flows", "", "op-a", "probe", 300)
    made = where(world(days=16), lambda x: x == replace(one, slot_seconds=SLOT))
    fine = replace(made, series=(one,))
    store.add(fine.take(fine.slot_start < at(4)), at(4))
    detect(store, SETTINGS, load_catalogue(None), at(4) + 300, since=JUDGED, until=at(4) + 300)
    half = fine.take(fine.slot_start == at(4) - SLOT)

    later = replace(half, slot_start=half.slot_start + SLOT, known_at=half.slot_start + SLOT + 300)
    assert store.add(later, at(4) + 300).new == 1
    again = store.add(replace(later, value=later.value + 7), at(4) + 400)

    assert (again.replaced, again.corrected) == (1, 0)


# -- what comes after its slot was judged -----------------------------------------------------


def test_what_comes_after_its_slot_was_judged_is_known_when_it_comes(store: Store) -> None:
    made = world(blackout(at(4), 60))
    late = (made.slot_start >= at(4)) & (made.slot_start < at(5))
    store.add(made.take((made.slot_start < at(8)) & ~late), at(8))
    detect(store, SETTINGS, load_catalogue(None), at(8), since=JUDGED)

    store.add(made.take(late), at(8))
    store.add(arriving(made, at(8), at(20)), at(20))
    detect(store, SETTINGS, load_catalogue(None), at(20))

    assert store.incidents() == []
    assert set(store.load(at(4), at(5)).known_at.tolist()) == {at(8)}
    assert_same_as_replay(store, load_catalogue(None), at(20))


def test_a_rewind_judges_what_had_come_late_and_the_replay_agrees(store: Store) -> None:
    made = world(blackout(at(4), 60))
    late = (made.slot_start >= at(4)) & (made.slot_start < at(5))
    store.add(made.take(~late), at(20))
    detect(store, SETTINGS, load_catalogue(None), at(20), since=JUDGED)
    store.add(made.take(late), at(20))

    detect(store, SETTINGS, load_catalogue(None), at(20), since=at(2))

    assert [one.start for one in store.incidents()] == [at(4)]
    assert_same_as_replay(store, load_catalogue(None), at(20))


def test_history_from_before_judging_began_was_known_in_time(store: Store) -> None:
    made = world(blackout(at(12), 60))
    store.add(made.take(made.slot_start >= JUDGED), at(8))
    detect(store, SETTINGS, load_catalogue(None), at(8), since=JUDGED)

    store.add(made.take(made.slot_start < JUDGED), at(8))

    known = store.load(0, JUDGED)
    assert (known.known_at == known.slot_start + SLOT).all()


def test_the_latest_values_are_replayed_with_what_came_late(store: Store) -> None:
    made = world(blackout(at(4), 60))
    late = (made.slot_start >= at(4)) & (made.slot_start < at(5))
    store.add(made.take(~late), at(8))
    detect(store, SETTINGS, load_catalogue(None), at(8), since=JUDGED)
    store.add(made.take(late), at(8))

    found = replay_stored(store, JUDGED, at(8), SETTINGS, load_catalogue(None), corrected=True)

    assert [one.start for one in found.incidents] == [at(4)]


# -- what joins -------------------------------------------------------------------------------


def test_a_vantage_that_joins_later_changes_nothing_before(store: Store) -> None:
    made = world(blackout(at(4), 90), days=17)
    mine = where(made, lambda one: one.vantage != "op-b")
    joins = arriving(where(made, lambda one: one.vantage == "op-b"), at(6), at(30))
    live = Live(store, SETTINGS, load_catalogue(None))
    store.add(arriving(mine, 0, JUDGED), JUDGED)
    for moment in range(JUDGED + SLOT, at(30) + 1, SLOT):
        store.add(arriving(mine, moment - SLOT, moment), moment)
        store.add(joins.take(joins.known_at == moment), moment)
        live.detect(moment, since=JUDGED if moment == JUDGED + SLOT else None)

    assert_same_as_replay(store, load_catalogue(None), at(30))


@pytest.mark.parametrize("signal", ["posts", "syn_ack", "flows"])
def test_a_signal_that_joins_later_changes_nothing_before(store: Store, signal: str) -> None:
    made = world(blackout(at(4), 90), days=16)
    mine = where(made, lambda one: one.signal != signal)
    joins = arriving(where(made, lambda one: one.signal == signal), at(6), at(9))
    store.add(arriving(mine, 0, at(9)), at(9))
    catalogue = load_catalogue(None)
    before = replay_stored(store, JUDGED, at(6), SETTINGS, catalogue).incidents

    store.add(joins, at(9))

    after = replay_stored(store, JUDGED, at(6), SETTINGS, catalogue).incidents
    assert len(before) == 1
    assert text(after) == text(before)


def test_a_restart_lays_out_what_was_known(store: Store) -> None:
    """A new process at any moment goes on as the one that stayed would have."""
    made = world(blackout(at(9.2), 90), days=16)
    mine = where(made, lambda one: one.vantage != "op-b")
    joins = arriving(where(made, lambda one: one.vantage == "op-b"), at(6.2), at(14))
    store.add(arriving(mine, 0, JUDGED), JUDGED)
    catalogue = load_catalogue(None)
    for moment in range(JUDGED + 30 * MINUTE, at(14) + 1, 30 * MINUTE):
        store.add(arriving(mine, moment - 30 * MINUTE, moment), moment)
        store.add(arriving(joins, moment - 30 * MINUTE, moment), moment)
        first = moment == JUDGED + 30 * MINUTE
        detect(store, SETTINGS, catalogue, moment, since=JUDGED if first else None)

    assert len(store.incidents()) == 1
    assert_same_as_replay(store, catalogue, at(14))


# -- slots that change ------------------------------------------------------------------------


def halved(batch: SampleBatch) -> SampleBatch:
    """Return counts of 600 s as twice as many of 300 s, each half of them."""
    twice = np.repeat(np.arange(len(batch)), 2)
    rows = batch.take(twice)
    starts = rows.slot_start + np.tile([0, 300], len(batch))
    counts = renamed(rows, slot_seconds=300)
    return replace(counts, slot_start=starts, value=rows.value / 2, known_at=starts + 300)


@pytest.mark.parametrize("overlap", [0, 2 * HOUR, 2 * DAY])
def test_a_source_that_changes_its_slot_length_is_neither_doubled_nor_lost(
    store: Store, overlap: int
) -> None:
    made = world(blackout(at(8), 60))
    counts = where(made, lambda one: one.signal != "rtt_tcp_ms")
    store.add(halved(counts.take(counts.slot_start < at(2))), at(20))
    store.add(counts.take(counts.slot_start >= at(2) - overlap), at(20))

    detect(store, SETTINGS, load_catalogue(None), at(20), since=JUDGED - DAY)

    assert [(one.subject, one.start) for one in store.incidents()] == [("alpha", at(8))]
