"""What makes judging fast changes nothing: chunks equal the whole, kept equals read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outage.batches import Floats, SampleBatch
from outage.judging import engine as engines
from outage.judging import expecting, fitting, fold, window
from outage.judging.combine import add_up
from outage.judging.engine import Engine
from outage.judging.layout import lay_out
from outage.judging.medians import column_medians
from outage.judging.outlook import no_offsets
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.judging.state import FoldState, Memories
from outage.judging.sweep import FORGET_SECONDS, LEAD, MOST, Said, sweep
from outage.settings import Settings
from outage.slots import DAY, HOUR
from outage.words import Incident, Notice, Series, as_json
from tests.judging.made import (
    APPLICATION,
    JUDGED,
    SLOT,
    START,
    Change,
    at,
    blackout,
    engine_of,
    everything,
    judge,
    together,
    where,
    without,
    world,
)

UNTIL = JUDGED + 2 * DAY


@pytest.fixture(scope="module")
def eventful() -> SampleBatch:
    """Two judged days: an outage over midnight, a crowd, a vantage that falls silent."""
    made = world(
        blackout(at(22), 5 * 60),
        Change(at(8), at(11), everything(2.5), "beta"),
        Change(at(40), at(41), APPLICATION, "beta", "op-b"),
        days=17,
    )
    return without(made, at(30), at(33), vantage="op-b")


def text(records: Sequence[Incident | Notice]) -> str:
    return json.dumps([as_json(one) for one in records])


# -- the fold ---------------------------------------------------------------------------------


def step_by_step(
    kept: Memories, said: Said, keep: float, least: Floats, innocent: list[bool]
) -> Memories:
    """Go on slot by slot and unit by unit, as the design tells it."""
    now = kept.copy()
    for slot, start in enumerate(said.starts.tolist()):
        for unit in range(len(now.heard)):
            before = now.evidence[unit].copy()
            if now.heard[unit] < start - FORGET_SECONDS:
                before[:] = 0.0
            now.evidence[unit] = before
            if said.spoke[slot, unit]:
                after = np.clip(before * keep + said.evidence[slot, unit], least[unit], MOST)
                worst = max(one for one, calm in zip(after, innocent, strict=True) if not calm)
                after = np.where(innocent, np.minimum(after, worst + LEAD), after)
                now.since[unit, (after > 0) & (before <= 0)] = start
                now.evidence[unit], now.heard[unit] = after, start + said.seconds
    return now


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.floats(0.0, 0.98), st.integers(1, 90))
def test_a_sweep_is_what_its_slots_are_one_by_one(seed: int, silence: float, slots: int) -> None:
    rng = np.random.default_rng(seed)
    units, rows = 4, 3
    said = Said(
        rng.normal(0.0, 6.0, (slots, units, rows)),
        rng.random((slots, units)) >= silence,
        JUDGED + SLOT * np.arange(slots, dtype=np.int64),
        SLOT,
    )
    kept = Memories(
        tuple("abcd"),
        rng.normal(0.0, 4.0, (units, rows)),
        np.full((units, rows), JUDGED - HOUR),
        JUDGED - rng.integers(0, 2 * FORGET_SECONDS, units),
    )
    least = np.full((units, rows), -3.0)

    innocent = [False, True, False]

    whole = sweep(kept, said, 0.67, least, np.array(innocent))

    expected = step_by_step(kept, said, 0.67, least, innocent)
    assert whole.evidence[-1].tolist() == expected.evidence.tolist()
    assert whole.since[-1].tolist() == expected.since.tolist()
    assert whole.heard[-1].tolist() == expected.heard.tolist()


def test_the_fold_in_small_bites_says_the_same(
    eventful: SampleBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = judge(eventful, until=UNTIL)

    monkeypatch.setattr(fold, "MOST_CELLS", 1)
    bites = judge(eventful, until=UNTIL)

    assert len(whole.incidents) >= 2
    assert text(bites.incidents) == text(whole.incidents)
    assert text(bites.notices) == text(whole.notices)
    assert bites.state == whole.state


def test_looking_at_every_slot_says_the_same(
    eventful: SampleBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quiet stretches are skipped over, and nothing would have been said in them."""
    skipping = judge(eventful, until=UNTIL)

    monkeypatch.setattr(fold, "QUIET", -1e9)
    looking = judge(eventful, until=UNTIL)

    assert text(looking.incidents) == text(skipping.incidents)
    assert text(looking.notices) == text(skipping.notices)
    assert looking.state.units == skipping.state.units


