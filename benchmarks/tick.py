"""Measure one slot of many services, from the store to incidents.

Every service has 8 signals of one operator. The store holds 25 h of samples, made, and the day's
outlook; then slots come one by one, three services break down, and the service that stays running
judges each (`outage.live.Live`). `first` is the first call of a new process: it reads the day
before, too. The last line compares the slowest later slot, the full hour among them, with the
limit of 3 s for 80,000 series, and the memory with 2 GB. Each size runs in processes of its own.
`--refit` also fits the whole day anew, as happens at 00:00 UTC, from made samples.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np

from outage.batches import Floats, Ints, SampleBatch
from outage.catalogue import load_catalogue
from outage.judging.engine import Engine
from outage.judging.outlook import Outlook, no_offsets
from outage.judging.sources import MemoryBook
from outage.live import Live
from outage.settings import Settings
from outage.slots import DAY, HOUR
from outage.store import Store, upgrade
from outage.stored import StoredBook, StoredSource
from outage.words import Series

LIMIT_S, LIMIT_BYTES, LIMIT_SERIES = 3.0, 2 * 2**30, 80_000
SLOT = 600
TODAY = 1_741_564_800  # 2025-03-10, a Monday, 00:00 UTC
BEGIN = TODAY + 11 * HOUR + 3 * SLOT  # so that a full hour is among the slots
SLOTS = 8
MEANS = {  # of a slot
    "bytes_down": 6e6,
    "bytes_up": 9e5,
    "flows": 300.0,
    "syn": 330.0,
    "syn_ack": 324.0,
    "rst": 9.0,
    "dns_queries": 120.0,
    "dns_failures": 2.0,
}
BROKEN = {"bytes_down": 0.1, "bytes_up": 0.1, "syn": 4.0, "syn_ack": 4.0, "rst": 12.0}
AT_A_TIME = 4_000  # series that are made and stored at a time


@dataclass(frozen=True)
class Split:
    """Seconds of one slot, and where they went."""

    total: float
    load: float
    score: float
    fold: float
    save: float
    incidents: int


@dataclass(frozen=True)
class Measured:
    """One size: the first call, the later ones, and the most memory, in bytes."""

    series: int
    first: Split
    later: tuple[Split, ...]
    peak: int


def all_series(count: int) -> list[Series]:
    """Return `count` series, eight a service, sorted."""
    names = [f"service-{n:05d}" for n in range(count // len(MEANS))]
    return [
        Series(name, signal, "", "op-a", "probe", SLOT)
        for name in names
        for signal in sorted(MEANS)
    ]


def expected(series: Sequence[Series], starts: Ints) -> Floats:
    """Return the mean of each slot, shape (slots, series): one peak a day, sizes of all kinds."""
    day = np.exp(0.4 * np.cos(2 * np.pi * (starts % DAY - 19 * HOUR) / DAY))
    number = np.array([int(one.subject[-5:]) for one in series])
    size = np.exp(0.5 * np.cos(number))
    return day[:, None] * size * np.array([MEANS[one.signal] for one in series])


def made(series: Sequence[Series], since: int, until: int, *, broken: bool = False) -> SampleBatch:
    """Return the samples of some series, by series and slot; the first three services broken."""
    starts = np.arange(since, until, SLOT, dtype=np.int64)
    rng = np.random.default_rng([since, int(series[0].subject[-5:])])
    mean = expected(series, starts)
    if broken:
        for column, one in enumerate(series):
            if int(one.subject[-5:]) < 3:
                mean[:, column] *= BROKEN.get(one.signal, 1.0)
    value = mean * np.exp(0.03 * rng.standard_normal(mean.shape))
    counted = np.array([not one.signal.startswith("bytes") for one in series])
    value[:, counted] = rng.poisson(value[:, counted])
    moments = np.tile(starts, len(series))
    return SampleBatch(
        tuple(series),
        np.repeat(np.arange(len(series), dtype=np.int64), len(starts)),
        moments,
        value.T.ravel(),
        moments + SLOT,
        np.full(len(moments), np.nan),
    )


def prepare(url: str, count: int) -> None:
    """Fill a new store with the samples before and the outlook of the day."""
    upgrade(url)
    series = all_series(count)
    with Store.open(url) as store:
        for first in range(0, count, AT_A_TIME):
            part = series[first : first + AT_A_TIME]
            store.add(made(part, BEGIN - BEGIN % HOUR - DAY, BEGIN), BEGIN)
        engine = Engine(StoredSource(store), Settings(), no_offsets)
        (plane,) = engine.planes
        about = np.arange(TODAY - DAY, TODAY + DAY, SLOT, dtype=np.int64)
        location = expected(plane.series, about)
        gains = {"flows": np.ones(len(plane.units))}
        outlook = Outlook(location, np.full(location.shape, 0.04), gains)
        StoredBook(store).put(TODAY, plane, outlook)


def clocked(spent: dict[str, float], name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call` such that the seconds it takes are added to those of `name`."""

    def timed(*arguments: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - begun

    return timed


def measure(url: str, count: int) -> Measured:
    """Judge slot after slot, as each arrives."""
    spent: dict[str, float] = {}
    StoredSource.load = clocked(spent, "load", StoredSource.load)  # type: ignore[method-assign]
    StoredBook._read = clocked(spent, "load", StoredBook._read)  # type: ignore[method-assign]
    Engine.blocks = clocked(spent, "blocks", Engine.blocks)  # type: ignore[method-assign]
    Store.save_judgement = clocked(spent, "save", Store.save_judgement)  # type: ignore[method-assign]
    series, splits = all_series(count), []
    with Store.open(url) as store:
        live = Live(store, Settings(), load_catalogue(None))
        live.prepare()
        for moment in range(BEGIN + SLOT, BEGIN + SLOT * (SLOTS + 1), SLOT):
            store.add(made(series, moment - SLOT, moment, broken=True), moment)
            spent.clear()
            begun = time.perf_counter()
            live.detect(moment, since=None if splits else BEGIN)
            total = time.perf_counter() - begun
            load, save = spent["load"], spent["save"]
            score = max(0.0, spent["blocks"] - load)
            rest = total - load - score - save
            splits.append(Split(total, load, score, rest, save, len(store.incidents())))
    return Measured(count, splits[0], tuple(splits[1:]), peak())


def refit(count: int) -> tuple[float, int]:
    """Fit the day of all series on four weeks of made samples; return seconds and memory."""
    source = Made(all_series(count))
    engine = Engine(source, Settings(), no_offsets, book=MemoryBook())
    engine.renew(source, TODAY)
    begun = time.perf_counter()
    engine.blocks(engine.start(TODAY), TODAY + 1)
    return time.perf_counter() - begun - source.making, peak()


class Made:
    """Four weeks of samples, made as they are asked for; `making` is how long that took, in s."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._series, self.making = tuple(series), 0.0

    def series(self) -> Sequence[Series]:
        """Return every series."""
        return self._series

    def span(self) -> tuple[int, int]:
        """Return the stretch that there are samples of."""
        return TODAY - 28 * DAY, TODAY

    def joined(self) -> dict[Series, int]:
        """Return since when each is known."""
        return dict.fromkeys(self._series, TODAY - 28 * DAY)

    def load(self, since: int, until: int, series: Sequence[Series] | None = None) -> SampleBatch:
        """Return the samples of some series; none at all from today on."""
        begun = time.perf_counter()
        chosen = self._series if series is None else tuple(series)
        found = made(chosen, max(since, TODAY - 28 * DAY), max(since, min(until, TODAY)))
        self.making += time.perf_counter() - begun
        return found

    def last(self, series: Sequence[Series], before: int) -> Ints:
        """Return when each was heard last."""
        return np.full(len(series), before - SLOT, dtype=np.int64)


def peak() -> int:
    """Return the most memory that this process held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def alone(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what `call` does in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def line(name: str, count: int, one: Split) -> str:
    """Return one line about a slot."""
    return (
        f"{count:>7,} series, {name:>12}: {one.total:6.2f} s  (load {one.load:.2f}, score"
        f" {one.score:.2f}, fold and rest {one.fold:.2f}, save {one.save:.2f};"
        f" {1e6 * one.total / count:.1f} us a series, {one.incidents} incidents)"
    )


def main() -> None:
    """Measure every size; print a line each for the first, a usual and the slowest slot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, nargs="+", default=[8_000, 80_000, 160_000])
    parser.add_argument("--refit", action="store_true", help="also fit the largest of them anew")
    options = parser.parse_args()
    found: list[Measured] = []
    for count in options.series:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'tick.db'}"
            alone(prepare, url, count)
            one = alone(measure, url, count)
        ordered = sorted(one.later, key=lambda split: split.total)
        print(line("first", count, one.first))
        print(line("median later", count, ordered[len(ordered) // 2]))
        print(line("slowest later", count, ordered[-1]))
        print(f"{count:>7,} series: peak RSS {one.peak / 2**20:,.0f} MiB")
        sys.stdout.flush()
        found.append(one)
    if options.refit:
        count = min(LIMIT_SERIES, max(options.series))
        seconds, most = alone(refit, count)
        print(f"{count:>7,} series: daily refit {seconds:.1f} s, peak RSS {most / 2**20:,.0f} MiB")
    summary(found)


def summary(found: Sequence[Measured]) -> None:
    """Print the last line: the ratio to the limits, and how flat the time per series is."""
    one = min(found, key=lambda x: abs(x.series - LIMIT_SERIES))
    slowest = max(split.total for split in one.later)
    each = [float(np.median([split.total for split in x.later])) / x.series for x in found]
    good = slowest <= LIMIT_S and one.peak <= LIMIT_BYTES and one.series >= LIMIT_SERIES
    print(
        f"tick: {one.series:,} series, slowest slot {slowest:.2f} s ="
        f" {slowest / LIMIT_S:.2f} of the limit, peak {one.peak / LIMIT_BYTES:.2f} of 2 GiB;"
        f" time per series {each[-1] / each[0]:.2f} x from {found[0].series:,} to"
        f" {found[-1].series:,} ({'goal met' if good else 'goal NOT met'})"
    )


if __name__ == "__main__":
    main()
