"""Live is replay where sources lag unequally: nothing is told of what was not known yet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from outage.batches import SampleBatch
from outage.catalogue import load_catalogue
from outage.live import detect
from outage.replay import replay_stored
from outage.settings import Settings
from outage.store import Store
from outage.words import as_json
from tests.judging.made import JUDGED, MINUTE, at, blackout, where, world

LAG = 1_500
SOURCE = "[sources.{}]\nplug = 'folder'\noptions = {{ path = 'x' }}\nlag_seconds = {}\n"


def reports() -> SampleBatch:
    """Return complaints counted every quarter of an hour and known long after."""
    made = world(blackout(at(1), 90), slot_seconds=900)
    people = where(made, lambda one: one.signal == "user_reports")
    series = tuple(replace(one, source="archive") for one in people.series)
    return replace(people, series=series, known_at=people.known_at + LAG)


def known_by(batch: SampleBatch, since: int, until: int) -> SampleBatch:
    return batch.take((batch.known_at > since) & (batch.known_at <= until))


def test_live_is_replay_although_one_source_is_late(sqlite_store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "outage.toml"
    file.write_text(SOURCE.format("archive", LAG))
    catalogue, settings = load_catalogue(file), Settings()
    batches = [world(blackout(at(1), 90)), reports()]
    with Store.open(sqlite_store_url) as store:
        for batch in batches:
            store.add(known_by(batch, 0, JUDGED), JUDGED)
        for moment in range(JUDGED + 5 * MINUTE, at(4) + 1, 5 * MINUTE):
            for batch in batches:
                store.add(known_by(batch, moment - 5 * MINUTE, moment), moment)
            first = moment == JUDGED + 5 * MINUTE
            detect(
                store, settings, catalogue, moment, since=JUDGED if first else None, until=moment
            )
        live = store.incidents()
        replayed = replay_stored(store, JUDGED, at(4), settings, catalogue).incidents

    assert [one.subject for one in live] == ["alpha"]
    assert any(line.source == "archive" for line in live[0].evidence)
    assert json.dumps([as_json(x) for x in live]) == json.dumps([as_json(x) for x in replayed])
