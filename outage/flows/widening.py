"""A copy of a Parquet file with more columns: its own pages are taken over as they are.

A reader finds columns through the footer alone, so that the new ones can stand behind the old, in
row groups of the same sizes, and only the footer is written anew (Parquet format, "File format").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from shutil import copyfile
from typing import Final

from outage.flows.footers import (
    BINARY,
    I32,
    I64,
    LIST,
    MAGIC,
    Field,
    Items,
    Struct,
    read_footer,
    write_footer,
)

# Numbers of fields in parquet.thrift: of the file, its root, a row group, a column and its data.
SCHEMA, GROUPS, NOTES, WRITTEN_BY, ORDERS = 2, 4, 5, 6, 7
CHILDREN: Final = 5
COLUMNS, SIZE, STORED = 1, 2, 6
ABOUT, INDEXES = 3, (4, 5, 6, 7)
PAGES: Final = (9, 10, 11)
FILTER: Final = (14, 15)


def widen(source: Path, target: Path, added: Iterable[bytes]) -> None:
    """Write a copy of a Parquet file with the columns of others, which are given as their bytes.

    These have the same columns, and their row groups, one file after the other, the sizes of the
    source's. They are asked for while the copy is being made. Raises BadInput if `source` is no
    Parquet file.
    """
    with source.open("rb") as log, ThreadPoolExecutor(1) as beside:
        copied = beside.submit(copyfile, source, target)
        mine, end = read_footer(log)
        pieces = list(added)
        copied.result()
    groups: list[Struct] = []
    theirs: Struct = {}
    with target.open("r+b") as out:
        out.seek(end)
        out.truncate()
        for piece in pieces:
            theirs, after = read_footer(BytesIO(piece))
            shift = out.tell() - len(MAGIC)
            groups += [_moved(group, shift) for group in _items(theirs, GROUPS)]
            out.write(memoryview(piece)[len(MAGIC) : after])
        write_footer(out, _joined(mine, theirs, groups))


def group_sizes(source: Path) -> list[int]:
    """Return how many rows each row group of a Parquet file has."""
    from pyarrow.parquet import read_metadata

    meta = read_metadata(source)
    return [meta.row_group(place).num_rows for place in range(meta.num_row_groups)]


def _joined(mine: Struct, theirs: Struct, added: Sequence[Struct]) -> Struct:
    """Return the footer of both columns; what it says of and to single programs is left out."""
    root, *columns = _items(mine, SCHEMA)
    more = _items(theirs, SCHEMA)[1:]
    root = root | {CHILDREN: Field(I32, root[CHILDREN].value + len(more))}
    pairs = zip(_items(mine, GROUPS), added, strict=True)
    joined = {number: field for number, field in mine.items() if number != NOTES}
    joined |= {
        SCHEMA: _list(mine[SCHEMA], [root, *columns, *more]),
        GROUPS: _list(mine[GROUPS], (_side_by_side(*pair) for pair in pairs)),
        WRITTEN_BY: Field(BINARY, b"outage"),
    }
    if ORDERS in mine:
        joined[ORDERS] = _list(mine[ORDERS], _items(mine, ORDERS) + _items(theirs, ORDERS))
    return joined


def _side_by_side(mine: Struct, theirs: Struct) -> Struct:
    """Return one row group of the columns of two."""
    columns = _items(mine, COLUMNS) + _items(theirs, COLUMNS)
    joined = mine | {COLUMNS: _list(mine[COLUMNS], columns)}
    for number in (SIZE, STORED):
        if number in mine and number in theirs:
            joined[number] = Field(I64, mine[number].value + theirs[number].value)
    return joined


def _moved(group: Struct, shift: int) -> Struct:
    """Return a row group whose pages lie further on, without the indexes that are not copied."""
    columns = []
    for column in _items(group, COLUMNS):
        about = column[ABOUT].value
        places = {n: Field(I64, about[n].value + shift) for n in PAGES if n in about}
        kept = {number: field for number, field in about.items() if number not in FILTER}
        moved = {number: field for number, field in column.items() if number not in INDEXES}
        columns.append(moved | {ABOUT: column[ABOUT]._replace(value=kept | places)})
    return group | {COLUMNS: _list(group[COLUMNS], columns)}


def _items(struct: Struct, number: int) -> list[Struct]:
    items: Items = struct[number].value
    return items.values


def _list(old: Field, values: Iterable[Struct]) -> Field:
    return Field(LIST, Items(old.value.kind, list(values)))
