"""Long samples: one row a sample, as CSV, gzipped CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from collectors.files.checks import (
    Check,
    Wrong,
    numbers,
    shares,
    signal,
    slot_length,
    slug,
    weights,
    words,
)
from collectors.files.long_csv import CsvFile
from collectors.files.long_parquet import ParquetFile, is_parquet
from collectors.files.rows import COLUMNS, Bools, Faults, Rows, Told, check_columns
from collectors.files.slot_lengths import SlotLengths
from collectors.files.times import SECOND, check_timezone, moments
from outage.batches import Chunk, Floats, Ints, SampleBatch
from outage.errors import BadInput, UsageError
from outage.interfaces import ReadOptions
from outage.slots import check_slot_seconds
from outage.words import Series, check_slug

Part: TypeAlias = tuple[Ints, list[str]]

DEFAULT_SOURCE: Final = "import"
UNKNOWN: Final = 0  # the slot length of a series until it is inferred
HOPELESS_CHUNKS: Final = 20  # in a row without one good row: what follows is not worth a survey
FUTURE: Final = Told("slot_start lies in the future", "correct the year, or this machine's clock")
CONFLICT: Final = Told(
    "another row of the same slot and series has another value; the last one is taken",
    "leave one of them out",
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of one file are read: which is the time, and what the options add."""

    path: Path
    time_column: str
    options: ReadOptions
    zone: ZoneInfo | None

    @property
    def floored(self) -> bool:
        """Return whether times are moments within a slot (`timestamp`), not its start."""
        return self.time_column == "timestamp"


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Rows after their checks; a series has slot_seconds 0 where the file does not say it.

    `series_index` is -1 where a row's time or series is wrong.
    """

    series: tuple[Series, ...]
    series_index: Ints
    micros: Ints
    value: Floats
    weight: Floats
    faults: Faults


class LongSamples:
    """Reads files with the columns slot_start, service, vantage, category, signal and value."""

    keep_highest = False

    def read(self, path: Path, options: ReadOptions) -> Iterator[Chunk]:
        """Yield the samples and rejected rows of a file, about 100,000 rows at a time.

        `source` and `slot_seconds` are columns too, and may be left out, as may `vantage` and
        `category`; options stand in for columns that the file has not. A column `timestamp`
        instead of `slot_start` holds moments, which are brought to their slot. Raises BadInput
        if the file cannot be read, UsageError if an option is wrong.
        """
        _check_options(options)
        file = ParquetFile.open(path) if is_parquet(path) else CsvFile.open(path)
        layout = _layout(path, file.names, options)
        lengths = _survey(file, layout)
        for rows in file.rows(COLUMNS):
            yield _chunk(rows, layout, lengths)


def _layout(path: Path, names: tuple[str, ...], options: ReadOptions) -> Layout:
    time_column = check_columns(list(names), options, str(path))
    return Layout(path, time_column, options, check_timezone(options.timezone))


def _check_options(options: ReadOptions) -> None:
    check_timezone(options.timezone)
    if options.slot_seconds is not None:
        check_slot_seconds(options.slot_seconds)
    try:
        for what in ("service", "vantage", "source"):
            if given := getattr(options, what):
                check_slug(given, f"--{what}")
        if options.signal is not None:
            signal(options.signal)
    except BadInput as error:
        raise UsageError(str(error)) from error
    except Wrong as wrong:
        raise UsageError(f"--signal: {wrong.told.reason}; {wrong.told.remedy}") from wrong


def _survey(file: CsvFile | ParquetFile, layout: Layout) -> SlotLengths:
    """Read the file once for the slot lengths that it leaves open."""
    lengths = SlotLengths(aligned=not layout.floored)
    if layout.options.slot_seconds is not None:
        return lengths
    hopeless = 0
    try:
        for rows in file.rows(COLUMNS):
            checked = _check(rows, layout)
            unknown = np.array([one.slot_seconds == UNKNOWN for one in checked.series], dtype=bool)
            placed = checked.series_index >= 0
            hopeless = 0 if placed.any() else hopeless + 1
            if hopeless == HOPELESS_CHUNKS:
                break
            placed[placed] = unknown[checked.series_index[placed]]
            times = checked.micros[placed] // SECOND
            lengths.learn(checked.series, checked.series_index[placed], times)
    except BadInput:  # damage further on: what comes before it is read all the same
        return lengths
    return lengths


def _check(rows: Rows, layout: Layout) -> Checked:
    faults = Faults.none(len(rows))
    options, columns, where = layout.options, rows.columns, str(layout.path)
    micros = moments(columns[layout.time_column], layout.zone, faults, where)
    parts = [
        _part(rows, "service", options.service, slug("service"), faults),
        _part(rows, "signal", options.signal, signal, faults),
        _part(rows, "category", None, slug("category", empty=True), faults),
        _part(rows, "vantage", options.vantage, slug("vantage", empty=True), faults),
        _part(rows, "source", options.source, slug("source", empty=True), faults),
        _part(rows, "slot_seconds", _digits(options.slot_seconds), slot_length, faults),
    ]
    # Named before the values are checked: a row without a value still shows where slots start.
    series, index = _series(parts, faults.good)
    value = numbers(columns["value"], faults)
    shares(value, *parts[1], faults)
    given = columns.get("weight")
    weight = np.full(len(rows), np.nan) if given is None else weights(given, faults)
    return Checked(series, index, micros, value, weight, faults)


def _digits(seconds: int | None) -> str | None:
    return None if seconds is None else str(seconds)


def _part(rows: Rows, name: str, given: str | None, check: Check, faults: Faults) -> Part:
    """Return the code of each row and the word of each code, of one part of a series' name."""
    if given is None and name in rows.columns:
        return words(rows.columns[name], check, faults)
    return np.zeros(len(rows), dtype=np.int64), [given or ""]