def test_the_memory_of_units_finds_its_place_again() -> None:
    kept = Memories(
        ("b", "a"),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.array([[5, 6], [7, 8]]),
        np.array([9, -1]),
    )

    again = Memories.from_json(json.loads(json.dumps(kept.as_json())))
    placed = again.aligned(("a", "b", "c"), 2, -7)

    assert list(kept.as_json()) == ["b"]  # what was never heard is not kept
    assert placed.evidence.tolist() == [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]
    assert placed.heard.tolist() == [-7, 9, -7]


def test_the_memory_under_another_table_of_signatures_begins_anew() -> None:
    kept = Memories(("a",), np.ones((1, 2)), np.ones((1, 2), dtype=np.int64), np.array([9]))

    assert kept.aligned(("a",), 3, -7).evidence.tolist() == [[0.0, 0.0, 0.0]]


# -- numbers ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.0, 0.9))
def test_medians_of_columns_are_those_of_numpy(seed: int, rows: int, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.0, 1.0, (rows, 5))
    values[rng.random(values.shape) < gaps] = np.nan
    some = np.isfinite(values).any(axis=0)

    found = column_medians(values)

    assert found[some].tolist() == np.nanmedian(values[:, some], axis=0).tolist()
    assert np.isnan(found[~some]).all()


def test_rows_are_added_up_where_they_belong() -> None:
    rng = np.random.default_rng(3)
    places, values = rng.integers(0, 5, 40), rng.normal(0.0, 1.0, (40, 3))
    expected = np.zeros((6, 3))
    np.add.at(expected, places, values)

    assert add_up(places, values, 6).tolist() == expected.tolist()


# -- windows, portions ------------------------------------------------------------------------


class Counting(MemorySource):
    """Samples in memory that count what is read of them."""

    def __init__(self, batch: SampleBatch) -> None:
        super().__init__(batch)
        self.rows = 0

    def load(self, since: int, until: int, series: Sequence[Series] | None = None) -> SampleBatch:
        """Return the samples of a stretch."""
        found = super().load(since, until, series)
        self.rows += len(found)
        return found


def test_a_replay_reads_each_sample_once(eventful: SampleBatch) -> None:
    source = Counting(eventful)
    engine = Engine(source, Settings(), no_offsets)

    run(engine, engine.start(JUDGED), UNTIL)

    assert len(eventful) / 2 < source.rows <= len(eventful)


def narrow(monkeypatch: pytest.MonkeyPatch, batch: SampleBatch) -> None:
    """Let any plane count as a wide one: a day's window, fits in portions of one subject."""
    monkeypatch.setattr(window, "MOST_CELLS", 2)
    monkeypatch.setattr(window, "PIECE_CELLS", 100 * len(batch.series))
    monkeypatch.setattr(fitting, "PORTION_CELLS", 1)
    monkeypatch.setattr(expecting, "KEPT_CELLS", 60)
    monkeypatch.setattr(expecting, "PART_CELLS", 3 * 144)


