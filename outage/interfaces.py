"""The shapes of a plug: what a collector, reader, baseline and change-point detector must offer.

A plug is a class named by an entry point of the groups `outage.collectors`, `outage.readers`,
`outage.flow_readers`, `outage.detectors` and `outage.channels`; `outage.plugs` finds them. A plug
imports only the ground floor of `outage` (words, slots, batches, canonical columns, errors,
redacting, interfaces).

A collector is built as `Plug(surroundings, **options)`: what the project knows, then the options of
`[sources.NAME]` in the catalogue, secrets revealed. It may say of itself, as class attributes,
`needs` (the options it cannot do without), `cost` and `limits` (a sentence each, for
`outage sources`), `overlap_seconds` (what is asked for again each time, since it may arrive late)
and `least_lag_seconds` (how late its slots are at least), and offer `estimate` (`Estimating`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from outage.batches import Chunk, Floats, Ints
from outage.words import Noise, RejectedRow, Sample, SubjectKind

if TYPE_CHECKING:
    from pyarrow import Table


@dataclass(frozen=True, slots=True)
class Watched:
    """A service or operator that is watched: what a collector needs to ask for it.

    `ambiguous` are those keywords that name it only beside a word of `context`; `error_phrases`
    (by ISO 639-1 language) mean trouble for it alone; `domains` are host name patterns of all its
    categories. `asns` and `country` are an operator's.
    """

    slug: str
    kind: SubjectKind
    name: str
    keywords: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    error_phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    domains: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()
    country: str | None = None


class Mention(Protocol):
    """A service that a text names, whether with trouble, and in which language (ISO 639-1)."""

    @property
    def service(self) -> str:
        """Return the slug of the subject."""
        ...

    @property
    def error(self) -> bool:
        """Tell whether the text says that it does not work."""
        ...

    @property
    def language(self) -> str:
        """Return the language, empty where it cannot be told."""
        ...


class PostMatcher(Protocol):
    """Finds the watched subjects that a post names."""

    def match(self, text: str, langs: Sequence[str] = ()) -> Sequence[Mention]:
        """Return a mention for each subject named; `langs` is what the post says of itself."""
        ...


class Memory(Protocol):
    """Texts that a source keeps over restarts: cursors, sessions, validators, budgets spent."""

    def get(self, key: str) -> str | None:
        """Return the text kept under `key`, None if there is none."""
        ...

    def put(self, key: str, text: str) -> None:
        """Keep a text at once, in one transaction with all samples that were yielded before.

        So a cursor put after its samples is true whenever the process dies. Call it in the
        thread that iterates over `collect`.
        """
        ...

    def swap(self, key: str, before: str | None, text: str) -> bool:
        """Keep a text at once if what is kept is still `before`; return whether it was.

        So what several processes spend adds up: a budget is never passed.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What a collector is given: its place in the catalogue, and its way to the outside.

    `source` is the name its series carry; `lag_seconds` is how long after its end a slot is
    complete. `phrases` are the common error phrases by language. `matcher` builds the matcher of
    posts, `clock` returns the moment (epoch seconds), `sleep` waits (seconds; it raises SourceError
    when there is no time left): a collector asks these, never the machine.
    """

    source: str
    memory: Memory
    clock: Callable[[], int]
    matcher: Callable[[], PostMatcher]
    sleep: Callable[[float], None] = time.sleep
    slot_seconds: int = 600
    lag_seconds: int = 0
    watched: Sequence[Watched] = ()
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@runtime_checkable
class Collector(Protocol):
    """Turns one source and one time window into samples; knows the wire, not the store."""

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the slots in `[since, until)`; raises SourceError.

        Only complete slots are asked for, and yielded. What is not known is not yielded: a gap,
        never a zero.
        """
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a collection would cost: requests, money, and a sentence that says how it is meant."""

    requests: int
    dollars: float
    text: str


@runtime_checkable
class Estimating(Protocol):
    """A collector that can say beforehand what a window would cost, without asking the source."""

    def estimate(self, since: int, until: int) -> Estimate:
        """Return the cost of what is still to be collected in `[since, until)`."""
        ...


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may be told about a file where the file itself does not say it.

    `timezone` (an IANA name) is the zone of times written without one; `lags` is how many
    seconds after its slot's end a sample of a source was known, 0 for those not named;
    a slot that starts after `not_after` (epoch seconds) cannot have been measured.
    """

    service: str | None = None
    source: str | None = None
    slot_seconds: int | None = None
    signal: str | None = None
    vantage: str | None = None
    timezone: str | None = None
    lags: Mapping[str, int] = field(default_factory=dict)
    not_after: int | None = None


