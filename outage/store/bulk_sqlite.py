"""Whole arrays in and out of SQLite: tuples in, tuples out, everything else in C."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from outage.store.rows import FOUND, KEY, ROW, Rows

FETCH_ROWS: Final = 65_536

STAGE: Final = """CREATE TEMP TABLE IF NOT EXISTS incoming (
    n INTEGER PRIMARY KEY, series_id INTEGER NOT NULL, slot_start INTEGER NOT NULL)"""
# CROSS JOIN keeps the staged keys outside, so that every lookup goes through the primary key.
FIND: Final = """SELECT n, value, known_at, weight FROM temp.incoming AS i
    CROSS JOIN samples AS s ON s.series_id = i.series_id AND s.slot_start = i.slot_start"""
INSERT: Final = """INSERT INTO samples (series_id, slot_start, value, known_at, weight)
    VALUES (?, ?, ?, ?, ?)"""
REPLACE: Final = """INSERT INTO samples (series_id, slot_start, value, known_at, weight)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (series_id, slot_start) DO UPDATE SET
    value = excluded.value, known_at = excluded.known_at, weight = excluded.weight"""
FORGET: Final = "DELETE FROM corrections WHERE series_id = ? AND slot_start = ?"
LOAD: Final = """SELECT series_id, slot_start, value, known_at, weight FROM samples
    WHERE series_id IN (SELECT value FROM json_each(?)) AND slot_start >= ? AND slot_start < ?"""


class SqliteBulk:
    """The bulk paths of SQLite."""

    def find(self, connection: Connection, rows: Rows) -> Rows:
        """Return what is stored under the keys of `rows`, by way of a temporary table."""
        keys = np.empty(len(rows), dtype=KEY)
        keys["n"] = np.arange(len(rows))
        keys["series_id"], keys["slot_start"] = rows["series_id"], rows["slot_start"]
        connection.exec_driver_sql(STAGE)
        connection.exec_driver_sql("DELETE FROM temp.incoming")
        connection.exec_driver_sql("INSERT INTO temp.incoming VALUES (?, ?, ?)", keys.tolist())
        return _fetch(connection, FIND, (), FOUND)

    def insert(self, connection: Connection, rows: Rows) -> None:
        """Insert samples that are known to be absent; NaN is stored as NULL."""
        connection.exec_driver_sql(INSERT, rows.tolist())

    def replace(self, connection: Connection, rows: Rows) -> None:
        """Give stored samples a new value, weight and known_at, and drop their corrections."""
        connection.exec_driver_sql(REPLACE, rows.tolist())
        if connection.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM corrections)").scalar():
            keys = rows[["series_id", "slot_start"]].tolist()
            connection.exec_driver_sql(FORGET, keys)

    def load(self, connection: Connection, ids: list[int], since: int, until: int) -> Rows:
        """Return the samples of the series `ids` with a slot start in `[since, until)`."""
        return _fetch(connection, LOAD, (json.dumps(ids), since, until), ROW)


def _fetch(
    connection: Connection, query: str, parameters: tuple[Any, ...], dtype: np.dtype[np.void]
) -> Rows:
    parts = [np.array(rows, dtype=dtype) for rows in _blocks(connection, query, parameters)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def _blocks(
    connection: Connection, query: str, parameters: tuple[Any, ...]
) -> Iterator[list[tuple[Any, ...]]]:
    with connection.exec_driver_sql(query, parameters) as result:
        # The driver's own tuples: SQLAlchemy's rows cost as much again as reading them.
        cursor = result.cursor
        while cursor is not None and (rows := cursor.fetchmany(FETCH_ROWS)):
            yield list(rows)
