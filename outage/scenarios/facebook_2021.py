"""The withdrawal of Facebook's routes on 4 October 2021, rebuilt from the public post-mortems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from outage.batches import Floats
from outage.scenarios.courses import Course, crowd, departure, fading, steady
from outage.scenarios.drawing import Line
from outage.scenarios.ordinary import Grid
from outage.scenarios.record import Expected, Scenario
from outage.scenarios.traffic import DNS_FAILED, Part, people_lines, service_lines
from outage.slots import HOUR, parse_time
from outage.words import Cause

ZONE = "Europe/Paris"
PANEL = {"operator-a": 1.0, "operator-b": 0.4}
START, END = parse_time("2021-10-04T15:40:00Z"), parse_time("2021-10-04T21:20:00Z")
RECOVERED = parse_time("2021-10-04T22:30:00Z")

# Flows a slot, bytes down and up a flow, round trip in ms, posts a slot; all assumed.
HIT = {
    "facebook": (52_000, 260_000, 22_000, 18.0, 80.0),
    "instagram": (46_000, 520_000, 26_000, 17.0, 70.0),
    "whatsapp": (38_000, 60_000, 24_000, 19.0, 90.0),
    "messenger": (14_000, 30_000, 12_000, 18.0, 20.0),
}
SPARED = {
    "telegram": (12_000, 140_000, 26_000, 36.0, 25.0),
    "youtube": (60_000, 1_100_000, 20_000, 14.0, 90.0),
}
MOVED = {"telegram": 1.12, "youtube": 1.03}

EVENTS = tuple(Expected(slug, slug, None, Cause.UNREACHABLE, START, END, RECOVERED) for slug in HIT)

SCENARIO = Scenario(
    slug="facebook-2021",
    title="Route withdrawal of Facebook's platform, 4 October 2021 (reconstruction)",
    services=(*HIT, *SPARED),
    operators=tuple(PANEL),
    timezones=dict.fromkeys(PANEL, ZONE),
    starts=parse_time("2021-09-05T00:00:00Z"),
    ends=parse_time("2021-10-06T00:00:00Z"),
    judged_from=parse_time("2021-10-03T00:00:00Z"),
    sources=(
        "S. Janardhan (Meta): More details about the October 4 outage, 5 October 2021.",
        "C. Martinho, T. Strickx (Cloudflare): Understanding How Facebook Disappeared from the"
        " Internet, 4 October 2021.",
        "Cloudflare: What happened on the Internet during the Facebook outage, 8 October 2021.",
    ),
    assumptions=(
        "The loss begins at once at 15:40 UTC, when Cloudflare saw the peak of route changes; the"
        " names stopped resolving some ten minutes later, which is not drawn apart.",
        "The names resolve again at 21:20 UTC, as Cloudflare saw; traffic is back at 22:30 UTC,"
        " an assumed end of the careful restart that Meta describes.",
        "Both operators are made up, see the same, and are taken to be in Western Europe.",
        "Apps go on trying the addresses they remember, so SYN rise fourfold and ebb, and next to"
        " none is answered; the flows so counted stay near the ordinary number.",
        "The operators' resolvers are asked six times as often and four in five answers are"
        " failures; Cloudflare reported up to thirty times the queries at its own resolver.",
        "No round-trip time is measured while no server answers; those slots are gaps.",
        "The servers' addresses stay in use by those who try them.",
        "Some people turn to telegram (12 % more) and youtube (3 % more), at assumed figures.",
        "Volumes, flows, numbers of posts and ordinary failure rates (1 % of queries) are assumed.",
    ),
    events=EVENTS,
)

COURSES: Mapping[str, Course] = {
    "bytes_down": steady(0.02),
    "bytes_up": fading(0.08, 0.03, HOUR),
    "flows": fading(1.25, 0.85, HOUR),
    "syn": fading(4.2, 2.2, 1.5 * HOUR),
    "syn_ack": steady(0.015),
    "rst": steady(0.25),
    "dns_queries": steady(6.0),
    "dns_failures": steady(6.0 * 0.8 / DNS_FAILED),
    "measured": steady(0.0),
}


def lines(grid: Grid) -> Iterator[Line]:
    """Yield every series of the scenario."""
    lost = {name: departure(grid, EVENTS[:1], course) for name, course in COURSES.items()}
    for slug in HIT:
        yield from _service(grid, slug, lost)
        talk = crowd(grid, EVENTS[:1], peak=9.0 * HIT[slug][4])
        yield from people_lines(grid, slug, ZONE, posts=HIT[slug][4], errors=2.0, extra=talk)
    for slug in SPARED:
        yield from _service(grid, slug, _more(grid, MOVED[slug]))
        yield from people_lines(grid, slug, ZONE, posts=SPARED[slug][4], errors=1.5)


def _service(grid: Grid, slug: str, factors: Mapping[str, Floats]) -> Iterator[Line]:
    flows, down, up, rtt_ms, _ = (HIT | SPARED)[slug]
    for vantage, size in PANEL.items():
        part = Part(slug, vantage, flows * size, down, up)
        yield from service_lines(grid, part, ZONE, rtt_ms, factors)


def _more(grid: Grid, factor: float) -> Mapping[str, Floats]:
    moved = departure(grid, EVENTS[:1], steady(factor))
    signals = ("bytes_down", "bytes_up", "flows", "syn", "syn_ack", "rst")
    return dict.fromkeys((*signals, "dns_queries", "dns_failures"), moved)
