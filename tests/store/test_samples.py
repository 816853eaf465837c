"""Samples in and out: idempotent, corrected once judged, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outage.errors import BadInput, UsageError
from outage.store import Added, Store
from outage.words import Sample, Series, SubjectKind
from tests.store.samples import FLOWS, NOW, SLOT, batch, rows, sample

EVER = 2**33
RUN = count()


def everything(store: Store, *, corrected: bool = False) -> list[Sample]:
    return rows(store.load(0, EVER, corrected=corrected))


def judge(store: Store, until: int) -> None:
    store.save_judgement(until, {}, [], [])


def test_the_same_sample_twice_is_one_sample(store: Store) -> None:
    samples = batch(sample(1, 5.0), sample(2, 6.0, weight=3.0))

    assert store.add(samples, NOW) == Added(2, 0, 0, 0)
    assert store.add(samples, NOW + 5) == Added(0, 0, 2, 0)
    assert everything(store) == [sample(1, 5.0), sample(2, 6.0, weight=3.0)]


def test_the_last_row_of_a_slot_wins_within_a_batch(store: Store) -> None:
    added = store.add(batch(sample(2, 1.0), sample(1, 5.0), sample(2, 9.0)), NOW)

    assert added == Added(2, 0, 0, 0)
    assert everything(store) == [sample(1, 5.0), sample(2, 9.0)]


def test_a_slot_not_judged_takes_the_new_value(store: Store) -> None:
    store.add(batch(sample(1, 5.0), sample(2, 5.0)), NOW)
    later = replace(sample(1, 7.0, weight=2.0), known_at=9000)

    assert store.add(batch(later, sample(3, 1.0)), NOW) == Added(1, 1, 0, 0)
    assert everything(store) == [later, sample(2, 5.0), sample(3, 1.0)]


def test_a_judged_slot_keeps_its_value_and_gets_a_correction(store: Store) -> None:
    store.add(batch(sample(1, 5.0), sample(2, 5.0)), NOW)
    judge(store, 2 * SLOT)  # the end of slot 1

    assert store.add(batch(sample(1, 7.0), sample(2, 8.0)), NOW) == Added(0, 1, 0, 1)
    assert everything(store) == [sample(1, 5.0), sample(2, 8.0)]
    assert everything(store, corrected=True) == [sample(1, 7.0), sample(2, 8.0)]


def test_a_correction_comes_once_and_the_latest_counts(store: Store) -> None:
    store.add(batch(sample(1, 5.0)), NOW)
    judge(store, EVER - 1)

    assert store.add(batch(sample(1, 7.0)), NOW).corrected == 1
    assert store.add(batch(sample(1, 7.0)), NOW + 1) == Added(0, 0, 1, 0)
    assert store.add(batch(sample(1, 5.0)), NOW + 2).corrected == 1
    assert everything(store, corrected=True) == [sample(1, 5.0)]
    assert store.add(batch(sample(1, 6.0, weight=4.0)), NOW + 2).corrected == 1
    assert everything(store, corrected=True) == [sample(1, 6.0, weight=4.0)]
    assert everything(store) == [sample(1, 5.0)]


def test_a_clock_that_went_back_does_not_hide_the_latest_correction(store: Store) -> None:
    store.add(batch(sample(1, 5.0)), NOW)
    judge(store, EVER - 1)
    store.add(batch(sample(1, 7.0)), NOW + 100)

    assert store.add(batch(sample(1, 8.0)), NOW).corrected == 1
    assert everything(store, corrected=True) == [sample(1, 8.0)]


def test_a_late_sample_of_a_judged_slot_keeps_its_known_at(store: Store) -> None:
    judge(store, EVER - 1)

    assert store.add(batch(sample(1, 5.0)), NOW) == Added(1, 0, 0, 0)
    assert everything(store) == [sample(1, 5.0)]


def test_a_rewound_slot_takes_the_new_value_and_forgets_older_corrections(store: Store) -> None:
    store.add(batch(sample(1, 5.0), sample(2, 5.0)), NOW)
    judge(store, EVER - 1)
    store.add(batch(sample(1, 7.0), sample(2, 7.0)), NOW)
    judge(store, 0)

    assert store.add(batch(sample(1, 6.0)), NOW) == Added(0, 1, 0, 0)
    assert everything(store) == [sample(1, 6.0), sample(2, 5.0)]
    assert everything(store, corrected=True) == [sample(1, 6.0), sample(2, 7.0)]


@pytest.mark.parametrize("order", [(3.0, 9.0, 5.0), (9.0, 5.0, 3.0), (5.0, 3.0, 9.0)])
def test_the_highest_count_wins_whatever_the_order(store: Store, order: tuple[float, ...]) -> None:
    store.add(batch(*(sample(1, value) for value in order)), NOW, keep_highest=True)
    for value in order:
        store.add(batch(sample(2, value)), NOW, keep_highest=True)

    assert everything(store) == [sample(1, 9.0), sample(2, 9.0)]


def test_a_higher_count_corrects_a_judged_slot_and_a_lower_does_not(store: Store) -> None:
    store.add(batch(sample(1, 5.0), sample(2, 5.0)), NOW)
    judge(store, EVER - 1)
    higher_and_lower = batch(sample(1, 9.0), sample(2, 3.0))

    assert store.add(higher_and_lower, NOW, keep_highest=True) == Added(0, 0, 1, 1)
    assert store.add(batch(sample(1, 7.0)), NOW + 9, keep_highest=True) == Added(0, 0, 1, 0)
    assert everything(store, corrected=True) == [sample(1, 9.0), sample(2, 5.0)]


def test_sparse_and_dense_slots_are_found_again(store: Store) -> None:
    slots = [1, 2, 3, 11, 12, 40, 1000, 1001, 500_000]
    other = replace(FLOWS, category="chat")
    samples = batch(*(sample(n, n, series=one) for n in slots for one in (other, FLOWS)))
    store.add(batch(*(sample(n, 0.0) for n in range(60))), NOW)

    added = store.add(samples, NOW)

    assert added == Added(12, 6, 0, 0)
    assert store.add(samples, NOW) == Added(0, 0, 18, 0)


def test_load_cuts_by_time_and_subject(store: Store) -> None:
    other = Series("netflix", "bytes_down", slot_seconds=900)
    store.add(batch(*(sample(n, n) for n in range(5)), sample(2, 1.0, series=other)), NOW)

    assert [one.slot_start for one in rows(store.load(SLOT, 3 * SLOT))] == [1800, 600, 1200][1:]
    assert rows(store.load(0, EVER, subjects=["netflix"])) == [sample(2, 1.0, series=other)]
    assert store.load(0, EVER, subjects=["netflix"]).series == (other,)
    assert len(store.load(0, EVER, subjects=["nobody"])) == 0
    assert len(store.load(EVER - SLOT, EVER)) == 0


def test_load_gives_sorted_series_and_slots(store: Store) -> None:
    series = [replace(FLOWS, subject=name) for name in ("zoom", "aws", "line")]
    store.add(batch(*(sample(n, n, series=one) for n in (3, 1, 2) for one in series)), NOW)

    found = store.load(0, EVER)

    assert found.series == tuple(sorted(series))
    assert found.series_index.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    assert found.slot_start.tolist() == [SLOT, 2 * SLOT, 3 * SLOT] * 3


def test_an_empty_store_says_nothing(store: Store) -> None:
    assert store.span() is None
    assert store.series() == []
    assert store.subjects() == {}
    assert len(store.load(0, EVER)) == 0
    assert store.add(batch(), NOW) == Added(0, 0, 0, 0)


def test_span_reaches_from_the_first_start_to_the_last_end(store: Store) -> None:
    store.add(batch(sample(3, 1.0), sample(7, 1.0)), NOW)
    store.add(batch(sample(4, 1.0, series=replace(FLOWS, slot_seconds=3600))), NOW)

    assert store.span() == (3 * SLOT, 5 * 3600)


def test_a_subject_that_is_a_vantage_is_an_operator_in_any_order(store: Store) -> None:
    operator = Series("op-a", "bytes_down")
    store.add(batch(sample(1, 1.0, series=Series("op-b", "bytes_down"))), NOW)
    assert store.subjects() == {"op-b": SubjectKind.SERVICE}

    store.add(batch(sample(1, 1.0), sample(1, 2.0, series=replace(FLOWS, vantage="op-b"))), NOW)
    store.add(batch(sample(1, 1.0, series=operator)), NOW)

    kinds = {"op-a": "operator", "op-b": "operator", "whatsapp": "service"}
    assert store.subjects() == kinds


def test_series_differ_by_every_part_of_their_name(store: Store) -> None:
    parts = {"category": "chat", "vantage": "op-b", "source": "other", "slot_seconds": 60}
    series = [FLOWS, *(replace(FLOWS, **{name: part}) for name, part in parts.items())]
    store.add(batch(*(sample(60, float(n), series=one) for n, one in enumerate(series))), NOW)

    assert store.series() == sorted(series)
    found = {one.series: one.value for one in everything(store)}
    assert found == {one: float(n) for n, one in enumerate(series)}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (sample(1, float("nan")), "no finite value"),
        (sample(1, float("inf")), "no finite value"),
        (sample(1, 1.0, weight=float("inf")), "infinite weight"),
        (replace(sample(1, 1.0), slot_start=601), "slot grid"),
        (sample(-1, 1.0), "out of range"),
        (replace(sample(1, 1.0), slot_start=1_393_092_000_000), "out of range"),
        (sample(1, 1.0, series=replace(FLOWS, signal="flow")), "signal 'flow' is unknown"),
        (sample(1, 1.0, series=replace(FLOWS, subject="What's up")), "subject"),
        (sample(1, 1.0, series=replace(FLOWS, vantage="a b")), "vantage"),
    ],
)
def test_what_is_no_sample_is_refused_and_nothing_is_kept(
    store: Store, bad: Sample, why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        store.add(batch(sample(1, 1.0, series=Series("line", "posts")), bad), NOW)

    assert store.series() == []
    assert store.span() is None


def test_a_slot_length_off_the_list_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="slot_seconds"):
        store.add(batch(sample(1, 1.0, series=replace(FLOWS, slot_seconds=700))), NOW)

    store.add(batch(sample(1, 1.0)), NOW)
    assert store.series() == [FLOWS]


CHUNKS = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=30),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chunks=CHUNKS, data=st.data())
def test_any_order_and_any_repetition_give_the_same_samples(
    store: Store, chunks: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    subject = f"run-{next(RUN)}"
    series = [Series(subject, name) for name in ("flows", "syn", "rst")]
    batches = [batch(*(sample(n, n + k, series=series[k]) for k, n in chunk)) for chunk in chunks]
    order = data.draw(st.permutations(range(len(batches))))

    for position in [*order, *data.draw(st.lists(st.sampled_from(order), max_size=3))]:
        store.add(batches[position], NOW)

    expected = sorted({pair for chunk in chunks for pair in chunk}, key=lambda p: (series[p[0]], p))
    found = rows(store.load(0, EVER, subjects=[subject]))
    assert found == [sample(n, n + k, series=series[k]) for k, n in expected]


VALUES = st.lists(st.tuples(st.integers(1, 8), st.sampled_from([1.0, 2.0, 3.0])), max_size=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=VALUES, after=st.lists(VALUES, max_size=4), judged=st.integers(0, 9))
def test_corrections_never_change_what_a_slot_was_judged_by(
    store: Store,
    before: list[tuple[int, float]],
    after: list[list[tuple[int, float]]],
    judged: int,
) -> None:
    series = Series(f"run-{next(RUN)}", "flows")
    judge(store, 0)
    store.add(batch(*(sample(n, value, series=series) for n, value in before)), NOW)
    first = dict(before)
    judge(store, (judged + 1) * SLOT)

    latest = dict(first)
    for turn, values in enumerate(after):
        store.add(batch(*(sample(n, value, series=series) for n, value in values)), NOW + turn)
        latest.update(values)
        for n, value in dict(values).items():
            if n > judged or n not in first:
                first[n] = value

    as_judged = rows(store.load(0, EVER, subjects=[series.subject]))
    revised = rows(store.load(0, EVER, subjects=[series.subject], corrected=True))
    assert as_judged == [sample(n, first[n], series=series) for n in sorted(first)]
    assert revised == [sample(n, latest[n], series=series) for n in sorted(latest)]


def test_many_samples_come_back_as_they_went_in(store: Store) -> None:
    count_of_rows = 200_000
    rng = np.random.default_rng(1)
    series = tuple(Series(f"s-{n:03d}", "flows") for n in range(100))
    index = np.arange(count_of_rows) % 100
    slots = SLOT * (np.arange(count_of_rows) // 100)
    weight = np.where(rng.random(count_of_rows) < 0.5, np.nan, 3.0)
    whole = replace(
        batch(sample(1, 1.0)),
        series=series,
        series_index=index,
        slot_start=slots,
        value=rng.normal(size=count_of_rows),
        known_at=slots + SLOT,
        weight=weight,
    )

    store.add(whole.take(rng.permutation(count_of_rows)), NOW)
    found = store.load(0, EVER)

    order = np.lexsort((slots, index))
    for name in ("series_index", "slot_start", "value", "known_at", "weight"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[order])
