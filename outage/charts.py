"""Charts that pages and reports share: plotly figures of what was seen around an incident.

Colours are Okabe and Ito's, which tell apart for the colour-blind; a gap is drawn as a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from html import escape
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from outage.batches import Floats
from outage.queries.panels import EXPECTED, WHOLE, Panels, Plot, Times, Trace
from outage.queries.window import OTHERS
from outage.slots import MINUTE, from_epoch
from outage.words import SIGNALS, Cause, Combine, Incident

BLUE, SKY, GREEN, ORANGE = "#0072B2", "#56B4E9", "#009E73", "#E69F00"
VERMILION, PURPLE, INK, GREY, PALE = "#D55E00", "#CC79A7", "#1F2933", "#7B8794", "#E4E7EB"
FONT: Final = "'Source Sans', 'Source Sans 3', 'Helvetica Neue', Arial, sans-serif"

#: What has a colour of its own, wherever it is drawn; WhatsApp's media are of one family.
COLOURS: Final[Mapping[str, str]] = {
    WHOLE: INK,
    EXPECTED: GREY,
    OTHERS: GREEN,
    "chat": BLUE,
    "mmi": ORANGE,
    "mms": VERMILION,
    "mmv": PURPLE,
    "mm_other": SKY,
    "syn": BLUE,
    "syn_ack": SKY,
    "rst": VERMILION,
    "fin": GREEN,
    "posts": GREEN,
    "error_posts": VERMILION,
    "user_reports": PURPLE,
    "status_level": INK,
    "dns_queries": BLUE,
    "dns_failures": VERMILION,
}
SPARE: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)
NAMES: Final[Mapping[str, str]] = {
    "syn": "SYN",
    "syn_ack": "SYN-ACK",
    "rst": "RST",
    "fin": "FIN",
    "posts": "posts",
    "error_posts": "error posts",
    "user_reports": "user reports",
    "status_level": "status",
    "dns_queries": "queries",
    "dns_failures": "failures",
    "rtt_tcp_ms": "TCP",
    "rtt_dns_ms": "DNS",
    "mm_other": "mm, other",
    "connect_failures": "failed",
    "throughput_bps": "throughput",
    "reachability": "reachable",
}
SHADES: Final[Mapping[Cause, str]] = {
    Cause.APPLICATION: VERMILION,
    Cause.UNREACHABLE: INK,
    Cause.DNS: PURPLE,
    Cause.OPERATOR: BLUE,
    Cause.LATENCY: ORANGE,
    Cause.THROTTLING: GREEN,
    Cause.UNKNOWN: GREY,
}

PLOT_PIXELS: Final = 168
BETWEEN_PIXELS: Final = 34
TOP_PIXELS, BOTTOM_PIXELS = 54, 52


def incident_figure(panels: Panels) -> go.Figure:
    """Return the plots one above the other over one time axis (UTC), incidents marked on all.

    Each incident is a shaded span with its cause; where it was opened is a dashed line.
    """
    count = len(panels.plots)
    figure = go.Figure(layout=_layout(panels))
    colours = palette(trace.name for plot in panels.plots for trace in plot.traces)
    for number, plot in enumerate(panels.plots):
        figure.add_traces([_line(trace, number, colours) for trace in _in_order(plot)])
    marked = [(one, number) for number in range(count) for one in panels.marks]
    figure.layout.shapes = [shape for mark in marked for shape in _mark(panels, *mark)]
    titles = [_title(plot, _domain(number, count)) for number, plot in enumerate(panels.plots)]
    figure.layout.annotations = titles + [_label(panels, one) for one in panels.marks if count]
    return figure


def steps(times: Times, values: Floats, seconds: int) -> tuple[Times, Floats]:
    """Return the points of a line that holds each value for its whole slot, also before a gap."""
    if not len(values):
        return times, values
    slot = np.timedelta64(seconds, "s")
    seen = ~np.isnan(values)
    last = np.flatnonzero(seen & np.append(~seen[1:], True))
    return (
        np.insert(times, last + 1, times[last] + slot),
        np.insert(values, last + 1, values[last]),
    )


def palette(names: Iterable[str]) -> dict[str, str]:
    """Return the colour of every part and signal of a figure.

    Known names always have theirs; of the others each has its favourite, unless one before it
    in the alphabet took that, as far as there are colours.
    """
    colours: dict[str, str] = {}
    for name in sorted(set(names)):
        known = COLOURS.get(name.partition(" (")[0])
        colours[name] = known or _spare(name, {*colours.values()})
    return colours


def _spare(name: str, taken: Set[str]) -> str:
    favourite = sum(name.encode()) % len(SPARE)
    ranked = (*SPARE[favourite:], *SPARE[:favourite])
    return next((one for one in ranked if one not in taken), ranked[0])


def _height(count: int) -> int:
    return count * PLOT_PIXELS + max(0, count - 1) * BETWEEN_PIXELS


def _domain(number: int, count: int) -> tuple[float, float]:
    """Return where the plot lies on the paper, 0 below and 1 above; the first is on top."""
    top = 1 - number * (PLOT_PIXELS + BETWEEN_PIXELS) / _height(count)
    return max(0.0, top - PLOT_PIXELS / _height(count)), top


def _axis(letter: str, number: int) -> str:
    return letter if number == 0 else f"{letter}{number + 1}"


def _layout(panels: Panels) -> dict[str, Any]:
    count = len(panels.plots)
    layout: dict[str, Any] = {
        "height": _height(max(count, 1)) + TOP_PIXELS + BOTTOM_PIXELS,
        "margin": {"l": 64, "r": 150, "t": TOP_PIXELS, "b": BOTTOM_PIXELS},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "font": {"family": FONT, "size": 13, "color": INK},
        "hovermode": "x unified",
        "hoverlabel": {"font": {"size": 12}},
        "xaxis": _time_axis(panels),
    }
    for number, plot in enumerate(panels.plots):
        low, high = _domain(number, count)
        layout[_axis("yaxis", number)] = _value_axis(plot, (low, high))
        layout[_axis("legend", number)] = {
            "x": 1.01,
            "y": high,
            "xanchor": "left",
            "yanchor": "top",
            "font": {"size": 12},
            "tracegroupgap": 0,
            "itemclick": "toggle",
        }
    return layout


def _time_axis(panels: Panels) -> dict[str, Any]:
    return {
        "anchor": _axis("y", max(0, len(panels.plots) - 1)),
        "range": [_moment(panels.since), _moment(panels.until)],
        "type": "date",
        "title": {"text": "time, UTC", "standoff": 8, "font": {"size": 12, "color": GREY}},
        "tickformatstops": [
            {"dtickrange": [None, 86_400_000], "value": "%H:%M\n%a %d %b %Y"},
            {"dtickrange": [86_400_000, None], "value": "%d %b\n%Y"},
        ],
        "hoverformat": "%a %d %b %Y %H:%M UTC",
        "gridcolor": PALE,
        "linecolor": GREY,
        "ticks": "outside",
        "tickcolor": GREY,
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": GREY,
    }


def _value_axis(plot: Plot, domain: tuple[float, float]) -> dict[str, Any]:
    return {
        "domain": domain,
        "anchor": "x",
        "rangemode": "tozero",
        "tickformat": ".0%" if plot.share or plot.unit == "share" else "~s",
        "nticks": 5,
        "gridcolor": PALE,
        "zerolinecolor": GREY,
        "fixedrange": True,
    }


def _line(trace: Trace, number: int, colours: Mapping[str, str]) -> go.Scatter:
    times, values = steps(trace.times, trace.values, trace.slot_seconds)
    dash = "dot" if trace.expected else "dash" if trace.signal == "syn_ack" else "solid"
    return go.Scatter(
        x=times,
        y=values,
        name=escape(_name(trace)),
        mode="lines",
        connectgaps=False,
        showlegend=True,
        line={
            "color": colours[trace.name],
            "width": 2.2 if trace.name == WHOLE else 1.6,
            "dash": dash,
            "shape": "hv",
        },
        xaxis="x",
        yaxis=_axis("y", number),
        legend=_axis("legend", number),
    )


def _in_order(plot: Plot) -> list[Trace]:
    """Return what was seen, then what was expected, which lies on top of it."""
    return sorted(plot.traces, key=lambda trace: trace.expected)


def _name(trace: Trace) -> str:
    name = NAMES.get(trace.name, trace.name)
    return f"{NAMES[trace.signal]}, {name}" if trace.expected and trace.signal in NAMES else name


def _mark(panels: Panels, one: Incident, number: int) -> list[dict[str, Any]]:
    chosen = one.id == panels.incident.id
    frame = {"xref": "x", "yref": f"{_axis('y', number)} domain", "y0": 0, "y1": 1}
    span = {
        "type": "rect",
        "x0": _moment(max(one.start, panels.since)),
        "x1": _moment(min(one.end or panels.until, panels.until)),
        "fillcolor": SHADES[one.cause],
        "opacity": 0.13 if chosen else 0.07,
        "line": {"width": 0},
        "layer": "below",
    }
    opened = {
        "type": "line",
        "x0": _moment(one.opened_at),
        "x1": _moment(one.opened_at),
        "line": {"color": SHADES[one.cause], "width": 1.2, "dash": "dash"},
        "opacity": 1.0 if chosen else 0.5,
    }
    seen = panels.since <= one.opened_at < panels.until
    return [frame | span] + ([frame | opened] if seen else [])


def _label(panels: Panels, one: Incident) -> dict[str, Any]:
    chosen = one.id == panels.incident.id
    opened = f"<b>{one.cause.value}</b>, opened {from_epoch(one.opened_at):%H:%M}"
    return {
        "text": opened if chosen else one.cause.value,
        "x": _moment(max(one.start, panels.since)),
        "y": 1,
        "yshift": 17,
        "xref": "x",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12, "color": SHADES[one.cause]},
    }


def _title(plot: Plot, domain: tuple[float, float]) -> dict[str, Any]:
    return {
        "text": f"<b>{plot.title}</b>  <span style='color:{GREY}'>{_unit(plot)}</span>",
        "x": 0,
        "y": domain[1],
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13},
    }


def _unit(plot: Plot) -> str:
    """Return the unit, and for what adds up over time the slot that it is counted in."""
    adds_up = {SIGNALS[one.signal].combine for one in plot.traces} == {Combine.SUM}
    lengths = {one.slot_seconds // MINUTE for one in plot.traces}
    if plot.share or not adds_up or len(lengths) != 1:
        return plot.unit
    return f"{plot.unit} in {lengths.pop()} min"


def _moment(epoch: int) -> str:
    return str(np.datetime64(epoch, "s"))
