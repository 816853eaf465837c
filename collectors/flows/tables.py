"""Canonical tables out of checked columns: who the client is becomes a keyed hash here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from collectors.files.rows import Faults, Told, printable
from collectors.flows.columns import BACKWARDS, nulls
from outage.batches import Ints
from outage.canonical import FLOW_KEYS, flow_schema
from outage.interfaces import LogChunk, LogOptions
from outage.words import RejectedRow

if TYPE_CHECKING:
    import pyarrow as pa

HIDDEN: Final = ("client", "device")


@dataclass(slots=True)
class Damage:
    """What is wrong with a stretch of a log: how often, by reason, and the first of each."""

    origin: str
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, RejectedRow] = field(default_factory=dict)

    def add(self, told: Told, line: int, excerpt: str, count: int = 1) -> None:
        """Count one fault; its first line is kept with an excerpt."""
        self.counts[told.reason] += count
        if told.reason not in self.first:
            row = RejectedRow(self.origin, line, told.reason, told.remedy, printable(excerpt))
            self.first[told.reason] = row

    def add_faults(self, faults: Faults, lines: Ints, excerpt: Callable[[int], str]) -> None:
        """Count the marked rows; row k stands on `lines[k]` and is shown by `excerpt(k)`."""
        kinds, first, counts = np.unique(faults.of_row, return_index=True, return_counts=True)
        for kind, row, count in zip(kinds.tolist(), first.tolist(), counts.tolist(), strict=True):
            if kind >= 0:
                self.add(faults.told[kind], int(lines[row]), excerpt(row), count)

    def add_rows(self, rows: Iterable[tuple[int, Told, str]]) -> None:
        """Count rows given as (line, what is wrong, excerpt)."""
        for line, told, text in rows:
            self.add(told, line, text)

    def chunk(
        self,
        progress: float,
        flows: pa.Table | None = None,
        answers: pa.Table | None = None,
        passed: Mapping[str, int] | None = None,
    ) -> LogChunk:
        """Return the chunk of these tables with the damage found in it."""
        return LogChunk(
            flows=flows,
            answers=answers,
            rejected=tuple(self.first.values()),
            damaged=dict(self.counts),
            passed=passed or {},
            progress=progress,
        )


def flow_table(columns: Mapping[str, Any], faults: Faults, options: LogOptions) -> pa.Table:
    """Return the good rows as canonical flows; columns that are not given are null.

    `start` and `end` are microseconds since 1970 UTC. Marks the rows that end before they start
    and those without a key.
    """
    faults.mark(columns["end"] < columns["start"], BACKWARDS)
    if "vantage" not in columns and options.vantage is not None:
        columns = {**columns, "vantage": options.vantage}
    return table(columns, flow_schema(), FLOW_KEYS, faults, options)


def table(
    columns: Mapping[str, Any],
    schema: pa.Schema,
    keys: tuple[str, ...],
    faults: Faults,
    options: LogOptions,
) -> pa.Table:
    """Return the good rows in the columns of `schema`; marks the rows that lack one of `keys`."""
    import pyarrow as pa

    for key in keys:
        if not isinstance(columns[key], np.ndarray):
            told = Told(f"{key} is missing", "correct or leave out the record")
            faults.mark(nulls(columns[key]), told)
    good = pa.array(faults.good)
    made = [_column(columns.get(one.name), one, good, options) for one in schema]
    return pa.table(made, schema=schema)


def _column(values: Any, wanted: pa.Field, good: pa.Array, options: LogOptions) -> pa.Array:
    import pyarrow as pa

    if values is None or isinstance(values, str | int):
        return pa.repeat(pa.scalar(values, wanted.type), good.true_count)
    kept = pa.array(values).filter(good)
    if wanted.name in HIDDEN:
        encoded = kept.dictionary_encode()
        hidden = pa.array([options.hide(word) for word in encoded.dictionary.to_pylist()], "string")
        return hidden.take(encoded.indices)
    return kept.cast(wanted.type)
