"""Figure 6: how long flows last by type of device, and at which time-outs they end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np

from outage.batches import Floats
from outage.reports.distributions import DURATIONS, SECONDS, cdf, counted
from outage.reports.exhibits import WHOLE, Column, Exhibit, Plot, Row, Table, Value
from outage.reports.hosts import OTHERS
from outage.reports.selection import Flows, quoted
from outage.reports.spread import gather

Ends: TypeAlias = dict[tuple[str, str], Floats]  # by category and type: flows by seconds

UNKNOWN: Final = "not known"
MOST_TYPES: Final = 50  # more are identifiers of single devices
SHOWN: Final = 8
SHORTEST, LONGEST = 30, 7_200  # seconds between which a time-out is looked for
AROUND: Final = 30  # seconds either side that tell how many flows would end without a time-out
TOLERANCE: Final = 1  # seconds that a time-out's flows may be off by
STANDS_OUT: Final = 5.0  # times as many as around it
MATTERS: Final = 0.01  # share of the flows that end at a time-out

LEAST: Final = 20  # flows

NOT_KNOWN: Final = (
    "the type of device is not known (column device is empty): time-outs are told over all devices"
)
IDENTIFIERS: Final = (
    f"column device holds more than {MOST_TYPES} values: identifiers of devices, not their types;"
    " time-outs are told over all devices"
)


def device_exhibits(flows: Flows) -> tuple[list[Exhibit], list[str]]:
    """Return figure 6 with its table of time-outs, and a remark where types are not known."""
    types, remarks = _types(flows)
    kind = _kind_of(types)
    plots = _plots(flows, counted(flows, DURATIONS, kind)) if types else []
    return [_time_outs(flows, _ends(flows, kind)), *plots], remarks


def _types(flows: Flows) -> tuple[list[str], list[str]]:
    """Return the most common types of device, none if they are not known, and a remark."""
    query = """
        SELECT device, count(*) AS flows FROM chosen WHERE device IS NOT NULL
        GROUP BY ALL ORDER BY flows DESC, device LIMIT $most"""
    found = [str(device) for device, _ in flows.rows(query, most=MOST_TYPES + 1)]
    if not found:
        return [], [NOT_KNOWN]
    if len(found) > MOST_TYPES:
        return [], [IDENTIFIERS]
    return found[:SHOWN], []


def _kind_of(types: Sequence[str]) -> str:
    """Return the SQL of a flow's type of device: one of those shown, others, or not known."""
    if not types:
        return f"'{UNKNOWN}'"
    shown = ", ".join(quoted(one) for one in types)
    known = f"CASE WHEN device IN ({shown}) THEN device ELSE '{OTHERS}' END"
    return f"CASE WHEN device IS NULL THEN '{UNKNOWN}' ELSE {known} END"


def _plots(flows: Flows, rows: Sequence[tuple[Any, ...]]) -> list[Plot]:
    return [
        _plot(role, [row for row in rows if row[0] in flows.parts.members[role]], letter)
        for role, letter in zip(flows.parts.roles, "abcdefgh", strict=False)
    ]


def _plot(role: str, rows: Sequence[tuple[Any, ...]], letter: str) -> Plot:
    by_kind: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for _, kind, *row in rows:
        by_kind[kind].append(row)
    spreads = {kind: gather(found) for kind, found in sorted(by_kind.items())}
    quantity = replace(DURATIONS, name=f"duration_{role}", original=f"figure 6 ({letter})")
    return cdf(quantity, spreads, f"Flow duration of {role} by type of device")


def _time_outs(flows: Flows, ends: Ends) -> Table:
    """Return the time-outs of each role: over all devices, then by type."""
    columns = [
        Column("part", "part"),
        Column("device", "type of device"),
        Column("flows", "flows", "count"),
        Column("time_out", "time-out", "seconds"),
        Column("share", "flows that end at it", "share"),
    ]
    rows = [
        row
        for role in flows.parts.roles
        for kind, seconds in _of_role(flows, role, ends).items()
        for row in _time_out_rows(role, kind, seconds)
    ]
    title = "Time-outs: durations at which many flows end"
    return Table("time_outs", title, "figure 6", columns, rows)


def _ends(flows: Flows, kind: str) -> Ends:
    """Return how many flows of each category and type of device last how many seconds."""
    query = f"""
        SELECT category, {kind}, least(round({SECONDS}), $longest)::INTEGER, count(*)
        FROM chosen GROUP BY ALL"""  # noqa: S608 - names of this package, and quoted types
    ends: Ends = defaultdict(lambda: np.zeros(LONGEST + AROUND + 1))
    for category, device, second, count in flows.rows(query, longest=LONGEST + AROUND):
        ends[category, device][second] += count
    return ends


def _of_role(flows: Flows, role: str, ends: Ends) -> dict[str, Floats]:
    """Return the flows a second of a role: of all devices, and of each type if there are any."""
    members = flows.parts.members[role]
    own = {key: one for key, one in sorted(ends.items()) if key[0] in members}
    by_kind: dict[str, Floats] = {WHOLE: np.sum([*own.values()], axis=0)}
    for (_, kind), seconds in own.items():
        by_kind[kind] = by_kind.get(kind, 0) + seconds
    return by_kind if {kind for _, kind in ends} != {UNKNOWN} else {WHOLE: by_kind[WHOLE]}


def _time_out_rows(role: str, device: str, seconds: Floats) -> list[Row]:
    about: dict[str, Value] = {"part": role, "device": device, "flows": int(seconds.sum())}
    found = time_outs(seconds)
    rows: list[Row] = [about | {"time_out": second, "share": share} for second, share in found]
    return rows or [about | {"time_out": None, "share": None}]


def time_outs(seconds: Floats) -> list[tuple[int, float]]:
    """Return (duration in seconds, share of the flows) of each time-out, in order of duration.

    `seconds[k]` flows lasted k seconds (rounded), the last entry counts all longer ones. A
    time-out is a second at which, within a second either side, end at least 1 % of the flows
    (and 20), five times as many as in the half minutes around it make likely.
    """
    near = np.convolve(seconds, np.ones(2 * TOLERANCE + 1), "same")
    wide = np.convolve(seconds[:-1], np.ones(2 * AROUND + 1), "same")
    around = (np.append(wide, 0.0) - near) * (2 * TOLERANCE + 1) / (2 * (AROUND - TOLERANCE))
    total = seconds.sum()
    stands_out = (near > STANDS_OUT * around) & (near >= np.maximum(MATTERS * total, LEAST))
    found: list[tuple[int, float]] = []
    for second in np.flatnonzero(stands_out[SHORTEST : LONGEST + 1]) + SHORTEST:
        highest = seconds[second] == seconds[max(0, second - AROUND) : second + AROUND + 1].max()
        if highest and (not found or second - found[-1][0] > AROUND):
            found.append((int(second), float(near[second] / total)))
    return found
