"""The fold: `advance(state, block of ticks) -> state, transitions`.

Pure: no clock, no database. A tick is a moment at which a slot completes; evidence runs with a
memory of `memory_seconds`, hysteresis opens, confirms, closes and reopens. Any cutting of time
into blocks gives the same result, because a tick reads only the state and its own slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.judging.combine import Bools, Combined, Index, Verdicts, combine, operators, services
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures
from outage.judging.state import FoldState, Memory, Sighting, Track
from outage.settings import Judging
from outage.slots import DAY, HOUR
from outage.words import incident_id

FORGET_SECONDS = 6 * HOUR
PATIENCE_SECONDS = 1_200  # and two slots: how long a silent unit's last word still counts
PEOPLE_LEAST, NETWORK_LEAST, MOST = -2.0, -3.0, 40.0
LIKELY = 2.0  # margin from which an operator's outage is considered before its services'
QUIET = 3.0  # below this nothing that any unit says can open an incident
SAME_SIGHTING_SECONDS = 1_800
SAME_EVENT_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Tick:
    """One completed slot of one plane: which plane, which row of its block, when it was known."""

    moment: int
    plane: int
    row: int
    slot_start: int
    slot_seconds: int


def ticks(blocks: Sequence[Scored], lags: Sequence[int]) -> list[Tick]:
    """Return the ticks of the planes' blocks in the order in which they could be known."""
    found = [
        Tick(start + block.plane.slot_seconds + lags[i], i, row, start, block.plane.slot_seconds)
        for i, block in enumerate(blocks)
        for row in range(len(block.evidence))
        for start in (block.start + row * block.plane.slot_seconds,)
    ]
    return sorted(found, key=lambda tick: (tick.moment, tick.slot_seconds))


@dataclass(slots=True)
class Fold:
    """The fold over one layout: what does not change from tick to tick."""

    index: Index
    table: Signatures
    settings: Judging
    keys: tuple[str, ...]  # of each unit, stable over restarts
    plane_units: tuple[slice, ...]
    plane_seconds: tuple[int, ...]

    def advance(
        self, state: FoldState, blocks: Sequence[Scored], lags: Sequence[int]
    ) -> tuple[FoldState, list[Track], list[Sighting]]:
        """Return the state after the blocks, and every track and sighting that was touched."""
        work = _Work(self, state.copy())
        for tick in ticks(blocks, lags):
            work.hear(tick, blocks[tick.plane])
        return work.leave()


