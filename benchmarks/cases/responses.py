"""How each signal answers to each cause.

From the WhatsApp paper, section 6: when the application fails behind servers that still answer,
bytes fall, clients flushed by RSTs try again and again with a back-off, so that flows and SYNs
rise, SYN-ACKs with them, and uplink bytes fade slower than downlink. The other causes follow from
how TCP and DNS work; round trips and differentiation from MopEye and Wehe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.slots import HOUR, MINUTE

from .events import Course

Means = dict[str, Floats]
Response = Callable[[np.random.Generator, Means, Course], Means]

# Without these nobody could tell the cause, however well the outage is seen.
DEFINING: Final = {
    "application": ({"flows", "bytes_down"}, {"syn_ack", "rst"}),
    "unreachable": ({"syn"}, {"syn_ack"}),
    "dns": ({"dns_failures"},),
    "operator": ({"flows", "bytes_down"},),
    "latency": ({"rtt_tcp_ms"},),
    "throttling": ({"bytes_down"}, {"flows"}),
}
LOUDNESS: Final = {  # how much people mind
    "application": 1.0,
    "unreachable": 1.0,
    "dns": 0.9,
    "operator": 1.0,
    "latency": 0.3,
    "throttling": 0.22,
}


def nameable(cause: str, signals: frozenset[str]) -> bool:
    """Return whether the signals that tell a cause from the others are there."""
    if cause == "application":
        return {"flows", "bytes_down"} <= signals and bool({"syn_ack", "rst"} & signals)
    return all(group & signals for group in DEFINING[cause])


def _again(rng: np.random.Generator, at: Course, least: float, most: float) -> Floats:
    """Return attempts per failed session: many at first, fewer as clients back off."""
    patience = rng.uniform(1.0, 4.0) * HOUR
    return np.asarray(1 + rng.uniform(least, most) * np.exp(-at.age / patience))


def application(rng: np.random.Generator, now: Means, at: Course) -> Means:
    """Servers accept connections and fail: retries, resets, no content."""
    hit, again = at.depth, _again(rng, at, 0.6, 3.0)
    surge = 1 - hit + hit * again
    flushed = rng.uniform(0.3, 1.5) * hit * np.exp(-at.age / (10 * MINUTE))
    failing = rng.uniform(0.15, 0.7) * hit * again
    return {
        "flows": now["flows"] * surge,
        "syn": now["syn"] * surge,
        "syn_ack": now["syn_ack"] * surge * (1 - 0.03 * hit),
        "rst": now["rst"] + now["flows"] * (flushed + failing),
        "fin": now["fin"] * (1 - 0.8 * hit),
        "dns_queries": now["dns_queries"] * (1 + 0.4 * (surge - 1)),
        "dns_failures": now["dns_failures"] * (1 + 0.4 * (surge - 1)),
        "bytes_down": now["bytes_down"] * (1 - hit + 0.02 * hit * again),
        "bytes_up": now["bytes_up"] * (1 - hit + 0.12 * hit * again),
        "connect_failures": now["connect_failures"] * (surge + hit),
        "throughput_bps": now["throughput_bps"] * (1 - 0.3 * hit),
    }


def unreachable(rng: np.random.Generator, now: Means, at: Course) -> Means:
    """SYNs go out, and out again, and nothing answers."""
    hit, again = at.depth, _again(rng, at, 0.0, 1.2)
    counted = 1.0 if rng.random() < 0.7 else 0.3  # some exporters drop unanswered flows
    answered = 1 - hit
    return {
        "flows": now["flows"] * (answered + hit * again * counted),
        "syn": now["syn"] * (answered + hit * again * rng.uniform(2.0, 5.0)),
        "syn_ack": now["syn_ack"] * answered,
        "rst": now["rst"] * answered + now["flows"] * hit * rng.uniform(0.0, 0.03),
        "fin": now["fin"] * answered,
        "dns_queries": now["dns_queries"] * (1 + 0.3 * hit),
        "dns_failures": now["dns_failures"] * (1 + 0.3 * hit),
        "bytes_down": now["bytes_down"] * (answered + 0.002),
        "bytes_up": now["bytes_up"] * (answered + 0.02 * hit * again),
        "active_servers": now["active_servers"] * (1 - 0.8 * hit),
        "connect_failures": now["connect_failures"] + now["flows"] * 0.05 * hit * again,
    }


def dns(rng: np.random.Generator, now: Means, at: Course) -> Means:
    """Names do not resolve: caches run out, then nobody even knocks."""
    expiry = rng.uniform(1, 10) * MINUTE
    hit = at.depth * (1 - np.exp(-np.maximum(at.age, 1) / expiry))
    asked, left = rng.uniform(2, 5), 1 - hit
    same = {name: now[name] * left for name in ("flows", "syn", "syn_ack", "rst", "fin")}
    held = 1 - 0.93 * hit  # connections that are open go on
    return same | {
        "dns_queries": now["dns_queries"] * (left + hit * asked),
        "dns_failures": now["dns_failures"] + now["dns_queries"] * hit * asked * 0.9,
        "bytes_down": now["bytes_down"] * held,
        "bytes_up": now["bytes_up"] * held,
        "active_servers": now["active_servers"] * (1 - 0.5 * hit),
        "rtt_dns_ms": now["rtt_dns_ms"] * (1 + 2 * hit),
        "connect_failures": now["connect_failures"] * (1 + 0.5 * hit),
    }


def operator(rng: np.random.Generator, now: Means, at: Course) -> Means:
    """Users of one network are cut off: everything there falls, what is left is congested."""
    left, hit = 1 - at.depth, at.depth
    lost = rng.uniform(0.02, 0.25) * hit
    return {
        "flows": now["flows"] * left,
        "syn": now["syn"] * left * (1 + 2 * lost),
        "syn_ack": now["syn_ack"] * left * (1 - lost),
        "rst": now["rst"] * left,
        "fin": now["fin"] * left * (1 - lost),
        "dns_queries": now["dns_queries"] * left * (1 + 2 * lost),
        "dns_failures": now["dns_failures"] * left + now["dns_queries"] * left * lost,
        "bytes_down": now["bytes_down"] * left * (1 - lost),
        "bytes_up": now["bytes_up"] * left * (1 - lost),
        "active_servers": now["active_servers"] * left**0.2,
        "rtt_tcp_ms": now["rtt_tcp_ms"] * (1 + 2 * lost),
        "rtt_dns_ms": now["rtt_dns_ms"] * (1 + 2 * lost),
        "connect_failures": now["connect_failures"] + now["flows"] * left * lost * 0.1,
        "throughput_bps": now["throughput_bps"] * (1 - 2 * lost),
    }


def latency(rng: np.random.Generator, now: Means, at: Course) -> Means:
    """Every answer takes longer: round trips grow by several times the depth."""
    hit, more = at.depth, rng.uniform(2.5, 5.0)
    return {
        "rtt_tcp_ms": now["rtt_tcp_ms"] * (1 + more * hit),
        "throughput_bps": now["throughput_bps"] / (1 + 0.6 * more * hit),
        "bytes_down": now["bytes_down"] * (1 - 0.35 * hit),
        "bytes_up": now["bytes_up"] * (1 - 0.2 * hit),
        "flows": now["flows"] * (1 + 0.05 * hit),
        "syn": now["syn"] * (1 + 0.12 * hit),
        "fin": now["fin"] * (1 - 0.1 * hit),
        "connect_failures": now["connect_failures"] * (1 + 2 * hit),
    }


def throttling(rng: np.random.Generator, now: Means, at: Course) -> Means:
    """The network slows one service's content: bytes fall, connections stay."""
    hit, queue = at.depth, rng.uniform(0.0, 0.15)
    return {
        "bytes_down": now["bytes_down"] * (1 - hit),
        "bytes_up": now["bytes_up"] * (1 - rng.uniform(0.1, 0.6) * hit),
        "throughput_bps": now["throughput_bps"] * (1 - hit),
        "differentiation": now["differentiation"] * (1 - hit) + 0.9 * np.minimum(1, 2 * hit),
        "flows": now["flows"] * (1 + 0.04 * hit),
        "syn": now["syn"] * (1 + 0.04 * hit),
        "syn_ack": now["syn_ack"] * (1 + 0.04 * hit),
        "rtt_tcp_ms": now["rtt_tcp_ms"] * (1 + queue * hit),
    }


RESPONSES: Final[dict[str, Response]] = {
    "application": application,
    "unreachable": unreachable,
    "dns": dns,
    "operator": operator,
    "latency": latency,
    "throttling": throttling,
}
