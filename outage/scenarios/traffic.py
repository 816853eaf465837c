"""What a service, an operator and the people leave behind in ordinary times, as lines to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.scenarios.drawing import ALWAYS, NOTHING, Line
from outage.scenarios.ordinary import Grid, demand
from outage.scenarios.record import SOURCE
from outage.words import Series

Factors = Mapping[str, Floats]  # by signal: factor on the ordinary, shape (slots,)
NONE: Factors = {}

SYN_PER_FLOW = 1.05
ANSWERED = 0.985  # SYN-ACK per SYN
RST_PER_FLOW = 0.03
QUERIES_PER_FLOW = 0.25
DNS_FAILED = 0.01  # failures per query
CONNECTIONS = 60.0  # a slot, of the panel's devices to one service


@dataclass(frozen=True, slots=True)
class Part:
    """A service, or a category of it, seen at one vantage: means per slot at mean demand.

    `flows` a slot; `down` and `up` bytes a flow.
    """

    service: str
    vantage: str
    flows: float
    down: float
    up: float
    category: str = ""

    def series(self, signal: str, grid: Grid) -> Series:
        """Return the series of one signal of this part."""
        return Series(self.service, signal, self.category, self.vantage, SOURCE, grid.slot_seconds)


def flow_lines(grid: Grid, part: Part, course: Floats, factors: Factors = NONE) -> Iterator[Line]:
    """Yield bytes, flows and TCP flags of a part; `course` is its demand, mean 1."""
    flows = part.flows * course
    means = {
        "bytes_down": flows * part.down,
        "bytes_up": flows * part.up,
        "flows": flows,
        "syn": flows * SYN_PER_FLOW,
        "syn_ack": flows * SYN_PER_FLOW * ANSWERED,
        "rst": flows * RST_PER_FLOW,
    }
    for signal, ordinary in means.items():
        yield Line(part.series(signal, grid), ordinary, factors.get(signal, ALWAYS))


def name_lines(grid: Grid, part: Part, course: Floats, factors: Factors = NONE) -> Iterator[Line]:
    """Yield DNS queries for the part's names and how many of them failed."""
    queries = part.flows * QUERIES_PER_FLOW * course
    means = {"dns_queries": queries, "dns_failures": queries * DNS_FAILED}
    for signal, ordinary in means.items():
        yield Line(part.series(signal, grid), ordinary, factors.get(signal, ALWAYS))


def server_line(
    grid: Grid, part: Part, course: Floats, span: tuple[float, float], factors: Factors = NONE
) -> Line:
    """Return the line of active addresses: `span` is their number in the valley and at the top."""
    few, many = span
    load = np.sqrt(np.clip((course - course.min()) / np.ptp(course), 0.0, 1.0))
    return Line(
        part.series("active_servers", grid),
        few + (many - few) * load,
        factors.get("active_servers", ALWAYS),
        ceiling=many * 1.06,
    )


def connect_line(
    grid: Grid, part: Part, course: Floats, rtt_ms: float, factors: Factors = NONE
) -> Line:
    """Return the line of TCP round-trip times, as a panel of devices measures them."""
    return Line(
        part.series("rtt_tcp_ms", grid),
        np.full(1, rtt_ms),
        factors.get("rtt_tcp_ms", ALWAYS),
        measurements=CONNECTIONS * course,
        measured=factors.get("measured", ALWAYS),
    )


def service_lines(
    grid: Grid, part: Part, zone: str, rtt_ms: float, factors: Factors = NONE
) -> Iterator[Line]:
    """Yield all network and device lines of an undivided service at one vantage."""
    course = demand(grid, zone)
    yield from flow_lines(grid, part, course, factors)
    yield from name_lines(grid, part, course, factors)
    yield server_line(grid, part, course, (60.0, 110.0), factors)
    yield connect_line(grid, part, course, rtt_ms, factors)


def people_lines(
    grid: Grid,
    subject: str,
    zone: str,
    *,
    posts: float,
    errors: float,
    extra: Floats = NOTHING,
    echo: float = 2.0,
) -> Iterator[Line]:
    """Yield posts and error posts on a subject; `extra` error posts bring `echo` times as many."""
    course = demand(grid, zone, steepness=0.7)
    for signal, mean, more in (
        ("posts", posts, extra * (1 + echo)),
        ("error_posts", errors, extra),
    ):
        series = Series(subject, signal, source=SOURCE, slot_seconds=grid.slot_seconds)
        yield Line(series, mean * course, extra=more)
