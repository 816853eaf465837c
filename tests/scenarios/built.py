"""A scenario built once, with the questions that the tests ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from outage import scenarios
from outage.batches import Floats, Panel, SampleBatch
from outage.scenarios import Expected, Scenario
from outage.slots import DAY, parse_time
from outage.words import Series

WEEK = 7 * DAY


@dataclass(frozen=True)
class Built:
    scenario: Scenario
    batch: SampleBatch

    def slots(self) -> np.ndarray:
        one = self.scenario
        return np.arange(one.starts, one.ends, one.slot_seconds)

    def series(self, subject: str, signal: str, vantage: str = "", category: str = "") -> Series:
        return Series(
            subject, signal, category, vantage, "reconstruction", self.scenario.slot_seconds
        )

    @cached_property
    def panel(self) -> Panel:
        one = self.scenario
        series = self.batch.series
        return Panel.of(self.batch, series, one.starts, one.ends, one.slot_seconds)

    def values(self, *name: str) -> Floats:
        values: Floats = self.panel.values[:, self.batch.series.index(self.series(*name))]
        return values

    def before(self, *name: str) -> Floats:
        """The mean of the same slots of the two weeks before, NaN in the first two."""
        values, week = self.values(*name), WEEK // self.scenario.slot_seconds
        earlier = np.full((2, len(values)), np.nan)
        earlier[0, week:] = values[:-week]
        earlier[1, 2 * week :] = values[: -2 * week]
        mean: Floats = earlier.mean(axis=0)
        return mean

    def ratio(self, *name: str) -> Floats:
        ratio: Floats = self.values(*name) / self.before(*name)
        return ratio

    def within(self, since: str | int, until: str | int) -> np.ndarray:
        first, last = (parse_time(t) if isinstance(t, str) else t for t in (since, until))
        slots = self.slots()
        chosen: np.ndarray = (slots >= first) & (slots < last)
        return chosen

    def during(self, event: Expected) -> np.ndarray:
        """The slots that lie wholly within the event."""
        return self.within(event.start + self.scenario.slot_seconds - 1, event.end)

    def fall(self, event: Expected, *name: str) -> float:
        """What the event has, of what the weeks before had in the same slots; NaN for a gap."""
        during = self.during(event)
        seen, usual = self.values(*name)[during], self.before(*name)[during]
        both = ~(np.isnan(seen) | np.isnan(usual))
        return float(seen[both].sum() / usual[both].sum()) if both.any() else float("nan")


@cache
def built(slug: str, seed: int = 0, depth: float = 1.0) -> Built:
    return Built(scenarios.describe(slug), scenarios.build(slug, seed, depth))
