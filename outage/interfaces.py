"""The shapes of a plug: what a collector, reader, baseline and change-point detector must offer.

A plug is a class named by an entry point of the groups `outage.collectors`, `outage.readers`,
`outage.flow_readers`, `outage.detectors` and `outage.channels`; `outage.plugs` finds them. A plug
imports only the ground floor of `outage` (words, slots, batches, canonical columns, errors,
interfaces).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from outage.batches import Chunk, Floats, Ints
from outage.words import Noise, RejectedRow, Sample

if TYPE_CHECKING:
    from pyarrow import Table


@runtime_checkable
class Collector(Protocol):
    """Turns one source and one time window into samples; knows the wire, not the store."""

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the slots in `[since, until)`; raises SourceError."""
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

    `flows` and `answers` are Arrow tables, or None where the chunk has none; `skipped` counts the
    damaged lines behind those in `rejected`, of which only the first of a kind need be named;
    `progress` runs from 0 to 1.
    """

    flows: Table | None
    answers: Table | None
    rejected: Sequence[RejectedRow]
    skipped: int
    progress: float


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
    """Turns a flow or DNS log into canonical chunks, memory bounded by the chunk."""

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
