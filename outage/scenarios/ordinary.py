"""Ordinary days: local clocks, demand with two daily peaks, and noise that is not smooth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32
from zoneinfo import ZoneInfo

import numpy as np

from outage.batches import Floats, Ints
from outage.scenarios.record import Scenario
from outage.slots import DAY, HOUR, from_epoch

POINTS = 10  # moments within a slot at which a course is looked at, so that it may begin inside one

# Local hours of the day's extremes and the demand there; WhatsApp paper, figure 4 and section 3.2.
TURNS = np.array([-4.0, 4.0, 12.0, 16.0, 20.0, 28.0])
WEEK = np.array([0.98, 0.98, 0.99, 1.0, 1.04, 1.03, 0.98])  # Monday first


@dataclass(frozen=True)
class Grid:
    """The slots of a scenario: their starts, their inner points and their local clocks."""

    scenario: Scenario

    @property
    def slot_seconds(self) -> int:
        """Return the slot's length."""
        return self.scenario.slot_seconds

    @cached_property
    def starts(self) -> Ints:
        """Return the start of every slot, shape (slots,), epoch seconds."""
        return np.arange(
            self.scenario.starts, self.scenario.ends, self.slot_seconds, dtype=np.int64
        )

    @cached_property
    def points(self) -> Floats:
        """Return moments spread evenly in every slot, shape (slots, POINTS), epoch seconds."""
        inner = (np.arange(POINTS) + 0.5) * self.slot_seconds / POINTS
        return self.starts[:, None] + inner

    def local(self, zone: str) -> Floats:
        """Return the middle of every slot on the zone's wall clock, as seconds of that clock."""
        hours = self.starts // HOUR
        known, place = np.unique(hours, return_inverse=True)
        offsets = np.array([_offset(int(hour) * HOUR, zone) for hour in known], dtype=np.float64)
        return self.starts + self.slot_seconds / 2 + offsets[place]


def _offset(moment: int, zone: str) -> float:
    shift = from_epoch(moment).astimezone(ZoneInfo(zone)).utcoffset()
    return shift.total_seconds() if shift else 0.0


def demand(grid: Grid, zone: str, valley: float = 0.22, steepness: float = 1.0) -> Floats:
    """Return the relative demand of every slot, mean 1 over the first week, shape (slots,).

    Peaks at noon and 20:00 local, night valley at 04:00 of `valley` times the evening peak;
    `steepness` below 1 flattens the day (worldwide talk), a figure of this reconstruction.
    """
    local = grid.local(zone)
    heights = np.array([1.0, valley, 0.86, 0.72, 1.0, valley])
    heights[0] = heights[4]
    day = _between_turns((local % DAY) / HOUR, heights)
    shape = (day * _weekday(local)) ** steepness
    week = 7 * DAY // grid.slot_seconds
    scaled: Floats = shape / shape[:week].mean()
    return scaled


def _between_turns(hour: Floats, heights: Floats) -> Floats:
    # Half a cosine from each extreme to the next keeps the peaks exactly at their hours.
    after = np.clip(np.searchsorted(TURNS, hour, side="right"), 1, len(TURNS) - 1)
    share = (hour - TURNS[after - 1]) / (TURNS[after] - TURNS[after - 1])
    eased = (1 - np.cos(np.pi * share)) / 2
    between: Floats = heights[after - 1] + (heights[after] - heights[after - 1]) * eased
    return between


def _weekday(local: Floats) -> Floats:
    # 1970-01-01 was a Thursday, three days after a Monday.
    middles = local / DAY + 3 - 0.5
    first = np.floor(middles).astype(np.int64)
    share = middles - first
    level: Floats = WEEK[first % 7] * (1 - share) + WEEK[(first + 1) % 7] * share
    return level


def generator(seed: int, label: str) -> np.random.Generator:
    """Return a generator of its own for every label, so that no series shifts another's draws."""
    return np.random.default_rng([seed, crc32(label.encode())])


def drift(rng: np.random.Generator, slots: int, sd: float, memory: float) -> Floats:
    """Return slow log noise, AR(1) of standard deviation `sd` and `memory` in slots."""
    keep = np.exp(-1.0 / memory)
    shocks = rng.normal(0.0, sd * np.sqrt(1 - keep**2), slots)
    shocks[0] = rng.normal(0.0, sd)
    return _filtered(shocks, keep)


def _filtered(shocks: Floats, keep: float) -> Floats:
    # In pieces: a single cumulative sum over the whole month would lose its digits.
    reach = max(1, int(30 / -np.log(keep)))
    out = np.empty_like(shocks)
    last = 0.0
    for first in range(0, len(shocks), reach):
        piece = shocks[first : first + reach]
        weights = keep ** np.arange(1, len(piece) + 1)
        out[first : first + reach] = weights * (last + np.cumsum(piece / weights))
        last = out[first + len(piece) - 1]
    return out


def tide(seed: int, subject: str, vantage: str, slots: int, slots_a_day: float) -> Floats:
    """Return the log noise that moves all signals of a subject at a vantage together."""
    rng = generator(seed, f"tide|{subject}|{vantage}")
    slow = drift(rng, slots, 0.035, slots_a_day)
    return slow + drift(rng, slots, 0.02, slots_a_day / 24)
