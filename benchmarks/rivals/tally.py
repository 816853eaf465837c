"""Counts of one rule over cases, by the rules of `outage.evaluation`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from outage.evaluation import Outcome


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over cases; delays are in slots of the case and in minutes."""

    outages: int = 0
    detected: int = 0
    false_alarms: int = 0
    weeks: float = 0.0
    causes_right: int = 0
    slots: tuple[float, ...] = ()
    minutes: tuple[float, ...] = ()

    @classmethod
    def of(cls, outcome: Outcome, slot_seconds: int) -> Tally:
        """Return the counts of one case."""
        slots = tuple(one.delay for one in outcome.detections)
        return cls(
            outcome.outages,
            len(slots),
            outcome.false_alarms,
            outcome.subject_weeks,
            sum(one.cause_right for one in outcome.detections),
            slots,
            tuple(delay * slot_seconds / 60 for delay in slots),
        )

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.outages + other.outages,
            self.detected + other.detected,
            self.false_alarms + other.false_alarms,
            self.weeks + other.weeks,
            self.causes_right + other.causes_right,
            self.slots + other.slots,
            self.minutes + other.minutes,
        )

    @property
    def recall(self) -> float:
        """Return the share of the outages that was detected."""
        return self.detected / self.outages if self.outages else np.nan

    @property
    def precision(self) -> float:
        """Return detected outages over those and the false alarms; duplicates do not count."""
        said = self.detected + self.false_alarms
        return self.detected / said if said else np.nan

    @property
    def rate(self) -> float:
        """Return false alarms per subject-week."""
        return self.false_alarms / self.weeks if self.weeks else np.nan

    @property
    def cause_accuracy(self) -> float:
        """Return right causes over detected outages."""
        return self.causes_right / self.detected if self.detected else np.nan


Tallies: TypeAlias = dict[str, Tally]


def added(parts: Iterable[Mapping[str, Tally]]) -> Tallies:
    """Return the sums by setting."""
    sums: Tallies = {}
    for part in parts:
        for setting, tally in part.items():
            sums[setting] = sums.get(setting, Tally()) + tally
    return sums


def best(tallies: Mapping[str, Tally], most: float) -> tuple[str, Tally] | None:
    """Return the setting with the highest recall at `most` false alarms per subject-week."""
    allowed = [(name, one) for name, one in tallies.items() if one.rate <= most]
    return max(allowed, key=lambda pair: (pair[1].recall, -pair[1].rate), default=None)
