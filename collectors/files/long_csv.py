"""Long samples from CSV text, plain or gzipped, block by block."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from collectors.files.lines import MAX_LINE_BYTES, Block, blocks
from collectors.files.rows import Malformed, Rows, Told
from outage.batches import Ints
from outage.errors import BadInput

TOO_LONG = Told("the line is longer than 1 MiB", "end each row with a newline")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose first line names its columns."""

    path: Path
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> CsvFile:
        """Read the names of the columns; raises BadInput if there is no such line."""
        first = next(blocks(path), None)
        if first is None:
            raise BadInput(f"{path}: is empty; the first line must name the columns")
        if first.too_long[:1] == (1,):
            raise BadInput(
                f"{path}: line 1 is longer than {MAX_LINE_BYTES >> 20} MiB and cannot name the"
                " columns; is it a CSV file?"
            )
        return cls(path, tuple(name.strip().lower() for name in _cells(first.line(0))))

    def rows(self, wanted: Sequence[str]) -> Iterator[Rows]:
        """Yield the rows below the first line, with the wanted columns as Arrow strings."""
        header = True
        for block in blocks(self.path):
            body = block.after(0) if header else block
            header = False
            yield self._rows(body, [name for name in self.names if name in wanted])

    def _rows(self, block: Block, wanted: list[str]) -> Rows:
        if not len(block):
            return Rows(
                block.numbers,
                _empty(wanted),
                block.line,
                lambda: _too_long(block),
                block.progress,
            )
        split = _split_quoted if b'"' in block.text else _split
        columns, kept = split(block, self.names, wanted)
        return Rows(
            block.numbers[kept],
            columns,
            lambda row: block.line(int(kept[row])),
            lambda: (*_too_long(block), *self._malformed(block, kept)),
            block.progress,
        )

    def _malformed(self, block: Block, kept: Ints) -> Iterator[Malformed]:
        dropped = np.setdiff1d(np.flatnonzero(block.lengths() > 0), kept)
        for position in dropped.tolist():
            line = block.line(position)
            if line.strip():
                told = Told(
                    f"{len(_cells(line))} columns where the first line names {len(self.names)}",
                    "give each row as many values as there are columns",
                )
                yield int(block.numbers[position]), told, line


def _too_long(block: Block) -> list[Malformed]:
    return [(number, TOO_LONG, "") for number in block.too_long]


def _split(block: Block, names: tuple[str, ...], wanted: list[str]) -> tuple[dict[str, Any], Ints]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    wrong: list[int] = []

    def skip(row: Any) -> str:
        wrong.append(row.number - 1)
        return "skip"

    numbered = [str(position) for position in range(len(names))]
    chosen = [str(names.index(name)) for name in wanted]
    table = arrow_csv.read_csv(
        pa.BufferReader(block.text),
        arrow_csv.ReadOptions(
            column_names=numbered, use_threads=False, block_size=len(block.text) + 1
        ),
        arrow_csv.ParseOptions(
            quote_char=False, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()),
            include_columns=chosen,
            strings_can_be_null=False,
        ),
    )
    parsed = np.setdiff1d(np.arange(len(block)), wrong)
    filled = block.lengths()[parsed] > 0
    mask = pa.array(filled)
    columns = {
        name: table.column(number).combine_chunks().filter(mask)
        for name, number in zip(wanted, chosen, strict=True)
    }
    return columns, parsed[filled]


def _split_quoted(
    block: Block, names: tuple[str, ...], wanted: list[str]
) -> tuple[dict[str, Any], Ints]:
    """Split line by line, so that a quote left open spoils its own line only."""
    import pyarrow as pa

    kept, rows = [], []
    for position, line in enumerate(block.text.decode().split("\n")[:-1]):
        cells = _cells(line)
        if len(cells) == len(names):
            kept.append(position)
            rows.append(cells)
    places = [names.index(name) for name in wanted]
    columns = {
        name: pa.array([row[place] for row in rows], pa.string())
        for name, place in zip(wanted, places, strict=True)
    }
    return columns, np.array(kept, dtype=np.int64)


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:  # a cell over the csv module's limit
        return []


def _empty(wanted: list[str]) -> dict[str, Any]:
    import pyarrow as pa

    return {name: pa.array([], pa.string()) for name in wanted}
