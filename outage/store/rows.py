"""Samples as rows of structured arrays, and the rules of which row wins; pure, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.batches import Ints, SampleBatch
from outage.errors import BadInput
from outage.slots import format_time
from outage.words import Series

Rows: TypeAlias = npt.NDArray[np.void]
Mask: TypeAlias = npt.NDArray[np.bool_]

ROW: Final = np.dtype(
    [
        ("series_id", "i4"),
        ("slot_start", "i8"),
        ("value", "f8"),
        ("known_at", "i8"),
        ("weight", "f8"),
    ]
)
# `place` is where a database keeps the row, in its own six bytes; empty where it has none.
FOUND: Final = np.dtype([*ROW.descr, ("place", "V6")])
RUN: Final = np.dtype([("series_id", "i4"), ("first", "i8"), ("last", "i8")])
RUN_GAP: Final = 8  # slots: reading past eight rows costs as much as one more search
LAST_MOMENT: Final = 2**33  # the year 2242; later ones are other units, taken for seconds


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the samples of one batch; repeated rows of the batch count once."""

    new: int
    replaced: int
    unchanged: int
    corrected: int


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What the store holds for each incoming row: shape (rows,) throughout.

    `found` says whether there is a sample at all; `first` is the sample as judged, `latest`
    its last correction where there is one, else the same.
    """

    found: Mask
    first: Rows
    latest: Rows

    @classmethod
    def matching(cls, incoming: Rows, samples: Rows, corrections: Rows) -> Stored:
        """Match what was read with the incoming rows; all in order of series and slot."""
        at = _positions(samples, incoming)
        found = at >= 0
        first = np.zeros(len(incoming), dtype=FOUND)
        first[found] = samples[at[found]]
        latest = first
        if len(corrections):
            revised = _revise(samples, corrections, ("value", "weight", "known_at"))
            latest = np.zeros(len(incoming), dtype=FOUND)
            latest[found] = revised[at[found]]
        return cls(found, first, latest)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Which incoming rows are inserted, replace, or correct; the rest changes nothing."""

    new: Mask
    replaced: Mask
    corrected: Mask

    def counts(self) -> Added:
        """Return how many rows met which fate."""
        new, replaced, corrected = (
            int(np.count_nonzero(mask)) for mask in (self.new, self.replaced, self.corrected)
        )
        return Added(new, replaced, len(self.new) - new - replaced - corrected, corrected)


