"""What is seen and is not an outage: nuisances by name, and where we are blind."""

from __future__ import annotations

import numpy as np

from outage.batches import Floats
from outage.judging.combine import CLOCKS, Bools, Verdicts
from outage.judging.running import Heard, Running, Tick
from outage.judging.scoring import WELL_COUNTED
from outage.judging.signatures import Signatures
from outage.judging.state import FoldState, Sighting
from outage.settings import Judging
from outage.slots import DAY

SAME_SIGHTING_SECONDS = 1_800
TALK = frozenset({"news", "meme"})
FALLS = 1.0  # nats from which the loss of records, or another hour, explains a service there
CLOCK_NATS = 3.0  # by which another hour fits a service of a vantage better than all else
LOSS_SHARE = 0.75  # of what is seen elsewhere that must not fall


class Noticing:
    """The nuisances of one call of the fold."""

    def __init__(
        self, state: FoldState, running: Running, table: Signatures, settings: Judging
    ) -> None:
        self.state, self.running, self.table, self.settings = state, running, table, settings
        self.noticed: dict[int, Sighting] = {}

    def nuisances(self, heard: Heard, verdicts: Verdicts, busy: set[str]) -> None:
        """Notice subjects that an innocent explanation fits and no outage is open for."""
        index = self.running.index
        loud = verdicts.innocent_score > self.settings.notice_nats
        loud &= verdicts.margin < self.settings.possible_nats
        speaking = heard.instant.people_heard.copy()
        speaking[index.pair_subject[heard.instant.pair_heard]] = True
        echoing = self._echoing(heard.tick.slot_start)
        loud &= ~self._at(busy)
        for s in np.flatnonzero(loud & speaking):
            name, kind = index.subjects[s], self.table.rows[int(verdicts.innocent[s])]
            talk = kind in TALK and name in echoing
            if name not in busy and not talk:
                self._sight(heard.tick, kind, name, None)
        self._losses(heard, busy)
        self._clocks(heard, busy)

    def _at(self, busy: set[str]) -> Bools:
        """Return which subjects are seen at a vantage whose operator is out: that explains them."""
        index = self.running.index
        out = np.array([name in busy and bool(name) for name in index.vantages], dtype=bool)
        there = np.zeros(len(index.subjects), dtype=bool)
        there[index.pair_subject[out[index.pair_vantage]]] = True
        return there

    def _echoing(self, slot_start: int) -> set[str]:
        """Return the subjects of which people still talk because they were out a while ago."""
        return {
            track.subject
            for track in self.state.tracks
            if track.end is not None and slot_start - track.end < self.settings.echo_seconds
        }

    def _losses(self, heard: Heard, busy: set[str]) -> None:
        """Notice vantages where all services fall alike and in proportion, and nowhere else."""
        index, row = self.running.index, self.table.position("record_loss")
        if len(index.vantages) < 2:
            return
        fallen = np.where(heard.now.pair_heard, heard.now.network[:, row], 0.0)
        size = len(index.vantages)
        seen = np.bincount(index.pair_vantage[heard.now.pair_heard], minlength=size)
        falls = np.bincount(index.pair_vantage[fallen > FALLS], minlength=size)
        rises = np.bincount(index.pair_vantage[fallen <= 0.0], minlength=size)
        for v in np.flatnonzero((seen >= 2) & (falls == seen)):
            if index.vantages[v] in {"", *busy}:
                continue
            spoke = heard.instant.pair_heard[index.pair_vantage == v].any()
            elsewhere = rises.sum() - rises[v] >= LOSS_SHARE * (seen.sum() - seen[v])
            if spoke and elsewhere:
                name = index.vantages[v]
                self._sight(heard.tick, "record_loss", name, name)

    def _clocks(self, heard: Heard, busy: set[str]) -> None:
        """Notice vantages whose services all look like themselves an hour ago, or in an hour."""
        index, rows = self.running.index, self.table.rows
        told = np.where(heard.now.pair_heard[:, None], heard.now.network, 0.0)
        others = [i for i, scope in enumerate(self.table.scopes) if rows[i] not in CLOCKS]
        rest = np.maximum(told[:, others].max(axis=1), 0.0)
        size = len(index.vantages)
        seen = np.bincount(index.pair_vantage[heard.now.pair_heard], minlength=size)
        for row in map(self.table.position, CLOCKS):
            better = np.where(heard.now.pair_heard, told[:, row] - rest, 0.0)
            fits = np.bincount(index.pair_vantage[better > FALLS], minlength=size)
            total = np.bincount(index.pair_vantage, weights=better, minlength=size)
            for v in np.flatnonzero((fits >= 2) & (fits >= LOSS_SHARE * seen)):
                name = index.vantages[v]
                spoke = heard.instant.pair_heard[index.pair_vantage == v].any()
                alone = (fits.sum() - fits[v]) <= (1 - LOSS_SHARE) * (seen.sum() - seen[v])
                if spoke and alone and name not in {"", *busy} and total[v] > CLOCK_NATS * fits[v]:
                    self._sight(heard.tick, "clock_change", name, name)

    def gaps(self, tick: Tick, spoke: Bools, due: Floats) -> None:
        """Notice from where, by whom and of whom nothing comes although it did within a day.

        A vantage at once; a source, or a service of one, when it was silent for as long as its
        last word counts and much was `due` (units,): small services have empty slots.
        """
        units = self.running.layout.plane_units[tick.plane]
        expected = self.running.heard[units] > tick.slot_start - DAY
        if not (expected & ~spoke).any():
            return
        lately = self.running.lately(tick)
        blind = self._silent_vantages(tick, expected, spoke, lately)
        gone = expected & ~lately[units] & ~blind
        if gone.any():
            self._silent_sources(tick, expected & ~blind, gone, due)

    def _silent_vantages(self, tick: Tick, expected: Bools, spoke: Bools, lately: Bools) -> Bools:
        """Notice vantages that no source hears; return which of the plane's units are there."""
        running, index = self.running, self.running.index
        units = running.layout.plane_units[tick.plane]
        network, pairs = running.network[units], index.unit_pair[units]
        if not network.any():
            return np.zeros_like(network)
        elsewhere = running.network & lately
        elsewhere[units] = spoke & network
        silent = np.setdiff1d(
            index.pair_vantage[pairs[expected & network]],
            index.pair_vantage[index.unit_pair[elsewhere]],
        )
        for v in silent:
            name = index.vantages[v]
            if name:
                self._sight(tick, "data_gap", name, name)
        return np.asarray(network & np.isin(index.pair_vantage[pairs], silent))

    def _silent_sources(self, tick: Tick, expected: Bools, gone: Bools, due: Floats) -> None:
        """Notice sources of which all that is expected is gone, else services that one lost."""
        index, here = self.running.index, self.running.layout.plane_units[tick.plane]
        told = np.zeros_like(gone)
        for kind, groups in (
            ("source_gap", index.unit_source[here]),
            ("service_gap", index.unit_share[here]),
        ):
            left = gone & ~told
            some = np.bincount(groups, weights=expected) == np.bincount(groups, weights=gone)
            for number in np.unique(groups[left]):
                mine = (groups == number) & gone
                unit = index.units[here.start + int(np.argmax(mine))]
                name = unit.source if kind == "source_gap" else unit.subject
                if not some[number] or not name:
                    continue
                told |= mine
                if due[mine].sum() >= WELL_COUNTED:
                    since = int(self.running.heard[here][mine].max())
                    self._sight(tick, f"people_{kind}" if unit.people else kind, name, None, since)

    def _sight(
        self, tick: Tick, kind: str, subject: str, vantage: str | None, start: int | None = None
    ) -> None:
        for known in self.state.sightings:
            same = (known.kind, known.subject, known.vantage) == (kind, subject, vantage)
            if same and tick.slot_start - known.last <= SAME_SIGHTING_SECONDS:
                known.last = max(known.last, tick.slot_end)
                self.noticed[id(known)] = known
                return
        start = tick.slot_start if start is None else start
        sighting = Sighting(kind, subject, vantage, start, tick.slot_end)
        self.state.sightings.append(sighting)
        self.noticed[id(sighting)] = sighting

    def forget(self, slot_start: int) -> None:
        """Let nuisances go that have passed."""
        horizon = slot_start - self.settings.tail_seconds
        self.state.sightings = [s for s in self.state.sightings if s.last > horizon]
