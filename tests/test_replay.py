"""Replay: what it refuses, that it writes nothing, and that it reports how far it is."""

from __future__ import annotations

import pytest

from outage.catalogue import load_catalogue
from outage.errors import UsageError
from outage.replay import replay_scenario, replay_stored
from outage.settings import Settings, override
from outage.slots import DAY
from outage.store import Store
from tests.judging.made import ENDS, JUDGED, at, blackout, world

SETTINGS = Settings()


def test_an_unknown_scenario_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="'nowhere'; known: whatsapp-2014"):
        replay_scenario("nowhere", SETTINGS, load_catalogue(None))


def test_a_stretch_that_ends_before_it_begins_is_refused(sqlite_store_url: str) -> None:
    with Store.open(sqlite_store_url) as store:
        store.add(world(days=1), JUDGED)
        with pytest.raises(UsageError, match="is not after --since 2025-03-25T00:00:00Z"):
            replay_stored(store, JUDGED, JUDGED, SETTINGS, load_catalogue(None))


def test_a_replay_writes_nothing(sqlite_store_url: str) -> None:
    with Store.open(sqlite_store_url) as store:
        store.add(world(blackout(at(12), 60)), JUDGED)

        found = replay_stored(store, JUDGED, ENDS, SETTINGS, load_catalogue(None))

        assert len(found.incidents) == 1
        assert (store.incidents(), store.notices(), store.judgement()) == ([], [], None)
        assert store.baselines(JUDGED, 600) is None


def test_progress_goes_on_to_the_end(sqlite_store_url: str) -> None:
    moments: list[int] = []
    with Store.open(sqlite_store_url) as store:
        store.add(world(days=18), JUDGED)
        replay_stored(
            store, JUDGED, ENDS + DAY, SETTINGS, load_catalogue(None), progress=moments.append
        )

    assert moments == sorted(moments)
    assert moments[-1] == ENDS + DAY


def test_the_seed_and_depth_of_a_scenario_can_be_set() -> None:
    mild = override(SETTINGS, ["scenario.depth=0.01", "scenario.seed=3"])

    found = replay_scenario("verizon-2017", mild, load_catalogue(None))

    assert [one for one in found.incidents if one.subject == "netflix"] == []
