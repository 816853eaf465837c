"""Change points: where the level of a residual series jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outage.batches import Floats

WINDOW = 288  # points; beyond, the cost grows with the square and short dips drown
CLIP = 5.0  # one wild point must not buy a segment of its own
MIN_SIZE = 2
SPANS = (2, 3, 4, 6, 8, 12, 16, 24, 36, 48, 72, 108, 144)


@dataclass(frozen=True, slots=True)
class KernelChangePoints:
    """Exact segmentation by a linear kernel, penalty `3 ln n`, for residuals of unit variance."""

    def find(self, residuals: Floats) -> Sequence[int]:
        """Return the first slot of each new level, ascending; NaN residuals are gaps.

        More than 288 points are cut in overlapping windows, each speaking for its middle.
        """
        positions = np.flatnonzero(np.isfinite(residuals))
        signal = np.clip(residuals[positions], -CLIP, CLIP)
        found: set[int] = set()
        for first, low, high in _windows(len(signal)):
            breaks = _segment(signal[first : first + WINDOW])
            found.update(first + cut for cut in breaks if low <= first + cut < high)
        return [int(positions[cut]) for cut in sorted(found)]


def shifted(residuals: Floats) -> npt.NDArray[np.bool_]:
    """Tell which series, shape (slots, ...) -> (...), may hold a change of level at all.

    A screen in place of `find` on every series: some prefix, or some span of 2 to 144 slots,
    lies further from the mean than the penalty allows noise to.
    """
    known = np.isfinite(residuals)
    count = known.sum(axis=0)
    clipped = np.where(known, np.clip(residuals, -CLIP, CLIP), 0.0)
    mean = clipped.sum(axis=0) / np.maximum(count, 1)
    centred = np.where(known, clipped - mean, 0.0)
    zero = np.zeros((1, *residuals.shape[1:]))
    total = np.concatenate([zero, np.cumsum(centred, axis=0)])
    size = np.concatenate([zero, np.cumsum(known, axis=0)])
    penalty = 3 * np.log(np.maximum(count, 2))
    moved = _gain(total, size, count).max(axis=0) > penalty
    for span in SPANS:
        if span < len(residuals):
            inside = _gain(total[span:] - total[:-span], size[span:] - size[:-span], count)
            moved |= inside.max(axis=0) > 1.2 * penalty  # a span costs two breaks, found roughly
    return np.asarray(moved)


def _gain(total: Floats, size: Floats, count: npt.NDArray[np.int64]) -> Floats:
    """Return how much squared error is saved by giving a span a mean of its own."""
    both = size * (count - size)
    return np.divide(total**2 * count, both, out=np.zeros_like(total), where=both > 0)


def _segment(signal: Floats) -> list[int]:
    from ruptures import KernelCPD  # slow to import

    if len(signal) < 2 * MIN_SIZE or np.ptp(signal) == 0:
        return []
    penalty = 3 * np.log(len(signal))
    fitted = KernelCPD(kernel="linear", min_size=MIN_SIZE).fit(signal[:, None])
    return [int(cut) for cut in fitted.predict(pen=penalty)[:-1]]


def _windows(count: int) -> list[tuple[int, int, int]]:
    """Return (first point, first and last point spoken for) of each window."""
    if count <= WINDOW:
        return [(0, 0, count)]
    half, quarter = WINDOW // 2, WINDOW // 4
    firsts = [*range(0, count - WINDOW, half), count - WINDOW]
    lows = [0, *(first + quarter for first in firsts[1:])]
    return list(zip(firsts, lows, [*lows[1:], count], strict=True))
