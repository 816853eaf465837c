"""The samples of one subject in one window, and how their parts make one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np

from outage.batches import Floats, Ints, Panel, SampleBatch
from outage.slots import DAY
from outage.store import Store
from outage.words import SIGNALS, Combine, Series, Witness

LEAD: Final = DAY  # who sent in the day before the window is expected to send in it
OTHERS: Final = "all others"


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A subject's samples in `[since, until)` and the day before, and what judging expected.

    An operator's are those of all services seen from it, and the people's about it.
    """

    store: Store
    subject: str
    batch: SampleBatch
    since: int
    until: int

    @classmethod
    def read(cls, store: Store, subject: str, since: int, until: int) -> Self:
        """Read what was seen of a subject; `since` is on the hour; raises StoreError."""
        seen_from = {one.subject for one in store.series() if one.vantage == subject}
        batch = store.load(since - LEAD, until, subjects={subject} | seen_from)
        return cls(store, subject, _about(batch, subject), since, until)

    def slot_starts(self, seconds: int) -> Ints:
        """Return the start of every whole slot in the window, epoch seconds."""
        return np.arange(self.since, self.until - seconds + 1, seconds, dtype=np.int64)

    def together(self, series: Sequence[Series]) -> Floats:
        """Return one line, shape (slots,), of several series of one signal and slot length."""
        seconds, combine = series[0].slot_seconds, SIGNALS[series[0].signal].combine
        weighted = combine is Combine.WEIGHTED_MEAN and len(series) > 1
        weights = self._matrix(series, self.batch.weight) if weighted else None
        line = together(self._matrix(series, self.batch.value), combine, weights)
        return line[LEAD // seconds :]

    def _matrix(self, series: Sequence[Series], values: Floats) -> Floats:
        batch = replace(self.batch, value=values)
        first, seconds = self.since - LEAD, series[0].slot_seconds
        return Panel.of(batch, series, first, self.until, seconds).values

    def expected(self, series: Sequence[Series]) -> Floats | None:
        """Return what judging expected of the whole of the series; None where it kept nothing."""
        seconds = series[0].slot_seconds
        if SIGNALS[series[0].signal].combine is not Combine.SUM or self.until <= self.since:
            return None
        keys = {f"{s.subject}|{s.signal}||{s.vantage}|{s.source}" for s in series}
        first = self.since - self.since % DAY
        days = [self._day(day, seconds, sorted(keys)) for day in range(first, self.until, DAY)]
        skip = (self.since - first) // seconds
        line = np.concatenate(days)[skip : skip + len(self.slot_starts(seconds))]
        return line if np.isfinite(line).any() else None

    def _day(self, day: int, seconds: int, keys: Sequence[str]) -> Floats:
        rows = DAY // seconds
        kept = self.store.baselines(day, seconds)
        if kept is None or not set(keys) <= set(kept[0]) or len(kept[1]) < rows:
            return np.full(rows, np.nan)
        # What is kept of a day ends with it, and may begin before it.
        line: Floats = kept[1][-rows:, [kept[0].index(key) for key in keys]].sum(axis=1)
        return line


def _about(batch: SampleBatch, subject: str) -> SampleBatch:
    """Return the rows that are about the subject, or were seen from it."""
    about = [subject in (one.subject, one.vantage) for one in batch.series]
    number = np.cumsum(about) - 1
    rows = batch.take(np.array(about, dtype=bool)[batch.series_index])
    series = tuple(one for one, mine in zip(batch.series, about, strict=True) if mine)
    return replace(rows, series=series, series_index=number[rows.series_index])


def together(values: Floats, combine: Combine, weights: Floats | None = None) -> Floats:
    """Return one line (slots,) of parts (slots, parts): a gap wherever a part is missing.

    A part that has not begun yet is not expected; a partial sum must not read as a drop.
    """
    missing = np.isnan(values)
    begun = np.maximum.accumulate(~missing, axis=0)
    gap = (missing & begun).any(axis=1) | ~begun.any(axis=1)
    filled = np.where(missing, 0.0, values)
    if combine is Combine.SUM:
        line = filled.sum(axis=1)
    elif combine is Combine.MAX:
        line = filled.max(axis=1)
    else:
        share = (~missing) * (1.0 if weights is None else np.nan_to_num(weights, nan=1.0))
        line = (filled * share).sum(axis=1) / np.maximum(share.sum(axis=1), 1e-12)
    return np.where(gap, np.nan, line)


def exporters(window: Window, series: Sequence[Series]) -> list[list[Series]]:
    """Return the series of one signal by who counted them; of the network only the fullest.

    Two exporters may have counted the same packets; two collectors did not count the same posts
    (but each is a line of its own).
    """
    groups: dict[tuple[str, int], list[Series]] = defaultdict(list)
    for one in series:
        groups[one.source, one.slot_seconds].append(one)
    if len(groups) < 2:
        return list(groups.values())
    counts = np.bincount(window.batch.series_index, minlength=len(window.batch.series))
    rows = dict(zip(window.batch.series, counts.tolist(), strict=True))
    ranked = sorted(groups.values(), key=lambda group: -sum(rows[one] for one in group))
    return ranked if SIGNALS[series[0].signal].witness is Witness.PEOPLE else ranked[:1]


def whole_of(series: Sequence[Series]) -> list[Series]:
    """Return what adds up to the whole: of each subject and vantage its whole, else its parts."""
    places: dict[tuple[str, str], list[Series]] = defaultdict(list)
    for one in series:
        places[one.subject, one.vantage].append(one)
    chosen = ([one for one in here if not one.category] or here for here in places.values())
    return [one for few in chosen for one in few]


def parts_of(series: Sequence[Series], subject: str) -> dict[str, list[Series]]:
    """Return the series by part: a service's categories, or the services of an operator."""
    parts: dict[str, list[Series]] = defaultdict(list)
    if any(one.vantage == subject and one.subject != subject for one in series):
        for one in whole_of(series):
            parts[one.subject].append(one)
    else:
        for one in series:
            parts[one.category].append(one)
        parts.pop("", None)
    return dict(sorted(parts.items(), key=lambda part: (part[0].endswith("other"), part[0])))


def largest(window: Window, parts: dict[str, list[Series]], most: int) -> dict[str, Floats]:
    """Return the lines of the largest parts, and one of all others; nothing if there is one."""
    if len(parts) < 2:
        return {}
    lines = {name: window.together(series) for name, series in parts.items()}
    by_size = sorted(lines, key=lambda name: -float(np.nansum(lines[name])))
    shown = by_size[:most]
    chosen = {name: lines[name] for name in lines if name in shown}
    rest = [one for name in by_size[most:] for one in parts[name]]
    return chosen | ({OTHERS: window.together(rest)} if rest else {})
