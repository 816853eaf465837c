"""Which series have no season yet, and from which midnight on they will have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats, Panel
from outage.explaining.record import Footing, Warming
from outage.judging.engine import Engine
from outage.judging.layout import Plane
from outage.judging.outlook import HISTORY_DAYS, fit_outlook, seasoned
from outage.slots import DAY, floor_slot

AHEAD_DAYS: Final = HISTORY_DAYS


def warming(engine: Engine, moment: int, subject: str | None = None) -> tuple[Warming, ...]:
    """Return what was warming up at `moment`, of a subject or of all, sorted by series.

    The midnight from which a series is warm is found by fitting again, as if it went on to be
    measured as it is now.
    """
    return tuple(
        sorted(
            (
                one
                for number in range(len(engine.planes))
                for one in _of_plane(engine, number, moment, subject)
            ),
            key=lambda one: (one.subject, one.vantage, one.signal, one.category, one.source),
        )
    )


def _of_plane(engine: Engine, number: int, moment: int, subject: str | None) -> list[Warming]:
    plane = engine.planes[number]
    seconds = plane.slot_seconds
    start = floor_slot(moment - engine.lags[number], seconds) - seconds
    _, expected = engine.seen(number, start, start + seconds)
    outlook = engine.book.get(start - start % DAY, plane)
    if outlook is None:
        return []
    cold = np.isnan(outlook.location).all(axis=0)
    chosen = [
        i
        for i in np.flatnonzero(cold).tolist()
        if subject in (None, plane.series[i].subject, plane.series[i].vantage)
    ]
    if not chosen:
        return []
    forecast = _Forecast.of(engine, number, chosen, start)
    first, warm = forecast.first(), forecast.warm_from()
    return [
        _warming(plane, i, bool(np.isfinite(expected.location[0, i])), since, then)
        for i, since, then in zip(chosen, first, warm, strict=True)
        if since is not None
    ]


def _warming(
    plane: Plane, column: int, known: bool, since: int | None, warm_from: int | None
) -> Warming:
    one = plane.series[column]
    footing = Footing.LAST_HOURS if known else Footing.NOTHING
    return Warming(
        one.subject,
        one.signal,
        one.category,
        one.vantage,
        one.source,
        footing,
        since,
        warm_from,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Forecast:
    """Some columns of a plane up to a slot, to be gone on with as they were."""

    engine: Engine
    plane: Plane
    begin: int
    past: Floats
    day: int

    @classmethod
    def of(cls, engine: Engine, number: int, columns: list[int], slot_start: int) -> _Forecast:
        plane = engine.planes[number]
        day = slot_start - slot_start % DAY
        begin = day - HISTORY_DAYS * DAY
        panel = engine.window(number, begin, slot_start + plane.slot_seconds)
        part = Plane(
            plane.slot_seconds,
            tuple(plane.series[i] for i in columns),
            tuple(plane.parts[i] for i in columns),
            (),
            plane.lag,
        )
        return cls(engine, part, begin, panel.values[:, columns], day)

    def first(self) -> list[int | None]:
        """Return the first slot of each column, None where there is none."""
        seen = np.isfinite(self.past)
        seconds = self.plane.slot_seconds
        return [
            self.begin + int(np.argmax(column)) * seconds if column.any() else None
            for column in seen.T
        ]

    def warm_from(self) -> list[int | None]:
        """Return per column the first midnight whose fit knows its season, None if none does."""
        found: list[int | None] = [None] * self.past.shape[1]
        for ahead in range(1, AHEAD_DAYS + 1):
            known = self._fits(ahead)
            for column, good in enumerate(known):
                if good and found[column] is None:
                    found[column] = self.day + ahead * DAY
            if None not in found:
                break
        return found

    def _fits(self, ahead: int) -> list[bool]:
        seconds, day = self.plane.slot_seconds, self.day + ahead * DAY
        rows = (day - self.begin) // seconds
        going_on = self.past[-DAY // seconds :]
        latest = np.nanmedian(np.where(np.isfinite(going_on).any(axis=0), going_on, 1.0), axis=0)
        filled = np.vstack([self.past, np.tile(latest, (max(0, rows - len(self.past)), 1))])[:rows]
        values = filled[-(HISTORY_DAYS * DAY // seconds) :]
        start = day - len(values) * seconds
        known = np.zeros(values.shape, dtype=np.int64)
        panel = Panel(self.plane.series, start, seconds, values, known)
        outlook = fit_outlook(
            self.plane,
            panel,
            self.engine.settings,
            self.engine.offsets,
            day,
            ~seasoned(values),
        )
        return [bool(column.any()) for column in np.isfinite(outlook.location).T]


def soonest(found: tuple[Warming, ...]) -> int | None:
    """Return the midnight from which all are warm, None if some never will be."""
    moments = [one.warm_from for one in found]
    known = [one for one in moments if one is not None]
    return max(known) if known and len(known) == len(moments) else None
