"""Lines of delimited text to columns: each line that has another number of cells is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from collectors.files.lines import Block
from collectors.files.rows import Told
from collectors.flows.tables import Damage
from outage.batches import Ints

TOO_LONG: Final = Told("the line is longer than 1 MiB", "end each record with a newline")
CUT: Final = Told(
    "another number of columns than the header names", "the line is cut or damaged: fetch it again"
)


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Some records of a log: text columns (Arrow, null where unset), and where each row stands.

    Row k stands on `lines[k]` of the file and is shown by `excerpt(k)`.
    """

    columns: dict[str, Any]
    lines: Ints
    excerpt: Callable[[int], str]

    def __len__(self) -> int:
        return len(self.lines)


def records(
    block: Block,
    names: Sequence[str],
    wanted: Sequence[str],
    damage: Damage,
    *,
    separator: str,
    unset: Sequence[str],
) -> Records:
    """Split the lines of a block; columns are found by name, wherever they stand."""
    present = [name for name in wanted if name in names]
    table, parsed = _parse(block, names, present, separator, unset)
    filled = block.lengths()[parsed] > 0
    chosen = table if filled.all() else table.filter(filled)
    kept = parsed[filled]
    columns = {name: chosen.column(place).combine_chunks() for place, name in enumerate(present)}
    cut = np.setdiff1d(np.flatnonzero(block.lengths() > 0), kept)
    damage.add_rows((int(block.numbers[row]), CUT, block.line(int(row))) for row in cut)
    return Records(columns, block.numbers[kept], lambda row: block.line(int(kept[row])))


def _parse(
    block: Block, names: Sequence[str], present: list[str], separator: str, unset: Sequence[str]
) -> tuple[Any, Ints]:
    import pyarrow as pa
    from pyarrow import csv

    wrong: list[int] = []

    def skip(row: Any) -> str:
        wrong.append(row.number - 1)
        return "skip"

    numbered = [str(position) for position in range(len(names))]
    chosen = [str(names.index(name)) for name in present]
    table = csv.read_csv(
        pa.BufferReader(block.text),
        csv.ReadOptions(column_names=numbered, use_threads=False, block_size=len(block.text) + 1),
        csv.ParseOptions(
            delimiter=separator,
            quote_char=False,
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(chosen, pa.string()),
            include_columns=chosen,
            strings_can_be_null=True,
            null_values=list(unset),
        ),
    )
    rows = np.arange(len(block), dtype=np.int64)
    return table, np.delete(rows, wrong) if wrong else rows


def runs(block: Block, mark: bytes) -> Iterator[tuple[str, Block | None]]:
    """Yield a block's lines that begin with `mark` one by one, and what lies between as blocks."""
    begin = 0
    for position in _marked(block, mark):
        if position > begin:
            yield "", part(block, begin, position)
        yield block.line(position), None
        begin = position + 1
    if begin < len(block):
        yield "", part(block, begin, len(block))


def _marked(block: Block, mark: bytes) -> list[int]:
    """Return the positions of the lines that begin with `mark`."""
    text, found, place = block.text, [], 0 if block.text.startswith(mark) else -1
    if place < 0:
        place = text.find(b"\n" + mark) + 1 or -1
    while place >= 0:
        found.append(place)
        place = text.find(b"\n" + mark, place) + 1 or -1
    places = np.searchsorted(block.ends, np.array(found, dtype=np.int64))
    return [int(position) for position in places]


def part(block: Block, begin: int, end: int) -> Block:
    """Return the lines from position `begin` up to, but not with, `end`."""
    start = int(block.ends[begin - 1]) + 1 if begin else 0
    chosen = slice(begin, end)
    text = block.text[start : int(block.ends[end - 1]) + 1]
    return Block(text, block.ends[chosen] - start, block.numbers[chosen], (), block.progress)
