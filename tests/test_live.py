"""Live judging says what a replay says, whenever it is called, and never says it twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from outage import scenarios
from outage.batches import SampleBatch
from outage.catalogue import Catalogue, load_catalogue
from outage.errors import UsageError
from outage.live import detect
from outage.replay import replay_scenario, replay_stored
from outage.settings import Settings
from outage.slots import DAY, HOUR
from outage.store import Store
from outage.words import Incident, Notice, State, as_json
from tests.judging.made import ENDS, JUDGED, SLOT, at, blackout, world

SLUG = "whatsapp-2014"
BLACKOUT = scenarios.describe(SLUG)
SETTINGS = Settings()
ZONES = """
[operators.operator-a]
name = "A"
timezone = "Europe/Vienna"
[operators.operator-b]
name = "B"
timezone = "Europe/Vienna"
[services.whatsapp]
timezone = "Europe/Vienna"
[services.ordinary-app]
name = "Ordinary"
keywords = ["ordinary app"]
timezone = "Europe/Vienna"
"""


def text(records: Iterable[Incident | Notice]) -> str:
    return json.dumps([as_json(one) for one in records])


def by_time(batch: SampleBatch) -> SampleBatch:
    return batch.take(np.argsort(batch.slot_start, kind="stable"))


def feed(store: Store, batch: SampleBatch, since: int, until: int) -> None:
    """Add the samples of the slots that start in `[since, until)`, as one import."""
    first, last = np.searchsorted(batch.slot_start, [since, until])
    store.add(batch.take(np.arange(first, last)), until)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Return a catalogue with the clocks of the reconstruction."""
    file = tmp_path_factory.mktemp("catalogue") / "outage.toml"
    file.write_text(ZONES)
    return load_catalogue(file)


