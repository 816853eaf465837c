"""Take samples in, idempotently, and give them back in columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from sqlalchemy import Connection, exists, func, select

from outage.batches import Ints, SampleBatch
from outage.store.bulk import bulk_for
from outage.store.rows import (
    ROW,
    Added,
    Mask,
    Rows,
    Stored,
    as_rows,
    decide,
    overlay,
    slot_seconds,
    winners,
)
from outage.store.tables import CorrectionRow, JudgementRow, SampleRow, SeriesRow
from outage.store.upserts import upsert
from outage.words import Series


def add(
    connection: Connection,
    batch: SampleBatch,
    ids: Mapping[Series, int],
    now: int,
    *,
    keep_highest: bool,
) -> Added:
    """Take the samples of a checked batch in; `ids` names every series of it."""
    rows = as_rows(batch.take(winners(batch, keep_highest=keep_highest)), ids)
    bulk = bulk_for(connection)
    stored = _lay_on(rows, bulk.find(connection, rows))
    if stored.found.any():
        _revise(connection, stored)
    judged = _judged(connection, rows, ids)
    verdict = decide(rows, stored, judged, keep_highest=keep_highest)
    if verdict.new.any():
        bulk.insert(connection, rows[verdict.new])
    if verdict.replaced.any():
        bulk.replace(connection, rows[verdict.replaced])
    if verdict.corrected.any():
        _correct(connection, rows[verdict.corrected], stored.latest[verdict.corrected], now)
    return verdict.counts()


def load(
    connection: Connection, ids: Mapping[Series, int], since: int, until: int, *, corrected: bool
) -> SampleBatch:
    """Return the samples of the series `ids` in `[since, until)`, by series and slot."""
    if not ids:
        return SampleBatch.of(())
    rows = bulk_for(connection).load(connection, list(ids.values()), since, until)
    rows = rows[np.lexsort((rows["slot_start"], rows["series_id"]))]
    if corrected:
        rows = overlay(rows, _corrections(connection, since, until))
    return _batch(rows, ids)


def span(connection: Connection) -> tuple[int, int] | None:
    """Return the start of the first slot and the end of the last, None if there is none."""
    of_series = SampleRow.series_id == SeriesRow.id
    first = select(func.min(SampleRow.slot_start)).where(of_series).scalar_subquery()
    last = select(func.max(SampleRow.slot_start)).where(of_series).scalar_subquery()
    query = select(func.min(first), func.max(last + SeriesRow.slot_seconds))
    start, end = connection.execute(query.select_from(SeriesRow)).one()
    return None if start is None else (int(start), int(end))


def _lay_on(rows: Rows, found: Rows) -> Stored:
    stored = Stored.nothing(len(rows))
    at = found["n"]
    stored.found[at] = True
    for name in ("value", "known_at", "weight"):
        stored.first[name][at] = stored.latest[name][at] = found[name]
    return stored


def _revise(connection: Connection, stored: Stored) -> None:
    """Lay the latest corrections on, found by the keys that the bulk lookup has staged."""
    if not connection.scalar(select(exists().select_from(CorrectionRow))):
        return
    query = """SELECT i.n, c.value, c.known_at, c.weight FROM incoming AS i
        JOIN corrections AS c ON c.series_id = i.series_id AND c.slot_start = i.slot_start
        ORDER BY i.n, c.known_at"""
    for n, value, known_at, weight in connection.exec_driver_sql(query):
        stored.revised[n] = True
        stored.latest["value"][n] = value
        stored.latest["known_at"][n] = known_at
        stored.latest["weight"][n] = np.nan if weight is None else weight


def _judged(connection: Connection, rows: Rows, ids: Mapping[Series, int]) -> Mask:
    judged_until = connection.scalar(select(JudgementRow.judged_until))
    if judged_until is None:
        return np.zeros(len(rows), dtype=bool)
    ends: Mask = rows["slot_start"] + _seconds(rows, ids) <= judged_until
    return ends


def _seconds(rows: Rows, ids: Mapping[Series, int]) -> Ints:
    lengths = np.zeros(max(ids.values()) + 1, dtype=np.int64)
    for series, number in ids.items():
        lengths[number] = series.slot_seconds
    seconds: Ints = lengths[rows["series_id"]]
    return seconds


def _correct(connection: Connection, rows: Rows, latest: Rows, now: int) -> None:
    # A clock that went back must not put a later version before an earlier one.
    known_at = np.maximum(latest["known_at"], now)
    records = [
        {
            "series_id": row["series_id"].item(),
            "slot_start": row["slot_start"].item(),
            "known_at": moment,
            "value": row["value"].item(),
            "weight": None if np.isnan(row["weight"]) else row["weight"].item(),
        }
        for row, moment in zip(rows, known_at.tolist(), strict=True)
    ]
    upsert(connection, CorrectionRow, records)


def _corrections(connection: Connection, since: int, until: int) -> Rows:
    query = (
        select(
            CorrectionRow.series_id,
            CorrectionRow.slot_start,
            CorrectionRow.value,
            CorrectionRow.known_at,
            CorrectionRow.weight,
        )
        .where(CorrectionRow.slot_start >= since, CorrectionRow.slot_start < until)
        .order_by(CorrectionRow.series_id, CorrectionRow.slot_start, CorrectionRow.known_at)
    )
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
