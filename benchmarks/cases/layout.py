"""Who is watched, for how long, in which slots, and which signals there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from outage.batches import Ints
from outage.slots import DAY, HOUR

SLOTS: Final = {60: 0.22, 300: 0.26, 600: 0.24, 900: 0.14, 3600: 0.14}
CHANGES = (  # zones and the UTC dates on which their clocks change
    ("Europe/Berlin", "2025-03-30"),
    ("Europe/Berlin", "2025-10-26"),
    ("Europe/London", "2024-03-31"),
    ("America/New_York", "2025-03-09"),
    ("America/New_York", "2025-11-02"),
    ("America/Santiago", "2025-04-06"),
    ("Australia/Sydney", "2024-10-06"),
)
STEADY = ("Asia/Kolkata", "Asia/Tokyo", "America/Bogota", "Africa/Lagos", "Asia/Kathmandu")
NETWORK: Final = {
    "bytes_down": 0.97,
    "bytes_up": 0.85,
    "flows": 0.96,
    "syn": 0.92,
    "syn_ack": 0.86,
    "rst": 0.82,
    "fin": 0.3,
    "dns_queries": 0.35,
    "dns_failures": 0.86,
    "active_servers": 0.2,
}
DEVICES: Final = {
    "rtt_tcp_ms": 0.9,
    "rtt_dns_ms": 0.3,
    "connect_failures": 0.35,
    "throughput_bps": 0.25,
    "differentiation": 0.15,
}
PEOPLE: Final = {"posts": 0.96, "error_posts": 0.88, "user_reports": 0.65}
NO_DEVICES, NO_PEOPLE = 0.18, 0.1


@dataclass(frozen=True)
class Layout:
    """One case's frame: moments are epoch seconds, signals those of the whole case."""

    seed: int
    slot: int
    starts: int
    judged_from: int
    ends: int
    zone: str
    services: tuple[str, ...]
    operators: tuple[str, ...]
    signals: frozenset[str]
    sources: bool  # whether samples name their source

    @property
    def times(self) -> Ints:
        """Return the starts of all slots."""
        return np.arange(self.starts, self.ends, self.slot, dtype=np.int64)

    def row(self, moment: int) -> int:
        """Return the row of the slot that holds a moment."""
        return (moment - self.starts) // self.slot


def draw_layout(rng: np.random.Generator, seed: int) -> Layout:
    """Draw the frame of a case."""
    slot = int(rng.choice(list(SLOTS), p=list(SLOTS.values())))
    operators = int(rng.choice(4, p=[0.2, 0.4, 0.25, 0.15])) + 1
    services = int(rng.integers(3, 11))
    if slot == 60:  # a month of minutes: fewer subjects, so that a case is made in seconds
        operators = min(operators, 2)
        services = min(services, 8 // operators)
    starts, zone = _when(rng)
    judged = starts + 28 * DAY
    return Layout(
        seed=seed,
        slot=slot,
        starts=starts,
        judged_from=judged,
        ends=judged + int(rng.integers(4, 6 if slot == 60 else 8)) * DAY,
        zone=zone,
        services=tuple(f"app-{letter}" for letter in "abcdefghij"[:services]),
        operators=tuple(f"net-{number}" for number in range(1, operators + 1)),
        signals=_signals(rng),
        sources=bool(rng.random() < 0.5),
    )


def _when(rng: np.random.Generator) -> tuple[int, str]:
    """Return a midnight UTC and a zone; every other case sees the clocks change."""
    if rng.random() < 0.5:
        zone, day = CHANGES[rng.integers(len(CHANGES))]
        change = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
        return change - int(rng.integers(8, 32)) * DAY, zone
    first = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    return first + int(rng.integers(700)) * DAY, STEADY[rng.integers(len(STEADY))]


def _signals(rng: np.random.Generator) -> frozenset[str]:
    odds = dict(NETWORK)
    odds |= {} if rng.random() < NO_DEVICES else DEVICES
    odds |= {} if rng.random() < NO_PEOPLE else PEOPLE
    there = {name for name, chance in odds.items() if rng.random() < chance}
    if not there & {"bytes_down", "flows"}:
        there.add("flows")
    return frozenset(there)


def local_offsets(layout: Layout) -> Ints:
    """Return the offset of local time from UTC in each slot, in seconds."""
    zone = ZoneInfo(layout.zone)
    hours = np.arange(layout.starts, layout.ends, HOUR)
    offsets = [datetime.fromtimestamp(int(h), zone).utcoffset() for h in hours]
    seconds = [int(one.total_seconds()) if one else 0 for one in offsets]
    return np.repeat(np.array(seconds, dtype=np.int64), HOUR // layout.slot)
