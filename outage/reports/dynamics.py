"""Figure 4: active addresses, flows and volume over time, and by hour of the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from outage.batches import Floats, Ints
from outage.catalogue.zones import utc_offsets
from outage.reports.activity import Activity
from outage.reports.exhibits import WHOLE, Axis, Column, Exhibit, Line, Plot, Row, Table
from outage.reports.selection import Flows
from outage.slots import DAY, HOUR

DRAWN: Final = 2_016  # points of one line: two weeks of slots; longer stretches are averaged
TIME: Final = Axis("time, UTC", "time")


def dynamics(flows: Flows, zone: str) -> list[Exhibit]:
    """Return figure 4 and, as tables, the activity of each part and the hours of the day."""
    activity = Activity(flows)
    hours = _hours_of_day(activity.slots, zone)
    active = {part: activity.active(part) for part in flows.parts.names}
    over_time = {
        "flows": {part: activity.started(part) for part in flows.parts.names},
        "bytes_down": {part: activity.volume(part, "down") for part in flows.parts.names},
        "bytes_up": {part: activity.volume(part, "up") for part in flows.parts.names},
    }
    return [
        _activity(active, hours, zone),
        _by_hour(active[WHOLE], over_time, hours, zone),
        _addresses(activity, active),
        *(_shares(activity, name, values) for name, values in over_time.items()),
    ]


def _hours_of_day(slots: Ints, zone: str) -> Ints:
    return (slots + utc_offsets(zone, slots)) % DAY // HOUR


def _hourly(values: Floats | Ints, hours: Ints) -> Floats:
    """Return the mean over the slots of each hour of the day, NaN where there is none."""
    slots = np.bincount(hours, minlength=24).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.bincount(hours, values, 24) / slots, np.float64)


def _activity(active: Mapping[str, Ints], hours: Ints, zone: str) -> Table:
    """Return how many addresses of each part are active at least, on average, at most, and when."""
    columns = [
        Column("part", "part"),
        Column("least", "fewest active addresses", "count"),
        Column("mean", "mean", "count"),
        Column("most", "most", "count"),
        Column("quiet_hour", f"quietest hour, {zone}"),
        Column("busy_hour", f"busiest hour, {zone}"),
    ]
    rows = [_extremes(part, values, hours) for part, values in active.items()]
    title = "Active server addresses in slots of 10 minutes"
    return Table("activity", title, "figure 4 (a)", columns, rows)


def _extremes(part: str, values: Ints, hours: Ints) -> Row:
    mean = _hourly(values, hours)
    return {
        "part": part,
        "least": int(values.min()),
        "mean": float(values.mean()),
        "most": int(values.max()),
        "quiet_hour": f"{int(np.nanargmin(mean)):02d}:00",
        "busy_hour": f"{int(np.nanargmax(mean)):02d}:00",
    }


def _by_hour(
    active: Ints, over_time: Mapping[str, Mapping[str, Floats]], hours: Ints, zone: str
) -> Table:
    """Return the hours of the day: mean active addresses, and each hour's share of the day."""
    columns = [
        Column("hour", f"hour, {zone}"),
        Column("active_addresses", "active addresses", "count"),
        Column("flows", "flows", "share"),
        Column("bytes_down", "bytes down", "share"),
        Column("bytes_up", "bytes up", "share"),
    ]
    addresses = _hourly(active, hours)
    of_day = {name: _of_day(values[WHOLE], hours) for name, values in over_time.items()}
    rows: list[Row] = [
        {
            "hour": f"{hour:02d}:00",
            "active_addresses": float(addresses[hour]),
            **{name: float(values[hour]) for name, values in of_day.items()},
        }
        for hour in np.flatnonzero(~np.isnan(addresses))
    ]
    return Table("hours", "The hours of the day", "figure 4", columns, rows)


def _of_day(values: Floats, hours: Ints) -> Floats:
    mean = _hourly(values, hours)
    total = np.nansum(mean)
    return mean / total if total else np.zeros(24)


def _addresses(activity: Activity, active: Mapping[str, Ints]) -> Plot:
    lines = [_line(activity, part, values) for part, values in active.items()]
    title = "Active server addresses"
    y = Axis("active addresses", "count")
    return Plot("active_addresses", title, "figure 4 (a)", TIME, y, lines, "time")


SHARES: Final[Mapping[str, tuple[str, str]]] = {
    "flows": ("Flows", "figure 4 (b)"),
    "bytes_down": ("Bytes down", "figure 4 (c)"),
    "bytes_up": ("Bytes up", "figure 4 (d)"),
}


def _shares(activity: Activity, name: str, values: Mapping[str, Floats]) -> Plot:
    """Return each part over time, as a share of all in the busiest slot."""
    title, original = SHARES[name]
    top = float(values[WHOLE].max()) or 1.0
    lines = [_line(activity, part, one / top) for part, one in values.items()]
    y = Axis("share of the busiest slot", "share")
    return Plot(f"{name}_over_time", f"{title} over time", original, TIME, y, lines, "time")


def _line(activity: Activity, part: str, values: Any) -> Line:
    width = -(-len(values) // DRAWN)
    starts = np.arange(0, len(values), width)
    means = np.add.reduceat(np.asarray(values, np.float64), starts) / np.diff(
        np.append(starts, len(values))
    )
    return Line(part, activity.slots[starts].tolist(), means.tolist())
