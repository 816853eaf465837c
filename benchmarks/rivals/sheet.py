"""What every rival reads: the counts of a labelled case on one grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from outage.batches import Floats, Ints, Panel
from outage.evaluation import Case
from outage.slots import DAY, floor_slot
from outage.words import Series

NETWORK: Final = ("bytes_down", "flows")
PEOPLE: Final = ("posts", "user_reports", "error_posts")
COMPLAINTS: Final = ("error_posts", "user_reports")
BOTH: Final = (*NETWORK, "error_posts")


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Whole days of counts: `values` has shape (slots, columns), NaN where there is a gap.

    Row 0 starts at `start`, a midnight UTC; rivals speak from the row `judged` on.
    """

    columns: tuple[Series, ...]
    start: int
    slot_seconds: int
    judged: int
    values: Floats

    @property
    def per_day(self) -> int:
        """Return the slots of a day."""
        return DAY // self.slot_seconds

    @property
    def judged_starts(self) -> Ints:
        """Return the starts of the judged slots, epoch seconds."""
        rows = np.arange(self.judged, len(self.values), dtype=np.int64)
        return self.start + self.slot_seconds * rows

    def of(self, signals: tuple[str, ...]) -> Sheet:
        """Return the columns of some signals."""
        chosen = [k for k, one in enumerate(self.columns) if one.signal in signals]
        columns = tuple(self.columns[k] for k in chosen)
        return replace(self, columns=columns, values=self.values[:, chosen])

    def in_slots_of(self, seconds: int) -> Sheet:
        """Return sums over longer slots (a gap where a part is one), or the sheet as it is."""
        if seconds <= self.slot_seconds or seconds % self.slot_seconds:
            return self
        parts = seconds // self.slot_seconds
        values = self.values.reshape(-1, parts, len(self.columns)).sum(axis=1)
        return replace(self, slot_seconds=seconds, judged=self.judged // parts, values=values)

    def by_day(self) -> Floats:
        """Return the values in the shape (days, slots of a day, columns)."""
        return self.values.reshape(-1, self.per_day, len(self.columns))


def sheet_of(case: Case) -> Sheet:
    """Lay a case out; traffic of an operator is the sum of what is seen there."""
    wanted = sorted(one for one in case.batch.series if one.signal in (*NETWORK, *PEOPLE))
    start = floor_slot(int(case.batch.slot_start.min()), DAY)
    end = floor_slot(case.ends + DAY - 1, DAY)
    values = Panel.of(case.batch, wanted, start, end, case.slot_seconds).values
    sums = _operators(case, wanted)
    added = [values[:, parts].sum(axis=1) for parts in sums.values()]
    return Sheet(
        columns=(*wanted, *sums),
        start=start,
        slot_seconds=case.slot_seconds,
        judged=(case.judged_from - start) // case.slot_seconds,
        values=np.column_stack([values, *added]),
    )


def _operators(case: Case, columns: list[Series]) -> dict[Series, list[int]]:
    """Return each operator's own series, and which columns add up to it."""
    found: dict[Series, list[int]] = {}
    for place, one in enumerate(columns):
        if one.vantage in case.operators and one.signal in NETWORK:
            found.setdefault(replace(one, subject=one.vantage), []).append(place)
    return {own: parts for own, parts in found.items() if own not in columns}
