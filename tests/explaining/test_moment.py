"""Any moment is explained from the store: what opened, what did not, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from outage.batches import SampleBatch
from outage.catalogue import load_catalogue
from outage.errors import UsageError
from outage.explaining import Explanation, as_document, explain, page, warming_up
from outage.explaining.record import Footing, Outcome, Presence
from outage.live import detect
from outage.settings import Settings, override
from outage.slots import DAY, HOUR
from outage.store import Store
from tests.judging.made import (
    ALARM,
    CROWD,
    ENDS,
    GONE,
    JUDGED,
    SLOT,
    Change,
    at,
    blackout,
    everything,
    where,
    without,
    world,
)

CATALOGUE = load_catalogue(None)
CUT_OFF = everything(0.3) | {"bytes_down": 0.03, "bytes_up": 0.03, "syn": 0.8, "syn_ack": 0.03}
TOLD: dict[tuple[object, ...], Explanation] = {}
YOUNG = "gamma"  # begins half a day before the judged day


def day() -> SampleBatch:
    """Return a day with a blackout, talk, an operator's outage, a gap and a late exporter."""
    changes = (
        blackout(at(4), 60),
        Change(at(8), at(9), {"posts": 8.0, "error_posts": 12.0}, "beta"),
        Change(at(12), at(13), GONE, None, "op-a"),
        Change(at(12), at(13), ALARM, "op-a", ""),
        Change(at(20), at(21), CUT_OFF, None, "op-a"),
        Change(at(20), at(21), ALARM, "op-a", ""),
    )
    whole = world(*changes, services=("alpha", "beta", YOUNG))
    whole = without(whole, 0, JUDGED - 12 * HOUR, subject=YOUNG)
    whole = without(whole, at(16), at(17), subject="alpha", vantage="op-a")
    mine = np.array([s.subject == "beta" and s.vantage == "op-b" for s in whole.series])
    late = mine[whole.series_index] & (whole.slot_start >= at(18)) & (whole.slot_start < at(19))
    return replace(whole, known_at=whole.known_at + np.where(late, HOUR, 0))


