"""What a reconstruction says about itself: whom it shows, what happened, what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from outage.slots import DEFAULT_SLOT_SECONDS
from outage.words import Cause

SOURCE = "reconstruction"


@dataclass(frozen=True, slots=True)
class Expected:
    """One happening that judging should find: the truth of the reconstruction.

    Epoch seconds; between `end` and `recovered` things come back. `vantage` is None where every
    vantage sees it.
    """

    name: str
    subject: str
    vantage: str | None
    cause: Cause
    start: int
    end: int
    recovered: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """A past outage rebuilt from published figures; made by code, not measured.

    `timezones` gives each operator's zone; history runs from `starts`, judging from
    `judged_from`, both epoch seconds.
    """

    slug: str
    title: str
    services: tuple[str, ...]
    operators: tuple[str, ...]
    timezones: Mapping[str, str]
    starts: int
    ends: int
    judged_from: int
    sources: tuple[str, ...]
    assumptions: tuple[str, ...]
    events: tuple[Expected, ...]
    slot_seconds: int = DEFAULT_SLOT_SECONDS