def test_a_wide_plane_is_judged_like_a_small_one(
    eventful: SampleBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = judge(eventful, until=UNTIL)

    narrow(monkeypatch, eventful)
    wide = judge(eventful, until=UNTIL)

    assert text(wide.incidents) == text(small.incidents)
    assert text(wide.notices) == text(small.notices)


def test_a_fit_in_portions_is_the_fit_of_the_whole(
    eventful: SampleBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fitted() -> engines.Outlook:
        engine = engine_of(eventful)
        engine.blocks(engine.start(JUDGED), JUDGED + SLOT)
        outlook = engine.book.get(JUDGED, engine.planes[0])
        assert outlook is not None
        return outlook

    whole = fitted()
    monkeypatch.setattr(fitting, "PORTION_CELLS", 1)
    portions = fitted()

    np.testing.assert_allclose(portions.location, whole.location, rtol=1e-9)
    np.testing.assert_allclose(portions.spread, whole.spread, rtol=1e-9)
    assert set(portions.gains) == set(whole.gains)
    for name, gain in portions.gains.items():
        np.testing.assert_allclose(gain, whole.gains[name], rtol=1e-9)


@pytest.mark.parametrize("most", [1, 7, 22, 23, 1000])
def test_portions_are_whole_subjects_and_all_of_them(eventful: SampleBatch, most: int) -> None:
    (plane,) = engine_of(eventful).planes

    parts = list(fitting.portions(plane, most))

    assert [one for part in parts for one in part.plane.series] == list(plane.series)
    assert sum(len(part.plane.units) for part in parts) == len(plane.units)
    subjects = [{one.subject for one in part.plane.series} for part in parts]
    assert all(
        len(part.plane.series) <= most or len(mine) == 1
        for part, mine in zip(parts, subjects, strict=True)
    )
    assert sum(map(len, subjects)) == len(set().union(*subjects))
    for part in parts:
        for unit in part.plane.units:
            for signal, column in unit.columns:
                assert part.plane.series[column].signal == signal
                assert part.plane.series[column].subject == unit.subject


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 150)), min_size=1, max_size=8))
def test_a_window_says_what_the_source_says(stretches: list[tuple[int, int]]) -> None:
    batch = few()
    (plane,) = engine_of(batch).planes
    slid = window.Window(plane, MemorySource(batch))

    for first, slots in stretches:
        begin, end = START + HOUR * (first // 6), START + HOUR * (first // 6) + SLOT * slots
        found = slid.panel(begin, end)
        expected = plane.panel(batch, begin, end)
        np.testing.assert_equal(found.values, expected.values)
        np.testing.assert_equal(found.known_at, expected.known_at)


def few() -> SampleBatch:
    return world(days=3, services=("alpha",), operators=("op-a",))


def test_a_state_without_units_is_a_state() -> None:
    state = FoldState(judged_until=JUDGED)

    assert FoldState.from_json(json.loads(json.dumps(state.as_json()))) == state


def test_what_is_skipped_as_quiet_could_not_have_opened_anything_together() -> None:
    operators = tuple(f"op-{number}" for number in range(12))
    engine = engine_of(world(days=1, services=("alpha",), operators=operators))
    judge = fold.Judge(engine.fold, engine.start(JUDGED))
    units = len(engine.fold.index.units)
    assert units > len(operators)
    assert judge.quiet * len(operators) <= engine.settings.judging.possible_nats


@pytest.mark.parametrize("joins", ["op-b", "flows", "chat"])
def test_a_window_that_grows_is_one_that_was_read_anew(joins: str) -> None:
    made = few_in_parts()
    source = MemorySource(made)
    fields = ("vantage", "signal", "category")
    late = {one for one in made.series if joins in {getattr(one, field) for field in fields}}
    (small,) = lay_out([one for one in made.series if one not in late], SLOT)
    (large,) = lay_out(made.series, SLOT)
    before = window.Window(small, source)
    before.panel(START + DAY, START + 2 * DAY)

    grown = window.Window.grown(large, source, before)

    for begin, end in ((DAY, 2 * DAY), (2 * DAY, 3 * DAY), (0, DAY)):
        found = grown.panel(START + begin, START + end)
        expected = large.panel(made, START + begin, START + end)
        np.testing.assert_equal(found.values, expected.values)
        np.testing.assert_equal(found.known_at, expected.known_at)


def few_in_parts() -> SampleBatch:
    """Return traffic of one service, that of one vantage in two categories, one of them late."""
    made = world(days=3, services=("alpha",))
    mine = where(made, lambda one: one.vantage == "op-a")
    for category in ("chat", "media"):
        named = tuple(replace(one, category=category) for one in mine.series)
        made = together(made, replace(mine, series=named))
    whole = where(made, lambda one: one.vantage != "op-a" or bool(one.category))
    return without(whole, START, START + DAY, category="chat")
