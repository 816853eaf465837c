"""Which slots were judged: what comes for them later is late, a correction of them is one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import numpy.typing as npt

from outage.batches import Ints, SampleBatch


@dataclass(frozen=True, slots=True)
class Terms:
    """When a slot is complete: at the end of its slot of the grid, and a source's lag later.

    Both in seconds; a source that is not among `lags` has none.
    """

    grid_seconds: int = 60
    lags: Mapping[str, int] = field(default_factory=dict)

    def complete(self, ends: Ints, seconds: Ints, lags: Ints) -> Ints:
        """Return when slots with these ends, lengths and lags were complete, shape (n,)."""
        fits = (seconds <= self.grid_seconds) & (self.grid_seconds % seconds == 0)
        grid = np.where(fits, self.grid_seconds, seconds)
        return np.asarray(-(-ends // grid) * grid + lags, dtype=np.int64)

    def as_json(self) -> str:
        """Return the terms as text."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None) -> Terms:
        """Return the terms that `as_json` wrote; for None the plain ones."""
        return cls() if text is None else cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Judged:
    """The slots that were complete in `(since, until]` (epoch seconds), under the terms."""

    since: int
    until: int
    terms: Terms = Terms()

    def has(self, batch: SampleBatch) -> npt.NDArray[np.bool_]:
        """Return which rows of a batch are of slots that were complete by then, shape (n,)."""
        seconds = np.array([one.slot_seconds for one in batch.series], dtype=np.int64)
        lags = np.array([self.terms.lags.get(one.source, 0) for one in batch.series])
        mine = batch.series_index
        ends = batch.slot_start + seconds[mine]
        return self.terms.complete(ends, seconds[mine], lags[mine]) <= self.until