@runtime_checkable
class Reader(Protocol):
    """Turns a file into chunks of samples and rejected rows, memory bounded by the chunk.

    `keep_highest` says that where two rows of one slot disagree the higher wins, whatever their
    order; otherwise the last does.
    """

    keep_highest: bool

    def read(self, path: Path, options: ReadOptions) -> Iterator[Chunk]:
        """Yield the file's samples chunk by chunk; raises BadInput if nothing can be read."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LogChunk:
    """What a reader of flow logs hands over at a time, in canonical columns (`outage.canonical`).

    `flows` and `answers` are Arrow tables, or None where the chunk has none; `damaged` counts what
    was wrong by reason, `rejected` names the first of each reason; `passed` counts by reason what
    is no damage and no flow or answer either; `progress` runs from 0 to 1.
    """

    flows: Table | None = None
    answers: Table | None = None
    rejected: Sequence[RejectedRow] = ()
    damaged: Mapping[str, int] = field(default_factory=dict)
    passed: Mapping[str, int] = field(default_factory=dict)
    progress: float = 0.0


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What a reader of flow logs may be told: the vantage, and how to hide who the client is.

    `hide` turns a client's or device's identifier into its keyed hash; `timezone` (an IANA name)
    is the zone of times written without one.
    """

    hide: Callable[[str], str]
    vantage: str | None = None
    timezone: str = "UTC"


@runtime_checkable
class FlowReader(Protocol):
    """Turns a flow or DNS log into canonical chunks, memory bounded by the chunk.

    `in_order` says that records stand about in the order in which they ended, so that a time far
    behind those before it tells of a clock that was set back.
    """

    in_order: bool

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the log's flows and answers; raises BadInput if nothing can be read."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What a baseline learns from: a regular grid of slots x series.

    `values` has shape (slots, series), NaN where a slot is a gap or must not be learnt from;
    `noises[k]` is the noise of series k; `utc_offsets` (slots, series) are seconds east of UTC
    of the local clock of each series, so that seasons follow local time over clock changes.
    """

    slot_starts: Ints
    slot_seconds: int
    values: Floats
    noises: Sequence[Noise]
    utc_offsets: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What to expect in some slots: shapes (slots, series), in the series' own unit.

    `location` is the median expected value; `spread` the robust standard deviation of
    `log((seen + 1) / (location + 1))` for counts and of `log(seen / location)` for volumes and
    latencies (shares: of the difference), beyond what counting noise explains. NaN where the
    history of that series was too short: unknown is not normal.
    """

    location: Floats
    spread: Floats


class Baseline(Protocol):
    """A fitted detector: what to expect of the series it was fitted on, in any slot."""

    def expect(self, slot_starts: Ints, utc_offsets: Ints) -> Expectation:
        """Return the expectation; `utc_offsets` has shape (slots, series)."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Fits baselines; pure: no I/O, no clock, no global random state; same input, same output."""

    def fit(self, history: History) -> Baseline:
        """Fit every series of `history`; raises NotEnoughHistory if none has enough."""
        ...


@runtime_checkable
class ChangePoints(Protocol):
    """Places the changes of level in one residual series."""

    def find(self, residuals: Floats) -> Sequence[int]:
        """Return the first slot of each new level, ascending; NaN residuals are gaps."""
        ...


@runtime_checkable
class Channel(Protocol):
    """Delivers one message about an incident; raises SourceError."""

    def send(self, message: Mapping[str, Any]) -> None:
        """Deliver the message (an incident as JSON values, and the reason it is sent)."""
        ...
