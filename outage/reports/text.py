"""A report as text: its tables one under the other, wide ones folded, long names whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from outage.reports.exhibits import Column, Report, Scope, Table, Unit, Value
from outage.slots import format_time
from outage.words import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDE: Final = 160  # columns where no terminal says how many there are
WORDS: Final = frozenset({"text", "address"})  # units of what is read, not compared
STEPS: Final = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))
MINUTE, HOUR = 60, 3_600


def print_report(report: Report) -> None:
    """Print the tables of a report, then its remarks."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    console.print(Text(f"{report.title}: {clean(scope_line(report.scope))}", style="bold"))
    for table in report.tables:
        if table.rows:
            console.print()
            console.print(Text(heading(table)))
            console.print(Padding.indent(_rendered(table), 2))
            if table.note:
                console.print(Padding.indent(Text(clean(table.note)), 2))
    if report.remarks:
        console.print()
    for remark in report.remarks:
        console.print(Text(f"Remark: {clean(remark)}."))


def heading(table: Table) -> str:
    """Return the title of a table with what it is laid out like."""
    return f"{clean(table.title)} [{table.original}]" if table.original else clean(table.title)


def scope_line(scope: Scope) -> str:
    """Return in words what a report speaks of."""
    known = [one for one in scope.vantages if one]
    where = f" from {', '.join(known)}" if known else ""
    since, until = format_time(scope.since), format_time(scope.until)
    return f"{scope.service}{where}, {since} to {until}, {counted(scope.flows, 'flow')}"


def _rendered(table: Table) -> RenderableType:
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    shown = columns_shown(table)
    for column in shown:
        if column.unit in WORDS:
            grid.add_column(Text(clean(column.title)), overflow="fold")
        else:
            grid.add_column(Text(clean(column.title)), justify="right", overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell(row.get(column.key), column.unit)) for column in shown))
    return grid


def columns_shown(table: Table) -> list[Column]:
    """Return the columns of which anything is known."""
    return [
        column
        for column in table.columns
        if any(row.get(column.key) is not None for row in table.rows)
    ]


def cell(value: Value, unit: Unit) -> str:
    """Return a value for people; what is not known is a dash.

    >>> cell(0.166, "share"), cell(225_400, "bytes"), cell(1_024.4, "seconds"), cell(None, "ms")
    ('16.6 %', '225 kB', '17 min 4 s', '-')
    """
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return clean(value)
    return FORMS[unit](value)


def clean(text: str) -> str:
    """Return text without control characters, which a terminal would obey."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:,.1f}"


def _share(value: float) -> str:
    percent = value * 100
    return "0 %" if percent == 0 else "<0.1 %" if percent < 0.05 else f"{percent:.1f} %"


def _scaled(value: float, unit: str) -> str:
    for prefix, step in STEPS:
        if value >= step:
            return (
                f"{value / step:.3g} {prefix}{unit}"
                if value < 1000 * step
                else f"{value / step:,.0f} {prefix}{unit}"
            )
    return f"{value:.3g} {unit}"


def _seconds(value: float) -> str:
    if value < MINUTE - 0.05:
        return f"{value:.3g} s"
    if round(value) < HOUR:
        return _two(value, MINUTE, "min", 1, "s")
    return _two(value, HOUR, "h", MINUTE, "min")


def _two(value: float, large: int, name: str, small: int, rest: str) -> str:
    whole, left = divmod(round(value / small), large // small)
    return f"{whole} {name}" + (f" {left} {rest}" if left else "")


FORMS: Final[Mapping[Unit, Callable[[float], str]]] = {
    "count": _count,
    "share": _share,
    "bytes": lambda value: _scaled(value, "B"),
    "bit/s": lambda value: _scaled(value, "bit/s"),
    "seconds": _seconds,
    "ms": lambda value: f"{value:.1f} ms",
    "score": lambda value: f"{value:.1f}",
    "text": str,
    "address": str,
    "time": lambda value: format_time(int(value)) or "",
}