def check_batch(batch: SampleBatch) -> None:
    """Refuse values that are no measurement and slots off their grid; raises BadInput."""
    seconds = slot_seconds(batch)
    starts = batch.slot_start
    for bad, why in (
        ((starts < 0) | (starts >= LAST_MOMENT), "is out of range; give seconds since 1970"),
        (~np.isfinite(batch.value), "has no finite value; leave a gap out instead"),
        (np.isinf(batch.weight), "has an infinite weight; give a count or none"),
        (starts % seconds != 0, "does not start on its slot grid; floor it first"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            series = batch.series[int(batch.series_index[row])]
            raise BadInput(
                f"sample {series.subject} {series.signal} at {_moment(int(starts[row]))} {why}"
            )


def _moment(start: int) -> str | None:
    return format_time(start) if 0 <= start < LAST_MOMENT else f"{start} s"


def slot_seconds(batch: SampleBatch) -> Ints:
    """Return the slot length of every row's series, shape (n,)."""
    lengths = np.array([one.slot_seconds for one in batch.series], dtype=np.int64)
    return lengths[batch.series_index]


def winners(batch: SampleBatch, *, keep_highest: bool) -> Ints:
    """Return the positions of the rows that count, in order of series and slot.

    Of several rows for one slot of one series the last wins, or the highest.
    """
    keys: tuple[npt.NDArray[Any], ...] = (batch.slot_start, batch.series_index)
    order = np.lexsort((batch.value, *keys) if keep_highest else keys)
    series, slots = batch.series_index[order], batch.slot_start[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (series[1:] != series[:-1]) | (slots[1:] != slots[:-1])
    return order[last]


def as_rows(batch: SampleBatch, ids: Mapping[Series, int]) -> Rows:
    """Return the batch as rows under the store's series numbers, in the order of its key."""
    numbers = np.array([ids.get(one, -1) for one in batch.series], dtype=np.int32)
    rows = np.empty(len(batch), dtype=ROW)
    rows["series_id"] = numbers[batch.series_index]
    rows["slot_start"] = batch.slot_start
    rows["value"] = batch.value
    rows["known_at"] = batch.known_at
    rows["weight"] = batch.weight
    return ordered(rows)


def decide(incoming: Rows, stored: Stored, judged: Mask, *, keep_highest: bool) -> Verdict:
    """Return what becomes of each incoming row.

    A slot not yet judged takes the new value; one that was judged keeps the value it was
    judged by, and a different one becomes a correction.
    """
    differs = ~same(incoming, stored.latest)
    renewed = differs | ~same(incoming, stored.first)
    if keep_highest:
        higher = incoming["value"] > stored.latest["value"]
        differs, renewed = higher, higher
    return Verdict(
        new=~stored.found,
        replaced=stored.found & ~judged & renewed,
        corrected=stored.found & judged & differs,
    )


def same(left: Rows, right: Rows) -> Mask:
    """Return where two rows say the same: value and weight; when it was known may differ."""
    absent = np.isnan(left["weight"]) & np.isnan(right["weight"])
    equal: Mask = (left["value"] == right["value"]) & (absent | (left["weight"] == right["weight"]))
    return equal


def overlay(rows: Rows, corrections: Rows) -> Rows:
    """Return `rows` with the value and weight of their latest correction, `known_at` kept.

    Both are in order of series and slot; several corrections of a slot in order of time.
    """
    return _revise(rows, corrections, ("value", "weight")) if len(corrections) else rows


def runs(rows: Rows, seconds: Ints) -> Rows:
    """Return the keys of ordered rows as ranges of slots, cut where a gap is long.

    `seconds` is the slot length of every row. The store reads ranges: a search for every
    single key would cost several times as much.
    """
    series, slots = rows["series_id"], rows["slot_start"]
    cut = np.ones(len(rows) + 1, dtype=bool)
    far = np.diff(slots) > RUN_GAP * seconds[1:]
    cut[1:-1] = (series[1:] != series[:-1]) | far
    ranges = np.empty(np.count_nonzero(cut) - 1, dtype=RUN)
    first = np.flatnonzero(cut[:-1])
    ranges["series_id"], ranges["first"] = series[first], slots[first]
    ranges["last"] = slots[np.flatnonzero(cut[1:])]
    return ranges


def ordered(rows: Rows) -> Rows:
    """Return the rows in order of series and slot; most come so already."""
    series, slots = rows["series_id"], rows["slot_start"]
    rising = (series[1:] > series[:-1]) | ((series[1:] == series[:-1]) & (slots[1:] > slots[:-1]))
    if rising.all():
        return rows
    return rows[np.lexsort((rows["slot_start"], rows["series_id"]))]


def _revise(rows: Rows, corrections: Rows, names: Sequence[str]) -> Rows:
    result = rows.copy()
    position = _positions(rows, corrections)
    known = position >= 0
    # Of repeated positions numpy assigns the last: the latest version.
    for name in names:
        result[name][position[known]] = corrections[name][known]
    return result


def _positions(rows: Rows, wanted: Rows) -> Ints:
    """Return where the key of each wanted row stands in `rows`, -1 for nowhere."""
    if not len(rows) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    everything = np.concatenate([rows["slot_start"], wanted["slot_start"]])
    base = int(everything.min())
    width = int(everything.max()) - base + 1
    keys, sought = (
        one["series_id"].astype(np.int64) * width + (one["slot_start"] - base)
        for one in (rows, wanted)
    )
    position = np.minimum(np.searchsorted(keys, sought), len(keys) - 1)
    return np.where(keys[position] == sought, position, -1)
