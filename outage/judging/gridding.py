"""Bring samples onto a plane's grid: finer slots together, the finest version, parts to wholes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.batches import Floats, Ints, Panel, SampleBatch
from outage.slots import DAY
from outage.words import SIGNALS, Combine, Series

Bools: TypeAlias = npt.NDArray[np.bool_]
EXPECTED_DAYS: Final = 28  # after so long a silence a part of a whole is no longer expected
NEVER: Final = -(2**62)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Lines on one grid, arrays of shape (slots, lines).

    `values` is NaN for a gap and `known_at` then NEVER of a panel; `weights` counts the
    measurements behind each (NaN: not told), and is None where no signal asks for them.
    """

    values: Floats
    known_at: Ints
    weights: Floats | None


def scattered(
    batch: SampleBatch, column: Ints, start: int, slots: int, chosen: Sequence[Series]
) -> Grid:
    """Return series of one slot length on their own grid from `start` on; the last row wins.

    `column` says where each row of the batch belongs; rows of no column are left out.
    """
    shape = (max(0, slots), len(chosen))
    row = (batch.slot_start - start) // chosen[0].slot_seconds
    inside = (column >= 0) & (column < len(chosen)) & (row >= 0) & (row < slots)
    rows = slice(None) if inside.all() else inside
    here = row[rows], column[rows]
    values, known_at = np.full(shape, np.nan), np.full(shape, Panel.NEVER, dtype=np.int64)
    values[here], known_at[here] = batch.value[rows], batch.known_at[rows]
    if not any(_how(one) is Combine.WEIGHTED_MEAN for one in chosen):
        return Grid(values, known_at, None)
    weights = np.full(shape, np.nan)
    weights[here] = batch.weight[rows]
    return Grid(values, known_at, weights)


def coarser(grid: Grid, chosen: Sequence[Series], step: int) -> Grid:
    """Bring every `step` slots together, as each signal adds up; one that lacks is a gap."""
    if step == 1:
        return grid
    rows = len(grid.values) // step

    def blocks(fine: Any) -> Any:
        return fine[: rows * step].reshape(rows, step, len(chosen))

    values = np.empty((rows, len(chosen)))
    weights = None if grid.weights is None else np.full(values.shape, np.nan)
    for how in {_how(one) for one in chosen}:
        columns = [i for i, one in enumerate(chosen) if _how(one) is how]
        fine = blocks(grid.values)[:, :, columns]
        counts = None if grid.weights is None else blocks(grid.weights)[:, :, columns]
        values[:, columns] = together(fine, counts, how)
        if weights is not None and counts is not None:
            weights[:, columns] = counts.sum(axis=1)
    return Grid(values, np.asarray(blocks(grid.known_at).max(axis=1), dtype=np.int64), weights)


def together(parts: Floats, weights: Floats | None, how: Combine) -> Floats:
    """Bring the second axis together; where a part is a gap the whole is one.

    A median without a stored weight counts as one measurement.
    """
    if how is Combine.SUM:
        return np.asarray(parts.sum(axis=1))
    if how is not Combine.WEIGHTED_MEAN:
        return np.asarray(parts.max(axis=1))
    counts = np.ones_like(parts) if weights is None else np.nan_to_num(weights, nan=1.0)
    total = counts.sum(axis=1)
    counts = np.where(total[:, None] > 0.0, counts, 1.0)
    return np.asarray((parts * counts).sum(axis=1) / counts.sum(axis=1))


def side_by_side(grids: Sequence[Grid]) -> Grid:
    """Return grids of the same slots as one."""
    if len(grids) == 1:
        return grids[0]
    weights = None
    if any(one.weights is not None for one in grids):
        weights = np.concatenate(
            [np.full_like(x.values, np.nan) if x.weights is None else x.weights for x in grids],
            axis=1,
        )
    return Grid(
        np.concatenate([one.values for one in grids], axis=1),
        np.concatenate([one.known_at for one in grids], axis=1),
        weights,
    )


def finest(grid: Grid, versions: Sequence[Sequence[int]], complete: Ints) -> Grid:
    """Return one line for each of `versions`: its columns, the finest slots first.

    A slot is that of the finest version that has it, of those known by `complete` (slots,) if
    there is one: what was not known in time was not judged by.
    """
    first = [found[0] for found in versions]
    values, known_at = grid.values[:, first], grid.known_at[:, first]
    weights = None if grid.weights is None else grid.weights[:, first]
    rows = np.arange(len(values))
    for line, found in enumerate(versions):
        if len(found) < 2:
            continue
        columns = np.array(found)
        there = np.isfinite(grid.values[:, columns])
        timely = np.logical_and(there, grid.known_at[:, columns] <= complete[:, None])
        some = timely.any(axis=1, keepdims=True)
        best = columns[np.argmax(np.where(some, timely, there), axis=1)]
        values[:, line], known_at[:, line] = grid.values[rows, best], grid.known_at[rows, best]
        if weights is not None and grid.weights is not None:
            weights[:, line] = grid.weights[rows, best]
    return Grid(values, known_at, weights)


def wholes(grid: Grid, parts: Ints, starts: Ints, last: Ints, how: Combine) -> tuple[Floats, Ints]:
    """Bring parts, positions (columns, parts), to wholes; a missing one makes a gap.

    A part is expected that was heard, `last` (lines,) or later, in the 28 days before the slot's
    own. Returns values and when they were known, shapes (slots, columns).
    """
    seen = grid.values[:, parts]
    here = np.where(np.isnan(seen), NEVER, starts[:, None, None])
    heard = np.maximum(np.maximum.accumulate(here, axis=0), last[parts])
    expected = heard >= (starts - starts % DAY - EXPECTED_DAYS * DAY)[:, None, None]
    values = np.where(expected.any(axis=2), _whole(grid, parts, seen, expected, how), np.nan)
    known = np.where(np.isnan(seen), 0, grid.known_at[:, parts]).max(axis=2)
    return values, np.where(np.isnan(values), Panel.NEVER, known)


def _whole(grid: Grid, parts: Ints, seen: Floats, expected: Bools, how: Combine) -> Floats:
    if how is Combine.SUM:
        return np.asarray(np.where(expected, seen, 0.0).sum(axis=2))
    if how is Combine.MAX:
        return np.asarray(np.where(expected, seen, -np.inf).max(axis=2))
    weights = np.ones_like(seen) if grid.weights is None else grid.weights[:, parts]
    weights = np.where(expected, np.nan_to_num(weights, nan=1.0), 0.0)
    weights = np.where(weights.sum(axis=2, keepdims=True) > 0.0, weights, expected)
    total = np.maximum(weights.sum(axis=2), 1e-9)
    return np.asarray((np.where(expected, seen, 0.0) * weights).sum(axis=2) / total)


def _how(one: Series) -> Combine:
    return SIGNALS[one.signal].combine
