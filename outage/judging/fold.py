"""The fold: `advance(state, block of ticks) -> state, what was touched`.

Pure: no clock, no database. A tick is a moment at which a slot completes; evidence runs with a
memory of `memory_seconds`, hysteresis opens, confirms, closes and reopens. Any cutting of time
into blocks gives the same result, because a tick reads only the state and its own slot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.judging.combine import Bools, Index, Verdicts, operators, services
from outage.judging.kin import Kin
from outage.judging.noticing import Noticing
from outage.judging.running import Heard, Layout, March, Running, Tick, ticks
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures
from outage.judging.state import FoldState, Sighting, Track
from outage.judging.sweep import FORGET_SECONDS
from outage.judging.tracking import Tracking
from outage.settings import Judging

LIKELY = 2.0  # margin from which an operator's outage is considered before its services'
EXPLAINED = 4.0  # nats by which a service's own outage must beat its operator's
MOST_CELLS = 2**22  # numbers of running evidence held at a time
QUIET = 3.0  # nats of one unit below which nothing is judged, or less where many add up


@dataclass(frozen=True, slots=True)
class Fold:
    """The fold over one layout: what does not change from tick to tick."""

    index: Index
    table: Signatures
    settings: Judging
    layout: Layout
    kin: Kin

    def advance(
        self, state: FoldState, blocks: Sequence[Scored], lags: Sequence[int]
    ) -> tuple[FoldState, list[Track], list[Sighting]]:
        """Return the state after the blocks, and every track and sighting that was touched."""
        judge = Judge(self, state.copy())
        judge.hear_all(ticks(blocks, lags), dict(enumerate(blocks)))
        touched = list(judge.tracking.touched.values())
        return judge.state, touched, list(judge.noticing.noticed.values())


class Judge:
    """One call of `advance`: each tick first weighs, then explains away, then speaks."""

    def __init__(self, fold: Fold, state: FoldState) -> None:
        self.state, self.settings = state, fold.settings
        self.index, self.table = fold.index, fold.table
        rows = len(fold.table.rows)
        state.units = state.units.aligned(fold.layout.keys, rows, -FORGET_SECONDS)
        self.running = Running(fold.index, fold.table, fold.layout, fold.settings, state.units)
        self.operators = fold.kin.operators.union(fold.index.vantages)
        self.tracking = Tracking(state, self.running, fold.table, fold.settings, fold.kin)
        self.noticing = Noticing(state, self.running, fold.table, fold.settings)
        self.quiet = _quiet(fold.index, fold.settings)

    def hear(self, tick: Tick, block: Scored) -> None:
        """Take one slot of one plane in, then judge unless all is quiet."""
        self._hear([tick], {tick.plane: block})

    def hear_all(self, due: Sequence[Tick], blocks: Mapping[int, Scored]) -> None:
        """Take slots in, by the moments they were known at; quiet stretches are skipped over."""
        size = max(1, MOST_CELLS // max(1, self.running.evidence.size))
        for first in range(0, len(due), size):
            self._hear(due[first : first + size], blocks)

    def _hear(self, due: Sequence[Tick], blocks: Mapping[int, Scored]) -> None:
        march = March.of(self.running, due, blocks)
        place = 0
        while place < len(due):
            if not self.state.tracks and not self.state.sightings:
                place = march.notable_from(place, self.quiet)
                if place == len(due):
                    break
            march.go(place)
            tick = due[place]
            self._judge(tick, blocks[tick.plane], march.loud[place] >= self.quiet)
            place += 1
        march.go(len(due) - 1)

    def _judge(self, tick: Tick, block: Scored, loud: bool) -> None:
        spoke: Bools = block.spoke[tick.row] > 0
        self.noticing.gaps(tick, spoke, block.due[tick.row])
        if not loud and not self.state.tracks and not self.state.sightings:
            return
        heard = self.running.listen(tick, block, spoke)
        self.tracking.follow(heard)
        likely = self._operators(heard)
        verdicts = services(self.index, self.table, heard.now, self.muted(heard, likely))
        self._services(heard, verdicts)
        self.noticing.nuisances(heard, verdicts, self.tracking.busy())
        self.tracking.forget(tick.slot_start)
        self.noticing.forget(tick.slot_start)

    def _operators(self, heard: Heard) -> Bools:
        """Judge the operators; return at which vantages an operator's outage is in the air."""
        everywhere = self.tracking.out_everywhere()
        margin, fallen = operators(self.index, self.table, heard.now, everywhere)
        row = self.table.position("operator")
        for v in np.flatnonzero(margin > self.settings.possible_nats):
            pairs = fallen & (self.index.pair_vantage == v)
            if heard.instant.pair_heard[pairs].any():
                name = self.index.vantages[v]
                self.tracking.hold(heard, name, "operator", row, float(margin[v]), pairs)
        return self.likely(margin)

    def likely(self, margin: Floats) -> Bools:
        """Return at which vantages an operator's outage is in the air."""
        likely: Bools = margin > LIKELY
        likely[self.tracking.operators_open()] = True
        return likely

    def muted(self, heard: Heard, likely: Bools) -> Floats:
        """Return per pair how much evidence an operator's own outage explains away."""
        row = self.table.position("operator")
        explained = np.maximum(heard.now.network[:, row], 0.0) + EXPLAINED
        return np.where(likely[self.index.pair_vantage], explained, 0.0)

    def _services(self, heard: Heard, verdicts: Verdicts) -> None:
        for s in np.flatnonzero(verdicts.margin > self.threshold(heard)):
            name, row = self.index.subjects[s], int(verdicts.row[s])
            pairs = verdicts.hit[:, row] & (self.index.pair_subject == s)
            spoke = heard.instant.pair_heard[pairs].any() or heard.instant.people_heard[s]
            margin = float(verdicts.margin[s])
            if spoke and name not in self.operators:
                self.tracking.hold(heard, name, "service", row, margin, pairs)
            elif spoke and not pairs.any() and not self._seen_from(heard, name):
                operator = self.table.position("operator")
                self.tracking.hold(heard, name, "operator", operator, margin, pairs)

    def _seen_from(self, heard: Heard, operator: str) -> bool:
        """Return whether traffic tells how an operator does, so that people need not alone."""
        if operator not in self.index.vantages:
            return False
        here = self.index.pair_vantage == self.index.vantages.index(operator)
        return bool(heard.now.pair_heard[here].any())

    def threshold(self, heard: Heard) -> Floats:
        """Return per subject the margin that opens: higher where people alone speak, or late."""
        seen = np.zeros(len(self.index.subjects), dtype=bool)
        seen[self.index.pair_subject[heard.now.pair_heard]] = True
        late = self.tracking.in_tail(heard.tick.slot_start)
        settings = self.settings
        base = np.where(seen, settings.possible_nats, settings.possible_nats + settings.alone_nats)
        return base + settings.tail_nats * late


def _quiet(index: Index, settings: Judging) -> float:
    """Return the nats of one unit below which all units of a subject, or of a vantage, together
    neither open an incident nor make a notice."""
    by_subject = np.bincount(index.unit_subject, minlength=1).max()
    by_vantage = np.bincount(index.pair_vantage, minlength=1).max()
    least = min(settings.possible_nats, settings.notice_nats)
    return min(QUIET, least / max(1, int(by_subject), int(by_vantage)))
