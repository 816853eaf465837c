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


@dataclass(frozen=True, slots=True)
class Plane:
    """Series judged on one grid; `parts[i]` are the stored series that column i adds up."""

    slot_seconds: int
    series: tuple[Series, ...]
    parts: tuple[tuple[Series, ...], ...]
    units: tuple[Unit, ...]

    @property
    def noises(self) -> tuple[Noise, ...]:
        """Return the noise of each column."""
        return tuple(SIGNALS[one.signal].noise for one in self.series)

    def panel(self, batch: SampleBatch, start: int, end: int) -> Panel:
        """Return the plane's matrix over `[start, end)`; a missing part makes the sum a gap."""
        stored = tuple(dict.fromkeys(part for parts in self.parts for part in parts))
        fine: dict[Series, tuple[Floats, Ints]] = {}
        for seconds in {one.slot_seconds for one in stored}:
            chosen = [one for one in stored if one.slot_seconds == seconds]
            raw = Panel.of(batch, chosen, start, end, seconds)
            for column, one in enumerate(chosen):
                fine[one] = self._to_grid(one, raw.values[:, column], raw.known_at[:, column])
        rows = (end - start) // self.slot_seconds
        values = np.full((rows, len(self.series)), np.nan)
        known_at = np.full((rows, len(self.series)), Panel.NEVER, dtype=np.int64)
        for column, parts in enumerate(self.parts):
            values[:, column] = _add([fine[part][0] for part in parts])
            known_at[:, column] = np.max([fine[part][1] for part in parts], axis=0)
        return Panel(self.series, start, self.slot_seconds, values, known_at)

    def _to_grid(self, series: Series, values: Floats, known_at: Ints) -> tuple[Floats, Ints]:
        step = self.slot_seconds // series.slot_seconds
        if step == 1:
            return values, known_at
        rows = len(values) // step
        block = values[: rows * step].reshape(rows, step)
        known = known_at[: rows * step].reshape(rows, step).max(axis=1)
        combine = SIGNALS[series.signal].combine
        if combine is Combine.SUM:
            return block.sum(axis=1), known
        return block.max(axis=1) if combine is Combine.MAX else block.mean(axis=1), known


def _add(parts: Sequence[Floats]) -> Floats:
    """Add parts up; a part that has not begun yet is not expected, a missing one is a gap."""
    if len(parts) == 1:
        return parts[0]
    stack = np.stack(parts)
    begun = np.maximum.accumulate(~np.isnan(stack), axis=1)
    total: Floats = np.where(begun, stack, 0.0).sum(axis=0)
    return np.where(begun.any(axis=0), total, np.nan)


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
