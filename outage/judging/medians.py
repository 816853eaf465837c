"""Medians of many columns at once, gaps left out."""

from __future__ import annotations

import numpy as np

from outage.batches import Floats

CHUNK = 4_096  # columns sorted at a time: they are copied, so that each lies in one piece


def column_medians(values: Floats) -> Floats:
    """Return the median of each column, shape (rows, columns) -> (columns,); NaN if all gaps."""
    found = np.full(values.shape[1], np.nan)
    if len(values):
        for first in range(0, values.shape[1], CHUNK):
            part = np.ascontiguousarray(values[:, first : first + CHUNK].T)
            found[first : first + CHUNK] = _row_medians(part)
    return found


def _row_medians(rows: Floats) -> Floats:
    rows.sort(axis=1)  # NaN last
    length = rows.shape[1]
    count = length - np.isnan(rows).sum(axis=1)
    each = np.arange(len(rows))
    lower = rows[each, np.maximum(count - 1, 0) // 2]
    return np.asarray((lower + rows[each, np.minimum(count // 2, length - 1)]) / 2)
