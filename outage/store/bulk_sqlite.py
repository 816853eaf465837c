"""Whole arrays in and out of SQLite: tuples in, tuples out, everything else in C."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from outage.store.rows import FOUND, ROW, Rows

FETCH_ROWS: Final = 65_536

STAGE: Final = """CREATE TEMP TABLE IF NOT EXISTS incoming (
    series_id INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL)"""
# CROSS JOIN keeps the ranges outside, so that every lookup goes through the primary key.
FIND: Final = """SELECT s.series_id, slot_start, value, known_at, weight
    FROM temp.incoming AS i CROSS JOIN samples AS s
    ON s.series_id = i.series_id AND s.slot_start BETWEEN i.first AND i.last"""
INSERT: Final = """INSERT INTO samples (series_id, slot_start, value, known_at, weight)
    VALUES (?, ?, ?, ?, ?)"""
REPLACE: Final = """INSERT INTO samples (series_id, slot_start, value, known_at, weight)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (series_id, slot_start) DO UPDATE SET
    value = excluded.value, known_at = excluded.known_at, weight = excluded.weight"""
CORRECT: Final = """INSERT INTO corrections (series_id, slot_start, value, known_at, weight)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (series_id, slot_start, known_at) DO UPDATE SET
    value = excluded.value, weight = excluded.weight"""
FORGET: Final = "DELETE FROM corrections WHERE series_id = ? AND slot_start = ?"
LOAD: Final = """SELECT series_id, slot_start, value, known_at, weight FROM samples
    WHERE series_id IN (SELECT value FROM json_each(?)) AND slot_start >= ? AND slot_start < ?"""


class SqliteBulk:
    """The bulk paths of SQLite."""

    def find(self, connection: Connection, runs: Rows) -> Rows:
        """Return the samples within ranges of slots, by way of a temporary table."""
        connection.exec_driver_sql(STAGE)
        connection.exec_driver_sql("DELETE FROM temp.incoming")
        connection.exec_driver_sql("INSERT INTO temp.incoming VALUES (?, ?, ?)", runs.tolist())
        rows = _fetch(connection, FIND, ())
        found = np.zeros(len(rows), dtype=FOUND)
        found[list(ROW.names or ())] = rows
        return found

    def insert(self, connection: Connection, rows: Rows) -> None:
        """Insert samples that are known to be absent; NaN is stored as NULL."""
        connection.exec_driver_sql(INSERT, rows.tolist())

    def replace(self, connection: Connection, rows: Rows) -> None:
        """Give stored samples a new value, weight and known_at."""
        connection.exec_driver_sql(REPLACE, rows[list(ROW.names or ())].tolist())

    def correct(self, connection: Connection, rows: Rows) -> None:
        """Add later versions of judged samples; one of the same moment is taken over."""
        connection.exec_driver_sql(CORRECT, rows.tolist())

    def forget(self, connection: Connection, rows: Rows) -> None:
        """Drop the corrections of samples."""
        connection.exec_driver_sql(FORGET, rows[["series_id", "slot_start"]].tolist())

    def load(self, connection: Connection, ids: list[int], since: int, until: int) -> Rows:
        """Return the samples of the series `ids` with a slot start in `[since, until)`."""
        return _fetch(connection, LOAD, (json.dumps(ids), since, until))


def _fetch(connection: Connection, query: str, parameters: tuple[Any, ...]) -> Rows:
    parts = [np.array(rows, dtype=ROW) for rows in _blocks(connection, query, parameters)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=ROW)


def _blocks(
    connection: Connection, query: str, parameters: tuple[Any, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    with connection.exec_driver_sql(query, parameters) as result:
        # The driver's own tuples: SQLAlchemy's rows cost as much again as reading them.
        cursor = result.cursor
        while cursor is not None and (rows := cursor.fetchmany(FETCH_ROWS)):
            yield list(rows)
