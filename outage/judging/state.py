"""What the fold remembers between ticks: plain values, so that it survives a restart as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from outage.batches import Floats, Ints
from outage.words import State


@dataclass(slots=True)
class Track:
    """An incident while the fold works on it.

    `totals` is the evidence per hypothesis summed over the slots that had evidence; `hit` the
    same for the leading cause per vantage; `top` the most complaints above the expected in a
    slot; `cold` whether a cold start stood in for a season.
    """

    subject: str
    kind: str  # service or operator
    row: int
    start: int
    opened_at: int
    id: str
    event: str
    first_row: int = 0
    confirmed_at: int | None = None
    closed_at: int | None = None
    end: int | None = None
    last_hit: int = 0
    last_heard: int = 0
    touched_at: int = 0
    lag_s: int | None = None
    hits: int = 0
    top: float = 0.0
    cold: bool = False
    peak: float = 0.0
    lead: float = 0.0
    totals: list[float] = field(default_factory=list)
    hit: dict[str, float] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """Return where the incident stands."""
        if self.end is not None:
            return State.CLOSED
        return State.POSSIBLE if self.confirmed_at is None else State.CONFIRMED


@dataclass(slots=True)
class Sighting:
    """A nuisance while it lasts."""

    kind: str
    subject: str
    vantage: str | None
    start: int
    last: int


@dataclass(slots=True, eq=False)
class Memories:
    """What every unit has said lately: a row for each of `keys`.

    `evidence` per hypothesis and `since` when it is positive have shape (units, rows); `heard`
    (units,) is the end of the last slot it spoke in, negative for a unit that never did.
    """

    keys: tuple[str, ...] = ()
    evidence: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    since: Ints = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    heard: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memories) and self.as_json() == other.as_json()

    def copy(self) -> Memories:
        """Return an independent copy."""
        return Memories(self.keys, self.evidence.copy(), self.since.copy(), self.heard.copy())

    def aligned(self, keys: tuple[str, ...], rows: int, never: int) -> Memories:
        """Return the memories of `keys`, in their order; `never` where one is not known."""
        if self.keys == keys and self.evidence.shape == (len(keys), rows):
            return self
        same = self.evidence.shape[1:] == (rows,)  # else the table of signatures is another
        known = {key: i for i, key in enumerate(self.keys)} if same else {}
        at = np.array([known.get(key, -1) for key in keys], dtype=np.int64)
        found = at >= 0
        evidence, since = np.zeros((len(keys), rows)), np.zeros((len(keys), rows), dtype=np.int64)
        heard = np.full(len(keys), never, dtype=np.int64)
        if found.any():
            evidence[found], since[found] = self.evidence[at[found]], self.since[at[found]]
            heard[found] = self.heard[at[found]]
        return Memories(keys, evidence, since, heard)

    def as_json(self) -> dict[str, Any]:
        """Return the memory of every unit that was heard, by its key."""
        rows = zip(
            self.keys,
            self.evidence.tolist(),
            self.since.tolist(),
            self.heard.tolist(),
            strict=True,
        )
        return {
            key: {"evidence": evidence, "since": since, "heard": heard}
            for key, evidence, since, heard in rows
            if heard >= 0
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Memories:
        """Return the memories that `as_json` wrote."""
        kept = document.values()
        shape = (len(kept), -1 if kept else 0)
        return cls(
            tuple(document),
            np.array([one["evidence"] for one in kept], dtype=np.float64).reshape(shape),
            np.array([one["since"] for one in kept], dtype=np.int64).reshape(shape),
            np.array([one["heard"] for one in kept], dtype=np.int64),
        )


@dataclass(slots=True)
class FoldState:
    """The fold's whole state at the end of `judged_until`."""

    judged_until: int
    units: Memories = field(default_factory=Memories)
    tracks: list[Track] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    past: list[list[Any]] = field(default_factory=list)  # [subject, start, end] of closed incidents

    def as_json(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {
            "judged_until": self.judged_until,
            "units": self.units.as_json(),
            "tracks": [asdict(track) for track in self.tracks],
            "sightings": [asdict(sighting) for sighting in self.sightings],
            "past": [list(span) for span in self.past],
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> FoldState:
        """Return the state that `as_json` wrote."""
        return cls(
            judged_until=document["judged_until"],
            units=Memories.from_json(document["units"]),
            tracks=[Track(**value) for value in document["tracks"]],
            sightings=[Sighting(**value) for value in document["sightings"]],
            past=[list(value) for value in document["past"]],
        )

    def spans(self, since: int, until: int, longest: int) -> dict[str, list[tuple[int, int]]]:
        """Return per subject the stretches inside incidents, each at most `longest` seconds."""
        found: dict[str, list[tuple[int, int]]] = {}
        known = [(t.subject, t.start, t.end or until) for t in self.tracks]
        for subject, start, end in [*((s, a, b) for s, a, b in self.past), *known]:
            if end > since:
                found.setdefault(subject, []).append((start, min(end, start + longest)))
        return found

    def copy(self) -> FoldState:
        """Return an independent copy."""
        return FoldState(
            self.judged_until,
            self.units.copy(),
            [replace(one, totals=list(one.totals), hit=dict(one.hit)) for one in self.tracks],
            [replace(sighting) for sighting in self.sightings],
            [list(span) for span in self.past],
        )
