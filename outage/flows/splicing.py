"""Classified flows without writing them anew: the log's own columns, copied, and three beside them.

Decoding and encoding nineteen columns takes a third of all processor time, and yields what stood
there before. A Parquet file may hold any bytes between its columns, so that those of a log are
taken over as they are, whatever their compression; only where they lie is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from outage.canonical import flow_schema
from outage.flows.engine import parquet
from outage.flows.footers import (
    BINARY,
    LIST,
    MAGIC,
    STRUCT,
    TAIL,
    Fields,
    read_footer,
    write_footer,
)
from outage.flows.inputs import FLOWS, Log
from outage.flows.naming import RULES, Names, Share, coded_flows
from outage.flows.places import is_url

if TYPE_CHECKING:
    import numpy as np
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

MOST_ROWS: Final = 100_000_000  # of one share: 200 MB of codes
AT_ONCE: Final = 1_000_000
GROUPS_AT_ONCE: Final = 16
PIECE: Final = 2**24
MOST_PARTS: Final = 16_000
NO_NAME: Final = 65_535
ADDED: Final = ("service", "category", "named_by")

# Fields of the format's structures (parquet.thrift).
VERSION, SCHEMA, ROWS, GROUPS, MADE_BY, ORDERS = 1, 2, 3, 4, 6, 7
CHILDREN: Final = 5
COLUMNS, BYTES, GROUP_ROWS = 1, 2, 3
OFFSET, META = 2, 3
PAGES: Final = (9, 10, 11)  # data, index, dictionary
FILTERS: Final = (14, 15)
UNREADABLE: Final = (8, 9)  # of the footer: encryption


def fits(logs: Sequence[Log], share: Share, names: Names, vantage: str) -> bool:
    """Tell whether a share is exactly the rows of whole local logs of the canonical form.

    Its columns can then be taken over as they are; otherwise rows must be chosen, or filled.
    """
    return (
        bool(logs)
        and share.buckets == 1
        and sum(log.rows for log in logs) <= MOST_ROWS
        and len(names.parts) <= MOST_PARTS
        and all(not is_url(log.path) and log.first >= share.start for log in logs)
        and all(log.last < share.end and log.columns == tuple(FLOWS.columns) for log in logs)
        and _alike([log.path for log in logs], (*FLOWS.needed, *(("vantage",) if vantage else ())))
    )


def measured(connection: DuckDBPyConnection, logs: Sequence[Log], share: Share) -> bool:
    """Tell whether every row belongs to the day, and every number is a measurement.

    Most is known by statistics; whether a fraction is a number, only by looking at it.
    """
    rows = parquet([log.path for log in logs])
    whole = [name for name, kind in FLOWS.columns.items() if kind == "BIGINT"]
    parts = [name for name, kind in FLOWS.columns.items() if kind == "DOUBLE"]
    counts = " AND ".join(f"coalesce(min({name}), 0) >= 0" for name in whole)
    fractions = " OR ".join(f"{name} < 0 OR NOT isfinite({name})" for name in parts)
    inside = (
        f'epoch_us(min("start")) >= {share.start} AND epoch_us(max("start")) < {share.end}'
        f" AND {counts}"
    )
    if connection.execute(f"SELECT {inside} FROM {rows}").fetchall() != [(True,)]:
        return False
    broken = connection.execute(f"SELECT count(*) FROM {rows} WHERE {fractions}").fetchall()
    return broken == [(0,)]


def _alike(paths: Sequence[str], needed: Sequence[str]) -> bool:
    """Tell whether files have one schema, the canonical one, and the needed columns no null."""
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_metadata

    schemas = set()
    for path in paths:
        try:
            meta = read_metadata(path)
        except (ArrowInvalid, OSError):
            return False
        with Path(path).open("rb") as stream:
            footer = read_footer(stream)
        schemas.add(repr(footer[SCHEMA]))
        if any(field in footer for field in UNREADABLE) or not _canonical(meta):
            return False
        if not all(_no_null(meta, list(FLOWS.columns).index(name)) for name in needed):
            return False
    return len(schemas) == 1


def _canonical(meta: Any) -> bool:
    found, wanted = meta.schema.to_arrow_schema(), flow_schema()
    return bool(found.names == wanted.names and found.types == wanted.types)


def _no_null(meta: Any, column: int) -> bool:
    """Tell by its statistics that a column has no null."""
    for group in range(meta.num_row_groups):
        known = meta.row_group(group).column(column).statistics
        if known is None or not known.has_null_count or known.null_count:
            return False
    return True


def read_codes(connection: DuckDBPyConnection, logs: Sequence[Log]) -> NDArray[np.uint16]:
    """Return the code of every row of whole logs, in order; the engine reads them in any order."""
    import numpy as np

    begins = np.cumsum([0, *(log.rows for log in logs)])
    codes = np.full(begins[-1], NO_NAME, dtype=np.uint16)
    query = coded_flows([log.path for log in logs])
    for batch in connection.sql(query).to_arrow_reader(AT_ONCE):
        file, row, code = (column.to_numpy() for column in batch.columns)
        codes[begins[file] + row] = code
    return codes


def splice(logs: Sequence[Log], names: Names, codes: NDArray[np.uint16], target: str) -> None:
    """Write the rows of some logs, in order, and beside them what their codes stand for.

    `codes` has one number a row: of the part times four, plus that of the rule, or NO_NAME.
    """
    spelled, done = _spellings(names), 0
    groups: list[Fields] = []
    with ThreadPoolExecutor() as pool, Path(target).open("wb") as out:
        out.write(MAGIC)
        for log in logs:
            mine = codes[done : done + log.rows]
            with Path(log.path).open("rb") as source:
                footer = read_footer(source)
                rows = [int(group[GROUP_ROWS][1]) for group in footer[GROUPS][1][1]]
                beside = pool.map(partial(_beside, spelled), _cut(mine, rows), _in_turn(rows))
                copied = _copied(out, source, footer)
                added = [group for one in beside for group in _copied(out, one, read_footer(one))]
            groups += map(_side_by_side, copied, added)
            done += log.rows
        three = read_footer(_beside(spelled, codes[:0], []))
        write_footer(out, _joined(footer, three, groups, done))


def _in_turn(rows: Sequence[int]) -> list[Sequence[int]]:
    """Return the sizes of row groups, some at a time, so that several hands can write."""
    return [rows[first : first + GROUPS_AT_ONCE] for first in range(0, len(rows), GROUPS_AT_ONCE)]


def _cut(codes: NDArray[np.uint16], rows: Sequence[int]) -> Iterator[NDArray[np.uint16]]:
    done = 0
    for some in _in_turn(rows):
        yield codes[done : done + sum(some)]
        done += sum(some)


def _copied(out: BinaryIO, source: BinaryIO, footer: Fields) -> list[Fields]:
    """Copy all columns of a file as they lie; return its row groups with their new places."""
    source.seek(-TAIL, 2)
    length = int.from_bytes(source.read(4), "little")
    left = source.tell() - 4 - length - len(MAGIC)
    source.seek(len(MAGIC))
    shift = out.tell() - source.tell()
    while left:
        piece = source.read(min(left, PIECE))
        out.write(piece)
        left -= len(piece)
    return [_moved(group, shift) for group in footer[GROUPS][1][1]]


def _moved(group: Fields, shift: int) -> Fields:
    """Return a row group whose columns lie further on."""
    columns = []
    for column in group[COLUMNS][1][1]:
        meta: Fields = {n: field for n, field in column[META][1].items() if n not in FILTERS}
        places = {n: (6, meta[n][1] + shift) for n in PAGES if n in meta and meta[n][1] > 0}
        columns.append({OFFSET: (6, 0), META: (STRUCT, meta | places)})
    return {COLUMNS: (LIST, (STRUCT, columns)), **{n: group[n] for n in (BYTES, GROUP_ROWS)}}


def _side_by_side(mine: Fields, added: Fields) -> Fields:
    """Return one row group of the columns of two."""
    columns = mine[COLUMNS][1][1] + added[COLUMNS][1][1]
    size = mine[BYTES][1] + added[BYTES][1]
    return mine | {COLUMNS: (LIST, (STRUCT, columns)), BYTES: (6, size)}


def _joined(log: Fields, three: Fields, groups: list[Fields], rows: int) -> Fields:
    """Return the footer of the columns of a log and the three beside them."""
    root, *mine = log[SCHEMA][1][1]
    added = three[SCHEMA][1][1][1:]
    root = root | {CHILDREN: (5, len(mine) + len(added))}
    joined: Fields = {
        VERSION: (5, 2),
        SCHEMA: (LIST, (STRUCT, [root, *mine, *added])),
        ROWS: (6, rows),
        GROUPS: (LIST, (STRUCT, groups)),
        MADE_BY: (BINARY, b"outage"),
    }
    if ORDERS in log and ORDERS in three:
        orders = log[ORDERS][1][1] + three[ORDERS][1][1]
        joined[ORDERS] = (LIST, (STRUCT, orders))
    return joined


def _spellings(names: Names) -> list[tuple[Any, NDArray[np.int32]]]:
    """Return, for each of the three columns, its distinct words and the word of every code."""
    import numpy as np
    import pyarrow as pa

    parts = names.parts
    columns = (
        [part.service for part in parts for _ in RULES],
        [part.category for part in parts for _ in RULES],
        [rule for _ in parts for rule in RULES],
    )
    spelled = []
    for words in columns:
        distinct = sorted({*words})
        numbers = np.zeros(NO_NAME + 1, dtype=np.int32)
        numbers[: len(words)] = [distinct.index(word) for word in words]
        spelled.append((pa.array(distinct, pa.string()), numbers))
    return spelled


def _beside(
    spelled: Sequence[tuple[Any, NDArray[np.int32]]],
    codes: NDArray[np.uint16],
    rows: Sequence[int],
) -> BytesIO:
    """Return a Parquet file, in memory, of the three columns, cut into groups of so many rows."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    text = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([(name, text) for name in ADDED])
    stream, done = BytesIO(), 0
    with ParquetWriter(
        stream, schema, compression="zstd", store_schema=False, write_statistics=False
    ) as writer:
        for size in rows:
            here = codes[done : done + size]
            unnamed = here == NO_NAME
            columns = [
                pa.DictionaryArray.from_arrays(pa.array(numbers.take(here), mask=unnamed), words)
                for words, numbers in spelled
            ]
            table = pa.Table.from_arrays(columns, schema=schema)
            writer.write_table(table, row_group_size=max(size, 1))
            done += size
    return stream
