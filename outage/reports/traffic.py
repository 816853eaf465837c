"""The traffic report: table 3 and figures 4 to 6 of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from outage.reports.devices import device_exhibits
from outage.reports.distributions import distributions
from outage.reports.dynamics import dynamics
from outage.reports.exhibits import Column, Report, Row, Table
from outage.reports.selection import Flows
from outage.words import counted

Sums: TypeAlias = Mapping[str, tuple[float, float, float]]

SHARES: Final = (
    ("bytes_down", "bytes down", 1),
    ("bytes_up", "bytes up", 2),
    ("flows", "flows", 0),
)


def traffic(flows: Flows, zone: str = "UTC") -> Report:
    """Return the traffic report; `zone` is the IANA zone whose hours are shown."""
    by_device, remark = device_exhibits(flows)
    exhibits = [shares(flows), *dynamics(flows, zone), *distributions(flows), *by_device]
    return Report("traffic", "Traffic", flows.scope, exhibits, [*doubts(flows), *remark])


def doubts(flows: Flows) -> list[str]:
    """Return remarks on flows whose bytes or times the log did not tell."""
    remarks, all_flows = [], counted(flows.scope.flows, "flow")
    if flows.unmeasured:
        remarks.append(
            f"without byte counts: {flows.unmeasured:,} of {all_flows}; counted among the flows,"
            " and left out wherever bytes are told"
        )
    if flows.untimed:
        remarks.append(
            f"ending before the start, or after more than seven days: {flows.untimed:,} of"
            f" {all_flows}; taken to end at the start"
        )
    return remarks


def shares(flows: Flows) -> Table:
    """Return table 3: each part's share of bytes and flows, and what of its bytes came down."""
    sums = _sums(flows)
    inner = flows.parts.inner
    columns = [Column("title", ""), *(Column(part, part, "share") for part in inner)]
    rows = [_share_row(sums, inner, *feature) for feature in SHARES]
    ratio = {part: _down(*sums[part]) for part in inner}
    rows.append({"feature": "down_share", "title": "bytes down / bytes", **ratio})
    title = "Volume and flows per traffic category"
    return Table("shares", title, "table 3", columns, rows)


def _sums(flows: Flows) -> Sums:
    """Return flows, bytes down and bytes up of every part."""
    query = """
        SELECT category, count(*), coalesce(sum(bytes_down), 0), coalesce(sum(bytes_up), 0)
        FROM chosen GROUP BY ALL"""
    found = {str(row[0]): row[1:] for row in flows.rows(query)}
    return {
        part: tuple(float(sum(found[one][k] for one in members)) for k in range(3))  # type: ignore[misc]
        for part, members in flows.parts.members.items()
    }


def _share_row(sums: Sums, parts: Sequence[str], name: str, title: str, place: int) -> Row:
    whole = next(iter(sums.values()))[place]
    values = {part: sums[part][place] / whole if whole else None for part in parts}
    return {"feature": name, "title": title, **values}


def _down(_: float, down: float, up: float) -> float | None:
    return down / (down + up) if down + up else None
