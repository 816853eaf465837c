"""Samples in columns: how whole files and matrices move without a Python loop over rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.words import RejectedRow, Sample, Series

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SampleBatch:
    """Samples in columns, all of the same length n.

    `series[series_index[i]]` has `value[i]` in the slot starting at `slot_start[i]`, known
    since `known_at[i]` (epoch seconds). `weight[i]` is NaN where there is none.
    """

    series: tuple[Series, ...]
    series_index: Ints
    slot_start: Ints
    value: Floats
    known_at: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.value)

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> SampleBatch:
        """Return the batch of single samples, in their order."""
        rows = list(samples)
        positions: dict[Series, int] = {}
        index = [positions.setdefault(row.series, len(positions)) for row in rows]
        return cls(
            series=tuple(positions),
            series_index=np.array(index, dtype=np.int64),
            slot_start=np.array([row.slot_start for row in rows], dtype=np.int64),
            value=np.array([row.value for row in rows], dtype=np.float64),
            known_at=np.array([row.known_at for row in rows], dtype=np.int64),
            weight=np.array(
                [np.nan if row.weight is None else row.weight for row in rows], dtype=np.float64
            ),
        )

    def take(self, chosen: npt.NDArray[np.bool_] | Ints) -> SampleBatch:
        """Return the rows that `chosen` (a mask or positions) names."""
        return SampleBatch(
            self.series,
            self.series_index[chosen],
            self.slot_start[chosen],
            self.value[chosen],
            self.known_at[chosen],
            self.weight[chosen],
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a reader hands over at a time: good rows, bad rows, and how far it has come (0..1)."""

    batch: SampleBatch
    rejected: Sequence[RejectedRow]
    progress: float


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A matrix of slots x series on one regular grid; the shape in which everything is judged.

    Row i is the slot `[start + i * slot_seconds, + slot_seconds)`; `values` is NaN for a gap;
    `known_at` (same shape) is the moment each value was known, `2**62` for a gap.
    """

    series: tuple[Series, ...]
    start: int
    slot_seconds: int
    values: Floats
    known_at: Ints

    NEVER: ClassVar[int] = 2**62

    @property
    def slot_starts(self) -> Ints:
        """Return the start of each row, shape (slots,), epoch seconds."""
        count = self.values.shape[0]
        return self.start + self.slot_seconds * np.arange(count, dtype=np.int64)

    @property
    def end(self) -> int:
        """Return the end of the last slot."""
        return self.start + self.slot_seconds * len(self.values)

    @classmethod
    def of(
        cls, batch: SampleBatch, series: Sequence[Series], start: int, end: int, slot_seconds: int
    ) -> Panel:
        """Lay the samples of `series` in `[start, end)` out on their grid; the last row wins."""
        wanted = {one: column for column, one in enumerate(series)}
        columns = np.array([wanted.get(one, -1) for one in batch.series], dtype=np.int64)
        shape = (max(0, (end - start) // slot_seconds), len(series))
        values = np.full(shape, np.nan)
        known_at = np.full(shape, cls.NEVER, dtype=np.int64)
        if len(batch):
            column = columns[batch.series_index]
            row = (batch.slot_start - start) // slot_seconds
            inside = (column >= 0) & (row >= 0) & (row < shape[0])
            values[row[inside], column[inside]] = batch.value[inside]
            known_at[row[inside], column[inside]] = batch.known_at[inside]
        return cls(tuple(series), start, slot_seconds, values, known_at)
