"""Verizon Wireless slowing video in July 2017, rebuilt from what was reported of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from outage.scenarios.courses import Course, crowd, departure, steady
from outage.scenarios.drawing import ALWAYS, Line
from outage.scenarios.ordinary import Grid, demand
from outage.scenarios.record import Expected, Scenario
from outage.scenarios.traffic import NONE, Factors, Part, people_lines, service_lines
from outage.slots import HOUR, parse_time
from outage.words import Cause

ZONE = "America/New_York"
SIZES = {"verizon": 1.0, "operator-b": 0.6}
TESTS = 45.0  # measurements of throughput a slot at mean demand
REPLAYS = 24.0  # pairs of replays a slot at mean demand

EVENT = Expected(
    name="netflix at verizon",
    subject="netflix",
    vantage="verizon",
    cause=Cause.THROTTLING,
    start=parse_time("2017-07-20T16:00:00Z"),
    end=parse_time("2017-07-21T04:00:00Z"),
    recovered=parse_time("2017-07-21T04:20:00Z"),
)

# Flows a slot, bytes down and up a flow, round trip in ms, posts a slot, bit/s; all assumed.
SERVICES = {
    "netflix": (11_000, 4_600_000, 45_000, 38.0, 45.0, 38e6),
    "facebook": (34_000, 230_000, 20_000, 41.0, 60.0, 30e6),
    "gmail": (20_000, 30_000, 14_000, 40.0, 18.0, 26e6),
}

SCENARIO = Scenario(
    slug="verizon-2017",
    title="Video slowed at Verizon Wireless, July 2017 (reconstruction)",
    services=tuple(SERVICES),
    operators=tuple(SIZES),
    timezones=dict.fromkeys(SIZES, ZONE),
    starts=parse_time("2017-06-21T00:00:00Z"),
    ends=parse_time("2017-07-23T00:00:00Z"),
    judged_from=parse_time("2017-07-19T00:00:00Z"),
    sources=(
        "R. Brandom (The Verge): Verizon admits to throttling video in apparent violation of net"
        " neutrality, with the operator's statements, 21 July 2017.",
        "R. Sandler (USA Today): Verizon slows video traffic, 26 July 2017.",
        "F. Li, A. A. Niaki, D. Choffnes, P. Gill, A. Mislove: A Large-Scale Analysis of Deployed"
        " Traffic Differentiation Practices (Wehe). SIGCOMM, 2019.",
    ),
    assumptions=(
        "The operator spoke of a test over some days and gave no hours; one window is taken, from"
        " 20 July 16:00 to 21 July 04:00 UTC (noon to midnight in New York).",
        "Youtube and other video were capped as well; here netflix stands for all of them and no"
        " other video service is shown.",
        "The cap was reported as 10 Mbit/s. The throughput measured before is taken as 38 Mbit/s,"
        " so it falls to about a quarter.",
        "Players that cannot go faster ask for less: bytes a flow fall to 55 %. The operator denied"
        " any effect on what people see; the figure is assumed.",
        "The shaper's queue adds 6 % to round-trip times; flows rise by 3 %.",
        "One replay in thirty differs from its bit-inverted twin in ordinary times and five in six"
        " under the cap; the public replays of that month are not used.",
        "Few people notice: at most nine error posts in a slot beside the ordinary one or two.",
        "Operator-b is made up and not affected; volumes, flows and posts are assumed.",
    ),
    events=(EVENT,),
)

COURSES: Mapping[str, Course] = {
    "bytes_down": steady(0.57),
    "bytes_up": steady(0.62),
    "flows": steady(1.03),
    "syn": steady(1.03),
    "syn_ack": steady(1.03),
    "rst": steady(1.03),
    "rtt_tcp_ms": steady(1.06),
    "throughput_bps": steady(0.26),
    "differentiation": steady(0.83 * 30),
}


def lines(grid: Grid) -> Iterator[Line]:
    """Yield every series of the scenario."""
    capped = {name: departure(grid, [EVENT], course) for name, course in COURSES.items()}
    for slug, (flows, down, up, rtt_ms, posts, bps) in SERVICES.items():
        for vantage, size in SIZES.items():
            part = Part(slug, vantage, flows * size, down, up)
            factors = capped if (slug, vantage) == (EVENT.subject, EVENT.vantage) else NONE
            yield from service_lines(grid, part, ZONE, rtt_ms, factors)
            yield from _device_lines(grid, part, bps, factors)
        talk = crowd(grid, [EVENT] if slug == EVENT.subject else [], 9.0, half_life=4 * HOUR)
        yield from people_lines(grid, slug, ZONE, posts=posts, errors=1.5, extra=talk, echo=1.0)
    for operator in SIZES:
        yield from people_lines(grid, operator, ZONE, posts=14.0, errors=1.5)


def _device_lines(grid: Grid, part: Part, bps: float, factors: Factors) -> Iterator[Line]:
    course = demand(grid, ZONE)
    for signal, ordinary, tests in (
        ("throughput_bps", bps, TESTS),
        ("differentiation", 1 / 30, REPLAYS),
    ):
        yield Line(
            part.series(signal, grid),
            np.full(1, ordinary),
            factors.get(signal, ALWAYS),
            measurements=tests * course,
        )
