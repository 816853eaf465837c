"""What was seen and expected of every series of a subject in one slot."""

from __future__ import annotations

from typing import Final

import numpy as np

from outage.explaining.record import Footing, Presence, Reading
from outage.judging.engine import Engine
from outage.judging.measuring import sums
from outage.slots import DAY, floor_slot
from outage.words import SIGNALS

DECIMALS: Final = 3


def readings(engine: Engine, subject: str, moment: int) -> tuple[Reading, ...]:
    """Return the readings of each plane's last slot that was complete at `moment`.

    The whole of a service first, then its categories; an operator's are those of all services
    seen from it.
    """
    found = [
        reading
        for number in range(len(engine.planes))
        for reading in _of_plane(engine, number, subject, moment)
    ]
    return tuple(sorted(found, key=lambda one: one.category != ""))


def _of_plane(engine: Engine, number: int, subject: str, moment: int) -> list[Reading]:
    plane = engine.planes[number]
    columns = [i for i, s in enumerate(plane.series) if subject in (s.subject, s.vantage)]
    if not columns:
        return []
    seconds = plane.slot_seconds
    start = floor_slot(moment - engine.lags[number], seconds) - seconds
    values, expected = engine.seen(number, start, start + seconds, columns)
    outlook = engine.book.get(start - start % DAY, plane)
    late = np.isfinite(engine.window(number, start, start + seconds).values[0])
    found = []
    for place, i in enumerate(columns):
        one = plane.series[i]
        here = values[:, place], expected.location[:, place], expected.spread[:, place]
        seen, location = here[0][0], here[1][0]
        distance = sums(one.signal, *here)
        warm = outlook is not None and bool(np.isfinite(outlook.location[:, i]).any())
        found.append(
            Reading(
                one.signal,
                one.category,
                one.vantage,
                one.source,
                SIGNALS[one.signal].unit,
                start,
                seconds,
                _presence(bool(np.isfinite(seen)), late=bool(late[i])),
                _footing(bool(np.isfinite(location)), warm=warm),
                _rounded(seen),
                _rounded(location),
                None if distance is None else round(distance[2], 1),
            )
        )
    return found


def _presence(seen: bool, *, late: bool) -> Presence:
    if seen:
        return Presence.SEEN
    return Presence.LATE if late else Presence.GAP


def _footing(known: bool, *, warm: bool) -> Footing:
    if not known:
        return Footing.NOTHING
    return Footing.SEASON if warm else Footing.LAST_HOURS


def _rounded(value: float) -> float | None:
    return round(float(value), DECIMALS) if np.isfinite(value) else None
