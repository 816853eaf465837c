"""A rewind replaces what it judges anew, and silence ends what nobody sees any more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from outage.batches import SampleBatch
from outage.catalogue import load_catalogue
from outage.errors import UsageError
from outage.live import detect
from outage.replay import replay_stored
from outage.settings import Settings, override
from outage.slots import DAY
from outage.store import Store
from outage.words import State, as_json
from tests.judging.made import ENDS, JUDGED, at, blackout, judge, world

CATALOGUE = load_catalogue(None)
SETTINGS = Settings()


@pytest.fixture(scope="module")
def made() -> SampleBatch:
    """Return a world in which `alpha` is out from 04:00 to 08:00."""
    return world(blackout(at(4), 240))


@pytest.fixture
def live(sqlite_store_url: str) -> Iterator[Store]:
    with Store.open(sqlite_store_url) as store:
        yield store


def before(batch: SampleBatch, moment: int) -> SampleBatch:
    return batch.take(batch.slot_start < moment)


def test_an_open_incident_ends_when_nothing_comes_any_more(live: Store, made: SampleBatch) -> None:
    live.add(before(made, at(6)), at(6))
    detect(live, SETTINGS, CATALOGUE, at(6), since=JUDGED)
    (still_open,) = live.incidents()
    assert still_open.end is None
    detect(live, SETTINGS, CATALOGUE, at(6) + 2 * DAY)
    (closed,) = live.incidents()
    assert (closed.id, closed.state, closed.end) == (still_open.id, State.CLOSED, at(6))
    assert {notice.kind for notice in live.notices(at(6), at(12))} >= {"data_gap"}


def test_samples_that_are_only_late_still_find_their_slots_unjudged(
    live: Store, made: SampleBatch
) -> None:
    live.add(before(made, at(6)), at(6))
    detect(live, SETTINGS, CATALOGUE, at(6) + 1_500, since=JUDGED)
    assert live.judged_until() == at(6)
    live.add(made, ENDS)
    detect(live, SETTINGS, CATALOGUE, ENDS)
    expected = replay_stored(live, JUDGED, ENDS, SETTINGS, CATALOGUE).incidents
    assert [as_json(one) for one in live.incidents()] == [as_json(one) for one in expected]


@pytest.mark.parametrize("rewind", [at(5), at(6)])
def test_a_rewind_into_an_incident_neither_doubles_nor_orphans_it(
    live: Store, made: SampleBatch, rewind: int
) -> None:
    live.add(made, ENDS)
    detect(live, SETTINGS, CATALOGUE, at(6), since=JUDGED)
    detect(live, SETTINGS, CATALOGUE, ENDS, since=rewind)
    found = live.incidents()
    expected = replay_stored(live, JUDGED, ENDS, SETTINGS, CATALOGUE).incidents
    assert [(one.id, one.end, one.cause) for one in found] == [
        (one.id, one.end, one.cause) for one in expected
    ]
    assert len(found) == 1


def test_a_rewind_judges_by_baselines_fitted_anew(live: Store, made: SampleBatch) -> None:
    live.add(made, ENDS)
    detect(live, SETTINGS, CATALOGUE, ENDS, since=JUDGED)
    other = override(SETTINGS, ["baseline=trailing"])
    detect(live, other, CATALOGUE, ENDS, since=JUDGED)
    expected = replay_stored(live, JUDGED, ENDS, other, CATALOGUE).incidents
    assert [as_json(one) for one in live.incidents()] == [as_json(one) for one in expected]


def test_a_start_after_the_data_is_refused(live: Store, made: SampleBatch) -> None:
    live.add(made, ENDS)
    with pytest.raises(UsageError, match="samples end at"):
        detect(live, SETTINGS, CATALOGUE, ENDS + 400 * DAY, since=ENDS + 365 * DAY)


def test_severity_counts_only_where_it_is_hit() -> None:
    one = world(blackout(at(4), 240))
    spared = np.array([series.vantage == "op-b" for series in one.series])[one.series_index]
    calm = world()
    value = np.where(spared, calm.value, one.value)
    batch = SampleBatch(
        one.series, one.series_index, one.slot_start, value, one.known_at, one.weight
    )
    (incident,) = judge(batch, JUDGED, at(12)).incidents
    assert incident.vantage == "op-a"
    assert incident.severity > 0.7


def test_a_replay_far_past_the_data_stops_soon_after_it(live: Store, made: SampleBatch) -> None:
    live.add(before(made, at(2)), at(2))
    century = JUDGED + 100 * 365 * DAY
    assert replay_stored(live, JUDGED, century, SETTINGS, CATALOGUE).incidents == []
