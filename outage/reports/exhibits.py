"""What a report is made of: tables and plots, each named after its original in the paper.

One report serves three readers: `outage.reports.text` prints the tables, `outage.reports.page`
draws everything into one HTML file, and `as_json` is the document that `--json` prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from outage.slots import format_time

Value: TypeAlias = str | int | float | bool | None
Row: TypeAlias = Mapping[str, Value]
Unit: TypeAlias = Literal[
    "text", "count", "share", "bytes", "seconds", "ms", "bit/s", "score", "address", "time"
]
Style: TypeAlias = Literal["cdf", "time", "stems", "cells"]

PAPER: Final = "Fiadino, Schiavone, Casas: Vivisecting WhatsApp in Cellular Networks (2015)"
WHOLE: Final = "all"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the key in its rows, what it is called, and its unit."""

    key: str
    title: str
    unit: Unit = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; `original` names what it is laid out like, such as table 2."""

    name: str
    title: str
    original: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a plot: what it shows, in which unit, and whether it is logarithmic."""

    title: str
    unit: Unit
    log: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or cloud of points, of a plot; `weights` are the flows behind each point."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    weights: Sequence[int] | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over two axes; `original` names the figure of the paper that it is laid out like.

    `marks` are named values of x that the lines are read at.
    """

    name: str
    title: str
    original: str
    x: Axis
    y: Axis
    lines: Sequence[Line]
    style: Style
    note: str = ""
    marks: Sequence[tuple[float, str]] = ()


Exhibit: TypeAlias = Table | Plot


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report speaks of: a service, over which flows, from when to when (epoch seconds).

    `vantage` is what was asked for, `vantages` whose flows there are.
    """

    service: str
    vantage: str | None
    vantages: Sequence[str]
    since: int
    until: int
    flows: int


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its exhibits in the order of the paper, and what its reader must know."""

    name: str
    title: str
    scope: Scope
    exhibits: Sequence[Exhibit]
    remarks: Sequence[str] = ()

    @property
    def tables(self) -> list[Table]:
        """Return the tables, in order."""
        return [one for one in self.exhibits if isinstance(one, Table)]

    @property
    def plots(self) -> list[Plot]:
        """Return the plots, in order."""
        return [one for one in self.exhibits if isinstance(one, Plot)]


def as_json(report: Report) -> dict[str, Any]:
    """Return the document of a report: scope, remarks, tables and plots by name."""
    scope = report.scope
    return {
        "report": report.name,
        "service": scope.service,
        "vantage": scope.vantage,
        "vantages": list(scope.vantages),
        "since": format_time(scope.since),
        "until": format_time(scope.until),
        "flows": scope.flows,
        "remarks": list(report.remarks),
        "tables": {one.name: _table(one) for one in report.tables},
        "plots": {one.name: _plot(one) for one in report.plots},
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "original": table.original,
        "units": {column.key: column.unit for column in table.columns},
        "rows": [dict(row) for row in table.rows],
    }


def _plot(plot: Plot) -> dict[str, Any]:
    return {
        "title": plot.title,
        "original": plot.original,
        "x": _axis(plot.x),
        "y": _axis(plot.y),
        "lines": [_line(one) for one in plot.lines],
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {"title": axis.title, "unit": axis.unit, "log": axis.log}


def _line(line: Line) -> dict[str, Any]:
    document = {"name": line.name, "x": list(line.x), "y": list(line.y)}
    return document if line.weights is None else {**document, "flows": list(line.weights)}
