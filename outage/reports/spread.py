"""How a quantity is spread over flows: a histogram made by the database, read as a CDF.

Values are counted in 1,000 logarithmic bins a decade, each of which keeps its sum, so that memory
is bounded however many flows there are, means are exact, and a quantile is off by 0.24 % at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from outage.batches import Floats, Ints

BINS: Final = 1_000  # a decade
SIDES: Final = 16  # more than there are marks
ZERO: Final = -1_000_000  # the bin of what is not above zero
EPSILON: Final = 1e-12  # what a mean of equal values may be off by
FINENESS: Final = 400  # of a drawn CDF


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """A histogram: the mean value of each bin, ascending, and how many flows are in it."""

    values: Floats
    counts: Ints

    @property
    def flows(self) -> int:
        """Return how many flows were counted."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float | None:
        """Return the mean, None of nothing."""
        total = self.flows
        return float(self.values @ self.counts / total) if total else None

    def quantile(self, share: float) -> float | None:
        """Return the least value that at least this share of the flows does not exceed."""
        if not self.flows:
            return None
        reached = np.cumsum(self.counts)
        place = np.searchsorted(reached, share * reached[-1] - 1e-9)
        return float(self.values[place])

    def upto(self, mark: float) -> float | None:
        """Return the share of flows that do not exceed a mark; exact if the bins end there."""
        total = self.flows
        return (
            float(self.counts[self.values <= mark * (1 + EPSILON)].sum() / total) if total else None
        )

    def curve(self) -> tuple[list[float], list[float]]:
        """Return the points of the CDF, which rises at each value, as many as one can see."""
        if not self.flows:
            return [], []
        reached = np.cumsum(self.counts) / self.flows
        level = np.floor(reached * FINENESS)
        kept = np.append(np.diff(level) > 0, True)
        kept[1:] |= np.diff(level) > 1  # both ends of a step, so that it stays upright
        kept[0] = True
        x, y = self.values[kept].tolist(), reached[kept].tolist()
        return [x[0], *x], [0.0, *y]


def bin_of(expression: str, marks: Sequence[float] = ()) -> str:
    """Return the SQL of the bin that an SQL number is counted in; bins end at the marks."""
    logarithm = f"floor(log10({expression}) * {BINS})"
    side = " + ".join(["0", *(f"({expression} > {mark})::INTEGER" for mark in marks)])
    return f"(CASE WHEN {expression} > 0 THEN {logarithm} ELSE {ZERO} END) * {SIDES} + {side}"


def gather(rows: Iterable[Sequence[Any]]) -> Spread:
    """Return the spread of rows (bin, flows, sum of values), whatever parts they are of."""
    table = np.array([tuple(row) for row in rows], dtype=np.float64).reshape(-1, 3)
    bins, place = np.unique(table[:, 0], return_inverse=True)
    counts = np.bincount(place, table[:, 1], len(bins))
    sums = np.bincount(place, table[:, 2], len(bins))
    return Spread(sums / np.maximum(counts, 1), counts.astype(np.int64))


def weighted(values: Floats, weights: Floats) -> Spread:
    """Return the spread of known values, each counted as often as its weight says.

    Weights are scaled to whole numbers, a billion in all.
    """
    order = np.argsort(values, kind="stable")
    total = weights.sum()
    scaled = np.rint(weights[order] * (1e9 / total)) if total > 0 else weights[order]
    return Spread(values[order], scaled.astype(np.int64))
