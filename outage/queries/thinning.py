"""Fewer points that draw the same line."""

from __future__ import annotations

from typing import Final

import numpy as np

from outage.batches import Floats, Ints

MOST_POINTS: Final = 2_000  # of one line; more than a screen has pixels


def thin(values: Floats, most: int = MOST_POINTS) -> Ints:
    """Return the positions to keep of a line, at most `most`: each stretch's extremes and gaps.

    >>> thin(np.array([1.0, 9.0, 1.0, 1.0, np.nan, 1.0, 1.0, 0.0]), most=6).tolist()
    [0, 1, 4, 5, 7]
    """
    if len(values) <= most:
        return np.arange(len(values), dtype=np.int64)
    width = -(-len(values) // (most // 3))
    rows = -(-len(values) // width)
    padded = np.full(rows * width, np.nan)
    padded[: len(values)] = values
    block = padded.reshape(rows, width)
    gaps = np.isnan(block)
    first = np.arange(rows, dtype=np.int64) * width
    low = first + np.where(gaps, np.inf, block).argmin(axis=1)
    high = first + np.where(gaps, -np.inf, block).argmax(axis=1)
    gap = first + gaps.argmax(axis=1)  # the stretch's first point where it has no gap
    kept = np.unique(np.concatenate([low, high, gap[gaps.any(axis=1)]]))
    return kept[kept < len(values)]
