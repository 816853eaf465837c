"""Take samples in, idempotently, and give them back in columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from sqlalchemy import (
    Connection,
    Select,
    and_,
    column,
    exists,
    func,
    select,
    table,
)

from outage.batches import Ints, SampleBatch
from outage.store import registry
from outage.store.bulk import bulk_for
from outage.store.judged import Judged
from outage.store.rows import (
    ROW,
    Added,
    Mask,
    Rows,
    Stored,
    as_rows,
    decide,
    ordered,
    overlay,
    runs,
    slot_seconds,
    winners,
)
from outage.store.tables import CorrectionRow, SampleRow, SeriesRow
from outage.words import Series


def add(
    connection: Connection,
    batch: SampleBatch,
    ids: Mapping[Series, int],
    now: int,
    *,
    judged: Judged | None,
    keep_highest: bool,
) -> Added:
    """Take the samples of a checked batch in; `ids` names every series of it."""
    rows = as_rows(batch.take(winners(batch, keep_highest=keep_highest)), ids)
    seconds = _of_series(rows, {number: one.slot_seconds for one, number in ids.items()})
    bulk = bulk_for(connection)
    found = ordered(bulk.find(connection, runs(rows, seconds)))
    stored = Stored.matching(rows, found, _corrections_of_incoming(connection))
    complete, closed = _completion(rows, seconds, ids, judged)
    verdict = decide(rows, stored, closed, keep_highest=keep_highest)
    if judged is not None:
        late = verdict.new & closed & (complete > judged.since)
        known = np.maximum(rows["known_at"], np.maximum(now, complete + 1))
        rows["known_at"] = np.where(late, known, rows["known_at"])
    registry.note_known(connection, *_earliest(rows[verdict.new | verdict.replaced]))
    if verdict.new.any():
        bulk.insert(connection, rows[verdict.new])
    if verdict.replaced.any():
        bulk.replace(connection, _placed(rows, stored.first)[verdict.replaced])
        if _any_corrections(connection):  # older than the values that have come
            bulk.forget(connection, rows[verdict.replaced])
    if verdict.corrected.any():
        versions = _versions_after(rows, stored.latest, now)
        bulk.correct(connection, versions[verdict.corrected])
    return verdict.counts()


def load(
    connection: Connection, ids: Mapping[Series, int], since: int, until: int, *, corrected: bool
) -> SampleBatch:
    """Return the samples of the series `ids` in `[since, until)`, by series and slot."""
    if not ids:
        return SampleBatch.of(())
    rows = bulk_for(connection).load(connection, list(ids.values()), since, until)
    rows = ordered(rows)
    if corrected:
        rows = overlay(rows, _corrections_between(connection, since, until))
    return _batch(rows, ids)


def load_as(
    connection: Connection,
    numbers: Mapping[Series, int],
    since: int,
    until: int,
    *,
    corrected: bool,
) -> SampleBatch:
    """Return the samples of `numbers` in `[since, until)`, naming all of them in their order."""
    if not numbers:
        return SampleBatch.of(())
    ids = list(numbers.values())
    rows = bulk_for(connection).load(connection, ids, since, until)
    if corrected:
        rows = overlay(ordered(rows), _corrections_between(connection, since, until))
    rank = np.zeros(max(ids) + 1, dtype=np.int64)
    rank[ids] = np.arange(len(ids))
    return SampleBatch(
        tuple(numbers),
        rank[rows["series_id"]],
        np.ascontiguousarray(rows["slot_start"]),
        np.ascontiguousarray(rows["value"]),
        np.ascontiguousarray(rows["known_at"]),
        np.ascontiguousarray(rows["weight"]),
    )


def last_before(connection: Connection, numbers: Mapping[Series, int], before: int) -> Ints:
    """Return the start of the last slot of each series before a moment, -1 where there is none."""
    latest = select(func.max(SampleRow.slot_start)).where(
        SampleRow.series_id == SeriesRow.id, SampleRow.slot_start < before
    )
    found = {
        number: moment
        for number, moment in connection.execute(select(SeriesRow.id, latest.scalar_subquery()))
        if moment is not None
    }
    return np.array([found.get(number, -1) for number in numbers.values()], dtype=np.int64)


def span(connection: Connection) -> tuple[int, int] | None:
    """Return the start of the first slot and the end of the last, None if there is none."""
    of_series = SampleRow.series_id == SeriesRow.id
    first = select(func.min(SampleRow.slot_start)).where(of_series).scalar_subquery()
    last = select(func.max(SampleRow.slot_start)).where(of_series).scalar_subquery()
    query = select(func.min(first), func.max(last + SeriesRow.slot_seconds))
    start, end = connection.execute(query.select_from(SeriesRow)).one()
    return None if start is None else (int(start), int(end))


def _completion(
    rows: Rows, seconds: Ints, ids: Mapping[Series, int], judged: Judged | None
) -> tuple[Ints, Mask]:
    """Return when each row's slot was complete, and whether it was judged."""
    ends = rows["slot_start"] + seconds
    if judged is None:
        return ends, np.zeros(len(rows), dtype=bool)
    lags = judged.terms.lags
    late = _of_series(rows, {number: lags.get(one.source, 0) for one, number in ids.items()})
    complete = judged.terms.complete(ends, seconds, late)
    return complete, complete <= judged.until


