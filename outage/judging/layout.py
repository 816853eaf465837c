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

import numpy as np

from outage.batches import Floats, Ints, Panel, SampleBatch
from outage.words import SIGNALS, Combine, Noise, Series, Witness


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
    def _stored(self) -> tuple[Series, ...]:
        """Return the stored series that are read, the finer ones apart from the coarser."""
        found = dict.fromkeys(part for parts in self.parts for part in parts)
        return tuple(sorted(found, key=lambda one: one.slot_seconds))

    @cached_property
    def _single(self) -> tuple[Ints, Ints]:
        """Return the columns that are one stored series, and where that one stands."""
        place = {one: i for i, one in enumerate(self._stored)}
        pairs = [(i, place[parts[0]]) for i, parts in enumerate(self.parts) if len(parts) == 1]
        columns, places = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return columns, places

    @cached_property
    def _summed(self) -> tuple[tuple[int, Ints], ...]:
        """Return the columns that are sums, each with where its parts stand."""
        place = {one: i for i, one in enumerate(self._stored)}
        return tuple(
            (i, np.array([place[part] for part in parts]))
            for i, parts in enumerate(self.parts)
            if len(parts) > 1
        )

    def panel(self, batch: SampleBatch, start: int, end: int) -> Panel:
        """Return the plane's matrix over `[start, end)`; a missing part makes the sum a gap."""
        fine = [
            self._on_grid(batch, list(chosen), start, end)
            for _, chosen in groupby(self._stored, key=lambda one: one.slot_seconds)
        ]
        seen = np.concatenate([values for values, _ in fine], axis=1)
        known = np.concatenate([known_at for _, known_at in fine], axis=1)
        columns, places = self._single
        shape = (len(seen), len(self.series))
        values, known_at = np.empty(shape), np.empty(shape, dtype=np.int64)
        values[:, columns], known_at[:, columns] = seen[:, places], known[:, places]
        for column, parts in self._summed:
            values[:, column] = _add(seen[:, parts])
            known_at[:, column] = known[:, parts].max(axis=1)
        return Panel(self.series, start, self.slot_seconds, values, known_at)

    def _on_grid(
        self, batch: SampleBatch, chosen: Sequence[Series], start: int, end: int
    ) -> tuple[Floats, Ints]:
        """Return the values of stored series of one slot length in slots of the plane."""
        raw = Panel.of(batch, chosen, start, end, chosen[0].slot_seconds)
        step = self.slot_seconds // chosen[0].slot_seconds
        if step == 1:
            return raw.values, raw.known_at
        rows = len(raw.values) // step
        block = raw.values[: rows * step].reshape(rows, step, len(chosen))
        known = raw.known_at[: rows * step].reshape(rows, step, len(chosen)).max(axis=1)
        values = np.empty((rows, len(chosen)))
        for signal in {one.signal for one in chosen}:
            columns = [i for i, one in enumerate(chosen) if one.signal == signal]
            values[:, columns] = _together(block[:, :, columns], SIGNALS[signal].combine)
        return values, known


def _together(block: Floats, combine: Combine) -> Floats:
    """Bring fine slots together, shape (slots, fine slots, series) -> (slots, series)."""
    if combine is Combine.SUM:
        return np.asarray(block.sum(axis=1))
    return np.asarray(block.max(axis=1) if combine is Combine.MAX else block.mean(axis=1))


def _add(parts: Floats) -> Floats:
    """Add columns up; a part that has not begun yet is not expected, a missing one is a gap."""
    begun = np.maximum.accumulate(~np.isnan(parts), axis=0)
    total = np.where(begun, parts, 0.0).sum(axis=1)
    return np.where(begun.any(axis=1), total, np.nan)


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
