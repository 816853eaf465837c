"""Infer the slot length of each series from the distances of its rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from outage.batches import Ints
from outage.slots import DEFAULT_SLOT_SECONDS, HOUR, MINUTE
from outage.words import Series

ALLOWED: Final[Ints] = np.array(
    [seconds for seconds in range(MINUTE, HOUR + 1) if HOUR % seconds == 0], dtype=np.int64
)
ALIGNED_SHARE: Final = 0.9
NOT_YET: Final = -(2**62)


class SlotLengths:
    """Counts, per series, how often each allowed slot length lies between two rows.

    The length is the most common of those to whose grid at least nine tenths of the rows are
    aligned; of equals the one more common in the whole file, then the one that more rows fit,
    then the smallest. Where no row distance fits the rows, it is the most common one of the
    file, or 600, if that does, else the most common one all the same. A series without any
    takes the most common one of the file, else 600.
    """

    def __init__(self, *, aligned: bool = True) -> None:
        self._must_align = aligned
        self._positions: dict[Series, int] = {}
        self._steps = np.zeros((0, len(ALLOWED)), dtype=np.int64)
        self._fits = np.zeros((0, len(ALLOWED)), dtype=np.int64)
        self._rows = np.zeros(0, dtype=np.int64)
        self._last = np.zeros(0, dtype=np.int64)

    def learn(self, series: tuple[Series, ...], series_index: Ints, moments: Ints) -> None:
        """Count the distances of some rows; `moments` are epoch seconds, shape (rows,)."""
        if not len(moments):
            return
        places = [self._positions.setdefault(one, len(self._positions)) for one in series]
        self._grow(len(self._positions))
        place = np.array(places, dtype=np.int64)[series_index]
        order = np.lexsort((moments, place))
        place, moment = place[order], moments[order]
        self._count_steps(place, moment)
        self._count_fits(place, moment)

    def of(self, series: Series) -> int:
        """Return the slot length of a series, seconds."""
        total: Ints = self._steps.sum(axis=0)
        usual = int(ALLOWED[int(total.argmax())]) if total.any() else DEFAULT_SLOT_SECONDS
        place = self._positions.get(series)
        if place is None or not self._steps[place].any():
            return usual
        steps, fits = self._steps[place], self._fits[place]
        aligned = (fits >= ALIGNED_SHARE * self._rows[place]) | (not self._must_align)
        ranked = ALLOWED[np.lexsort((-ALLOWED, fits, total, steps))][::-1]
        own = [length for length in ranked.tolist() if steps[ALLOWED == length] > 0]
        for length in (*own, usual, DEFAULT_SLOT_SECONDS):
            if aligned[ALLOWED == length]:
                return int(length)
        return int(own[0])

    def _grow(self, count: int) -> None:
        more = count - len(self._rows)
        self._steps = np.pad(self._steps, ((0, more), (0, 0)))
        self._fits = np.pad(self._fits, ((0, more), (0, 0)))
        self._rows = np.pad(self._rows, (0, more))
        self._last = np.pad(self._last, (0, more), constant_values=NOT_YET)

    def _count_steps(self, place: Ints, moment: Ints) -> None:
        """Count the distances of neighbours; `place` and `moment` are sorted."""
        before = np.roll(moment, 1)
        first = np.diff(place, prepend=-1) != 0
        before[first] = self._last[place[first]]
        step = moment - before
        column = np.searchsorted(ALLOWED, step).clip(max=len(ALLOWED) - 1)
        allowed = ALLOWED[column] == step
        np.add.at(self._steps, (place[allowed], column[allowed]), 1)
        final = np.roll(first, -1)
        self._last[place[final]] = moment[final]

    def _count_fits(self, place: Ints, moment: Ints) -> None:
        count = len(self._rows)
        self._rows += np.bincount(place, minlength=count)
        for column, seconds in enumerate(ALLOWED.tolist()):
            fitting = place[moment % seconds == 0]
            self._fits[:, column] += np.bincount(fitting, minlength=count)
