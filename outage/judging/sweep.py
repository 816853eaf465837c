"""The running evidence of many slots in one go: where every unit of a plane stood after each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats, Ints
from outage.judging.combine import Bools
from outage.judging.state import Memories
from outage.slots import DAY, HOUR

FORGET_SECONDS: Final = 6 * HOUR  # after so long a silence a unit begins anew
MOST: Final = 40.0
LEAD: Final = 10.0  # nats


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a plane's units said in some slots: `evidence` (slots, units, rows), already scaled.

    `spoke` has shape (slots, units), `starts` (slots,) is when each slot of `seconds` began.
    """

    evidence: Floats
    spoke: Bools
    starts: Ints
    seconds: int


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Where units stood after each slot: `Memories` with the slots as first axis.

    `loud` (slots,) is the strongest evidence of a unit that spoke, 0 where none did; `missed`
    (slots,) tells where a unit that spoke within the last day is silent.
    """

    evidence: Floats
    since: Ints
    heard: Ints
    loud: Floats
    missed: Bools


def sweep(kept: Memories, said: Said, keep: float, least: Floats, innocent: Bools) -> Sweep:
    """Go on from `kept` over all slots of `said`.

    Evidence fades by the factor `keep` a slot and stays between `least` (units, rows) and MOST;
    that of `innocent` rows (rows,) no more than LEAD ahead of every outage, so that what has long
    been explained does not explain away what begins now. A unit that is silent keeps its own,
    until it is forgotten.
    """
    ends = (said.starts + said.seconds)[:, None]
    heard = np.maximum.accumulate(np.where(said.spoke, ends, kept.heard), axis=0)
    earlier = np.concatenate([kept.heard[None], heard[:-1]])
    stale = earlier < said.starts[:, None] - FORGET_SECONDS
    evidence, before = _run(kept.evidence, said, stale, (keep, least, innocent))
    spoke = said.spoke[:, :, None]
    began = (evidence > 0.0) & (before <= 0.0) & spoke
    since = np.where(began, said.starts[:, None, None], kept.since)
    loud = np.where(spoke, evidence, -np.inf).max(axis=(1, 2), initial=-np.inf)
    lately = heard > said.starts[:, None] - DAY
    return Sweep(
        evidence,
        np.maximum.accumulate(since, axis=0),
        heard,
        np.where(said.spoke.any(axis=1), loud, 0.0),
        np.asarray((lately & ~said.spoke).any(axis=1)),
    )


def _run(
    start: Floats, said: Said, stale: Bools, bounds: tuple[float, Floats, Bools]
) -> tuple[Floats, Floats]:
    """Return the evidence after and before each slot, shapes (slots, units, rows)."""
    keep, least, innocent = bounds
    after = np.empty_like(said.evidence)
    before = np.empty_like(said.evidence)
    forgotten = np.asarray(stale.any(axis=1))
    all_spoke = np.asarray(said.spoke.all(axis=1))
    now = start
    for slot, heard in enumerate(said.evidence):
        was, moved = before[slot], after[slot]
        was[:] = np.where(stale[slot][:, None], 0.0, now) if forgotten[slot] else now
        np.multiply(was, keep, out=moved)
        moved += heard
        np.maximum(moved, least, out=moved)
        np.minimum(moved, MOST, out=moved)
        ahead = moved[:, ~innocent].max(axis=1, initial=-LEAD) + LEAD
        moved[:, innocent] = np.minimum(moved[:, innocent], ahead[:, None])
        if not all_spoke[slot]:
            moved[:] = np.where(said.spoke[slot][:, None], moved, was)
        now = moved
    return after, before