@pytest.fixture(scope="module")
def fed(
    catalogue: Catalogue, sqlite_store_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Return a store that was given the blackout slot by slot, and judged after each."""
    file = copy(sqlite_store_file, tmp_path_factory.mktemp("live") / "live.db")
    batch = by_time(scenarios.build(SLUG))
    start = BLACKOUT.judged_from
    with Store.open(f"sqlite:///{file}") as store:
        feed(store, batch, 0, start)
        for moment in range(start + SLOT, BLACKOUT.ends + 1, SLOT):
            feed(store, batch, moment - SLOT, moment)
            first = moment == start + SLOT
            detect(store, SETTINGS, catalogue, moment, since=start if first else None)
        yield store


def test_live_is_replay_to_the_byte(fed: Store, catalogue: Catalogue) -> None:
    replayed = replay_scenario(SLUG, SETTINGS, catalogue)

    assert len(replayed.incidents) == 4
    assert text(fed.incidents()) == text(replayed.incidents)
    assert text(fed.notices()) == text(replayed.notices)


def test_live_is_the_replay_of_its_own_store(fed: Store, catalogue: Catalogue) -> None:
    since, until = BLACKOUT.judged_from, BLACKOUT.ends

    replayed = replay_stored(fed, since, until, SETTINGS, catalogue)

    assert text(fed.incidents()) == text(replayed.incidents)
    assert text(fed.notices()) == text(replayed.notices)


def test_judging_again_changes_nothing(fed: Store, catalogue: Catalogue) -> None:
    before = text(fed.incidents()), text(fed.notices()), fed.judgement()

    again = detect(fed, SETTINGS, catalogue, BLACKOUT.ends + DAY)

    assert (again.incidents, again.notices) == ([], [])
    assert again.since == again.until == BLACKOUT.ends
    assert (text(fed.incidents()), text(fed.notices()), fed.judgement()) == before


# -- on a small store of its own --------------------------------------------------------------


@pytest.fixture
def small(sqlite_store_url: str) -> Iterator[Store]:
    """Return a store without samples on SQLite."""
    with Store.open(sqlite_store_url) as store:
        yield store


def judge(store: Store, until: int = ENDS, since: int | None = None) -> list[Incident]:
    detect(store, SETTINGS, load_catalogue(None), ENDS + DAY, since=since, until=until)
    return store.incidents()


def test_a_rewind_replaces_what_was_opened_after_it(small: Store) -> None:
    small.add(world(blackout(at(4), 60), blackout(at(12), 60, "beta")), JUDGED)
    first = judge(small, since=JUDGED)

    again = judge(small, since=at(8))

    assert [one.subject for one in first] == ["alpha", "beta"]
    assert again == first


def test_a_rewind_forgets_what_is_no_longer_there(small: Store) -> None:
    small.add(world(blackout(at(4), 60)), JUDGED)
    judge(small, since=JUDGED)
    strict = Settings().model_copy(
        update={"judging": SETTINGS.judging.model_copy(update={"possible_nats": 1e6})}
    )

    detect(small, strict, load_catalogue(None), ENDS, since=JUDGED)

    assert small.incidents() == []


def test_nothing_is_judged_beyond_now(small: Store) -> None:
    small.add(world(blackout(at(12), 60)), JUDGED)

    found = detect(small, SETTINGS, load_catalogue(None), at(12), since=JUDGED, until=ENDS)

    assert found.until == at(12)
    assert found.incidents == []


def test_an_incident_is_open_live_until_it_is_over(small: Store) -> None:
    small.add(world(blackout(at(12), 120)), JUDGED)
    judge(small, until=at(13), since=JUDGED)
    (waiting,) = small.incidents()

    (closed,) = judge(small, until=at(16))

    assert (waiting.state, waiting.end) == (State.CONFIRMED, None)
    assert (closed.id, closed.state) == (waiting.id, State.CLOSED)


def test_quiet_days_are_judged_too(small: Store) -> None:
    small.add(world(days=16), JUDGED)

    judge(small, until=ENDS + 12 * HOUR, since=JUDGED)

    judgement = small.judgement()
    assert judgement is not None
    assert judgement[0] == ENDS + 12 * HOUR


def test_an_empty_store_says_what_to_do(small: Store) -> None:
    with pytest.raises(UsageError, match=r"holds no samples.*outage import samples"):
        judge(small)
    with pytest.raises(UsageError, match=r"holds no samples"):
        replay_stored(small, JUDGED, ENDS, SETTINGS, load_catalogue(None))


def test_judging_from_before_the_first_sample_is_refused(small: Store) -> None:
    small.add(world(), JUDGED)

    with pytest.raises(UsageError, match=r"--since: samples begin at 2025-03-10T00:00:00Z"):
        judge(small, since=JUDGED - 400 * DAY)


# -- what was known when ----------------------------------------------------------------------


def late(batch: SampleBatch, since: int, until: int, seconds: int) -> SampleBatch:
    """Return the batch with the samples of a stretch known so much later."""
    inside = (batch.slot_start >= since) & (batch.slot_start < until)
    return replace(batch, known_at=batch.known_at + np.where(inside, seconds, 0))


def test_a_late_sample_is_not_judged(small: Store) -> None:
    small.add(late(world(blackout(at(12), 60)), at(12), at(13), 3 * HOUR), JUDGED)

    assert judge(small, since=JUDGED) == []


def test_late_history_is_learnt_from_once_it_is_known(small: Store) -> None:
    """Two weeks that came a day late are a season like any other."""
    small.add(late(world(blackout(at(12), 60)), 0, JUDGED - DAY, DAY), JUDGED)

    (one,) = judge(small, since=JUDGED)

    assert (one.subject, one.start) == ("alpha", at(12))


def test_history_that_is_not_known_yet_is_not_learnt_from(small: Store) -> None:
    small.add(late(world(blackout(at(0.2), 60)), 0, JUDGED, 30 * DAY), JUDGED)

    assert judge(small, until=at(2), since=JUDGED) == []


def test_a_source_that_always_lags_is_judged_when_it_is_known(small: Store, tmp_path: Path) -> None:
    file = tmp_path / "outage.toml"
    source = "[sources.{}]\nplug = 'folder'\noptions = {{ path = 'x' }}\nlag_seconds = 120\n"
    file.write_text(source.format("probe") + source.format("crowd"))
    small.add(late(world(blackout(at(12), 60)), 0, ENDS, 120), JUDGED)

    detect(small, SETTINGS, load_catalogue(file), ENDS, since=JUDGED)

    (one,) = small.incidents()
    assert (one.subject, one.start, one.opened_at) == ("alpha", at(12), at(12) + SLOT + 120)


def corrected(store: Store) -> None:
    """Judge a blackout, then correct its hour to what an ordinary one looks like."""
    store.add(world(blackout(at(12), 60)), JUDGED)
    judge(store, since=JUDGED)
    calm = world()
    store.add(calm.take((calm.slot_start >= at(12)) & (calm.slot_start < at(13))), ENDS)


def test_a_correction_changes_nothing_that_was_said(small: Store) -> None:
    corrected(small)
    said = small.incidents()

    replayed = replay_stored(small, JUDGED, ENDS, SETTINGS, load_catalogue(None))

    assert len(said) == 1
    assert replayed.incidents == said
    assert judge(small, since=JUDGED) == said


def test_a_replay_may_ask_for_corrections(small: Store) -> None:
    corrected(small)

    found = replay_stored(small, JUDGED, ENDS, SETTINGS, load_catalogue(None), corrected=True)

    assert found.incidents == []