def _of_series(rows: Rows, numbers: Mapping[int, int]) -> Ints:
    """Return for each row the number that belongs to its series."""
    table = np.zeros(max(numbers) + 1, dtype=np.int64)
    table[list(numbers)] = list(numbers.values())
    found: Ints = table[rows["series_id"]]
    return found


def _earliest(rows: Rows) -> tuple[Ints, Ints]:
    """Return the series of ordered rows, and when the first of each was known."""
    if not len(rows):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    series = rows["series_id"]
    first = np.flatnonzero(np.r_[True, series[1:] != series[:-1]])
    return series[first].astype(np.int64), np.minimum.reduceat(rows["known_at"], first)


def _placed(rows: Rows, stored: Rows) -> Rows:
    placed = np.empty(len(rows), dtype=stored.dtype)
    placed[list(ROW.names or ())] = rows
    placed["place"] = stored["place"]
    return placed


def _versions_after(rows: Rows, latest: Rows, now: int) -> Rows:
    versions = rows.copy()
    # A clock that went back must not put a later version before an earlier one.
    versions["known_at"] = np.maximum(latest["known_at"], now)
    return versions


def _any_corrections(connection: Connection) -> bool:
    return bool(connection.scalar(select(exists().select_from(CorrectionRow))))


def _corrections_of_incoming(connection: Connection) -> Rows:
    """Return the corrections within the ranges that the bulk lookup has staged."""
    if not _any_corrections(connection):
        return np.empty(0, dtype=ROW)
    incoming = table("incoming", column("series_id"), column("first"), column("last"))
    inside = and_(
        CorrectionRow.series_id == incoming.c.series_id,
        CorrectionRow.slot_start.between(incoming.c.first, incoming.c.last),
    )
    return _versions(connection, _all_corrections().join(incoming, inside))


def _corrections_between(connection: Connection, since: int, until: int) -> Rows:
    return _versions(
        connection,
        _all_corrections().where(
            CorrectionRow.slot_start >= since, CorrectionRow.slot_start < until
        ),
    )


def _all_corrections() -> Select[*tuple[Any, ...]]:
    row = CorrectionRow
    query = select(row.series_id, row.slot_start, row.value, row.known_at, row.weight)
    return query.order_by(row.series_id, row.slot_start, row.known_at)


def _versions(connection: Connection, query: Select[*tuple[Any, ...]]) -> Rows:
    return np.array([tuple(row) for row in connection.execute(query)], dtype=ROW)


def _batch(rows: Rows, ids: Mapping[Series, int]) -> SampleBatch:
    """Return rows as a batch whose series are sorted, and only those that have rows."""
    present = set(np.unique(rows["series_id"]).tolist())
    series = tuple(sorted(one for one, number in ids.items() if number in present))
    rank = np.zeros(max(ids.values()) + 1, dtype=np.int64)
    rank[[ids[one] for one in series]] = np.arange(len(series))
    index = rank[rows["series_id"]]
    order = np.argsort(index, kind="stable")
    return SampleBatch(
        series,
        index[order],
        rows["slot_start"][order],
        rows["value"][order],
        rows["known_at"][order],
        rows["weight"][order],
    )


def chosen(ids: Mapping[Series, int], subjects: Collection[str] | None) -> Mapping[Series, int]:
    """Return the series of some subjects, or all."""
    if subjects is None:
        return ids
    return {one: number for one, number in ids.items() if one.subject in subjects}


def series_used(batch: SampleBatch) -> list[Series]:
    """Return the series of which the batch has rows."""
    return [batch.series[number] for number in np.unique(batch.series_index).tolist()]


def ends_by_source(batch: SampleBatch) -> dict[str, int]:
    """Return the end of the last slot of each source in the batch."""
    never = np.iinfo(np.int64).min
    last = np.full(len(batch.series), never, dtype=np.int64)
    np.maximum.at(last, batch.series_index, batch.slot_start + slot_seconds(batch))
    ends: dict[str, int] = {}
    for series, end in zip(batch.series, last.tolist(), strict=True):
        if end != never:
            ends[series.source] = max(end, ends.get(series.source, end))
    return ends
