"""Whole arrays in and out of PostgreSQL, framed and unframed by numpy.

In goes binary COPY, in the form of the PostgreSQL manual (COPY, "Binary Format"): a header, per
row the number of fields and per field its length and big-endian bytes, then a trailer of -1.
Out come arrays in one row, in the binary form of `array_send`: five words, then per element its
length and bytes. COPY would send, and the driver handle, a message for every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from sqlalchemy import Connection

from outage.errors import StoreError
from outage.store.rows import FOUND, ROW, Rows

if TYPE_CHECKING:
    import psycopg

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NULL: Final = -1
ARRAY_WORDS: Final = 5  # dimensions, nulls, element type, length, lower bound

FIELDS: Final = "(series_id, slot_start, value, known_at, weight)"
STAGE_RUNS: Final = """CREATE TEMP TABLE IF NOT EXISTS incoming (
    series_id integer, first bigint, last bigint) ON COMMIT DELETE ROWS"""
STAGE_ROWS: Final = """CREATE TEMP TABLE IF NOT EXISTS replacing (
    series_id integer, slot_start bigint, value float8, known_at bigint, weight float8, place tid)
    ON COMMIT DELETE ROWS"""
STAGE_CORRECTIONS: Final = """CREATE TEMP TABLE IF NOT EXISTS correcting (
    series_id integer, slot_start bigint, value float8, known_at bigint, weight float8)
    ON COMMIT DELETE ROWS"""
# Without statistics of the staged rows the planner may read the whole table to find a few, or
# once for every few; until the transaction ends each one is looked up by its key.
BY_KEY: Final = "; ".join(
    f"SET LOCAL {setting} = off"
    for setting in (
        *("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"),
        *("enable_material", "jit"),
    )
)
COLUMNS: Final = """array_agg(s.series_id), array_agg(slot_start), array_agg(value),
    array_agg(known_at), array_agg(coalesce(weight, 'NaN'))"""
FIND: Final = f"""SELECT {COLUMNS}, array_agg(s.ctid) FROM incoming AS i JOIN samples AS s
    ON s.series_id = i.series_id AND s.slot_start BETWEEN i.first AND i.last"""  # noqa: S608 - made of constants
# The row is reached by its place: it cannot have moved, as writers wait for each other.
REPLACE: Final = """UPDATE samples AS s
    SET value = r.value, known_at = r.known_at, weight = r.weight FROM replacing AS r
    WHERE s.ctid = r.place AND s.series_id = r.series_id AND s.slot_start = r.slot_start"""
CORRECT: Final = f"""INSERT INTO corrections AS c {FIELDS} SELECT * FROM correcting
    ON CONFLICT (series_id, slot_start, known_at) DO UPDATE SET
    value = excluded.value, weight = excluded.weight"""  # noqa: S608 - made of constants
FORGET: Final = """DELETE FROM corrections AS c USING replacing AS r
    WHERE c.series_id = r.series_id AND c.slot_start = r.slot_start"""
LOAD: Final = f"""SELECT {COLUMNS} FROM samples AS s
    WHERE series_id = ANY(%s) AND slot_start >= %s AND slot_start < %s"""  # noqa: S608 - made of constants


class PostgresqlBulk:
    """The bulk paths of PostgreSQL."""

    def find(self, connection: Connection, runs: Rows) -> Rows:
        """Return the samples within ranges of slots, by way of a temporary table."""
        connection.exec_driver_sql(STAGE_RUNS)
        connection.exec_driver_sql("TRUNCATE incoming")
        _copy_in(connection, "incoming", _frame(runs))
        connection.exec_driver_sql(BY_KEY)
        return _arrays(connection, FIND, (), FOUND)

    def insert(self, connection: Connection, rows: Rows) -> None:
        """Insert samples that are known to be absent; a weight of NaN is stored as NULL."""
        _copy_in(connection, f"samples {FIELDS}", _frame_rows(rows))

    def replace(self, connection: Connection, rows: Rows) -> None:
        """Give stored samples a new value, weight and known_at."""
        connection.exec_driver_sql(STAGE_ROWS)
        connection.exec_driver_sql("TRUNCATE replacing")
        _copy_in(connection, "replacing", _frame_rows(rows))
        replaced = connection.exec_driver_sql(REPLACE).rowcount
        if replaced != len(rows):
            raise StoreError(
                "samples were moved while they were replaced; try again", permanent=False
            )

    def correct(self, connection: Connection, rows: Rows) -> None:
        """Add later versions of judged samples; one of the same moment is taken over."""
        connection.exec_driver_sql(STAGE_CORRECTIONS)
        connection.exec_driver_sql("TRUNCATE correcting")
        _copy_in(connection, "correcting", _frame_rows(rows))
        connection.exec_driver_sql(CORRECT)

    def forget(self, connection: Connection, rows: Rows) -> None:
        """Drop the corrections of samples, those that `replace` has staged."""
        connection.exec_driver_sql(FORGET)

    def load(self, connection: Connection, ids: list[int], since: int, until: int) -> Rows:
        """Return the samples of the series `ids` with a slot start in `[since, until)`."""
        return _arrays(connection, LOAD, (ids, since, until), ROW)


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


def _arrays(
    connection: Connection, query: str, parameters: tuple[Any, ...], dtype: np.dtype[np.void]
) -> Rows:
    """Return the arrays of one result row as the fields of `dtype`."""
    with _cursor(connection) as cursor:
        result = cursor.execute(query, parameters or None, binary=True).pgresult
        values = [result.get_value(0, n) for n in range(len(dtype.names or ()))] if result else []
    if not values or values[0] is None:
        return np.empty(0, dtype=dtype)
    columns = [_elements(value or b"", dtype[n]) for n, value in enumerate(values)]
    rows = np.empty(len(columns[0]), dtype=dtype)
    for name, column in zip(dtype.names or (), columns, strict=True):
        rows[name] = column
    return rows


def _elements(array: bytes, kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
    element = np.dtype([("length", ">i4"), ("data", kind.newbyteorder(">").str)])
    return np.frombuffer(array, dtype=element, offset=4 * ARRAY_WORDS)["data"]
