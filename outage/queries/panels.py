"""All that was seen around one incident, as plots over one time axis (WhatsApp paper, figure 8)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.batches import Floats
from outage.queries.thinning import thin
from outage.queries.window import Window, exporters, largest, parts_of, whole_of
from outage.slots import HOUR
from outage.store import Store
from outage.words import SIGNALS, Combine, Incident, Series

Times: TypeAlias = npt.NDArray[np.datetime64]

WHOLE: Final = "all"
EXPECTED: Final = "expected"
MOST_PARTS: Final = 5  # lines of parts beside the whole; the rest is one line more


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One line: `values[i]` was seen in the slot that starts at `times[i]` (UTC, NaN: a gap).

    `name` is the part, vantage or signal it stands for; `expected` says that it was not seen
    but expected.
    """

    name: str
    signal: str
    times: Times
    values: Floats
    slot_seconds: int
    expected: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """Lines that share one scale; with `share`, of the whole's maximum in the window, 0..1."""

    key: str
    title: str
    unit: str
    share: bool
    traces: tuple[Trace, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Panels:
    """All that was seen around one incident, `[since, until)`, as plots over one time axis.

    `vantage` is the one that was asked for, None for the sum of `vantages`; `marks` are the
    subject's incidents in the window, the chosen one among them.
    """

    incident: Incident
    since: int
    until: int
    vantage: str | None
    vantages: tuple[str, ...]
    sources: tuple[str, ...]
    plots: tuple[Plot, ...]
    marks: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    key: str
    title: str
    signals: tuple[str, ...]
    parts: int = 0  # how many lines of parts go with the whole
    share: bool = False


KINDS: Final = (
    _Kind("bytes_down", "Traffic down", ("bytes_down",), MOST_PARTS, share=True),
    _Kind("bytes_up", "Traffic up", ("bytes_up",), MOST_PARTS, share=True),
    _Kind("flows", "Flows", ("flows",), 1),
    _Kind("flags", "TCP flags", ("syn", "syn_ack", "rst", "fin")),
    _Kind("people", "Posts and reports", ("posts", "error_posts", "user_reports")),
    _Kind("status", "Provider's own status", ("status_level",)),
    _Kind("names", "DNS", ("dns_queries", "dns_failures")),
    _Kind("servers", "Active server addresses", ("active_servers",)),
    _Kind("round_trips", "Round-trip times", ("rtt_tcp_ms", "rtt_dns_ms")),
    _Kind("connections", "Failed connections", ("connect_failures",)),
    _Kind("throughput", "Throughput", ("throughput_bps",)),
    _Kind("replays", "Replays treated differently", ("differentiation",)),
    _Kind("reachability", "Reachability", ("reachability",)),
)
#: The plots of the paper's figure; the others are there to be asked for, or because they tell.
FIGURE_8: Final = ("bytes_down", "bytes_up", "flows", "flags", "people", "status")


def incident_panels(
    store: Store,
    incident: Incident,
    before_s: int = 8 * HOUR,
    after_s: int = 8 * HOUR,
    vantage: str | None = None,
) -> Panels:
    """Return what was seen from `before_s` before an incident to `after_s` (seconds) after it.

    Without `vantage`, vantages are added up; a sum is a gap where a part of it is missing.
    Raises StoreError.
    """
    first, last = store.span() or (incident.start, incident.start + HOUR)
    since = max(incident.start - before_s, first)
    until = last if incident.end is None else min(incident.end + after_s, last)
    window = Window.read(store, incident.subject, since - since % HOUR, until)
    seen = window.batch.series
    chosen = [one for one in seen if vantage is None or one.vantage in ("", vantage)]
    plots = (_plot(window, kind, chosen) for kind in KINDS)
    return Panels(
        incident=incident,
        since=window.since,
        until=window.until,
        vantage=vantage,
        vantages=tuple(sorted({one.vantage for one in seen} - {""})),
        sources=tuple(sorted({one.source for one in seen})),
        plots=tuple(plot for plot in plots if plot.traces),
        marks=tuple(store.incidents(window.since, window.until, incident.subject)),
    )


def telling(panels: Panels) -> list[str]:
    """Return the keys of the plots to show first: figure 8's, and those of the evidence."""
    signals = {one.signal for one in panels.incident.evidence}
    return [
        plot.key
        for plot in panels.plots
        if plot.key in FIGURE_8 or signals & {trace.signal for trace in plot.traces}
    ]


def only(panels: Panels, keys: Collection[str]) -> Panels:
    """Return the panels with only the plots named."""
    return replace(panels, plots=tuple(plot for plot in panels.plots if plot.key in keys))


def _plot(window: Window, kind: _Kind, series: Sequence[Series]) -> Plot:
    by_signal = {name: [one for one in series if one.signal == name] for name in kind.signals}
    present = [name for name, mine in by_signal.items() if mine]
    traces: list[Trace] = []
    for name in present:
        groups = exporters(window, by_signal[name])
        for group in groups:
            told_apart = f" ({group[0].source})" if len(groups) > 1 else ""
            traces += _lines(window, kind, group, told_apart)
            if name == present[0]:
                traces += _expected(window, whole_of(group), told_apart)
    unit = ", ".join(dict.fromkeys(SIGNALS[name].unit for name in present))
    if kind.share and traces:
        traces, unit = _as_shares(traces), "share of the maximum"
    return Plot(kind.key, kind.title, unit, kind.share, tuple(_thinned(one) for one in traces))


def _lines(window: Window, kind: _Kind, series: list[Series], told_apart: str) -> list[Trace]:
    """Return what was seen of one signal: the whole, and its parts where the plot has them."""
    if SIGNALS[series[0].signal].combine is Combine.NEVER:
        apart = sorted((one for one in series if not one.category), key=_place)
        return [
            _trace(window, one, _place(one) + told_apart, window.together([one])) for one in apart
        ]
    first, whole = series[0], window.together(whole_of(series))
    if not kind.parts:
        return [_trace(window, first, first.signal + told_apart, whole)]
    parts = largest(window, parts_of(series, window.subject), kind.parts)
    shown = [_trace(window, first, name, values) for name, values in parts.items()]
    return [_trace(window, first, WHOLE, whole), *shown]


def _expected(window: Window, whole: list[Series], told_apart: str) -> list[Trace]:
    values = window.expected(whole) if whole else None
    if values is None:
        return []
    return [replace(_trace(window, whole[0], EXPECTED + told_apart, values), expected=True)]


def _trace(window: Window, series: Series, name: str, values: Floats) -> Trace:
    times = window.slot_starts(series.slot_seconds).astype("datetime64[s]")
    return Trace(name, series.signal, times, values, series.slot_seconds)


def _place(series: Series) -> str:
    return " at ".join(part for part in (series.subject, series.vantage) if part)


def _as_shares(traces: list[Trace]) -> list[Trace]:
    """Divide by the whole's maximum; where the whole is all gap, by that of the parts."""
    tops = [np.nanmax(one.values) for one in traces if np.isfinite(one.values).any()]
    whole = next((one.values for one in traces if one.name == WHOLE), np.empty(0))
    top = np.nanmax(whole) if np.isfinite(whole).any() else max(tops, default=0.0)
    return [replace(one, values=one.values / (top or 1.0)) for one in traces]


def _thinned(trace: Trace) -> Trace:
    kept = thin(trace.values)
    return replace(trace, times=trace.times[kept], values=trace.values[kept])