def _series(parts: Sequence[Part], good: Bools) -> tuple[tuple[Series, ...], Ints]:
    """Return the series of the good rows, and each row's place among them (-1: a bad row)."""
    key, size = np.zeros(int(good.sum()), dtype=np.int64), 1
    for codes, names in parts:
        if size * len(names) > 2**62:
            distinct, key = np.unique(key, return_inverse=True)
            size = len(distinct)
        key, size = key * len(names) + codes[good], size * len(names)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    index = np.full(len(good), -1, dtype=np.int64)
    index[good] = inverse
    return tuple(_named(parts, row) for row in np.flatnonzero(good)[first]), index


def _named(parts: Sequence[Part], row: int) -> Series:
    subject, signal_, category, vantage, source, seconds = (
        names[codes[row]] for codes, names in parts
    )
    return Series(
        subject, signal_, category, vantage, source or DEFAULT_SOURCE, int(seconds or UNKNOWN)
    )


def _chunk(rows: Rows, layout: Layout, lengths: SlotLengths) -> Chunk:
    checked = _check(rows, layout)
    faults = checked.faults
    series, index = _with_lengths(checked, lengths)
    lags = layout.options.lags
    # Rows without a series, index -1, take the last element: any length does for them.
    seconds = np.array([*(one.slot_seconds for one in series), 1], dtype=np.int64)[index]
    lag = np.array([*(lags.get(one.source, 0) for one in series), 0], dtype=np.int64)[index]
    start = checked.micros // (seconds * SECOND) * seconds
    if not layout.floored:
        _mark_unaligned(checked.micros, seconds, faults)
    if layout.options.not_after is not None:
        faults.mark(faults.good & (start > layout.options.not_after), FUTURE)
    kept = _last_of_each(index, start, checked.value, faults)
    batch = SampleBatch(
        series=series,
        series_index=index[kept],
        slot_start=start[kept],
        value=checked.value[kept],
        known_at=start[kept] + (seconds + lag)[kept],
        weight=checked.weight[kept],
    )
    return Chunk(batch, tuple(faults.rejected(rows, layout.path.name)), rows.progress)


def _with_lengths(checked: Checked, lengths: SlotLengths) -> tuple[tuple[Series, ...], Ints]:
    whole = [
        replace(one, slot_seconds=one.slot_seconds or lengths.of(one)) for one in checked.series
    ]
    places: dict[Series, int] = {}
    place = np.array([places.setdefault(one, len(places)) for one in whole] + [-1], dtype=np.int64)
    return tuple(places), place[checked.series_index]


def _mark_unaligned(micros: Ints, seconds: Ints, faults: Faults) -> None:
    off = faults.good & (micros % (seconds * SECOND) != 0)
    for length in np.unique(seconds[off]).tolist():
        told = Told(
            f"slot_start is not the start of a slot of {length} s",
            "floor the times to the slot, or say its length with --slot-seconds",
        )
        faults.mark(off & (seconds == length), told)


def _last_of_each(index: Ints, start: Ints, value: Floats, faults: Faults) -> Ints:
    """Return the good rows without repetitions, in order; marks those with another value."""
    good = np.flatnonzero(faults.good)
    order = good[np.lexsort((good, start[good], index[good]))]
    same = (np.diff(index[order]) == 0) & (np.diff(start[order]) == 0)
    if not same.any():
        return good
    final = np.append(~same, True)
    last = order[final]
    group = np.cumsum(np.insert(final[:-1], 0, False))
    conflict = np.zeros(len(index), dtype=np.bool_)
    conflict[order] = value[order] != value[last[group]]
    faults.mark(conflict, CONFLICT)
    return np.sort(last)
