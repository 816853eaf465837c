"""When a status page was first seen saying so, against when people began: the page's delay."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.engine import Engine
from outage.judging.gridding import Bools
from outage.judging.measuring import Measured, Stretch
from outage.judging.scoring import COMPLAINTS
from outage.judging.wording import minutes
from outage.slots import format_time

PAGES: Final = ("status_level",)
TELLING: Final = 3.0  # robust standard deviations in one slot
HALF_A_LEVEL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """The slots (epoch seconds) in which a page and people first said so, and the onset.

    `people` is None where none were heard to complain.
    """

    page: int
    people: int | None
    onset: int


def page_said(engine: Engine, measured: Measured, onset: int) -> Said | None:
    """Return when a page first said so; None if none did while the incident lasted."""
    pages = list(_first(engine, measured, PAGES))
    if not pages:
        return None
    return Said(min(pages), min(_first(engine, measured, COMPLAINTS), default=None), onset)


def page_remark(said: Said) -> str:
    """Return the page's delay in words.

    >>> page_remark(Said(1_393_094_400, 1_393_093_200, 1_393_092_000))
    'a status page said so from 18:40 UTC on, 20 min after people'
    """
    since, whom = (said.onset, "the onset") if said.people is None else (said.people, "people")
    delay = said.page - since
    when = f"{minutes(abs(delay))} {'after' if delay > 0 else 'before'} {whom}"
    told = when if abs(delay) >= 60 else f"together with {whom}"
    return f"a status page said so from {(format_time(said.page) or '')[11:16]} UTC on, {told}"


def _first(engine: Engine, measured: Measured, signals: Collection[str]) -> Iterator[int]:
    """Yield the first slot of each plane in which one of the signals is up."""
    for stretch in measured.stretches:
        plane = engine.planes[stretch.plane]
        wanted = [plane.series[at].signal in signals for at in stretch.about]
        if not any(wanted):
            continue
        slots = np.flatnonzero(_up(stretch, signals)[:, wanted].any(axis=1))
        if len(slots):
            yield stretch.first + int(slots[0]) * plane.slot_seconds


def _up(stretch: Stretch, signals: Collection[str]) -> Bools:
    usual: Floats = np.nan_to_num(stretch.expected.location)
    over = stretch.values - usual  # NaN, a gap, is not up
    if signals is PAGES:
        return np.asarray(over > HALF_A_LEVEL)
    wide = np.nan_to_num(stretch.expected.spread) * usual
    return np.asarray(over > TELLING * np.sqrt(usual + wide**2 + 1.0))
