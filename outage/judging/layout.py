"""How stored series become what is judged: planes of one slot length, units of one witness.

A *plane* holds all series of one slot length: finer series are summed to the grid, coarser ones
keep their own. The whole of a service (category "") is the sum of its categories where no
series of the whole exists. A *unit* is one exporter's view of one subject: (subject, vantage,
source); its signals share their noise, so its evidence is discounted as one witness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Final

import numpy as np

from outage.batches import Floats, Ints, Panel, SampleBatch
from outage.slots import DAY
from outage.words import SIGNALS, Combine, Noise, Series, Witness

EXPECTED_DAYS: Final = 28  # after so long a silence a part of a sum is no longer expected
NEVER: Final = -(2**62)


@dataclass(frozen=True, slots=True)
class Unit:
    """One witness of one subject: the columns of its signals in the plane, whole service only."""

    subject: str
    vantage: str
    source: str
    columns: tuple[tuple[str, int], ...]

    @property
    def people(self) -> bool:
        """Return whether this unit speaks for people (no vantage of its own)."""
        return all(SIGNALS[name].witness is Witness.PEOPLE for name, _ in self.columns)


@dataclass(frozen=True, eq=False)
class Plane:
    """Series judged on one grid; `parts[i]` are the stored series that column i adds up."""

    slot_seconds: int
    series: tuple[Series, ...]
    parts: tuple[tuple[Series, ...], ...]
    units: tuple[Unit, ...]

    @cached_property
    def noises(self) -> tuple[Noise, ...]:
        """Return the noise of each column."""
        return tuple(SIGNALS[one.signal].noise for one in self.series)

    @cached_property
    def _of_subject(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for column, one in enumerate(self.series):
            found[one.subject].append(column)
        return found

    @cached_property
    def _of_vantage(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for column, one in enumerate(self.series):
            found[one.vantage].append(column)
        return found

    def about(self, subject: str, *, seen_from: bool = False) -> list[int]:
        """Return the columns of a subject, in order, and with `seen_from` of it as a vantage."""
        found = set(self._of_subject.get(subject, ()))
        if seen_from:
            found |= set(self._of_vantage.get(subject, ()))
        return sorted(found)

    def close_up(self, columns: Ints) -> Plane:
        """Return some columns as a plane of their own, without units."""
        chosen = columns.tolist()
        series, parts = [self.series[i] for i in chosen], [self.parts[i] for i in chosen]
        return Plane(self.slot_seconds, tuple(series), tuple(parts), ())

    @cached_property
    def stored(self) -> tuple[Series, ...]:
        """Return the stored series that are read, the finer ones apart from the coarser."""
        found = dict.fromkeys(part for parts in self.parts for part in parts)
        return tuple(sorted(found, key=lambda one: one.slot_seconds))

    @cached_property
    def _place(self) -> dict[Series, int]:
        return {one: i for i, one in enumerate(self.stored)}

    @cached_property
    def sums(self) -> tuple[tuple[Ints, Ints], ...]:
        """Return the columns that add as many parts up, and where those stand (columns, parts)."""
        by_count: dict[int, list[int]] = defaultdict(list)
        for i, parts in enumerate(self.parts):
            by_count[len(parts)].append(i)
        return tuple(
            (np.array(found), np.array([[self._place[x] for x in self.parts[i]] for i in found]))
            for count, found in sorted(by_count.items())
            if count > 1
        )

    @cached_property
    def _singles(self) -> tuple[Ints, Ints]:
        """Return the columns that are one stored series, and where that one stands."""
        found = [(i, self._place[x[0]]) for i, x in enumerate(self.parts) if len(x) == 1]
        columns, places = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return columns, places

    @cached_property
    def _ranked(self) -> list[tuple[tuple[Series, ...], Ints]]:
        return []

    def _rank(self, series: tuple[Series, ...]) -> Ints:
        """Return where each of a batch's series stands among the stored, -1 for others."""
        if not self._ranked or self._ranked[0][0] is not series:
            rank = np.array([self._place.get(one, -1) for one in series], dtype=np.int64)
            self._ranked[:] = [(series, rank)]  # a source names its series alike every time
        return self._ranked[0][1]

    def panel(self, batch: SampleBatch, start: int, end: int) -> Panel:
        """Return the plane's matrix over `[start, end)`; a missing part makes the sum a gap."""
        return self.laid_out(batch, start, end)[0]

    def laid_out(
        self, batch: SampleBatch, start: int, end: int, last: Ints | None = None
    ) -> tuple[Panel, Ints]:
        """Return the matrix, and when each stored series was heard last, as `last` was before."""
        place = self._rank(batch.series)[batch.series_index]
        seen, known = self._on_grid(batch, place, start, end)
        starts = start + self.slot_seconds * np.arange(len(seen), dtype=np.int64)
        if last is None:
            last = np.full(len(self.stored), NEVER, dtype=np.int64)
        columns, places = self._singles
        shape = (len(seen), len(self.series))
        values, known_at = np.empty(shape), np.empty(shape, dtype=np.int64)
        values[:, columns], known_at[:, columns] = seen[:, places], known[:, places]
        for columns, parts in self.sums:
            values[:, columns] = _add(seen[:, parts], starts, last[parts])
            heard = np.where(np.isnan(seen[:, parts]), 0, known[:, parts]).max(axis=2)
            known_at[:, columns] = np.where(np.isnan(values[:, columns]), Panel.NEVER, heard)
        if self.sums and len(seen):
            heard = np.where(np.isnan(seen), NEVER, starts[:, None]).max(axis=0)
            last = np.maximum(last, heard)
        return Panel(self.series, start, self.slot_seconds, values, known_at), last

    def _on_grid(
        self, batch: SampleBatch, place: Ints, start: int, end: int
    ) -> tuple[Floats, Ints]:
        """Return the stored series in slots of the plane, shapes (slots, stored series)."""
        fine = []
        first = 0
        for seconds, found in groupby(self.stored, key=lambda one: one.slot_seconds):
            chosen = list(found)
            raw = _scattered(batch, place - first, start, (end - start) // seconds, chosen)
            fine.append(_coarser(*raw, chosen, self.slot_seconds // seconds))
            first += len(chosen)
        if len(fine) == 1:
            return fine[0]
        return (
            np.concatenate([values for values, _ in fine], axis=1),
            np.concatenate([known_at for _, known_at in fine], axis=1),
        )


def _scattered(
    batch: SampleBatch, column: Ints, start: int, slots: int, chosen: Sequence[Series]
) -> tuple[Floats, Ints]:
    """Return values and when they were known of series of one slot length; the last row wins."""
    values = np.full((max(0, slots), len(chosen)), np.nan)
    known_at = np.full(values.shape, Panel.NEVER, dtype=np.int64)
    row = (batch.slot_start - start) // chosen[0].slot_seconds
    inside = (column >= 0) & (column < len(chosen)) & (row >= 0) & (row < slots)
    if inside.all():
        inside = slice(None)  # type: ignore[assignment]
    values[row[inside], column[inside]] = batch.value[inside]
    known_at[row[inside], column[inside]] = batch.known_at[inside]
    return values, known_at


def _coarser(
    values: Floats, known_at: Ints, chosen: Sequence[Series], step: int
) -> tuple[Floats, Ints]:
    """Bring every `step` slots together, as each signal adds up; one that lacks is a gap."""
    if step == 1:
        return values, known_at
    rows = len(values) // step
    block = values[: rows * step].reshape(rows, step, len(chosen))
    known = known_at[: rows * step].reshape(rows, step, len(chosen)).max(axis=1)
    coarse = np.empty((rows, len(chosen)))
    for signal in {one.signal for one in chosen}:
        columns = [i for i, one in enumerate(chosen) if one.signal == signal]
        coarse[:, columns] = _together(block[:, :, columns], SIGNALS[signal].combine)
    return coarse, known


def _together(block: Floats, combine: Combine) -> Floats:
    """Bring fine slots together, shape (slots, fine slots, series) -> (slots, series)."""
    if combine is Combine.SUM:
        return np.asarray(block.sum(axis=1))
    return np.asarray(block.max(axis=1) if combine is Combine.MAX else block.mean(axis=1))


def _add(parts: Floats, starts: Ints, last: Ints) -> Floats:
    """Add parts up, shape (slots, columns, parts) -> (slots, columns); a missing one is a gap.

    A part is expected that was heard, `last` or later, in the 28 days before the slot's own.
    """
    here = np.where(np.isnan(parts), NEVER, starts[:, None, None])
    heard = np.maximum(np.maximum.accumulate(here, axis=0), last)
    expected = heard >= (starts - starts % DAY - EXPECTED_DAYS * DAY)[:, None, None]
    total = np.where(expected, parts, 0.0).sum(axis=2)
    return np.where(expected.any(axis=2), total, np.nan)


def lay_out(series: Iterable[Series], grid_seconds: int) -> tuple[Plane, ...]:
    """Group stored series into planes, ordered by slot length."""
    by_slot: dict[int, list[Series]] = defaultdict(list)
    for one in sorted(series):
        seconds = one.slot_seconds
        fits = seconds <= grid_seconds and grid_seconds % seconds == 0
        by_slot[grid_seconds if fits else seconds].append(one)
    return tuple(_plane(seconds, by_slot[seconds]) for seconds in sorted(by_slot))


def _plane(slot_seconds: int, stored: Sequence[Series]) -> Plane:
    judged: dict[Series, list[Series]] = defaultdict(list)
    for one in stored:
        judged[replace(one, slot_seconds=slot_seconds)].append(one)
    given = set(judged)
    for one in stored:
        whole = replace(one, slot_seconds=slot_seconds, category="")
        if one.category and whole not in given and SIGNALS[one.signal].combine is Combine.SUM:
            judged[whole].append(one)
    columns = tuple(sorted(judged))
    members: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    for column, one in enumerate(columns):
        if not one.category:
            members[one.subject, one.vantage, one.source].append((one.signal, column))
    units = tuple(Unit(*key, columns=tuple(found)) for key, found in sorted(members.items()))
    return Plane(slot_seconds, columns, tuple(tuple(judged[one]) for one in columns), units)
