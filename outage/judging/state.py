"""What the fold remembers between ticks: plain values, so that it survives a restart as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

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


@dataclass(slots=True)
class Memory:
    """What one unit has said lately: evidence per hypothesis and since when it is positive."""

    evidence: list[float]
    since: list[int]
    heard: int


@dataclass(slots=True)
class FoldState:
    """The fold's whole state at the end of `judged_until`."""

    judged_until: int
    units: dict[str, Memory] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    past: list[list[Any]] = field(default_factory=list)  # [subject, start, end] of closed incidents

    def as_json(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> FoldState:
        """Return the state that `as_json` wrote."""
        return cls(
            judged_until=document["judged_until"],
            units={key: Memory(**value) for key, value in document["units"].items()},
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
        return FoldState.from_json(self.as_json())
