"""Fit a plane's day: in one go, or in portions of whole subjects where it is wide.

A portion bounds the memory: 28 days of it are at hand at a time, whatever the plane's width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.expecting import Expecting
from outage.judging.layout import Plane
from outage.judging.outlook import (
    HISTORY_DAYS,
    Offsets,
    Outlook,
    fit_outlook,
    masked,
    seasoned,
)
from outage.settings import Settings
from outage.slots import DAY

PORTION_CELLS: Final = 2**22  # numbers of one matrix of history
Spans = Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True, eq=False)
class Portion:
    """Some columns of a plane as a plane of their own, and the position of its first unit."""

    plane: Plane
    columns: slice
    first_unit: int


def portions(plane: Plane, most: int) -> Iterator[Portion]:
    """Cut a plane between subjects into portions of at most `most` columns, if those allow."""
    subjects = [one.subject for one in plane.series]
    edges = [i for i in range(1, len(subjects)) if subjects[i] != subjects[i - 1]]
    first = last = unit = 0
    for edge in [*edges, len(subjects)]:
        if edge - first > most and last > first:
            portion = _portion(plane, first, last, unit)
            yield portion
            first, unit = last, unit + len(portion.plane.units)
        last = edge
    yield _portion(plane, first, last, unit)


def _portion(plane: Plane, first: int, last: int, first_unit: int) -> Portion:
    if last - first == len(plane.series):
        return Portion(plane, slice(first, last), 0)
    units = []
    for unit in plane.units[first_unit:]:
        if unit.columns[0][1] >= last:
            break
        columns = tuple((name, at - first) for name, at in unit.columns)
        units.append(replace(unit, columns=columns))
    part = Plane(
        plane.slot_seconds,
        plane.series[first:last],
        plane.parts[first:last],
        tuple(units),
        plane.lag,
    )
    return Portion(part, slice(first, last), first_unit)


def fit_day(
    watched: Expecting,
    settings: Settings,
    offsets: Offsets,
    day: int,
    spans: Spans,
) -> Outlook:
    """Return the outlook of `day` from what was known of the 28 days before, without `spans`."""
    plane = watched.plane
    slots = HISTORY_DAYS * DAY // plane.slot_seconds
    about = 2 * DAY // plane.slot_seconds
    gains: dict[str, Floats] = {}
    whole = Outlook(
        np.empty((about, len(plane.series))),
        np.empty((about, len(plane.series))),
        gains,
    )
    for portion in portions(plane, max(1, PORTION_CELLS // slots)):
        history = watched.history(day - HISTORY_DAYS * DAY, day, portion.plane, portion.columns)
        known = np.where(history.known_at <= day, history.values, np.nan)
        panel = masked(replace(history, values=known), portion.plane, spans)
        missing = ~seasoned(known)
        found = fit_outlook(portion.plane, panel, settings, offsets, day, missing)
        whole.location[:, portion.columns] = found.location
        whole.spread[:, portion.columns] = found.spread
        for name, learnt in found.gains.items():
            wider = gains.setdefault(name, np.full(len(plane.units), np.nan))
            wider[portion.first_unit : portion.first_unit + len(learnt)] = learnt
    return whole
