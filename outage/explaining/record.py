"""What an explanation consists of: readings, weights, vantages and sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from outage.slots import format_time
from outage.words import Incident, Notice, as_json


class Outcome(StrEnum):
    """What the moment did to the subject's incident."""

    OPENED = "opened"
    STAYS_OPEN = "stays open"
    CLOSED = "closed"
    NOTHING_OPEN = "nothing open"


class Footing(StrEnum):
    """What an expectation stands on."""

    SEASON = "season"
    LAST_HOURS = "last hours"
    NOTHING = "nothing"


class Presence(StrEnum):
    """Whether a sample was there when its slot was judged."""

    SEEN = "seen"
    LATE = "late"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Reading:
    """One series in one slot: seen and expected in the signal's unit, `sigma` their distance.

    None where it is not known: a gap, or no expectation yet.
    """

    signal: str
    category: str
    vantage: str
    source: str
    unit: str
    slot_start: int
    slot_seconds: int
    presence: Presence
    footing: Footing
    seen: float | None
    expected: float | None
    sigma: float | None


@dataclass(frozen=True, slots=True)
class Weight:
    """What speaks for one hypothesis, in nats: with memory (`running`), and of this slot alone.

    `margin` is what is left of an outage over the best innocent explanation, `over`; None for
    an innocent explanation, and where nothing that is hit speaks for the outage.
    """

    name: str
    outage: bool
    running: float
    slot: float
    margin: float | None
    over: str | None


@dataclass(frozen=True, slots=True)
class VantageView:
    """What one vantage (or, for an operator, one service seen from it) says of the leading cause.

    `muted` is how many nats an operator's own outage explains away there.
    """

    name: str
    heard: bool
    hit: bool
    running: float
    slot: float
    muted: float


@dataclass(frozen=True, slots=True)
class Warming:
    """A series without a season yet; `warm_from` is None if four more weeks will not do.

    `footing` says what it is judged by meanwhile.
    """

    subject: str
    signal: str
    category: str
    vantage: str
    source: str
    footing: Footing
    since: int | None
    warm_from: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an incident did, or did not, open: one subject, one slot, all that was weighed.

    `margin` is the leading `cause`'s, `threshold` what opens; `excess` how many more complaints
    than expected people made. `said` is the incident that was open, `stored` the same as the
    store has it; `sentences` say it all, the most important first.
    """

    subject: str
    kind: str
    at: int
    slot_start: int
    slot_seconds: int
    judged_at: int
    outcome: Outcome
    cause: str | None
    margin: float | None
    threshold: float
    excess: float
    readings: tuple[Reading, ...]
    weights: tuple[Weight, ...]
    vantages: tuple[VantageView, ...]
    operators_out: tuple[str, ...]
    warming: tuple[Warming, ...]
    incident: Incident | None
    notices: tuple[Notice, ...]
    sentences: tuple[str, ...] = ()


_MOMENTS: Final = frozenset({"at", "slot_start", "judged_at", "since", "warm_from"})


def as_document(record: Explanation | Warming) -> dict[str, Any]:
    """Return the record as plain JSON values, with times in ISO 8601 UTC with `Z`."""
    found = {key: _plain(key, value) for key, value in asdict(record).items()}
    if isinstance(record, Explanation):
        found["incident"] = None if record.incident is None else as_json(record.incident)
        found["notices"] = [as_json(one) for one in record.notices]
    return found


def _plain(key: str, value: Any) -> Any:
    if key in _MOMENTS:
        return format_time(value)
    if isinstance(value, dict):
        return {inner: _plain(inner, item) for inner, item in value.items()}
    return [_plain("", item) for item in value] if isinstance(value, tuple) else value
