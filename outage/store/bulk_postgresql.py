"""Whole arrays in and out of PostgreSQL: binary COPY, framed and unframed by numpy.

The wire form is that of the PostgreSQL manual, COPY, "Binary Format": a header, per row the
number of fields and per field its length and big-endian bytes, then a trailer of -1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from sqlalchemy import Connection

from outage.store.rows import FOUND, KEY, ROW, Rows

if TYPE_CHECKING:
    import psycopg

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NULL: Final = -1

SAMPLES: Final = "samples (series_id, slot_start, value, known_at, weight)"
STAGE_KEYS: Final = """CREATE TEMP TABLE IF NOT EXISTS incoming (
    n integer, series_id integer, slot_start bigint) ON COMMIT DELETE ROWS"""
STAGE_ROWS: Final = """CREATE TEMP TABLE IF NOT EXISTS replacing (
    series_id integer, slot_start bigint, value float8, known_at bigint, weight float8)
    ON COMMIT DELETE ROWS"""
# Without statistics of the staged keys the planner may read the whole table to find a few rows.
BY_INDEX: Final = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
BY_COST: Final = "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"
FIND: Final = """COPY (SELECT i.n, s.value, s.known_at, coalesce(s.weight, 'NaN')
    FROM incoming AS i JOIN samples AS s USING (series_id, slot_start))
    TO STDOUT (FORMAT binary)"""
REPLACE: Final = """UPDATE samples AS s
    SET value = r.value, known_at = r.known_at, weight = r.weight FROM replacing AS r
    WHERE s.series_id = r.series_id AND s.slot_start = r.slot_start"""
FORGET: Final = """DELETE FROM corrections AS c USING replacing AS r
    WHERE c.series_id = r.series_id AND c.slot_start = r.slot_start"""
LOAD: Final = """COPY (SELECT series_id, slot_start, value, known_at, coalesce(weight, 'NaN')
    FROM samples WHERE series_id = ANY(%s) AND slot_start >= %s AND slot_start < %s)
    TO STDOUT (FORMAT binary)"""


class PostgresqlBulk:
    """The bulk paths of PostgreSQL."""

    def find(self, connection: Connection, rows: Rows) -> Rows:
        """Return what is stored under the keys of `rows`, by way of a temporary table."""
        keys = np.empty(len(rows), dtype=KEY)
        keys["n"] = np.arange(len(rows))
        keys["series_id"], keys["slot_start"] = rows["series_id"], rows["slot_start"]
        connection.exec_driver_sql(STAGE_KEYS)
        connection.exec_driver_sql("TRUNCATE incoming")
        _copy_in(connection, "incoming", _frame(keys))
        connection.exec_driver_sql(BY_INDEX)
        found = _copy_out(connection, FIND, (), FOUND)
        connection.exec_driver_sql(BY_COST)
        return found

    def insert(self, connection: Connection, rows: Rows) -> None:
        """Insert samples that are known to be absent; a weight of NaN is stored as NULL."""
        _copy_in(connection, SAMPLES, _frame_rows(rows))

    def replace(self, connection: Connection, rows: Rows) -> None:
        """Give stored samples a new value, weight and known_at, and drop their corrections."""
        connection.exec_driver_sql(STAGE_ROWS)
        connection.exec_driver_sql("TRUNCATE replacing")
        _copy_in(connection, "replacing", _frame_rows(rows))
        connection.exec_driver_sql(BY_INDEX)
        connection.exec_driver_sql(REPLACE)
        connection.exec_driver_sql(FORGET)
        connection.exec_driver_sql(BY_COST)

    def load(self, connection: Connection, ids: list[int], since: int, until: int) -> Rows:
        """Return the samples of the series `ids` with a slot start in `[since, until)`."""
        return _copy_out(connection, LOAD, (ids, since, until), ROW)


def _wire(dtype: np.dtype[np.void], null: str | None = None) -> np.dtype[np.void]:
    """Return the layout of one row on the wire; the field `null` has a length and no bytes."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in dtype.names or ():
        layout.append((f"{name}_length", ">i4"))
        if name != null:
            layout.append((name, dtype[name].newbyteorder(">").str))
    return np.dtype(layout)


def _frame(rows: Rows, null: str | None = None) -> bytes:
    names = rows.dtype.names or ()
    wire = np.empty(len(rows), dtype=_wire(rows.dtype, null))
    wire["fields"] = len(names)
    for name in names:
        wire[f"{name}_length"] = NULL if name == null else rows.dtype[name].itemsize
        if name != null:
            wire[name] = rows[name]
    return wire.tobytes()


def _frame_rows(rows: Rows) -> bytes:
    """Return samples on the wire; those without a weight have a shorter row and come last."""
    absent = np.isnan(rows["weight"])
    return _frame(rows[~absent]) + _frame(rows[absent], null="weight")


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    return driver.cursor()


def _copy_in(connection: Connection, table: str, framed: bytes) -> None:
    command = f"COPY {table} FROM STDIN (FORMAT binary)"
    with _cursor(connection) as cursor, cursor.copy(command) as copy:
        copy.write(HEADER + framed + TRAILER)


def _copy_out(
    connection: Connection, query: str, parameters: tuple[Any, ...], dtype: np.dtype[np.void]
) -> Rows:
    with _cursor(connection) as cursor, cursor.copy(query, parameters) as copy:
        data = b"".join(copy)
    layout = _wire(dtype)
    count = (len(data) - len(HEADER) - len(TRAILER)) // layout.itemsize
    wire = np.frombuffer(data, dtype=layout, count=count, offset=len(HEADER))
    rows = np.empty(count, dtype=dtype)
    for name in dtype.names or ():
        rows[name] = wire[name]
    return rows