@pytest.fixture(scope="module")
def store(sqlite_store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    file = copy(sqlite_store_file, tmp_path_factory.mktemp("explained") / "outage.db")
    with Store.open(f"sqlite:///{file}") as opened:
        opened.add(day(), JUDGED)
        detect(opened, Settings(), CATALOGUE, ENDS, since=JUDGED - 2 * DAY)
        yield opened


def told(store: Store, subject: str, hours: float, *assignments: str) -> Explanation:
    key = (id(store), subject, hours, assignments)
    if key not in TOLD:
        settings = override(Settings(), assignments)
        TOLD[key] = explain(store, settings, CATALOGUE, subject, at(hours))
    return TOLD[key]


def text(found: Explanation) -> str:
    return " ".join(found.sentences)


def test_the_slot_in_which_an_incident_opened(store: Store) -> None:
    found = told(store, "alpha", 4)

    assert found.outcome is Outcome.OPENED
    assert found.incident is not None
    assert found.incident.id == store.incidents(subject="alpha")[0].id
    assert (found.slot_start, found.judged_at) == (at(4), at(4) + SLOT)
    assert found.cause == "application"
    assert found.margin is not None
    assert found.margin > found.threshold == 7.0
    assert found.sentences[0].startswith("An incident of alpha opened at 2025-03-25 04:10 UTC")
    assert "over the 7 that open an incident" in found.sentences[1]
    assert "Hit: op-a and op-b." in found.sentences


def test_any_second_of_a_slot_is_that_slot(store: Store) -> None:
    late = explain(store, Settings(), CATALOGUE, "alpha", at(4) + SLOT - 1)

    assert replace(late, at=at(4)) == told(store, "alpha", 4)


def test_what_was_weighed_is_what_was_judged(store: Store) -> None:
    """The margin of the leading cause is the one among the weights, the highest of all."""
    found = told(store, "alpha", 4)
    margins = {one.name: one.margin for one in found.weights if one.margin is not None}

    assert margins[found.cause or ""] == found.margin == max(margins.values())
    assert {one.name for one in found.weights if not one.outage} >= {"news", "meme", "flash_crowd"}


def test_readings_are_of_the_slot(store: Store) -> None:
    found = told(store, "alpha", 4)
    by_key = {(one.signal, one.vantage): one for one in found.readings}
    down = by_key["bytes_down", "op-a"]

    assert down.sigma is not None
    assert down.sigma < -3
    assert down.seen is not None
    assert down.expected is not None
    assert down.seen / down.expected == pytest.approx(0.2, abs=0.06)
    assert down.footing is Footing.SEASON
    assert by_key["error_posts", ""].slot_start == at(4)


def test_while_it_lasts_and_when_it_closes(store: Store) -> None:
    during = told(store, "alpha", 4.5)
    (one,) = [x for x in store.incidents(subject="alpha") if x.start == at(4)]
    assert one.end is not None
    closed = next(
        found
        for slots in range(8)
        if (found := told(store, "alpha", 5 + slots / 6)).outcome is not Outcome.STAYS_OPEN
    )

    assert during.outcome is Outcome.STAYS_OPEN
    assert during.incident is not None
    assert during.incident.end is None
    assert closed.outcome is Outcome.CLOSED
    assert closed.incident == one


def test_a_quiet_slot_says_so(store: Store) -> None:
    found = told(store, "alpha", 2)

    assert found.outcome is Outcome.NOTHING_OPEN
    assert found.incident is None
    assert found.sentences[:2] == (
        "No incident of alpha was open at 2025-03-25 02:10 UTC.",
        "Nothing that was seen speaks for an outage.",
    )


def test_talk_opens_nothing_where_the_network_is_seen(store: Store) -> None:
    found = told(store, "beta", 8.3)

    assert found.outcome is Outcome.NOTHING_OPEN
    assert "the network sees nothing wrong" in found.sentences[1]
    assert "Not hit: op-a and op-b." in found.sentences
    assert any(one.startswith("Noticed then, and no outage: ") for one in found.sentences)
    assert found.excess > 5


def test_another_threshold_shows_what_it_misses(store: Store) -> None:
    found = told(store, "alpha", 4, "judging.possible_nats=500", "judging.alone_nats=0")

    assert found.outcome is Outcome.NOTHING_OPEN
    assert "short of the 500 that open an incident" in text(found)


def test_an_operators_outage_explains_its_services_away(store: Store) -> None:
    service, operator = told(store, "beta", 12.2), told(store, "op-a", 12.2)

    assert service.outcome is Outcome.NOTHING_OPEN
    assert service.operators_out == ("op-a",)
    assert "The outage of op-a explains what is seen there, up to " in text(service)
    assert operator.kind == "operator"
    assert operator.incident is not None
    assert "Of 3 services seen from it 3 fall" in text(operator)
    assert {one.name for one in operator.vantages if one.hit} == {"alpha", "beta", YOUNG}


def test_what_would_have_opened_but_for_the_operator_is_said(store: Store) -> None:
    found = told(store, "beta", 20.2)

    assert found.outcome is Outcome.NOTHING_OPEN
    assert "By itself it would have opened, with " in text(found)
    assert "the outage of op-a explains it away" in text(found)


def test_an_operator_that_is_fine_is_told_so(store: Store) -> None:
    found = told(store, "op-b", 12.2)

    assert found.incident is None
    assert "Of 3 services seen from it 0 fall; an operator's outage takes at least two" in text(
        found
    )


def test_a_gap_is_named(store: Store) -> None:
    found = told(store, "alpha", 16.5)
    gone = [one for one in found.readings if one.presence is Presence.GAP]

    assert {one.vantage for one in gone} == {"op-a"}
    assert all(one.seen is None and one.sigma is None for one in gone)
    assert any("had no sample in the slot (a gap says nothing)" in one for one in found.sentences)
    assert next(one for one in found.vantages if one.name == "op-a").heard is False


def test_a_late_sample_is_named(store: Store) -> None:
    found = told(store, "beta", 18.5)

    late = {one.vantage for one in found.readings if one.presence is Presence.LATE}
    assert late == {"op-b"}
    assert any("came too late to be judged" in one for one in found.sentences)


def test_a_young_service_is_warming_up_until_a_stated_midnight(store: Store) -> None:
    found = told(store, YOUNG, 12)

    assert {one.footing for one in found.readings} == {Footing.LAST_HOURS}
    assert len(found.warming) == len(found.readings)
    moments = {one.warm_from for one in found.warming}
    assert all(moment is not None and moment % DAY == 0 for moment in moments)
    assert {one.since for one in found.warming} == {JUDGED - 12 * HOUR}
    assert "judged against the last hours only" in text(found)
    assert told(store, "alpha", 12).warming == ()


def test_the_stated_midnight_is_the_one(sqlite_store_url: str) -> None:
    """What was forecast comes true: the day before it is cold, from it on it is warm."""
    young = without(world(days=19), 0, JUDGED - 12 * HOUR, subject="beta")
    with Store.open(sqlite_store_url) as fresh:
        fresh.add(where(young, lambda one: one.source != CROWD), JUDGED)
        (moment,) = {one.warm_from for one in warming_up(fresh, Settings(), CATALOGUE, at(1))}
        assert moment is not None
        before = warming_up(fresh, Settings(), CATALOGUE, moment - HOUR)
        after = warming_up(fresh, Settings(), CATALOGUE, moment + HOUR)

    assert {one.subject for one in before} == {"beta"}
    assert after == ()


def test_all_that_is_warming_up_can_be_listed(store: Store) -> None:
    found = warming_up(store, Settings(), CATALOGUE, at(12))

    assert {one.subject for one in found} == {YOUNG}
    assert list(found) == sorted(found, key=lambda one: (one.subject, one.vantage, one.signal))


def test_after_the_last_sample_it_is_the_last_slot(store: Store) -> None:
    found = explain(store, Settings(), CATALOGUE, "alpha", ENDS + DAY)

    assert found.slot_start == ENDS - SLOT
    assert "No sample is later than" in found.sentences[1]


def test_what_was_not_known_yet_is_not_explained_but_said(sqlite_store_url: str) -> None:
    """Nor does a finer source that joins later change which slot is meant."""
    made = world(days=16)
    mine = where(made, lambda one: one.subject in {"alpha", "op-a", "op-b"})
    with Store.open(sqlite_store_url) as fresh:
        coarse = where(mine, lambda one: one.source == CROWD)
        fresh.add(coarse, JUDGED)
        before = explain(fresh, Settings(), CATALOGUE, "alpha", at(2))
        rest = where(made, lambda one: one.source != CROWD)
        fresh.add(rest.take(rest.slot_start >= at(4)), JUDGED)
        after = explain(fresh, Settings(), CATALOGUE, "alpha", at(2))

        with pytest.raises(UsageError, match="nothing was known of 'beta' yet"):
            explain(fresh, Settings(), CATALOGUE, "beta", at(2))
        assert explain(fresh, Settings(), CATALOGUE, "beta", at(6)).outcome is Outcome.NOTHING_OPEN
    assert before.weights == after.weights
    assert before.readings == after.readings


def test_nothing_is_written(store: Store) -> None:
    before = store.incidents(), store.notices(), store.judgement()
    kept = store.baselines(JUDGED - 3 * DAY, SLOT)

    explain(store, Settings(), CATALOGUE, "beta", JUDGED - DAY)

    assert (store.incidents(), store.notices(), store.judgement()) == before
    assert kept is None
    assert store.baselines(JUDGED - 3 * DAY, SLOT) is None


def test_a_store_that_was_never_judged_is_explained_too(sqlite_store_url: str) -> None:
    with Store.open(sqlite_store_url) as fresh:
        fresh.add(day(), JUDGED)
        found = told(fresh, "alpha", 4)

    assert found.outcome is Outcome.OPENED
    assert "The store itself was judged nothing yet; `outage detect` goes on." in found.sentences


def test_every_part_is_json(store: Store) -> None:
    document = json.loads(json.dumps(as_document(told(store, "alpha", 4))))

    assert document["slot_start"] == "2025-03-25T04:00:00Z"
    assert document["outcome"] == "opened"
    assert document["incident"]["evidence"]
    assert document["readings"][0]["slot_start"] == "2025-03-25T04:00:00Z"


def test_the_page_says_the_sentences_first(store: Store) -> None:
    found = told(store, "alpha", 4)
    lines = list(page(found))

    assert lines[0] == "alpha, slot 2025-03-25 04:00 to 04:10 UTC"
    assert lines[1] == f"- {found.sentences[0]}"
    assert any(line.startswith("  application ") for line in lines)


@pytest.mark.parametrize(
    ("subject", "moment", "says"),
    [
        ("alfa", at(4), "the store knows no 'alfa'; did you mean 'alpha'?"),
        ("zzz", at(4), "the store knows no 'zzz'; there are: alpha, beta"),
        ("alpha", JUDGED - 40 * DAY, "--at: samples begin at 2025-03-10T00:00:00Z"),
    ],
)
def test_wrong_use_is_one_clear_line(store: Store, subject: str, moment: int, says: str) -> None:
    with pytest.raises(UsageError, match="--") as fault:
        explain(store, Settings(), CATALOGUE, subject, moment)

    assert says in str(fault.value)
