"""What was expected of one plane, slot by slot: the day's outlook, corrected for slow drift.

Drift and cold starts are learnt at every full hour from the 24 h before it, so that judging slot
by slot and day by day read the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats, Ints, Panel
from outage.interfaces import Expectation
from outage.judging.combine import Bools
from outage.judging.layout import Plane
from outage.judging.outlook import Outlook, fit_cold
from outage.judging.scoring import WELL_COUNTED, drift, drifting
from outage.judging.sources import OutlookBook, SampleSource
from outage.judging.window import Window, heard_before
from outage.slots import DAY, HOUR

COLD_SPREAD: Final = 0.7  # log units; a few hours cannot tell a wild series from one that was hit
KEPT_CELLS: Final = 2**23  # numbers of hourly levels kept per plane
PART_CELLS: Final = 2**20  # numbers of one matrix at a time while learning
FEW_DAYS, FEW_HOURS = 2, 26
Columns = Ints | None  # all of them where there are none


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A fit's two days: the day before and the day, shapes (slots, series).

    `cold` columns lack a season in some slot of the day itself, `unseasoned` ones in all of both;
    `steady` (series,) is 1.0 for columns whose level is followed from day to day.
    """

    outlook: Outlook | None
    location: Floats
    spread: Floats
    cold: Bools
    unseasoned: Bools
    steady: Floats


