"""Notice a clock that was set back while a log was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from outage.batches import Ints
from outage.interfaces import LogChunk
from outage.slots import HOUR, format_time
from outage.words import RejectedRow

if TYPE_CHECKING:
    import pyarrow as pa

SECOND: Final = 1_000_000
SLACK: Final = HOUR * SECOND  # exporters hold flows back for half an hour at most
REASON: Final = "the clock was set back"
REMEDY: Final = "times are taken as written; set the exporter's clock and correct them"


@dataclass(slots=True)
class ClockWatch:
    """Counts the places of one log where the times in a column fall back by more than an hour."""

    origin: str
    column: str
    latest: int = -(2**62)
    behind: bool = False
    jumps: int = 0
    record: int = 0
    first: RejectedRow | None = None

    def watch(self, table: pa.Table | None) -> None:
        """Look at the next rows of the log."""
        if table is not None and len(table):
            self._look(_micros(table, self.column))

    def _look(self, times: Ints) -> None:
        highest = np.maximum.accumulate(np.maximum(times, self.latest))
        behind = times < highest - SLACK
        begins = np.flatnonzero(behind & ~np.concatenate([[self.behind], behind[:-1]]))
        if len(begins) and self.first is None:
            self.first = self._told(int(begins[0]), times, highest)
        self.jumps += len(begins)
        self.latest, self.behind = int(highest[-1]), bool(behind[-1])
        self.record += len(times)

    def _told(self, place: int, times: Ints, highest: Ints) -> RejectedRow:
        before, after = (format_time(int(one[place]) // SECOND) for one in (highest, times))
        excerpt = f"record {self.record + place + 1:,}: {after} after {before}"
        return RejectedRow(self.origin, 0, REASON, REMEDY, excerpt)

    def found(self) -> LogChunk:
        """Return what was found, as damage without rows."""
        if self.first is None:
            return LogChunk()
        return LogChunk(rejected=(self.first,), damaged={REASON: self.jumps})


def _micros(table: pa.Table, column: str) -> Ints:
    import pyarrow as pa

    return np.asarray(table.column(column).cast(pa.int64()), dtype=np.int64)
