"""The failure of the DNS provider Dyn under attack, 21 October 2016, rebuilt from its reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outage.batches import Floats
from outage.scenarios.courses import crowd, departure, steady
from outage.scenarios.drawing import Line
from outage.scenarios.ordinary import Grid
from outage.scenarios.record import Expected, Scenario
from outage.scenarios.traffic import DNS_FAILED, Part, people_lines, service_lines
from outage.slots import parse_time
from outage.words import Cause

ZONE = "America/New_York"
RETRIES = 2.5  # queries that each lost name costs beside the first
PANEL = {"operator-a": 1.0, "operator-b": 0.45}


@dataclass(frozen=True, slots=True)
class _Service:
    """A service: flows a slot, bytes a flow, talk, and the share lost in each of the waves."""

    flows: float
    down: float
    up: float
    rtt_ms: float
    posts: float
    lost: tuple[float, float] = (0.0, 0.0)


SERVICES = {
    "x": _Service(42_000, 60_000, 8_000, 38.0, 60.0, (0.78, 0.70)),
    "github": _Service(6_000, 45_000, 9_000, 32.0, 14.0, (0.72, 0.66)),
    "spotify": _Service(24_000, 420_000, 9_000, 41.0, 35.0, (0.75, 0.68)),
    "youtube": _Service(60_000, 900_000, 20_000, 22.0, 90.0),
    "gmail": _Service(30_000, 30_000, 14_000, 24.0, 22.0),
}
WAVES = (
    ("2016-10-21T11:10:00Z", "2016-10-21T13:20:00Z", "2016-10-21T13:50:00Z"),
    ("2016-10-21T15:50:00Z", "2016-10-21T17:00:00Z", "2016-10-21T17:45:00Z"),
)


def _waves(service: str) -> Iterator[Expected]:
    for number, wave in enumerate(WAVES, start=1):
        moments = (parse_time(text) for text in wave)
        yield Expected(f"{service} wave {number}", service, None, Cause.DNS, *moments)


EVENTS = tuple(
    event for slug, service in SERVICES.items() if any(service.lost) for event in _waves(slug)
)

SCENARIO = Scenario(
    slug="dyn-2016",
    title="Dyn DNS failure of 21 October 2016 (reconstruction)",
    services=tuple(SERVICES),
    operators=tuple(PANEL),
    timezones=dict.fromkeys(PANEL, ZONE),
    starts=parse_time("2016-09-22T00:00:00Z"),
    ends=parse_time("2016-10-23T00:00:00Z"),
    judged_from=parse_time("2016-10-20T00:00:00Z"),
    sources=(
        "Dyn: Update Regarding DDoS Event Against Dyn Managed DNS on October 21, 2016, preliminary"
        " findings report on the status page, 22 October 2016.",
        "S. Hilton (Dyn): Dyn Analysis Summary of Friday October 21 Attack, 26 October 2016.",
        "K. York (Dyn): Dyn Statement on 10/21/2016 DDoS Attack, 22 October 2016.",
    ),
    assumptions=(
        "The first wave lasts from 11:10 to 13:20 UTC and the second from 15:50 to 17:00 UTC, as"
        " Dyn reported; the attempts after them, which Dyn fended off, show nothing.",
        "After the first wave names come back within half an hour; after the second by 17:45 UTC,"
        " the end that the preliminary report gives. Residual effects after that are left out.",
        "How many names could not be resolved is not published for any operator; two thirds to"
        " three quarters are taken, a little fewer in the second wave.",
        "The waves hit both operators, which are made up and taken to be in the US East, with a"
        " quarter less of the loss at operator-b.",
        "Of the many customers of Dyn named in the press x (then Twitter), github and spotify"
        " stand for all; youtube and gmail, which had name servers of their own, go on.",
        "Who gets an address is served as ever: round-trip times and SYN-ACK per SYN stay; a name"
        " that fails is asked for again two or three times.",
        "Volumes, flows, numbers of posts and ordinary failure rates (1 % of queries) are assumed.",
        "The posts are taken to come from several networks, so that x's own failure does not"
        " silence the complaints about it.",
    ),
    events=EVENTS,
)


def lines(grid: Grid) -> Iterator[Line]:
    """Yield every series of the scenario."""
    for slug, service in SERVICES.items():
        for vantage, size in PANEL.items():
            part = Part(slug, vantage, service.flows * size, service.down, service.up)
            factors = _factors(grid, slug, 1.0 if vantage == "operator-a" else 0.75)
            yield from service_lines(grid, part, ZONE, service.rtt_ms, factors)
        talk = crowd(grid, _of(slug), peak=3.0 * service.posts)
        yield from people_lines(grid, slug, ZONE, posts=service.posts, errors=1.5, extra=talk)


def _of(service: str) -> list[Expected]:
    return [event for event in EVENTS if event.subject == service]


def _factors(grid: Grid, service: str, share: float) -> Mapping[str, Floats]:
    """Return what each signal does when a part of the names cannot be resolved."""
    lost = [share * one for one in SERVICES[service].lost]
    served = _both(grid, service, [1 - one for one in lost])
    asked = [1 + RETRIES * one for one in lost]
    failed = [(1 + RETRIES) * one / DNS_FAILED for one in lost]
    return {
        **dict.fromkeys(("bytes_down", "bytes_up", "flows", "syn", "syn_ack", "rst"), served),
        "measured": served,
        "active_servers": _both(grid, service, [1 - 0.25 * one for one in lost]),
        "dns_queries": _both(grid, service, asked),
        "dns_failures": _both(grid, service, [1 + one for one in failed]),
    }


def _both(grid: Grid, service: str, factors: list[float]) -> Floats:
    whole = departure(grid, (), steady(1.0))
    for event, factor in zip(_of(service), factors, strict=False):
        whole += departure(grid, [event], steady(factor)) - 1
    return whole
