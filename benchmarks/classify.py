"""Measure the whole job of `outage flows classify`: read, name, write named flows, make samples.

`--flows` takes millions, one or more sizes; an answer for every five flows. Beside it stand the
plain scan of every column of the same files (the limit), and Polars joining the same flows and
answers and adding up, without writing anything. Each runs in a process of its own, so that its
peak memory is its own. The goals: 2.5 million flows a second and 3 GB on two cores at each size,
and the largest at most 1.15 times slower a flow than the smallest.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TypeAlias

import duckdb
import polars as pl
import pyarrow.parquet  # noqa: F401 - of a job, not of its start
from made_flows import make

from outage.catalogue import load_catalogue
from outage.flows.classifying import classify_logs
from outage.flows.engine import Limits
from outage.flows.surveying import Options

Job: TypeAlias = Callable[[Path, Path], str]

GOAL_RATE, GOAL_BYTES, GOAL_SLOWER = 2.5e6, 3 * 2**30, 1.15
COLUMNS = (
    "client", "server_ip", "server_port", "protocol", "start", "end", "bytes_down", "bytes_up",
    "packets_down", "packets_up", "syn", "syn_ack", "rst", "fin", "rtt_ms", "server_name",
    "certificate_name", "device", "vantage",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """Seconds of one job and its peak memory in bytes, and what it says of its result."""

    seconds: float
    peak: int
    said: str


def measured(job: Job, folder: Path) -> Measured:
    """Run a job once in a process of its own; starting it and clearing up are not counted."""
    with (
        TemporaryDirectory(dir=folder) as out,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        return pool.submit(_timed, job, folder, Path(out)).result()


def _timed(job: Job, folder: Path, out: Path) -> Measured:
    begun = time.perf_counter()
    said = job(folder, out)
    seconds = time.perf_counter() - begun
    return Measured(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, said)


def scan(folder: Path, _out: Path) -> str:
    """Read every column of the flows, and nothing else."""
    columns = ", ".join(f'max("{name}")' for name in COLUMNS)
    with duckdb.connect() as engine:
        engine.execute("SET threads = 2; SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        engine.execute(f"CREATE TABLE seen AS SELECT {columns} FROM '{folder}/flows-*.parquet'")
    return "every column"


def ours(folder: Path, out: Path) -> str:
    """Run the whole job, results on the same disk."""
    outcome = classify_logs(
        [f"{folder}/flows-*.parquet"], [f"{folder}/dns-*.parquet"], str(out), load_catalogue(),
        Options(limits=Limits("2GB")),
    )  # fmt: skip
    written = sum(one.stat().st_size for one in out.rglob("*.parquet"))
    rules = ", ".join(
        f"{count / outcome.flows:.1%} {rule}" for rule, count in outcome.named.items()
    )
    return f"{outcome.samples:,} samples; {rules}; {written / 2**20:,.0f} MiB written"


def polars(folder: Path, _out: Path) -> str:
    """Name by the latest answer and add bytes and flows up by slot; nothing written, no samples."""
    find = load_catalogue().classify
    names = pl.scan_parquet(f"{folder}/dns-*.parquet").select("name").unique().collect()
    services = {name: part.service for name in names["name"] if (part := find(name)) is not None}
    answers = (
        pl.scan_parquet(f"{folder}/dns-*.parquet")
        .select("client", pl.col("address").alias("server_ip"), "time", "ttl",
                pl.col("name").replace_strict(services, default=None).alias("service"))
        .sort("time")
    )  # fmt: skip
    flows = pl.scan_parquet(f"{folder}/flows-*.parquet").select(
        "client", "server_ip", "start", "bytes_down", "bytes_up"
    )
    until = pl.col("time") + pl.duration(seconds=pl.col("ttl") + 300)
    found = (
        flows.sort("start")
        .join_asof(answers, left_on="start", right_on="time", by=["client", "server_ip"])
        .filter(pl.col("start") <= until, pl.col("service").is_not_null())
        .group_by("service", pl.col("start").dt.truncate("10m"))
        .agg(pl.len(), pl.col("bytes_down", "bytes_up").sum())
        .collect(engine="streaming")
    )
    return f"{found['len'].sum():,} flows named, {len(found):,} rows"


JOBS: dict[str, Job] = {"scan": scan, "outage": ours, "polars": polars}


def report(flows: int, folder: Path, rounds: int, rivals: list[str]) -> float:
    """Print a line a job and round of one size; return our best seconds a million flows."""
    ours_best = float("inf")
    for name in rivals:
        for _ in range(rounds):
            try:
                one = measured(JOBS[name], folder)
            except BrokenProcessPool:
                print(f"{flows / 1e6:>5.0f} M flows {name:7} was killed: out of memory", flush=True)
                break
            rate = flows / one.seconds
            line = f"{flows / 1e6:>5.0f} M flows {name:7} {one.seconds:7.1f} s"
            line += f" {rate / 1e6:6.2f} M flows/s {one.peak / 2**30:5.2f} GiB  {one.said}"
            print(line, flush=True)
            if name == "outage":
                ours_best = min(ours_best, one.seconds / flows * 1e6)
                verdict(rate, one.peak)
    return ours_best


def verdict(rate: float, peak: int) -> None:
    """Print how one run stands to the goals."""
    print(
        f"      {rate / GOAL_RATE:.2f} of {GOAL_RATE / 1e6} M flows/s,"
        f" {peak / GOAL_BYTES:.2f} of 3 GiB; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def main() -> None:
    """Make the files, run the jobs at each size, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=float, nargs="+", action="extend", help="in millions")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "outage-flows")
    parser.add_argument("--clear", action="store_true", help="remove the files afterwards")
    arguments = parser.parse_args()
    best: dict[int, float] = {}
    for millions in sorted(set(arguments.flows or [20.0])):
        flows = int(millions * 1e6)
        folder = arguments.folder / f"{flows}"
        make(folder, flows)
        best[flows] = report(flows, folder, arguments.rounds, arguments.only)
        if arguments.clear:
            shutil.rmtree(folder)
    if "outage" in arguments.only:
        slower = best[max(best)] / best[min(best)]
        rates = ", ".join(
            f"{flows / 1e6:.0f} M: {1 / s:.2f} M flows/s" for flows, s in best.items()
        )
        print(f"{rates}; the largest is {slower:.2f} x slower a flow (goal {GOAL_SLOWER})")


if __name__ == "__main__":
    main()
