"""How stored series become what is judged: planes of one slot length, units of one witness.

A *plane* holds all series of one slot length and one lag: finer series are brought to the grid,
coarser ones keep their own. The whole of a service (category "") is the sum of its categories (of
latencies the weighted mean) where no series of the whole exists. A *unit* is one exporter's view of
one subject: (subject, vantage, source); its signals share their noise, so its evidence is
discounted as one witness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np

from outage.batches import Ints, Panel, SampleBatch
from outage.judging.gridding import (
    NEVER,
    Grid,
    coarser,
    finest,
    scattered,
    side_by_side,
    wholes,
)
from outage.words import SIGNALS, Combine, Noise, Series, Witness


@dataclass(frozen=True, slots=True)
class Unit:
    """One witness of one subject: the columns of its signals in the plane, whole service only."""

    subject: str
    vantage: str
    source: str
    columns: tuple[tuple[str, int], ...]

    @property
    def key(self) -> str:
        """Return the name that the unit keeps over restarts, whatever else is measured."""
        return f"{self.subject}|{self.vantage}|{self.source}"

    @property
    def people(self) -> bool:
        """Return whether this unit speaks for people (no vantage of its own)."""
        return all(SIGNALS[name].witness is Witness.PEOPLE for name, _ in self.columns)


@dataclass(frozen=True, eq=False)
class Plane:
    """Series judged on one grid and known equally late, `lag` seconds after a slot's end.

    `parts[i]` are the stored series that column i adds up; of those that differ in nothing but
    the slot length (a *line*) the finest that has a slot counts.
    """

    slot_seconds: int
    series: tuple[Series, ...]
    parts: tuple[tuple[Series, ...], ...]
    units: tuple[Unit, ...]
    lag: int = 0

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

    def joined(self, since: Mapping[Series, int]) -> Ints:
        """Return from when each column is known: from when the first of its parts is."""
        return np.array([min(since[one] for one in parts) for parts in self.parts], dtype=np.int64)

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
        return Plane(self.slot_seconds, tuple(series), tuple(parts), (), self.lag)

    @cached_property
    def stored(self) -> tuple[Series, ...]:
        """Return the stored series that are read, the finer ones apart from the coarser."""
        found = dict.fromkeys(part for parts in self.parts for part in parts)
        return tuple(sorted(found, key=lambda one: one.slot_seconds))

    @cached_property
    def _place(self) -> dict[Series, int]:
        return {one: i for i, one in enumerate(self.stored)}

    @cached_property
    def _versions(self) -> tuple[tuple[int, ...], ...]:
        """Return per line where its stored series stand, the finest first.

        A line has more than one where its source has changed its slot length.
        """
        if all(one.slot_seconds == self.slot_seconds for one in self.stored):
            return tuple((i,) for i in range(len(self.stored)))
        found: dict[Series, list[int]] = defaultdict(list)
        for i, one in enumerate(self.stored):
            found[replace(one, slot_seconds=self.slot_seconds)].append(i)
        return tuple(tuple(places) for places in found.values())

    @cached_property
    def _line(self) -> Ints:
        """Return the line of each stored series."""
        found = np.empty(len(self.stored), dtype=np.int64)
        for line, places in enumerate(self._versions):
            found[list(places)] = line
        return found

    def _lines_of(self, parts: Sequence[Series]) -> list[int]:
        return list(dict.fromkeys(int(self._line[self._place[one]]) for one in parts))

    @cached_property
    def sums(self) -> tuple[tuple[Combine, Ints, Ints], ...]:
        """Return how columns of so many parts come together, and their lines (columns, parts)."""
        alike: dict[tuple[int, Combine], list[int]] = defaultdict(list)
        for i, parts in enumerate(self.parts):
            if len(parts) > 1 and (count := len(self._lines_of(parts))) > 1:
                alike[count, SIGNALS[self.series[i].signal].combine].append(i)
        return tuple(
            (how, np.array(found), np.array([self._lines_of(self.parts[i]) for i in found]))
            for (_, how), found in sorted(alike.items())
        )

    @cached_property
    def _singles(self) -> tuple[Ints, Ints]:
        """Return the columns that are one line, and which."""
        summed = {i for _, columns, _ in self.sums for i in columns.tolist()}
        found = [
            (i, self._line[self._place[parts[0]]])
            for i, parts in enumerate(self.parts)
            if i not in summed
        ]
        columns, places = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return columns, places

    def by_line(self, last: Ints) -> Ints:
        """Return when each line was heard last, from when each stored series was."""
        found = np.full(len(self._versions), NEVER, dtype=np.int64)
        np.maximum.at(found, self._line, last)
        return found

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
        """Return the matrix, and when each line was heard last, as `last` was before."""
        place = self._rank(batch.series)[batch.series_index]
        grid = self._on_grid(batch, place, start, end)
        starts = start + self.slot_seconds * np.arange(len(grid.values), dtype=np.int64)
        if len(self._versions) < len(self.stored):
            grid = finest(grid, self._versions, starts + self.slot_seconds + self.lag)
        if last is None:
            last = np.full(len(self._versions), NEVER, dtype=np.int64)
        columns, places = self._singles
        shape = (len(starts), len(self.series))
        values, known_at = np.empty(shape), np.empty(shape, dtype=np.int64)
        values[:, columns], known_at[:, columns] = grid.values[:, places], grid.known_at[:, places]
        for how, columns, parts in self.sums:
            values[:, columns], known_at[:, columns] = wholes(grid, parts, starts, last, how)
        if self.sums and len(starts):
            heard = np.where(np.isnan(grid.values), NEVER, starts[:, None]).max(axis=0)
            last = np.maximum(last, heard)
        return Panel(self.series, start, self.slot_seconds, values, known_at), last

    def _on_grid(self, batch: SampleBatch, place: Ints, start: int, end: int) -> Grid:
        """Return the stored series in slots of the plane."""
        grids = []
        first = 0
        for seconds, found in groupby(self.stored, key=lambda one: one.slot_seconds):
            chosen = list(found)
            raw = scattered(batch, place - first, start, (end - start) // seconds, chosen)
            grids.append(coarser(raw, chosen, self.slot_seconds // seconds))
            first += len(chosen)
        return side_by_side(grids)


def lay_out(
    series: Iterable[Series], grid_seconds: int, lags: Mapping[str, int] | None = None
) -> tuple[Plane, ...]:
    """Group stored series into planes, ordered by slot length and lag (seconds, by source)."""
    alike: dict[tuple[int, int], list[Series]] = defaultdict(list)
    for one in sorted(series):
        seconds = one.slot_seconds
        fits = seconds <= grid_seconds and grid_seconds % seconds == 0
        lag = (lags or {}).get(one.source, 0)
        alike[grid_seconds if fits else seconds, lag].append(one)
    return tuple(_plane(*key, alike[key]) for key in sorted(alike))


def _plane(slot_seconds: int, lag: int, stored: Sequence[Series]) -> Plane:
    judged: dict[Series, list[Series]] = defaultdict(list)
    for one in stored:
        judged[replace(one, slot_seconds=slot_seconds)].append(one)
    given = set(judged)
    for one in stored:
        whole = replace(one, slot_seconds=slot_seconds, category="")
        adds_up = SIGNALS[one.signal].combine is not Combine.NEVER
        if one.category and adds_up and whole not in given:
            judged[whole].append(one)
    columns = tuple(sorted(judged))
    members: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    for column, one in enumerate(columns):
        if not one.category:
            members[one.subject, one.vantage, one.source].append((one.signal, column))
    units = tuple(Unit(*key, columns=tuple(found)) for key, found in sorted(members.items()))
    return Plane(slot_seconds, columns, tuple(tuple(judged[x]) for x in columns), units, lag)
