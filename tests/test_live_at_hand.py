"""A service that stays at hand says what calls one by one say, and a restart the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from outage.batches import Ints, SampleBatch
from outage.catalogue import load_catalogue
from outage.judging.engine import Engine
from outage.judging.outlook import no_offsets
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.live import Live
from outage.settings import Settings
from outage.slots import DAY, HOUR
from outage.store import Store
from outage.stored import StoredBook, StoredSource
from outage.words import Incident, Notice, as_json
from tests.judging.made import ENDS, JUDGED, SLOT, START, at, blackout, engine_of, world


def text(records: Iterable[Incident | Notice]) -> str:
    return json.dumps([as_json(one) for one in records])


def few() -> SampleBatch:
    return world(days=3, services=("alpha",), operators=("op-a",))


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Return a store without samples on SQLite."""
    with Store.open(sqlite_store_url) as opened:
        yield opened


def feed(store: Store, batch: SampleBatch, since: int, until: int) -> None:
    store.add(batch.take((batch.slot_start >= since) & (batch.slot_start < until)), until)


def test_a_service_that_stays_says_what_calls_one_by_one_say(
    store: Store,
) -> None:
    """Over midnight, with samples of the day before that come late but before the fit."""
    eventful = world(blackout(at(22), 5 * 60), days=17)
    late = (eventful.slot_start >= at(20)) & (eventful.slot_start < at(20.5))
    batch = replace(eventful, known_at=eventful.known_at + np.where(late, HOUR, 0))
    feed(store, batch, 0, at(20))
    live = Live(store, Settings(), load_catalogue(None))
    live.detect(at(20), since=JUDGED)
    for moment in range(at(20) + SLOT, at(26) + 1, SLOT):
        if moment == at(21):
            feed(store, batch, at(20), at(20.5))
        if moment - SLOT >= at(20.5):
            feed(store, batch, moment - SLOT, moment)
        live.detect(moment)

    replayed = run(engine := engine_of(batch), engine.start(JUDGED), at(26))

    assert replayed[0]
    assert text(store.incidents()) == text(replayed[0])
    assert text(store.notices()) == text(replayed[1])


def test_a_service_that_stays_learns_of_new_series(store: Store) -> None:
    batch = world(blackout(at(12), 60))
    alpha = np.array([one.subject == "alpha" for one in batch.series])[batch.series_index]
    live = Live(store, Settings(), load_catalogue(None))
    store.add(batch.take(~alpha), JUDGED)
    live.detect(at(2), since=JUDGED)
    store.add(batch.take(alpha), at(2))

    found = live.detect(ENDS)

    assert [one.subject for one in found.incidents] == ["alpha"]


def test_a_service_that_stays_notices_a_rewind_by_another(store: Store) -> None:
    store.add(world(blackout(at(12), 60)), JUDGED)
    live, other = (Live(store, Settings(), load_catalogue(None)) for _ in range(2))
    live.detect(ENDS, since=JUDGED)
    first = text(store.incidents())
    other.detect(at(6), since=JUDGED)

    again = live.detect(ENDS)

    assert again.since == at(6)
    assert text(store.incidents()) == first


def test_outlooks_come_back_from_the_store_to_the_byte(store: Store) -> None:
    batch = world(days=16)
    store.add(batch, JUDGED)
    engine = Engine(StoredSource(store), Settings(), no_offsets)
    engine.book = StoredBook(store)
    engine.blocks(engine.start(JUDGED), JUDGED + SLOT)
    (plane,) = engine.planes
    made = engine.book.get(JUDGED, plane)

    read = StoredBook(store).get(JUDGED, plane)

    assert made is not None
    assert read is not None
    assert read.location.tobytes() == made.location.tobytes()
    assert read.spread.tobytes() == made.spread.tobytes()
    assert made.gains
    for name, gain in made.gains.items():
        np.testing.assert_array_equal(read.gains[name], gain)


def test_a_source_of_the_store_says_when_a_series_was_heard_last(store: Store) -> None:
    store.add(few(), START)
    source = StoredSource(store)
    series = list(source.series())[:3]

    def last(before: int) -> Ints:
        return source.last(series, before)

    assert last(START).tolist() == [-1, -1, -1]
    assert last(START + DAY).tolist() == [START + DAY - SLOT] * 3
    assert last(START + DAY).tolist() == MemorySource(few()).last(series, START + DAY).tolist()