class Expecting:
    """One plane's samples and expectations, as far as they are at hand."""

    def __init__(self, plane: Plane, window: Window) -> None:
        self.plane, self.window = plane, window
        self._days: dict[int, Fitted] = {}
        self._levels: dict[tuple[int, int], Floats] = {}
        self._trailing: dict[int, Expectation] = {}
        self._drifting = drifting(plane)
        self._renewed = False

    def renew(self, source: SampleSource, moment: int) -> None:
        """Go on with a source into which samples came since `moment`."""
        self.window.source = source
        self.window.forget(moment - self.plane.lag)
        self._renewed = True

    def history(self, begin: int, end: int, part: Plane, columns: slice) -> Panel:
        """Return what a fit learns from: `part`, the `columns` of the plane, over `[begin, end)`.

        A wide plane is read from the source part by part, as late samples ask of any.
        """
        if not self.window.keeps_history:
            source = self.window.source
            last = heard_before(part, source, begin)
            batch = source.load(begin, end, part.stored)
            return part.laid_out(batch, begin, end, last)[0]
        if self._renewed:
            self.window.start_anew()
            self._renewed = False
        kept = self.window.panel(begin, end)
        values, known_at = kept.values[:, columns], kept.known_at[:, columns]
        return Panel(part.series, begin, kept.slot_seconds, values, known_at)

    def seen(
        self, book: OutlookBook, first: int, last: int, columns: Columns = None
    ) -> tuple[Floats, Outlook]:
        """Return the values judged in `[first, last)` and what was expected, drift included."""
        days = range(first - first % DAY, max(last, first + 1), DAY)
        parts = [
            self._seen(book, day, max(first, day), min(last, day + DAY), columns) for day in days
        ]
        if len(parts) == 1:
            return parts[0][0], Outlook(*parts[0][1:], {})
        values, location, spread = zip(*parts, strict=True)
        outlook = Outlook(np.concatenate(location), np.concatenate(spread), {})
        return np.concatenate(values), outlook

    def _seen(
        self, book: OutlookBook, day: int, first: int, last: int, columns: Columns
    ) -> tuple[Floats, Floats, Floats]:
        """Return values, location and spread of slots of one day."""
        seconds = self.plane.slot_seconds
        fitted = self.fitted(book, day)
        rows = slice((first - day + DAY) // seconds, (last - day + DAY) // seconds)
        chosen = _all(columns)
        values = self._judged(first, last, chosen)
        location = np.array(fitted.location[rows, chosen])
        spread = np.array(fitted.spread[rows, chosen])
        hours = range(first - first % HOUR, last, HOUR)
        if hours:
            levels = self._levels_of(fitted, day, hours, columns)
            place = (np.arange(first, last, seconds) - hours[0]) // HOUR
            location *= levels[place]
            self._warm(fitted, hours, place, location, spread, columns)
        return values, location, spread

    def _judged(self, begin: int, end: int, columns: Ints | slice) -> Floats:
        """Return the values that were known when their slots were judged."""
        if isinstance(columns, np.ndarray) and not self.window.has(begin, end):
            panel, columns = self._close_up(begin, end, columns), slice(None)
        else:
            panel = self.window.panel(begin, end)
        complete = panel.slot_starts + panel.slot_seconds + self.plane.lag
        known = panel.known_at[:, columns] <= complete[:, None]
        return np.where(known, panel.values[:, columns], np.nan)

    def _close_up(self, begin: int, end: int, columns: Ints) -> Panel:
        """Read some columns of a wide plane apart, so that its window stays where it is."""
        part, source = self.plane.close_up(columns), self.window.source
        last = heard_before(part, source, begin)
        return part.laid_out(source.load(begin, end, part.stored), begin, end, last)[0]

    def fitted(self, book: OutlookBook, day: int) -> Fitted:
        """Return what the day's fit expects; before the first fit, what that does."""
        found = self._days.get(day)
        if found is None or found.outlook is None or found.outlook is not book.get(day, self.plane):
            found = self._fitted(book, day)
            wide = found.location.size > KEPT_CELLS
            while len(self._days) >= (FEW_DAYS if wide else 64):
                del self._days[next(iter(self._days))]
            self._days[day] = found
        return found

    def _fitted(self, book: OutlookBook, day: int) -> Fitted:
        outlook, later = book.get(day, self.plane), None
        half = DAY // self.plane.slot_seconds
        if outlook is not None:
            location, spread = outlook.location, outlook.spread
        else:
            location = np.full((2 * half, len(self.plane.series)), np.nan)
            spread = location.copy()
            later = book.get(day + DAY, self.plane)
        if later is not None:
            location[half:], spread[half:] = later.location[:half], later.spread[:half]
        cold = np.asarray(np.isnan(location[half:]).any(axis=0))
        most = np.fmax.reduce(location, axis=0, initial=0.0)
        unseasoned = np.asarray(np.isnan(location).all(axis=0))
        steady = self._drifting * (most >= WELL_COUNTED)
        return Fitted(outlook, location, spread, cold, unseasoned, steady)

    def _levels_of(self, fitted: Fitted, day: int, hours: range, columns: Columns) -> Floats:
        """Return the factors on the location, shape (hours, columns), learnt in the day before."""
        kept = [self._levels.get((day, hour)) for hour in hours]
        if fitted.outlook is None or any(one is None for one in kept):
            found = self._learn(fitted, day, hours, columns)
            if columns is None and fitted.outlook is not None:
                for hour, level in zip(hours, found, strict=True):
                    _keep(self._levels, (day, hour), level)
            return found
        return np.array([one[_all(columns)] for one in kept if one is not None])

    def _learn(self, fitted: Fitted, day: int, hours: range, columns: Columns) -> Floats:
        seconds, since, until = self.plane.slot_seconds, hours[0] - DAY, hours[-1]
        rows = slice((since - day + DAY) // seconds, (until - day + DAY) // seconds)
        parts: list[Floats] = []
        for part in self._in_parts(columns):
            values = self._judged(since, until, part)
            level = drift(values, fitted.location[rows, part], DAY // seconds)
            level = np.where(fitted.cold[part], 0.0, level * fitted.steady[part])
            parts.append(np.exp(level))
        return np.concatenate(parts, axis=1)

    def _in_parts(self, columns: Columns) -> list[slice | Ints]:
        """Return columns, so many at a time that a day of them bounds the memory."""
        if columns is not None:
            return [columns]
        size = max(1, PART_CELLS * self.plane.slot_seconds // DAY)
        return [slice(first, first + size) for first in range(0, len(self.plane.series), size)]

    def _warm(
        self,
        fitted: Fitted,
        hours: range,
        place: Ints,
        location: Floats,
        spread: Floats,
        columns: Columns,
    ) -> None:
        """Fill in what the cold start expects of series without a season, hour by hour."""
        cold = np.flatnonzero(fitted.cold[_all(columns)])
        if not len(cold):
            return
        for number, hour in enumerate(hours):
            found = self._cold(fitted, hour, cold if columns is None else columns[cold], columns)
            rows = np.flatnonzero(place == number)
            if found is None or not len(rows):
                continue
            here = np.ix_(rows, cold)
            missing = np.isnan(location[here])
            location[here] = np.where(missing, found.location, location[here])
            width = np.minimum(found.spread, COLD_SPREAD)
            spread[here] = np.where(missing, width, spread[here])

    def _cold(
        self, fitted: Fitted, hour: int, chosen: Ints, columns: Columns
    ) -> Expectation | None:
        if columns is None and fitted.outlook is not None and hour in self._trailing:
            return self._trailing[hour]
        values = self._judged(hour - DAY, hour, chosen)
        starts = np.arange(hour - DAY, hour, self.plane.slot_seconds, dtype=np.int64)
        found = fit_cold(self.plane, values, starts, chosen)
        if columns is None and fitted.outlook is not None and found is not None:
            while len(self._trailing) >= FEW_HOURS:
                del self._trailing[next(iter(self._trailing))]
            self._trailing[hour] = found
        return found


def _keep(levels: dict[tuple[int, int], Floats], key: tuple[int, int], level: Floats) -> None:
    while levels and (len(levels) + 1) * len(level) > KEPT_CELLS:
        del levels[next(iter(levels))]
    levels[key] = level


def _all(columns: Columns) -> Ints | slice:
    return slice(None) if columns is None else columns
