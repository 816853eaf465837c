"""However time is cut into parts, and whenever judging is restarted, it says the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outage.batches import SampleBatch
from outage.judging.run import run
from outage.judging.sources import MemoryBook
from outage.judging.state import FoldState
from outage.slots import DAY, MINUTE
from outage.words import Incident, Notice
from tests.judging.made import (
    APPLICATION,
    ENDS,
    JUDGED,
    OPERATORS,
    SLOT,
    Change,
    Judged,
    at,
    blackout,
    engine_of,
    everything,
    judge,
    without,
    world,
)

TWO_DAYS = JUDGED + 2 * DAY


@cache
def eventful() -> SampleBatch:
    """Two days: an outage over midnight, a crowd that breaks off in a gap, a silent vantage."""
    made = world(
        blackout(at(22), 5 * 60),
        Change(at(8), at(11), everything(2.5), "beta"),
        Change(at(40), at(41), APPLICATION, "beta", "op-b"),
        days=17,
    )
    return without(without(made, at(10), at(15)), at(30), at(33), vantage="op-b")


def in_parts(batch: SampleBatch, moments: Sequence[int], lag: int = 0) -> Judged:
    """Judge up to each moment in turn; the state between them is text, the engine a new one."""
    incidents: dict[str, Incident] = {}
    notices: dict[tuple[str, str, int], Notice] = {}
    book = MemoryBook()
    document = json.dumps(FoldState(judged_until=JUDGED).as_json())
    for moment in moments:
        engine = engine_of(batch, lag=lag)
        engine.book = book
        found, seen, state = run(engine, FoldState.from_json(json.loads(document)), moment)
        incidents |= {one.id: one for one in found}
        notices |= {(n.kind, n.subject, n.start): n for n in seen}
        document = json.dumps(state.as_json())
    ordered = sorted(notices.values(), key=lambda n: (n.start, n.kind, n.subject))
    return Judged(list(incidents.values()), ordered, FoldState.from_json(json.loads(document)))


@cache
def whole() -> Judged:
    return judge(eventful(), until=TWO_DAYS)


def test_the_made_days_are_eventful() -> None:
    assert {one.subject for one in whole().incidents} == {"alpha", "beta"}
    assert any(one.start < JUDGED + DAY < (one.end or 0) for one in whole().incidents)
    assert whole().notices


SLOTS = st.integers(1, 2 * DAY // SLOT - 1)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.lists(SLOTS, min_size=1, max_size=5, unique=True))
@example([133, 134, 135, 136, 143, 144, 145])
@example([59, 60, 61, 67, 68, 75, 88, 89, 90, 91])
def test_any_cut_gives_the_same(cuts: list[int]) -> None:
    parts = in_parts(eventful(), [JUDGED + SLOT * cut for cut in sorted(cuts)] + [TWO_DAYS])

    assert parts.incidents == whole().incidents
    assert parts.notices == whole().notices
    assert parts.state == whole().state


@pytest.mark.parametrize("lag", [120, 900])
def test_any_cut_gives_the_same_where_sources_lag(lag: int) -> None:
    batch = replace(eventful(), known_at=eventful().known_at + lag)
    moments = [*range(at(21.5), at(28.5), 500), TWO_DAYS]

    parts, at_once = in_parts(batch, moments, lag), judge(batch, until=TWO_DAYS, lag=lag)

    assert [one.opened_at for one in at_once.incidents] == [
        one.opened_at + lag for one in whole().incidents
    ]
    assert parts.incidents == at_once.incidents
    assert parts.notices == at_once.notices


@pytest.mark.parametrize("minutes", [10, 7])
def test_slot_by_slot_gives_the_same_hours(minutes: int) -> None:
    """Steps that are no slots judge each slot once it is complete, neither before nor twice."""
    until = at(13)
    moments = [*range(at(7), until, minutes * MINUTE), until]

    parts, at_once = in_parts(eventful(), moments), judge(eventful(), until=until)

    assert parts.incidents == at_once.incidents
    assert parts.state.tracks == at_once.state.tracks


def test_slot_by_slot_notices_the_same() -> None:
    until = at(13)

    parts = in_parts(eventful(), range(at(7), until + 1, SLOT))

    assert parts.notices == judge(eventful(), until=until).notices


def test_the_state_survives_json() -> None:
    batch = eventful()
    engine = engine_of(batch)
    _, _, state = run(engine, engine.start(JUDGED), at(23))

    again = FoldState.from_json(json.loads(json.dumps(state.as_json())))

    assert state.tracks
    assert again == state
    assert again is not state


def test_a_copy_of_the_state_is_independent() -> None:
    engine = engine_of(eventful())
    _, _, state = run(engine, engine.start(JUDGED), at(23))

    copy = state.copy()
    copy.tracks[0].totals[0] += 1.0
    copy.past.append(["alpha", 0, 1])

    assert copy.tracks[0].totals != state.tracks[0].totals
    assert ["alpha", 0, 1] not in state.past


def test_judging_again_from_a_state_leaves_it_as_it_was() -> None:
    engine = engine_of(eventful())
    _, _, state = run(engine, engine.start(JUDGED), at(23))
    before = json.dumps(state.as_json())

    first = run(engine, state, at(26))
    second = run(engine, state, at(26))

    assert json.dumps(state.as_json()) == before
    assert first[0] == second[0]


def test_nothing_is_judged_before_its_slot_is_complete() -> None:
    batch = world(blackout(at(12), 120))

    assert judge(batch, until=at(12) + SLOT - 1).incidents == []
    assert judge(batch, until=at(12) + SLOT).of("alpha")[0].opened_at == at(12) + SLOT


def test_the_order_of_samples_changes_nothing() -> None:
    batch = world(blackout(at(12), 120))
    shuffled = batch.take(np.random.default_rng(1).permutation(len(batch)))

    assert judge(shuffled).incidents == judge(batch).incidents


def test_the_same_sample_twice_changes_nothing() -> None:
    batch = world(blackout(at(12), 120))
    rows = np.arange(len(batch))

    twice = batch.take(np.concatenate([rows, rows[::-1][: len(rows) // 2]]))

    assert judge(twice).incidents == judge(batch).incidents


def test_what_comes_later_changes_nothing_said_before() -> None:
    batch = world(
        blackout(at(4), 60), blackout(at(12), 180, "beta"), Change(at(16), ENDS, everything(0.01))
    )
    moment = at(13)
    until_then = batch.take(batch.slot_start + SLOT <= moment)

    early = judge(until_then, until=moment)
    ids = {one.id: one for one in judge(batch).incidents if one.opened_at <= moment}

    assert [one.subject for one in early.incidents] == ["alpha", "beta"]
    assert set(ids) == {one.id for one in early.incidents}
    assert ids[early.incidents[0].id] == early.incidents[0]
    assert {ids[one.id].opened_at for one in early.incidents} == {
        one.opened_at for one in early.incidents
    }


@pytest.mark.parametrize("which", OPERATORS)
def test_bytes_in_other_units_change_no_verdict(which: str) -> None:
    batch = world(blackout(at(12), 120), Change(at(4), at(6), everything(2.0), "beta"))
    volumes = np.array([s.signal.startswith("bytes") for s in batch.series])
    here = np.array([s.vantage == which for s in batch.series])
    value = batch.value.copy()
    value[(volumes & here)[batch.series_index]] *= 1_000.0
    scaled = SampleBatch(
        batch.series, batch.series_index, batch.slot_start, value, batch.known_at, batch.weight
    )

    plain, other = judge(batch), judge(scaled)

    assert [_verdict(one) for one in other.incidents] == [_verdict(one) for one in plain.incidents]
    assert other.notices == plain.notices


def _verdict(one: Incident) -> tuple[object, ...]:
    return (one.id, one.vantages, one.cause, one.start, one.end, one.confirmed_at, one.state)


def test_judging_a_few_minutes_after_midnight_is_nothing_special() -> None:
    moments = [at(24), at(24) + 5 * MINUTE, at(25)]

    parts = in_parts(eventful(), moments)

    assert parts.incidents == judge(eventful(), until=at(25)).incidents
