"""Incidents while they last: opened, confirmed, followed, closed, opened again."""

from __future__ import annotations

import numpy as np

from outage.batches import Floats
from outage.judging.combine import Bools
from outage.judging.kin import Kin
from outage.judging.running import Heard, Running
from outage.judging.signatures import Signatures
from outage.judging.state import FoldState, Track
from outage.judging.sweep import FORGET_SECONDS
from outage.settings import Judging
from outage.slots import HOUR
from outage.words import incident_id

SAME_EVENT_SECONDS = 1_800
STILL_HIT = 0.5  # nats of one slot from which the cause goes on
TELLING = 1.0  # nats from which a unit places the onset


class Tracking:
    """The open and lately closed incidents of one call of the fold."""

    def __init__(
        self,
        state: FoldState,
        running: Running,
        table: Signatures,
        settings: Judging,
        kin: Kin,
    ) -> None:
        self.state, self.running, self.table, self.settings = state, running, table, settings
        self.kin = kin
        self.index = running.index
        self.touched: dict[int, Track] = {}

    # -- opening ----------------------------------------------------------------------------

    def hold(
        self, heard: Heard, subject: str, kind: str, row: int, margin: float, pairs: Bools
    ) -> None:
        """Open, reopen or strengthen the incident of a subject; `pairs` are what it rests on."""
        track = self._latest(subject, heard.tick.slot_start)
        if (track is None or track.end is not None) and self._echo(heard, subject, pairs):
            return
        if track is None:
            if pairs.any() and heard.instant.network[pairs, row].sum() <= 0.0:
                return
            track = self._open(heard, subject, kind, row, pairs)
        elif track.end is not None:
            track.end = track.closed_at = None
            track.last_hit = heard.tick.slot_end
        track.lead = margin
        track.peak = max(track.peak, margin)
        self._confirm(heard, track)
        self._touch(heard, track)

    def _latest(self, subject: str, slot_start: int) -> Track | None:
        """Return the subject's incident that is open or may be opened again."""
        for track in reversed(self.state.tracks):
            if track.subject == subject and (
                track.end is None or slot_start - track.end <= self.settings.reopen_seconds
            ):
                return track
        return None

    def _echo(self, heard: Heard, subject: str, pairs: Bools) -> bool:
        """Return whether people, who alone speak, are too few or only go on about the past."""
        position = self.position(subject)
        if pairs.any() or position is None:
            return False
        recent = [
            track.top
            for track in self.state.tracks
            if track.subject == subject
            and track.end is not None
            and heard.tick.slot_start - track.end <= self.settings.echo_seconds
        ]
        loudest = max(recent, default=0.0)
        least = max(self.settings.least_complaints, 2.0 * self.settings.echo_share * loudest)
        return bool(heard.excess[position] < least)

    def _open(self, heard: Heard, subject: str, kind: str, row: int, pairs: Bools) -> Track:
        tick = heard.tick
        units = np.isin(self.index.unit_pair, np.flatnonzero(pairs)) | self._people(subject)
        track = Track(
            subject=subject,
            kind=kind,
            row=row,
            first_row=row,
            start=self._onset(heard, subject, row, pairs),
            opened_at=tick.moment,
            id=incident_id(subject, kind, tick.moment),
            event="",
            last_hit=tick.slot_end,
            last_heard=tick.slot_end,
            hits=1,
            cold=bool(self.running.cold[units].any()),
            totals=[float(x) for x in self.running.evidence[units].sum(axis=0)],
        )
        track.event = self._event(track)
        for pair in np.flatnonzero(pairs):
            mine = self.index.unit_pair == pair
            track.hit[self._name(int(pair), kind)] = float(self.running.evidence[mine, row].sum())
        self.state.tracks.append(track)
        return track

    def _event(self, track: Track) -> str:
        """Return the event it belongs to: that of an open incident of the same time.

        Of the same cause, or of the same platform, whatever the cause seems to be.
        """
        for other in self.state.tracks:
            near = abs(other.start - track.start) <= SAME_EVENT_SECONDS
            alike = other.row == track.row or self.kin.related(other.subject, track.subject)
            if other.end is None and near and alike:
                return other.event
        return track.id

    def _onset(self, heard: Heard, subject: str, row: int, pairs: Bools) -> int:
        """Return since when the units behind an incident speak for its cause."""
        chosen = np.isin(self.index.unit_pair, np.flatnonzero(pairs))
        if not pairs.any():
            chosen = self._people(subject)
        since = self._since(chosen, row, heard.tick.slot_start - FORGET_SECONDS)
        return heard.tick.slot_start if since is None else since

    def _since(self, units: Bools, row: int, earliest: int) -> int | None:
        strong = units & (self.running.evidence[:, row] > TELLING)
        found = self.running.since[strong, row]
        found = found[found > earliest]
        return int(found.min()) if len(found) else None

    def _confirm(self, heard: Heard, track: Track) -> None:
        if track.confirmed_at is not None:
            return
        twice = track.hits >= 2 and track.lead >= self.settings.confirmed_nats
        if twice or track.lead >= self.settings.overwhelming_nats:
            track.confirmed_at = heard.tick.moment

    # -- following --------------------------------------------------------------------------

    def follow(self, heard: Heard) -> None:
        """Carry every open incident over the tick: it goes on, fades, closes or is blind."""
        for track in self.state.tracks:
            if track.end is None:
                self._continue(heard, track)

    def _continue(self, heard: Heard, track: Track) -> None:
        pairs, subject = self._pairs(track), self.position(track.subject)
        by_network = bool(heard.now.pair_heard[pairs].any())
        spoke = bool(heard.instant.pair_heard[pairs].any())
        if not by_network and not track.hit and subject is not None:
            spoke = bool(heard.instant.people_heard[subject])
        if not spoke:
            self._blind(heard, track)
            return
        track.last_heard = max(track.last_heard, heard.tick.slot_end)
        if by_network or subject is None:
            self._go_on(heard, track, pairs, subject)
        else:
            self._go_on_alone(heard, track, subject)

    def _go_on(self, heard: Heard, track: Track, pairs: Bools, subject: int | None) -> None:
        hit = pairs & (heard.now.network[:, track.row] > 0.0)
        fresh = heard.instant.network[hit].sum(axis=0)
        if fresh[track.row] > STILL_HIT:
            self._note_lag(heard, track)
            people = 0.0 if subject is None else heard.instant.people[subject]
            self._strengthen(heard, track, fresh + people, pairs)
        elif heard.now.network[hit, track.row].sum() < self.settings.close_nats:
            self._fade(heard, track)

    def _go_on_alone(self, heard: Heard, track: Track, subject: int) -> None:
        """Follow complaints: they go on as long as they are a fair share of the most there were."""
        excess = float(heard.excess[subject])
        track.top = max(track.top, excess)
        fresh = heard.instant.people[subject]
        if fresh[track.row] > STILL_HIT and excess > self.settings.echo_share * track.top:
            self._strengthen(heard, track, fresh, np.zeros(len(self.index.pairs), dtype=bool))
        else:
            self._fade(heard, track)

    def _strengthen(self, heard: Heard, track: Track, fresh: Floats, pairs: Bools) -> None:
        slot_end = heard.tick.slot_end
        track.hits += int(slot_end > track.last_hit)
        track.last_hit = max(track.last_hit, slot_end)
        track.totals = [float(x) for x in np.array(track.totals) + fresh]
        for pair in np.flatnonzero(pairs & heard.instant.pair_heard):
            name = self._name(int(pair), track.kind)
            track.hit[name] = track.hit.get(name, 0.0) + float(
                heard.instant.network[pair, track.row]
            )
        for pair in np.flatnonzero(pairs & self._spared(heard)):
            track.hit.setdefault(self._name(int(pair), track.kind), 0.0)
        if track.kind == "service":
            track.row = self._leading(track)
        self._touch(heard, track)

    def _spared(self, heard: Heard) -> Bools:
        """Return the pairs of which quicker sources said before what they saw in this slot."""
        known = np.zeros(len(self.index.pairs), dtype=bool)
        seen = self.running.network & (self.running.heard >= heard.tick.slot_end)
        known[self.index.unit_pair[seen]] = True
        return known & ~heard.instant.pair_heard

    def _leading(self, track: Track) -> int:
        """Return the cause that all slots with evidence together speak for."""
        rows = [i for i in self.table.outages if self.table.scopes[i] != "operator"]
        mine = self._pairs(track)
        unproven = self.index.unproven[mine].max(axis=0) if mine.any() else 0.0
        score = np.array(track.totals) - unproven - self.table.priors
        return max(rows, key=lambda row: (score[row], row == track.row))

    def _note_lag(self, heard: Heard, track: Track) -> None:
        """Note once how long after the network people spoke."""
        if track.lag_s is None:
            since = self._since(self._people(track.subject), track.row, track.start - HOUR)
            track.lag_s = None if since is None else since - track.start

    def _blind(self, heard: Heard, track: Track) -> None:
        silent = self._known_until(heard, track) - track.last_heard
        if silent >= self.settings.blind_seconds:
            self._close(heard, track, track.last_heard)

    def _fade(self, heard: Heard, track: Track) -> None:
        quiet = self._known_until(heard, track) - track.last_hit
        if quiet >= self.settings.quiet_seconds:
            self._close(heard, track, track.last_hit)

    def _known_until(self, heard: Heard, track: Track) -> int:
        """Return the end of the slot up to which all who speak of the incident are known.

        A slower source still has to say what happened since.
        """
        units = np.isin(self.index.unit_pair, np.flatnonzero(self._pairs(track)))
        units |= self._people(track.subject)
        lag = int(self.running.lag[units].max(initial=0))
        return min(heard.tick.slot_end, heard.tick.moment - lag)

    def _close(self, heard: Heard, track: Track, end: int) -> None:
        track.end = max(end, track.start + 1)
        track.closed_at = heard.tick.moment
        self._touch(heard, track)

    def _touch(self, heard: Heard, track: Track) -> None:
        track.touched_at = heard.tick.moment
        self.touched[id(track)] = track

    def forget(self, slot_start: int) -> None:
        """Let closed incidents go that can neither reopen nor echo; remember when they were."""
        horizon = slot_start - max(self.settings.tail_seconds, self.settings.echo_seconds)
        for track in self.state.tracks:
            if track.end is not None and track.end <= horizon:
                self.state.past.append([track.subject, track.start, track.end])
        self.state.tracks = [t for t in self.state.tracks if t.end is None or t.end > horizon]

    # -- what is known of them --------------------------------------------------------------

    def busy(self) -> set[str]:
        """Return the subjects of open incidents."""
        return {track.subject for track in self.state.tracks if track.end is None}

    def operators_open(self) -> list[int]:
        """Return the vantages whose operator is out."""
        names = {t.subject for t in self.state.tracks if t.kind == "operator" and t.end is None}
        return [v for v, name in enumerate(self.index.vantages) if name in names]

    def in_tail(self, slot_start: int) -> Floats:
        """Return 1.0 for services seen where an operator's outage ended a short while ago."""
        late = np.zeros(len(self.index.subjects))
        for track in self.state.tracks:
            if (
                track.kind == "operator"
                and track.end is not None
                and slot_start - track.end < self.settings.tail_seconds
            ):
                late[self.index.pair_subject[self._pairs(track)]] = 1.0
        return late

    def out_everywhere(self) -> Bools:
        """Return the pairs of services that are out on more than one vantage."""
        found = np.zeros(len(self.index.pairs), dtype=bool)
        for track in self.state.tracks:
            wide = sum(value > 0.0 for value in track.hit.values()) > 1
            if track.kind == "service" and track.end is None and wide:
                found |= self._pairs(track)
        return found

    def position(self, subject: str) -> int | None:
        """Return where a subject stands, None if it is judged no longer."""
        return self.index.subjects.index(subject) if subject in self.index.subjects else None

    def _pairs(self, track: Track) -> Bools:
        if track.kind == "operator":
            known = track.subject in self.index.vantages
            vantage = self.index.vantages.index(track.subject) if known else -1
            return np.asarray(self.index.pair_vantage == vantage)
        position = self.position(track.subject)
        return np.asarray(self.index.pair_subject == (-1 if position is None else position))

    def _people(self, subject: str) -> Bools:
        position = self.position(subject)
        mine = self.index.unit_subject == (-1 if position is None else position)
        return np.asarray(~self.running.network & mine)

    def _name(self, pair: int, kind: str) -> str:
        subject, vantage = self.index.pairs[pair]
        return self.index.subjects[subject] if kind == "operator" else self.index.vantages[vantage]
