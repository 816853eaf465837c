"""Our default judging of one series, cut down to a score: refitted daily, looking only back.

As the live engine does: `seasonal` fitted at 00:00 on at most 28 days, `trailing` refitted every
hour while there is no season, the level of the last 24 h taken out. What the engine has beyond
(other signals, causes, incidents that mask the history) one series cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.noise import distance, surprise
from detectors.seasonal import Seasonal
from detectors.trailing import Trailing
from outage.errors import NotEnoughHistory
from outage.interfaces import Detector, Expectation, History
from outage.slots import DAY, HOUR
from outage.words import Noise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HISTORY = 28 * DAY
LEVEL_CAP = 0.7  # as the engine: what has more than doubled is no drift
ENOUGH = 50  # slots before which nothing is said to be rare
USUAL = 1.0  # standard deviations within which nothing is, however still the series was


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A series on a regular grid: values (slots,), NaN for a gap; the slot of each row."""

    start: int
    seconds: int
    values: Floats
    slot: Ints

    @property
    def starts(self) -> Ints:
        """Return the start of each slot."""
        return self.start + self.seconds * np.arange(len(self.values), dtype=np.int64)

    @classmethod
    def of(cls, times: Ints, values: Floats) -> Grid:
        """Lay rows on slots as long as their usual step; the first row of a slot counts.

        Times that go back (a clock change) are taken as the latest so far.
        """
        ascending = np.maximum.accumulate(times)
        seconds = int(np.median(np.diff(ascending)))
        start = int(ascending[0]) // seconds * seconds
        slot = (ascending - start) // seconds
        grid = np.full(int(slot[-1]) + 1, np.nan)
        grid[slot[::-1]] = values[::-1]
        return cls(start, seconds, grid, slot)


def ours(times: Ints, values: Floats, probation: int) -> Floats:
    """Return the anomaly score in [0, 1) of each row; `times` are epoch seconds.

    What kind of noise the series has is told from its first `probation` rows.
    """
    grid = Grid.of(times, values)
    nats = rarity(grid, surprises(grid, noise_of(values[:probation])))
    return np.asarray(nats / (1 + nats))[grid.slot]


def noise_of(values: Floats) -> Noise:
    """Tell from a series' first rows what it is: counts, a positive quantity, or anything."""
    if (values >= 0).all() and (values == np.round(values)).all():
        return Noise.COUNT
    return Noise.VOLUME if (values > 0).all() else Noise.SHARE


def surprises(grid: Grid, noise: Noise) -> Floats:
    """Return how many standard deviations each slot is off its expectation; 0 if unknown."""
    location, spread = expectations(grid, noise)
    level = levels(grid, surprise(grid.values, location, noise))
    location = location + level if noise is Noise.SHARE else location * np.exp(level)
    return np.nan_to_num(distance(grid.values, location, spread, noise))


def rarity(grid: Grid, off: Floats) -> Floats:
    """Return the nats of each slot's tail probability among those of the 28 days before.

    The share of past slots that were as far off; for a record, more by how far it beats the last.
    One series is no bell curve: how far it usually strays says what is rare.
    """
    off = np.maximum(off, USUAL)
    nats = np.zeros(len(off))
    back = HISTORY // grid.seconds
    for slot in range(ENOUGH, len(off)):
        past = off[max(0, slot - back) : slot]
        nats[slot] = np.log((1 + len(past)) / (1 + np.count_nonzero(past >= off[slot])))
        if off[slot] > (record := past.max()):
            nats[slot] += np.log(off[slot] / record)
    return nats


def expectations(grid: Grid, noise: Noise) -> tuple[Floats, Floats]:
    """Return location and spread of each slot, each from the slots before its fit."""
    location = np.full(len(grid.values), np.nan)
    spread = np.full(len(grid.values), np.nan)
    for day in _moments(grid, DAY):
        rows, found = _expected(grid, noise, Seasonal(), day, DAY, HISTORY)
        if found is not None:
            location[rows], spread[rows] = found.location[:, 0], found.spread[:, 0]
    for hour in _moments(grid, HOUR):
        rows, found = _expected(grid, noise, Trailing(), hour, HOUR, DAY)
        rows = rows[np.isnan(location[rows])]
        if found is not None and len(rows):
            location[rows], spread[rows] = found.location[0, 0], found.spread[0, 0]
    return location, spread


def levels(grid: Grid, residual: Floats) -> Floats:
    """Return the median residual of the 24 h before each slot's full hour, within bounds."""
    level = np.zeros(len(residual))
    for hour in _moments(grid, HOUR):
        window = residual[_past(grid, hour, DAY)]
        if np.isfinite(window).sum() >= max(6, DAY // grid.seconds // 4):
            level[_slots(grid, hour, HOUR)] = np.nanmedian(window)
    return np.clip(level, -LEVEL_CAP, LEVEL_CAP)


def _expected(
    grid: Grid, noise: Noise, detector: Detector, moment: int, ahead: int, back: int
) -> tuple[Ints, Expectation | None]:
    """Fit at `moment` on the last `back` seconds; return the slots `ahead` and what they expect."""
    past, slots = _past(grid, moment, back), _slots(grid, moment, ahead)
    starts = grid.starts
    rows = np.arange(len(starts), dtype=np.int64)[slots]
    if past.stop <= past.start:
        return rows, None
    zeros = np.zeros((past.stop - past.start, 1), dtype=np.int64)
    history = History(starts[past], grid.seconds, grid.values[past, None], (noise,), zeros)
    try:
        baseline = detector.fit(history)
    except NotEnoughHistory:
        return rows, None
    return rows, baseline.expect(starts[slots], np.zeros((len(rows), 1), dtype=np.int64))


def _moments(grid: Grid, every: int) -> range:
    """Return the full days or hours that slots lie in."""
    end = grid.start + grid.seconds * len(grid.values)
    return range(grid.start // every * every, end, every)


def _past(grid: Grid, moment: int, back: int) -> slice:
    """Return the slots complete at `moment` that began within `back` seconds of it."""
    stop = max(0, (moment - grid.start) // grid.seconds)
    return slice(max(0, stop - back // grid.seconds), stop)


def _slots(grid: Grid, moment: int, ahead: int) -> slice:
    """Return the slots that begin in the `ahead` seconds from `moment` on."""
    first, stop = (-((grid.start - edge) // grid.seconds) for edge in (moment, moment + ahead))
    return slice(max(0, first), max(0, stop))
