"""One block of slots, seen against its outlook: evidence per unit, slot and hypothesis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.batches import Floats
from outage.judging.layout import Plane
from outage.judging.medians import column_medians
from outage.judging.outlook import Group, Outlook, seen_of
from outage.judging.signatures import Signatures
from outage.judging.weigh import Feature, discounts, features, floor_of, weigh
from outage.words import SIGNALS, Combine, Witness

COMPLAINTS: Final = ("error_posts", "user_reports")
LEVEL_CAP: Final = 0.7  # log units; more than doubled or halved is not a drift
ROUNDING: Final = 3  # decimals of evidence before the fold (design: 1e-3)
CLOCK_CAP: Final = 3.0  # nats a slot
CLOCKED: Final = MappingProxyType({"flows": "flows", "bytes": "bytes_down"})
WELL_COUNTED: Final = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A plane's block of slots: evidence (slots, units, rows), spoke (slots, units).

    `excess` (slots, units) is how many complaints more than expected people made; `due` (slots,
    units) the largest count or volume that was expected; `cold` (units,) tells which units have no
    season yet.

    `values`, `location` and `spread` have shape (slots, series), the location corrected for
    slow drift.
    """

    plane: Plane
    start: int
    evidence: Floats
    spoke: Floats
    excess: Floats
    due: Floats
    cold: npt.NDArray[np.bool_]
    values: Floats
    location: Floats
    spread: Floats


def drifting(plane: Plane) -> Floats:
    """Return 1.0 for columns whose level may drift from day to day, 0.0 for people's complaints."""
    return np.array(
        [
            SIGNALS[one.signal].witness is not Witness.PEOPLE or one.signal == "posts"
            for one in plane.series
        ],
        dtype=np.float64,
    )


def drift(values: Floats, location: Floats, a_day: int) -> Floats:
    """Return the log level at each full hour against the day before it, shape (hours, series).

    The median log ratio of the 24 h (`a_day` slots) before; the rows of both arrays begin a day
    before the first hour and end with the last.
    """
    ratio = np.log((values + 0.5) / (location + 0.5))
    levels = []
    for first in range(0, len(ratio) - a_day + 1, a_day // 24):
        window = ratio[first : first + a_day]
        spoken = np.isfinite(window).sum(axis=0) >= max(6, a_day // 4)
        levels.append(np.where(spoken, column_medians(window), 0.0))
    return np.asarray(np.clip(np.array(levels), -LEVEL_CAP, LEVEL_CAP), dtype=np.float64)


Hours: TypeAlias = Mapping[str, Floats]


def other_hours(location: Floats, first: int, count: int, an_hour: int) -> Hours:
    """Return how far the hour before and after are from each slot's own, by row of the table.

    Log units, shape (count, series); NaN where that hour is not in `location` (slots, series),
    whose row `first` is the first slot's.
    """
    level = np.log(location + 0.5)
    gap = np.full((an_hour, level.shape[1]), np.nan)
    padded = np.concatenate([gap, level, gap])[first : first + count + 2 * an_hour]
    own = padded[an_hour : an_hour + count]
    return {
        "clock_behind": padded[:count] - own,
        "clock_ahead": padded[2 * an_hour :] - own,
    }


def of_another_hour(feature: Feature, gain: Floats, moved: Floats) -> Floats:
    """Return by how much a level fits the hour that is `moved` away better than its own, nats."""
    variance = (gain * feature.deviation) ** 2
    better = (feature.ratio * moved - moved**2 / 2) / variance
    return np.nan_to_num(np.clip(better, -CLOCK_CAP, CLOCK_CAP))


def score(
    plane: Plane,
    groups: Sequence[Group],
    table: Signatures,
    outlook: Outlook,
    values: Floats,
    start: int,
    unseasoned: npt.NDArray[np.bool_],
    hours: Hours,
) -> Scored:
    """Return the evidence of the block from `start` on; `unseasoned` columns had a cold start."""
    shape = (len(values), len(plane.units))
    evidence = np.zeros((*shape, len(table.rows)))
    spoke = np.zeros(shape)
    excess, due = np.zeros(shape), np.zeros(shape)
    cold = np.zeros(len(plane.units), dtype=bool)
    as_expected = np.ones(len(plane.units))
    for group in groups:
        found = features(seen_of(group, values, outlook.location, outlook.spread))
        for name in COMPLAINTS:
            if name in found and (count := found[name].count) is not None:
                excess[:, group.units] += np.nan_to_num(count[0] - count[1])
        for name, columns in group.columns.items():
            cold[group.units] |= unseasoned[columns]
            if SIGNALS[name].combine is Combine.SUM:
                most = np.fmax(due[:, group.units], outlook.location[:, columns])
                due[:, group.units] = most
        shares = discounts(found)
        for name, feature in found.items():
            wider = outlook.gains.get(name, as_expected)[group.units]
            gain = np.nan_to_num(wider, nan=1.0)
            added = shares[name] * weigh(feature, gain, table.weights[name], floor_of(name))
            evidence[:, group.units] += added
            heard = np.isfinite(feature.ratio).astype(np.float64)
            spoke[:, group.units] = np.maximum(spoke[:, group.units], heard)
            for row, moved in hours.items() if name in CLOCKED else ():
                by = moved[:, group.columns[CLOCKED[name]]]
                evidence[:, group.units, table.position(row)] += of_another_hour(feature, gain, by)
    return Scored(
        plane,
        start,
        np.round(evidence, ROUNDING),
        spoke,
        excess,
        due,
        cold,
        values,
        outlook.location,
        outlook.spread,
    )
