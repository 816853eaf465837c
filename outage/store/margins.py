"""Keep what surrounds the samples: rejected rows, the freshness of sources, baselines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, delete, insert, select

from outage.batches import Floats
from outage.errors import UsageError
from outage.store.tables import BaselineRow, RejectedRowRow, SourceRow
from outage.store.upserts import insert_new, upsert
from outage.words import RejectedRow

EXCERPT: Final = 200
SENTENCE: Final = 500
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
FLOATS: Final = "<f8"
BASELINES_AT_A_TIME: Final = 2_048  # they bound the memory


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a source is; moments are epoch seconds, None where there was none yet."""

    name: str
    last_slot_end: int | None
    last_success_at: int | None
    last_error: str | None
    last_error_at: int | None


def printable(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, control characters replaced.

    >>> printable("a\\x00b\\x1b[31mc", 5)
    'a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}['
    """
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text[:limit])


def reject(connection: Connection, rows: Sequence[RejectedRow], now: int) -> int:
    """Keep the rejected rows that are not known yet; return how many those were."""
    records = [
        {
            "origin": printable(row.origin, SENTENCE),
            "line": row.line,
            "reason": printable(row.reason, SENTENCE),
            "remedy": printable(row.remedy, SENTENCE),
            "excerpt": printable(row.excerpt, EXCERPT),
            "seen_at": now,
        }
        for row in rows
    ]
    return insert_new(connection, RejectedRowRow, records, counted="id")


def rejected(connection: Connection, limit: int) -> list[RejectedRow]:
    """Return the rejected rows, the latest first."""
    row = RejectedRowRow
    query = select(row.origin, row.line, row.reason, row.remedy, row.excerpt)
    found = connection.execute(query.order_by(row.id.desc()).limit(limit))
    return [RejectedRow(*one) for one in found]


def note_success(connection: Connection, ends: Mapping[str, int], now: int) -> None:
    """Note that sources delivered, up to the end of a slot each; an older end changes nothing."""
    query = select(SourceRow.name, SourceRow.last_slot_end).where(SourceRow.name.in_(ends))
    before = dict(connection.execute(query).all())
    records = [
        {"name": name, "last_slot_end": max(end, before.get(name) or end), "last_success_at": now}
        for name, end in ends.items()
    ]
    upsert(connection, SourceRow, records)


def note_failure(connection: Connection, name: str, error: str, now: int) -> None:
    """Note what went wrong with a source last."""
    record = {"name": name, "last_error": printable(error, SENTENCE), "last_error_at": now}
    upsert(connection, SourceRow, [record])


def freshness(connection: Connection) -> list[Freshness]:
    """Return the freshness of every source, in order of their names."""
    row = SourceRow
    query = select(
        row.name, row.last_slot_end, row.last_success_at, row.last_error, row.last_error_at
    )
    found = (Freshness(*one) for one in connection.execute(query))
    return sorted(found, key=lambda one: one.name)


def save_baselines(
    connection: Connection,
    day: int,
    slot_seconds: int,
    keys: Sequence[str],
    *,
    location: Floats,
    spread: Floats,
) -> None:
    """Keep baselines of a day in place of those of the same keys; arrays (slots, keys)."""
    for matrix in (location, spread):
        if matrix.ndim != 2 or matrix.shape[1] != len(keys) or matrix.shape != location.shape:
            raise UsageError(
                f"baselines of {len(keys)} keys need arrays of shape (slots, {len(keys)}),"
                f" not {location.shape} and {spread.shape}"
            )
    for first in range(0, len(keys), BASELINES_AT_A_TIME):
        part = slice(first, first + BASELINES_AT_A_TIME)
        rows = zip(keys[part], _blobs(location[:, part]), _blobs(spread[:, part]), strict=True)
        records = [
            {"day": day, "slot_seconds": slot_seconds, "key": key, "location": at, "spread": wide}
            for key, at, wide in rows
        ]
        mine = _of_day(day, slot_seconds)
        connection.execute(delete(BaselineRow).where(*mine, BaselineRow.key.in_(keys[part])))
        connection.execute(insert(BaselineRow), records)


def baselines(
    connection: Connection, day: int, slot_seconds: int, wanted: Sequence[str] | None
) -> tuple[tuple[str, ...], Floats, Floats] | None:
    """Return the keys, in order, and their location and spread, shape (slots, keys).

    Those of `wanted` that are there, in its order; None if there is none.
    """
    mine = _of_day(day, slot_seconds)
    there = list(connection.scalars(select(BaselineRow.key).where(*mine)))
    kept = set(there)
    keys = tuple(sorted(there) if wanted is None else (key for key in wanted if key in kept))
    if not keys:
        return None
    place = {key: column for column, key in enumerate(keys)}
    query = select(BaselineRow.key, BaselineRow.location, BaselineRow.spread).where(*mine)
    location = spread = np.empty((0, 0))
    for rows in connection.execute(query).partitions(BASELINES_AT_A_TIME):
        chosen = [row for row in rows if row[0] in place]
        if not chosen:
            continue
        if not location.size:
            slots = len(chosen[0][1]) // np.dtype(FLOATS).itemsize
            location, spread = np.empty((slots, len(keys))), np.empty((slots, len(keys)))
        columns = [place[row[0]] for row in chosen]
        location[:, columns] = _matrix([row[1] for row in chosen])
        spread[:, columns] = _matrix([row[2] for row in chosen])
    return keys, location, spread


def drop_baselines(connection: Connection, before: int) -> None:
    """Remove the baselines of the days before a moment."""
    connection.execute(delete(BaselineRow).where(BaselineRow.day < before))


def drop_baselines_from(connection: Connection, since: int) -> None:
    """Remove the baselines of the days from a moment on."""
    connection.execute(delete(BaselineRow).where(BaselineRow.day >= since))


def _of_day(day: int, slot_seconds: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return BaselineRow.day == day, BaselineRow.slot_seconds == slot_seconds


def _matrix(columns: Sequence[bytes]) -> Floats:
    flat = np.frombuffer(b"".join(columns), dtype=FLOATS)
    return flat.reshape(len(columns), -1).T


def _blobs(matrix: Floats) -> list[bytes]:
    return [row.tobytes() for row in np.ascontiguousarray(matrix.T, dtype=FLOATS)]
