"""The words of the domain: signals, series, samples, incidents, evidence and notices.

Frozen records that every other part makes or consumes; nothing here does input or output.
Moments are epoch seconds (see `outage.slots`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from outage.errors import BadInput
from outage.slots import format_time

SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Noise(StrEnum):
    """How a signal varies around its mean."""

    COUNT = "count"  # Poisson or wider
    VOLUME = "volume"  # multiplicative
    LATENCY = "latency"  # multiplicative, skewed
    SHARE = "share"  # within 0..1


class Combine(StrEnum):
    """How a signal adds up over slots, categories or vantages."""

    SUM = "sum"
    WEIGHTED_MEAN = "weighted_mean"  # by the stored weight, where there is one
    MAX = "max"
    NEVER = "never"


class Witness(StrEnum):
    """Who saw it."""

    PEOPLE = "people"
    NETWORK = "network"
    DEVICES = "devices"


class Cause(StrEnum):
    """What an incident can be put down to."""

    APPLICATION = "application"
    UNREACHABLE = "unreachable"
    DNS = "dns"
    OPERATOR = "operator"
    LATENCY = "latency"
    THROTTLING = "throttling"
    UNKNOWN = "unknown"


class State(StrEnum):
    """Where an incident stands."""

    POSSIBLE = "possible"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


class SubjectKind(StrEnum):
    """What is watched."""

    SERVICE = "service"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Signal:
    """One kind of measurement of the closed vocabulary."""

    name: str
    unit: str
    noise: Noise
    combine: Combine
    witness: Witness


def _vocabulary() -> Mapping[str, Signal]:
    count, volume = Noise.COUNT, Noise.VOLUME
    people, network, devices = Witness.PEOPLE, Witness.NETWORK, Witness.DEVICES
    rows = (
        Signal("bytes_down", "bytes", volume, Combine.SUM, network),
        Signal("bytes_up", "bytes", volume, Combine.SUM, network),
        Signal("flows", "flows", count, Combine.SUM, network),
        Signal("syn", "packets", count, Combine.SUM, network),
        Signal("syn_ack", "packets", count, Combine.SUM, network),
        Signal("rst", "packets", count, Combine.SUM, network),
        Signal("fin", "packets", count, Combine.SUM, network),
        Signal("dns_queries", "queries", count, Combine.SUM, network),
        Signal("dns_failures", "queries", count, Combine.SUM, network),
        Signal("active_servers", "addresses", count, Combine.NEVER, network),
        Signal("rtt_tcp_ms", "ms", Noise.LATENCY, Combine.WEIGHTED_MEAN, devices),
        Signal("rtt_dns_ms", "ms", Noise.LATENCY, Combine.WEIGHTED_MEAN, devices),
        Signal("connect_failures", "connections", count, Combine.SUM, devices),
        Signal("throughput_bps", "bit/s", volume, Combine.WEIGHTED_MEAN, devices),
        Signal("differentiation", "share", Noise.SHARE, Combine.WEIGHTED_MEAN, devices),
        Signal("reachability", "share", Noise.SHARE, Combine.WEIGHTED_MEAN, devices),
        Signal("posts", "posts", count, Combine.SUM, people),
        Signal("error_posts", "posts", count, Combine.SUM, people),
        Signal("user_reports", "reports", count, Combine.SUM, people),
        Signal("status_level", "level", Noise.SHARE, Combine.MAX, people),
    )
    return MappingProxyType({row.name: row for row in rows})


SIGNALS: Final = _vocabulary()


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "slot"), counted(2_000, "slot"), counted(0, "query", "queries")
    ('1 slot', '2,000 slots', '0 queries')
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def check_slug(text: str, what: str) -> str:
    """Return `text` if it can name a subject, vantage, category or source."""
    if not SLUG.fullmatch(text):
        raise BadInput(
            f"{what} {text[:40]!r} is not a slug; use a-z, 0-9, '.', '_' and '-', at most 64"
        )
    return text


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """One line of measurements: whose, what, of which part, seen from where, by which source.

    `category` and `vantage` are empty for the whole service and for people's posts.
    """

    subject: str
    signal: str
    category: str = ""
    vantage: str = ""
    source: str = ""
    slot_seconds: int = 600


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: the value of a series in the slot starting at `slot_start`.

    `known_at` is the moment from which the system could know it; `weight` is the number of
    measurements behind a median or mean (None where it does not apply).
    """

    series: Series
    slot_start: int
    value: float
    known_at: int
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken: where it stands, why, and what to do about it."""

    origin: str
    line: int
    reason: str
    remedy: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signal's part in an incident, in numbers and words."""

    signal: str
    category: str
    vantage: str
    source: str
    unit: str
    direction: str  # "down" or "up"
    since: int
    seen: float
    expected: float
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One subject, from the slot where it began to the slot where it ended.

    `end` is None while open, `confirmed_at` until confirmed; `vantage` is set only if another
    vantage with data sees nothing; `severity` is the share of the expected that is missing;
    `lag_s` is how long after the network people spoke (None where it cannot be told).
    """

    id: str
    subject: str
    vantage: str | None
    vantages: tuple[str, ...]
    start: int
    end: int | None
    opened_at: int
    confirmed_at: int | None
    state: State
    cause: Cause
    runner_up: Cause | None
    confidence: float
    severity: float
    event: str
    lag_s: int | None
    evidence: tuple[Evidence, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Notice:
    """Something seen and named that is not an outage: a nuisance, or blindness."""

    kind: str
    subject: str
    vantage: str | None
    start: int
    end: int | None
    text: str


_MOMENTS: Final = frozenset({"start", "end", "opened_at", "confirmed_at", "since"})


def as_json(record: Incident | Notice | Evidence) -> dict[str, Any]:
    """Return the record as plain JSON values, with times in ISO 8601 UTC with `Z`."""
    return {key: _plain(key, value) for key, value in asdict(record).items()}


def _plain(key: str, value: Any) -> Any:
    if key in _MOMENTS:
        return format_time(value)
    if isinstance(value, tuple):
        return [_plain("", item) for item in value]
    if isinstance(value, dict):
        return {inner: _plain(inner, item) for inner, item in value.items()}
    return value


def incident_id(subject: str, cause_group: str, opened_at: int) -> str:
    """Return the stable identity of an incident: the same after a restart and in a replay."""
    text = f"{subject}|{cause_group}|{opened_at}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
