"""The nation-wide failure of the operator Rogers on 8 July 2022, rebuilt from public reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from outage.batches import Floats
from outage.scenarios.courses import Course, crowd, departure, steady
from outage.scenarios.drawing import Line
from outage.scenarios.ordinary import Grid
from outage.scenarios.record import Expected, Scenario
from outage.scenarios.traffic import Part, people_lines, service_lines
from outage.slots import HOUR, MINUTE, parse_time
from outage.words import Cause

ZONE = "America/Toronto"
SIZES = {"rogers": 1.0, "bell": 0.9}

EVENT = Expected(
    name="rogers",
    subject="rogers",
    vantage="rogers",
    cause=Cause.OPERATOR,
    start=parse_time("2022-07-08T08:45:00Z"),
    end=parse_time("2022-07-09T00:00:00Z"),
    recovered=parse_time("2022-07-09T07:00:00Z"),
)

# Flows a slot, bytes down and up a flow, round trip in ms, posts a slot; all assumed.
SERVICES = {
    "facebook": (30_000, 240_000, 20_000, 21.0, 40.0),
    "netflix": (9_000, 4_200_000, 40_000, 16.0, 30.0),
    "youtube": (36_000, 1_300_000, 22_000, 15.0, 60.0),
    "gmail": (16_000, 32_000, 14_000, 19.0, 15.0),
}

SCENARIO = Scenario(
    slug="rogers-2022",
    title="Nation-wide failure of Rogers, 8 July 2022 (reconstruction)",
    services=tuple(SERVICES),
    operators=tuple(SIZES),
    timezones=dict.fromkeys(SIZES, ZONE),
    starts=parse_time("2022-06-09T00:00:00Z"),
    ends=parse_time("2022-07-11T00:00:00Z"),
    judged_from=parse_time("2022-07-07T00:00:00Z"),
    sources=(
        "J. Tomé, T. Strickx, M. Zhang (Cloudflare): Cloudflare's view of the Rogers Communications"
        " outage in Canada, 8 July 2022, with its updates.",
        "Xona Partners for the CRTC: Assessment of Rogers Networks for Resiliency and Reliability"
        " Following the 8 July 2022 Outage, executive summary, July 2024.",
        "T. Staffieri (Rogers): messages to customers, 8 and 9 July 2022.",
    ),
    assumptions=(
        "The loss begins at once at 08:45 UTC, when Cloudflare saw nearly all traffic go.",
        "The short-lived attempts at recovery in the afternoon are left out; traffic starts to"
        " climb at 00:00 UTC on 9 July, as Cloudflare saw, and is taken to be whole at 07:00 UTC;"
        " single customers waited longer.",
        "Two in a hundred of the ordinary bytes remain, as wireline and wireless failed together.",
        "Resolvers inside the network still answer a few: DNS queries fall to a twentieth and"
        " failures to a half of the ordinary number.",
        "All four services lose alike; bell, the other operator, works and gains 4 %.",
        "People complain of the operator, not of the services. It is before five in the morning,"
        " so complaints peak three hours later and are made over other networks.",
        "Volumes, flows and numbers of posts are assumed; none is of the real operators.",
    ),
    events=(EVENT,),
)

COURSES: Mapping[str, Course] = {
    "bytes_down": steady(0.02),
    "bytes_up": steady(0.025),
    "flows": steady(0.04),
    "syn": steady(0.07),
    "syn_ack": steady(0.03),
    "rst": steady(0.05),
    "dns_queries": steady(0.05),
    "dns_failures": steady(0.5),
    "active_servers": steady(0.3),
    "measured": steady(0.0),
}


def lines(grid: Grid) -> Iterator[Line]:
    """Yield every series of the scenario."""
    gained = departure(grid, [EVENT], steady(1.04))
    factors = {
        "rogers": {name: departure(grid, [EVENT], course) for name, course in COURSES.items()},
        "bell": _more(gained),
    }
    for slug, (flows, down, up, rtt_ms, posts) in SERVICES.items():
        for vantage, size in SIZES.items():
            part = Part(slug, vantage, flows * size, down, up)
            yield from service_lines(grid, part, ZONE, rtt_ms, factors[vantage])
        yield from people_lines(grid, slug, ZONE, posts=posts, errors=1.5)
    yield from _talk(grid)


def _more(gained: Floats) -> Mapping[str, Floats]:
    signals = ("bytes_down", "bytes_up", "flows", "syn", "syn_ack", "rst")
    return dict.fromkeys((*signals, "dns_queries", "dns_failures"), gained)


def _talk(grid: Grid) -> Iterator[Line]:
    anger = crowd(grid, [EVENT], 420.0, peak_after=3 * HOUR, half_life=6 * HOUR, forget=90 * MINUTE)
    yield from people_lines(grid, "rogers", ZONE, posts=18.0, errors=2.0, extra=anger)
    yield from people_lines(grid, "bell", ZONE, posts=18.0, errors=2.0)
