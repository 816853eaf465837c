"""Figure 5: sizes, durations and throughputs of flows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from outage.reports.exhibits import WHOLE, Axis, Column, Exhibit, Line, Plot, Row, Table
from outage.reports.selection import SECOND, Flows
from outage.reports.spread import Spread, bin_of, gather

LARGE: Final = 1_000_000  # bytes: only larger transfers tell a throughput (section 4)
SECONDS: Final = f"((ended - began) / {SECOND}.0)"
SIZE: Final = "(bytes_down::DOUBLE + bytes_up)"  # no sum of counters is too large for it
PERCENTS: Final = (10, 25, 50, 75, 90, 99)
CELLS: Final = 10  # a decade: how fine the cloud of figure 5 (a) is
SLOW: Final = 250_000  # bit/s


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is spread over flows: its name in the report, its axis, the SQL that gives it.

    `marks` are the values at which the paper reads its CDF.
    """

    name: str
    title: str
    original: str
    axis: Axis
    expression: str
    where: str = "TRUE"
    marks: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True, slots=True)
class Cloud:
    """Duration against a size (SQL) of the flows that `where` chooses."""

    name: str
    title: str
    original: str
    size: str
    where: str
    x: Axis
    y: Axis


CELL_NOTE: Final = (
    "Each point is a cell of a tenth of a decade; the larger it is, the more flows are in it."
)
FLOWS: Final = Cloud(
    "duration_by_size",
    "Flow duration against flow size",
    "figure 5 (a)",
    SIZE,
    "TRUE",
    Axis("flow size", "bytes", log=True),
    Axis("flow duration", "seconds", log=True),
)
SIZES: Final = Quantity(
    "size",
    "Flow size, both ways together",
    "figure 5 (b)",
    Axis("flow size", "bytes", log=True),
    SIZE,
    marks=((10_000, "up to 10 kB"), (70_000, "up to 70 kB"), (1_000_000, "up to 1 MB")),
)
DURATIONS: Final = Quantity(
    "duration",
    "Flow duration",
    "figure 5 (c)",
    Axis("flow duration", "seconds", log=True),
    SECONDS,
    marks=((60, "up to 1 min"), (900, "up to 15 min"), (1_440, "up to 24 min")),
)


def _throughput(name: str, title: str, column: str) -> Quantity:
    return Quantity(
        name,
        f"Throughput {title} of flows over 1 MB {title}",
        "figure 5 (d)",
        Axis("throughput", "bit/s", log=True),
        f"({column}::DOUBLE * 8 / {SECONDS})",
        f"{column} > {LARGE} AND ended > began",
        marks=((SLOW, "up to 250 kbit/s"), (1_000_000, "up to 1 Mbit/s")),
    )


DOWN: Final = _throughput("throughput_down", "down", "bytes_down")
UP: Final = _throughput("throughput_up", "up", "bytes_up")


def distributions(flows: Flows) -> list[Exhibit]:
    """Return the plots of figure 5, with a table for each."""
    spreads = {one: by_part(flows, one) for one in (SIZES, DURATIONS, DOWN, UP)}
    both = {"down": spreads[DOWN][WHOLE], "up": spreads[UP][WHOLE]}
    return [
        cells(flows, FLOWS),
        *(cdf(one, _roles(flows, spreads[one])) for one in (SIZES, DURATIONS)),
        cdf(DOWN, both, "Throughput of flows over 1 MB, down and up"),
        *(table(one, "part", found) for one, found in spreads.items()),
    ]


def _roles(flows: Flows, spreads: Mapping[str, Spread]) -> dict[str, Spread]:
    return {part: spreads[part] for part in flows.parts.roles}


def by_part(flows: Flows, quantity: Quantity) -> dict[str, Spread]:
    """Return how a quantity is spread in every part."""
    rows: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for category, _, *row in counted(flows, quantity):
        rows[str(category)].append(row)
    return {
        part: gather(row for one in sorted(members) for row in rows[one])
        for part, members in flows.parts.members.items()
    }


def counted(flows: Flows, quantity: Quantity, kind: str = "''") -> list[tuple[Any, ...]]:
    """Return rows (category, kind, bin, flows, sum of values); `kind` is SQL over the flows."""
    marks = [mark for mark, _ in quantity.marks]
    query = f"""
        SELECT category, kind, {bin_of("value", marks)} AS bin, count(*), sum(value)
        FROM (SELECT category, {kind} AS kind, {quantity.expression} AS value
            FROM chosen WHERE {quantity.where})
        WHERE value IS NOT NULL GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - names of this package
    return flows.rows(query)


def table(quantity: Quantity, what: str, spreads: Mapping[str, Spread]) -> Table:
    """Return mean, quantiles and shares up to the marks, one row a spread that has flows."""
    unit = quantity.axis.unit
    columns = [
        Column(what, what),
        Column("flows", "flows", "count"),
        Column("mean", "mean", unit),
        *(Column(f"p{one}", "median" if one == 50 else f"{one} %", unit) for one in PERCENTS),
        *(Column(f"upto_{mark:g}", text, "share") for mark, text in quantity.marks),
    ]
    rows = [_row(quantity, what, name, one) for name, one in spreads.items() if one.flows]
    name = f"{quantity.name}s" if unit != "bit/s" else quantity.name
    return Table(name, quantity.title, quantity.original, columns, rows)


def _row(quantity: Quantity, what: str, name: str, spread: Spread) -> Row:
    return {
        what: name,
        "flows": spread.flows,
        "mean": spread.mean,
        **{f"p{one}": spread.quantile(one / 100) for one in PERCENTS},
        **{f"upto_{mark:g}": spread.upto(mark) for mark, _ in quantity.marks},
    }


def cdf(quantity: Quantity, spreads: Mapping[str, Spread], title: str | None = None) -> Plot:
    """Return the CDFs of some spreads over one logarithmic axis."""
    lines = [Line(name, *one.curve()) for name, one in spreads.items() if one.flows]
    return Plot(
        f"{quantity.name}_cdf",
        title or quantity.title,
        quantity.original,
        quantity.axis,
        Axis("share of flows", "share"),
        lines,
        "cdf",
    )


def cells(flows: Flows, cloud: Cloud) -> Plot:
    """Return flow duration against size, flows counted in cells of a tenth of a decade."""
    query = f"""
        SELECT category, floor(log10({cloud.size}) * {CELLS}) AS size,
            floor(log10({SECONDS}) * {CELLS}) AS lasting, count(*)
        FROM chosen WHERE {cloud.size} > 0 AND ended > began AND {cloud.where}
        GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - names of this package
    found = flows.rows(query)
    lines = [_points(name, found, flows.parts.members[name]) for name in flows.parts.roles]
    return Plot(
        cloud.name, cloud.title, cloud.original, cloud.x, cloud.y, lines, "cells", CELL_NOTE
    )


def _points(name: str, rows: Sequence[tuple[Any, ...]], members: frozenset[str]) -> Line:
    counts: dict[tuple[float, float], int] = defaultdict(int)
    for category, size, lasting, count in rows:
        if category in members:
            counts[size, lasting] += count
    points = [(_middle(size), _middle(lasting)) for size, lasting in counts]
    return Line(name, [x for x, _ in points], [y for _, y in points], list(counts.values()))


def _middle(cell: float) -> float:
    return float(10 ** ((cell + 0.5) / CELLS))