class _Work:
    """One call of `advance`: the state unpacked into arrays."""

    def __init__(self, fold: Fold, state: FoldState) -> None:
        self.fold, self.state = fold, state
        self.settings, self.table, self.index = fold.settings, fold.table, fold.index
        count, rows = len(fold.keys), len(fold.table.rows)
        self.evidence = np.zeros((count, rows))
        self.since = np.zeros((count, rows), dtype=np.int64)
        self.heard = np.full(count, -FORGET_SECONDS, dtype=np.int64)
        for position, key in enumerate(fold.keys):
            memory = state.units.get(key)
            if memory is not None:
                self.evidence[position] = memory.evidence
                self.since[position] = memory.since
                self.heard[position] = memory.heard
        people = np.array([unit.people for unit in fold.index.units], dtype=bool)
        least = np.where(people, PEOPLE_LEAST, NETWORK_LEAST)
        innocent = np.array([scope == "innocent" for scope in fold.table.scopes])
        self.least = least[:, None] * np.where(innocent, 2.5, 1.0)
        self.patience = np.zeros(count, dtype=np.int64)
        for units, seconds in zip(fold.plane_units, fold.plane_seconds, strict=True):
            self.patience[units] = PATIENCE_SECONDS + 2 * seconds
        self.network = fold.index.unit_pair >= 0
        self.excess = np.zeros(len(fold.index.subjects))
        self.cold = np.zeros(count, dtype=bool)
        self.touched: dict[int, Track] = {}
        self.noticed: dict[int, Sighting] = {}

    # -- one tick ---------------------------------------------------------------------------

    def hear(self, tick: Tick, block: Scored) -> None:
        """Take one slot of one plane in, then judge."""
        units = self.fold.plane_units[tick.plane]
        spoke = block.spoke[tick.row] > 0
        fresh = block.evidence[tick.row]
        self.cold[units] = block.cold
        self._remember(units, spoke, fresh, tick)
        self._gaps(tick, units, spoke)
        quiet = not self.state.tracks and not self.state.sightings
        if quiet and (not spoke.any() or self.evidence[units][spoke].max() < QUIET):
            return
        self._judge(tick, units, spoke, fresh, block)

    def _remember(self, units: slice, spoke: Bools, fresh: Floats, tick: Tick) -> None:
        keep = np.exp(-tick.slot_seconds / self.settings.memory_seconds)
        share = min(1.5, (tick.slot_seconds / 600.0) ** 0.5)
        stale = self.heard[units] < tick.slot_start - FORGET_SECONDS
        before = np.where(stale[:, None], 0.0, self.evidence[units])
        after = np.clip(before * keep + share * fresh, self.least[units], MOST)
        after = np.where(spoke[:, None], after, before)
        began = (after > 0.0) & (before <= 0.0) & spoke[:, None]
        self.since[units] = np.where(began, tick.slot_start, self.since[units])
        self.evidence[units] = after
        self.heard[units] = np.where(spoke, tick.slot_start + tick.slot_seconds, self.heard[units])

    def _judge(self, tick: Tick, units: slice, spoke: Bools, fresh: Floats, block: Scored) -> None:
        heard = self.heard > tick.slot_start + tick.slot_seconds - self.patience
        now = combine(self.index, self.evidence, heard)
        latest = np.zeros_like(self.evidence)
        latest[units] = np.where(spoke[:, None], fresh, 0.0)
        here = np.zeros(len(self.heard), dtype=bool)
        here[units] = spoke
        instant = combine(self.index, latest, here)
        self.excess = np.zeros(len(self.index.subjects))
        np.add.at(self.excess, self.index.unit_subject[units][spoke], block.excess[tick.row][spoke])
        self._follow(tick, now, instant)
        likely = self._operators(tick, now, instant)
        verdicts = services(self.index, self.table, now, self._muted(now, likely))
        self._services(tick, verdicts, now, instant)
        self._nuisances(tick, verdicts, now, instant)
        self._forget(tick)

    # -- opening ----------------------------------------------------------------------------

    def _operators(self, tick: Tick, now: Combined, instant: Combined) -> Bools:
        """Judge the operators; return at which vantages an operator's outage is in the air."""
        margin, fallen = operators(self.index, self.table, now, self._out_everywhere())
        row = self.table.position("operator")
        for v in np.flatnonzero(margin > self.settings.possible_nats):
            pairs = fallen & (self.index.pair_vantage == v)
            if not instant.pair_heard[pairs].any():
                continue
            name = self.index.vantages[v]
            self._hold(tick, name, "operator", row, float(margin[v]), pairs, instant)
        likely: Bools = margin > LIKELY
        likely[self._operators_open()] = True
        return likely

    def _services(self, tick: Tick, verdicts: Verdicts, now: Combined, instant: Combined) -> None:
        operator_names = set(self.index.vantages)
        threshold = np.full(len(self.index.subjects), self.settings.possible_nats)
        threshold += self.settings.tail_nats * self._in_tail(tick)
        seen = np.zeros(len(threshold), dtype=bool)
        seen[self.index.pair_subject[now.pair_heard]] = True
        threshold += np.where(seen, 0.0, self.settings.alone_nats)
        for s in np.flatnonzero(verdicts.margin > threshold):
            name = self.index.subjects[s]
            mine = self.index.pair_subject == s
            row = int(verdicts.row[s])
            pairs = verdicts.hit[:, row] & mine
            if name in operator_names or not self._speaks(int(s), pairs, instant):
                continue
            self._hold(tick, name, "service", row, float(verdicts.margin[s]), pairs, instant)

    def _speaks(self, s: int, pairs: Bools, instant: Combined) -> bool:
        return bool(instant.pair_heard[pairs].any() or instant.people_heard[s])

    def _hold(
        self,
        tick: Tick,
        subject: str,
        kind: str,
        row: int,
        margin: float,
        pairs: Bools,
        instant: Combined,
    ) -> None:
        """Open, reopen or strengthen the incident of a subject."""
        track = self._track(subject, tick)
        if (track is None or track.end is not None) and self._echo(tick, subject, pairs):
            return
        if track is None:
            fresh = float(instant.network[pairs, row].sum())
            if pairs.any() and fresh <= 0.0:
                return
            track = self._open(tick, subject, kind, row, pairs)
        elif track.end is not None:
            track.end = track.closed_at = None
            track.last_hit = tick.slot_start + tick.slot_seconds
        track.lead = margin
        track.peak = max(track.peak, margin)
        self._confirm(tick, track)
        self._touch(tick, track)

    def _echo(self, tick: Tick, subject: str, pairs: Bools) -> bool:
        """Return whether people, who alone speak, only go on about what has ended already."""
        position = self._position(subject)
        if pairs.any() or position is None:
            return False
        recent = [
            track.top
            for track in self.state.tracks
            if track.subject == subject
            and track.end is not None
            and tick.slot_start - track.end <= self.settings.echo_seconds
        ]
        loudest = max(recent, default=0.0)
        least = max(self.settings.least_complaints, 2.0 * self.settings.echo_share * loudest)
        return bool(self.excess[position] < least)

    def _open(self, tick: Tick, subject: str, kind: str, row: int, pairs: Bools) -> Track:
        start = self._onset(tick, subject, row, pairs)
        group = "operator" if kind == "operator" else "service"
        track = Track(
            subject=subject,
            kind=kind,
            row=row,
            first_row=row,
            start=start,
            opened_at=tick.moment,
            id=incident_id(subject, group, tick.moment),
            event="",
            last_hit=tick.slot_start + tick.slot_seconds,
            last_heard=tick.slot_start + tick.slot_seconds,
            hits=1,
            totals=[0.0] * len(self.table.rows),
        )
        track.event = self._event(track)
        track.cold = bool(self.cold[self._units_of(subject, kind, pairs)].any())
        for position in np.flatnonzero(self._units_of(subject, kind, pairs)):
            track.totals = list(np.array(track.totals) + self.evidence[position])
        for p in np.flatnonzero(pairs):
            key = self._pair_key(int(p), kind)
            track.hit[key] = track.hit.get(key, 0.0) + float(self._pair_evidence(int(p), row))
        self.state.tracks.append(track)
        return track

    def _event(self, track: Track) -> str:
        for other in self.state.tracks:
            near = abs(other.start - track.start) <= SAME_EVENT_SECONDS
            if other.end is None and near and other.row == track.row:
                return other.event
        return track.id

    def _onset(self, tick: Tick, subject: str, row: int, pairs: Bools) -> int:
        """Return since when the units behind an incident speak for its cause."""
        chosen = np.isin(self.index.unit_pair, np.flatnonzero(pairs))
        if not pairs.any():
            chosen = self._people_units(subject)
        strong = chosen & (self.evidence[:, row] > 1.0)
        found = self.since[strong, row]
        found = found[found > tick.slot_start - FORGET_SECONDS]
        return int(found.min()) if len(found) else tick.slot_start

    def _confirm(self, tick: Tick, track: Track) -> None:
        if track.confirmed_at is not None:
            return
        settings = self.settings
        two = track.hits >= 2 and track.lead >= settings.confirmed_nats
        if two or track.lead >= settings.overwhelming_nats:
            track.confirmed_at = tick.moment

    # -- following --------------------------------------------------------------------------

    def _follow(self, tick: Tick, now: Combined, instant: Combined) -> None:
        for track in self.state.tracks:
            if track.end is None:
                self._continue(tick, track, now, instant)

    def _continue(self, tick: Tick, track: Track, now: Combined, instant: Combined) -> None:
        pairs = self._pairs_of(track)
        subject = self._position(track.subject)
        slot_end = tick.slot_start + tick.slot_seconds
        network_known = bool(now.pair_heard[pairs].any())
        spoke = bool(instant.pair_heard[pairs].any())
        if not network_known and not track.hit and subject is not None:
            spoke = bool(instant.people_heard[subject])
        if not spoke:
            self._blind(tick, track)
            return
        track.last_heard = slot_end
        fresh, standing = self._strength(track, pairs, subject, network_known, now, instant)
        alone = not network_known and subject is not None
        loud = not alone or self._loud(track, subject)
        if fresh[track.row] > 0.5 and loud:
            track.hits += int(slot_end > track.last_hit)
            track.last_hit = max(track.last_hit, slot_end)
            if network_known and subject is not None:
                fresh = fresh + instant.people[subject]
            self._add_totals(track, fresh, pairs, instant)
            self._touch(tick, track)
        elif (
            alone or standing[track.row] < self.settings.close_nats
        ) and slot_end - track.last_hit >= self.settings.quiet_seconds:
            self._close(tick, track, track.last_hit)

    def _loud(self, track: Track, subject: int | None) -> bool:
        """Return whether complaints are still a fair share of the most there were."""
        excess = 0.0 if subject is None else float(self.excess[subject])
        track.top = max(track.top, excess)
        return excess > self.settings.echo_share * track.top

    def _strength(
        self,
        track: Track,
        pairs: Bools,
        subject: int | None,
        network_known: bool,
        now: Combined,
        instant: Combined,
    ) -> tuple[Floats, Floats]:
        if network_known or subject is None:
            hit = pairs & (now.network[:, track.row] > 0.0)
            return instant.network[hit].sum(axis=0), now.network[hit].sum(axis=0)
        return instant.people[subject], now.people[subject]

    def _touch(self, tick: Tick, track: Track) -> None:
        track.touched_at = tick.moment
        self.touched[id(track)] = track

    def _add_totals(self, track: Track, fresh: Floats, pairs: Bools, instant: Combined) -> None:
        track.totals = [float(x) for x in np.array(track.totals) + fresh]
        for p in np.flatnonzero(pairs & instant.pair_heard):
            key = self._pair_key(int(p), track.kind)
            added = float(instant.network[p, track.row])
            track.hit[key] = round(track.hit.get(key, 0.0) + added, 6)
        if track.kind == "service":
            track.row = self._leading(track)

    def _leading(self, track: Track) -> int:
        rows = [i for i in self.table.outages if self.table.scopes[i] != "operator"]
        subject = self._position(track.subject)
        mine = self.index.pair_subject == (-1 if subject is None else subject)
        unproven = self.index.unproven[mine].max(axis=0) if mine.any() else 0.0
        score = np.array(track.totals) - unproven - self.table.priors
        return max(rows, key=lambda row: (score[row], row == track.row))

    def _blind(self, tick: Tick, track: Track) -> None:
        if tick.slot_start + tick.slot_seconds - track.last_heard >= self.settings.blind_seconds:
            self._close(tick, track, track.last_heard)

    def _close(self, tick: Tick, track: Track, end: int) -> None:
        track.end = max(end, track.start + 1)
        track.closed_at = tick.moment
        self._touch(tick, track)

    # -- what explains what -----------------------------------------------------------------

    def _muted(self, now: Combined, likely: Bools) -> Floats:
        """Return per pair how much evidence an operator's own outage explains away."""
        row = self.table.position("operator")
        explained = np.maximum(now.network[:, row], 0.0) + 4.0
        return np.where(likely[self.index.pair_vantage], explained, 0.0)

    def _operators_open(self) -> list[int]:
        names = {t.subject for t in self.state.tracks if t.kind == "operator" and t.end is None}
        return [v for v, name in enumerate(self.index.vantages) if name in names]

    def _in_tail(self, tick: Tick) -> Floats:
        """Return 1.0 for services seen where an operator's outage ended a short while ago."""
        late = np.zeros(len(self.index.subjects))
        for track in self.state.tracks:
            if track.kind == "operator" and track.end is not None:
                v = self.index.vantages.index(track.subject)
                if tick.slot_start - track.end < self.settings.tail_seconds:
                    late[self.index.pair_subject[self.index.pair_vantage == v]] = 1.0
        return late

    def _out_everywhere(self) -> Bools:
        """Return the pairs of services that are out on more than one vantage."""
        found = np.zeros(len(self.index.pairs), dtype=bool)
        for track in self.state.tracks:
            wide = sum(value > 0.0 for value in track.hit.values()) > 1
            if track.kind == "service" and track.end is None and wide:
                found |= self.index.pair_subject == self._position(track.subject)
        return found

    # -- nuisances --------------------------------------------------------------------------

    def _nuisances(self, tick: Tick, verdicts: Verdicts, now: Combined, instant: Combined) -> None:
        busy = {track.subject for track in self.state.tracks if track.end is None}
        loud = verdicts.innocent_score > self.settings.notice_nats
        loud &= verdicts.margin < self.settings.possible_nats
        speaking = instant.people_heard.copy()
        speaking[self.index.pair_subject[instant.pair_heard]] = True
        for s in np.flatnonzero(loud & speaking):
            name = self.index.subjects[s]
            if name not in busy:
                self._sight(tick, self.table.rows[int(verdicts.innocent[s])], name, None)

    def _gaps(self, tick: Tick, units: slice, spoke: Bools) -> None:
        """Notice vantages from which nothing comes although it did within the last day."""
        expected = self.network[units] & (self.heard[units] > tick.slot_start - DAY)
        if not (expected & ~spoke).any():
            return
        vantages = self.index.pair_vantage[self.index.unit_pair[units][expected]]
        speaking = self.index.unit_pair[units][spoke & self.network[units]]
        silent = np.setdiff1d(vantages, self.index.pair_vantage[speaking])
        for v in silent:
            name = self.index.vantages[v]
            self._sight(tick, "data_gap", name, name)

    def _sight(self, tick: Tick, kind: str, subject: str, vantage: str | None) -> None:
        slot_end = tick.slot_start + tick.slot_seconds
        for known in self.state.sightings:
            same = (known.kind, known.subject, known.vantage) == (kind, subject, vantage)
            if same and tick.slot_start - known.last <= SAME_SIGHTING_SECONDS:
                known.last = slot_end
                self.noticed[id(known)] = known
                return
        sighting = Sighting(kind, subject, vantage, tick.slot_start, slot_end)
        self.state.sightings.append(sighting)
        self.noticed[id(sighting)] = sighting

    # -- bookkeeping ------------------------------------------------------------------------

    def _forget(self, tick: Tick) -> None:
        longest = max(self.settings.tail_seconds, self.settings.echo_seconds)
        horizon = tick.slot_start - longest
        for track in self.state.tracks:
            if track.end is not None and track.end <= horizon:
                self.state.past.append([track.subject, track.start, track.end])
        self.state.tracks = [t for t in self.state.tracks if t.end is None or t.end > horizon]
        quiet = tick.slot_start - self.settings.tail_seconds
        self.state.sightings = [s for s in self.state.sightings if s.last > quiet]

    def _track(self, subject: str, tick: Tick) -> Track | None:
        for track in reversed(self.state.tracks):
            if track.subject != subject:
                continue
            if track.end is None or tick.slot_start - track.end <= self.settings.reopen_seconds:
                return track
        return None

    def _position(self, subject: str) -> int | None:
        return self.index.subjects.index(subject) if subject in self.index.subjects else None

    def _pairs_of(self, track: Track) -> Bools:
        if track.kind == "operator":
            return self.index.pair_vantage == self.index.vantages.index(track.subject)
        position = self._position(track.subject)
        return self.index.pair_subject == (-1 if position is None else position)

    def _people_units(self, subject: str) -> Bools:
        position = self._position(subject)
        people = self.index.unit_pair < 0
        return people & (self.index.unit_subject == (-1 if position is None else position))

    def _units_of(self, subject: str, kind: str, pairs: Bools) -> Bools:
        network = np.isin(self.index.unit_pair, np.flatnonzero(pairs))
        return network | self._people_units(subject)

    def _pair_key(self, pair: int, kind: str) -> str:
        subject, vantage = self.index.pairs[pair]
        return self.index.subjects[subject] if kind == "operator" else self.index.vantages[vantage]

    def _pair_evidence(self, pair: int, row: int) -> float:
        return float(self.evidence[self.index.unit_pair == pair, row].sum())

    def leave(self) -> tuple[FoldState, list[Track], list[Sighting]]:
        """Pack the arrays back into the state."""
        for position, key in enumerate(self.fold.keys):
            if self.heard[position] >= 0:
                self.state.units[key] = Memory(
                    [float(x) for x in self.evidence[position]],
                    [int(x) for x in self.since[position]],
                    int(self.heard[position]),
                )
        return self.state, list(self.touched.values()), list(self.noticed.values())
