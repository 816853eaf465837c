"""The plots of a report as plotly figures; names from data are text, never markup."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from outage.charts import BLUE, FONT, GREEN, GREY, INK, ORANGE, PALE, VERMILION, palette
from outage.reports.exhibits import WHOLE, Axis, Line, Plot
from outage.reports.parts import REST
from outage.reports.text import clean

HEIGHT: Final = 380
OWN: Final[dict[str, str]] = {
    WHOLE: INK,
    "mm": GREEN,
    REST: GREY,
    "flows": BLUE,
    "active slots": GREEN,
    "bytes down": ORANGE,
    "bytes up": VERMILION,
}
UNDER: Final = {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"}  # where a legend is
LARGEST: Final = 15.0  # pixels of the fullest cell
UNITS: Final[Mapping[str, str]] = {"bytes": "bytes", "seconds": "s", "ms": "ms", "bit/s": "bit/s"}


def figure(plot: Plot) -> go.Figure:
    """Return the figure of a plot."""
    colours = palette(line.name for line in plot.lines) | OWN
    return go.Figure(
        data=[_trace(plot, line, colours[line.name]) for line in plot.lines],
        layout=_layout(plot),
    )


def _trace(plot: Plot, line: Line, colour: str) -> go.Scatter:
    x: Any = np.array(line.x, "datetime64[s]") if plot.x.unit == "time" else line.x
    common = {"x": x, "y": line.y, "name": _text(clean(line.name)), "showlegend": True}
    match plot.style:
        case "cells":
            marker = {"color": colour, "size": _sizes(line), "opacity": 0.55, "line": {"width": 0}}
            return go.Scatter(**common, mode="markers", marker=marker)
        case "stems":
            marker = {"color": colour, "size": 4}
            return go.Scatter(**common, mode="markers", marker=marker)
    shape = "hv" if plot.style == "cdf" else "linear"
    dash = "dash" if line.dashed else "solid"
    style = {"color": colour, "width": 1.8, "shape": shape, "dash": dash}
    return go.Scatter(**common, mode="lines", line=style)


def _text(name: str) -> str:
    """Return a name as what draws takes for text; it would show an escaped quote as it is."""
    return escape(name, quote=False)


def _sizes(line: Line) -> list[float]:
    """Return diameters that grow with the logarithm of the flows in a cell."""
    counts = np.log1p(np.array(line.weights or [], np.float64))
    largest = max(float(counts.max(initial=0.0)), 1e-9)
    return [float(one) for one in 3 + (LARGEST - 3) * counts / largest]


def _layout(plot: Plot) -> dict[str, Any]:
    return {
        "height": HEIGHT,
        "margin": {"l": 70, "r": 16, "t": 24, "b": 40},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "font": {"family": FONT, "size": 13, "color": INK},
        "hovermode": "closest",
        "legend": {"font": {"size": 12}, "itemsizing": "constant", **UNDER},
        "xaxis": _axis(plot.x, bounded=False),
        "yaxis": _axis(plot.y, bounded=plot.style == "cdf"),
        "shapes": [_mark(value) for value, _ in plot.marks],
        "annotations": [_mark_name(plot, *mark) for mark in plot.marks],
    }


def _axis(axis: Axis, *, bounded: bool) -> dict[str, Any]:
    unit = UNITS.get(axis.unit)
    title = f"{axis.title}, {unit}" if unit else axis.title
    layout: dict[str, Any] = {
        "title": {"text": _text(title), "standoff": 8, "font": {"size": 12, "color": GREY}},
        "gridcolor": PALE,
        "linecolor": GREY,
        "zerolinecolor": GREY,
        "ticks": "outside",
        "tickcolor": GREY,
        "type": "log" if axis.log else "date" if axis.unit == "time" else "linear",
    }
    if axis.unit == "share":
        layout |= {"tickformat": ".3~%", "rangemode": "tozero"}
    elif axis.unit == "address":
        layout |= _address_ticks()
    elif axis.unit not in {"time", "ms"}:
        layout |= {"tickformat": "~s", "rangemode": "tozero"}
    if axis.log:
        layout |= {"dtick": 1, "minor": {"ticks": "outside", "dtick": "D1", "tickcolor": PALE}}
    return layout | ({"range": [0, 1.02]} if bounded else {})


def _address_ticks() -> dict[str, Any]:
    """Return ticks at every 64th /8 of the IPv4 space."""
    firsts = list(range(0, 257, 64))
    return {
        "range": [0, 256],
        "tickvals": firsts,
        "ticktext": [f"{first}.0.0.0" if first < 256 else "" for first in firsts],
    }


def _mark(value: float) -> dict[str, Any]:
    line = {"color": GREY, "width": 1, "dash": "dash"}
    return {
        "type": "line",
        "x0": value,
        "x1": value,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _mark_name(plot: Plot, value: float, name: str) -> dict[str, Any]:
    return {
        "text": _text(name),
        "x": np.log10(value) if plot.x.log else value,
        "y": 1,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 11, "color": GREY},
    }
