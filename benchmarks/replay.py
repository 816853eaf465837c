"""Replay a year of 10-minute slots of two services, from the store, with a refit every day.

Each service has six signals of one operator and two of people; once a month one of them breaks
down for 90 minutes. The last line compares the seconds with the limit of 10.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")

import numpy as np

from outage.batches import SampleBatch
from outage.catalogue import load_catalogue
from outage.judging.engine import Engine
from outage.judging.fold import Fold
from outage.judging.outlook import HISTORY_DAYS
from outage.replay import replay_stored
from outage.settings import Settings
from outage.slots import DAY, HOUR, MINUTE
from outage.store import Store, upgrade
from outage.words import Series

from tick import clocked  # isort: skip

LIMIT_S = 10.0
SLOT = 600
START = 1_741_564_800  # 2025-03-10, a Monday, 00:00 UTC
NETWORK = {
    "bytes_down": 4e7,
    "flows": 2_000.0,
    "syn": 2_200.0,
    "syn_ack": 2_160.0,
    "rst": 60.0,
    "rtt_tcp_ms": 40.0,
}
PEOPLE = {"posts": 40.0, "error_posts": 1.5}
BROKEN = {
    "bytes_down": 0.2,
    "flows": 1.5,
    "syn": 4.0,
    "syn_ack": 4.0,
    "rst": 10.0,
    "posts": 2.0,
    "error_posts": 30.0,
}


def made(days: int, seed: int) -> tuple[SampleBatch, int]:
    """Return the samples of four weeks and `days`, and how many outages there are."""
    rng = np.random.default_rng(seed)
    starts = np.arange(START, START + (HISTORY_DAYS + days) * DAY, SLOT, dtype=np.int64)
    outages = [
        START + day * DAY + 15 * HOUR for day in range(HISTORY_DAYS + 7, HISTORY_DAYS + days, 30)
    ]
    series, values = [], []
    for service in ("alpha", "beta"):
        for signal, mean in (NETWORK | PEOPLE).items():
            vantage, source = ("op-a", "probe") if signal in NETWORK else ("", "crowd")
            series.append(Series(service, signal, "", vantage, source, SLOT))
            day = (
                1.0
                if signal == "rtt_tcp_ms"
                else np.exp(0.5 * np.cos(2 * np.pi * (starts % DAY / DAY - 0.8)))
            )
            expected = mean * day * np.ones(len(starts))
            for begin in outages if service == "alpha" else ():
                hit = (starts >= begin) & (starts < begin + 90 * MINUTE)
                expected[hit] *= BROKEN.get(signal, 1.0)
            if signal in {"bytes_down", "rtt_tcp_ms"}:
                values.append(expected * np.exp(0.03 * rng.standard_normal(len(starts))))
            else:
                values.append(rng.poisson(expected).astype(np.float64))
    moments = np.tile(starts, len(series))
    batch = SampleBatch(
        tuple(series),
        np.repeat(np.arange(len(series), dtype=np.int64), len(starts)),
        moments,
        np.concatenate(values),
        moments + SLOT,
        np.full(len(moments), np.nan),
    )
    return batch, len(outages)


def main() -> None:
    """Replay once; print where the seconds went and, last, the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    spent: dict[str, float] = {}
    Engine._outlook = clocked(spent, "fit", Engine._outlook)  # type: ignore[method-assign]
    Engine.blocks = clocked(spent, "score", Engine.blocks)  # type: ignore[method-assign]
    Fold.advance = clocked(spent, "fold", Fold.advance)  # type: ignore[method-assign]
    batch, outages = made(options.days, options.seed)
    since = START + HISTORY_DAYS * DAY
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'replay.db'}"
        upgrade(url)
        with Store.open(url) as store:
            store.add(batch, since + options.days * DAY)
            begun, used = time.perf_counter(), time.process_time()
            until = since + options.days * DAY
            found = replay_stored(store, since, until, Settings(), load_catalogue(None))
            total, cpu = time.perf_counter() - begun, time.process_time() - used
    score = spent["score"] - spent["fit"]
    rest = total - spent["score"] - spent["fold"]
    print(
        f"{options.days} days, {len(batch.series)} series: fits {spent['fit']:.1f} s, score"
        f" {score:.1f} s, fold {spent['fold']:.1f} s, reading and telling {rest:.1f} s;"
        f" CPU {cpu:.1f} s"
    )
    print(f"{outages} outages made, {len(found.incidents)} incidents, {len(found.notices)} notices")
    limit = LIMIT_S * options.days / 365
    print(
        f"replay: {total:.1f} s for {options.days} days of {len(batch.series)} series ="
        f" {total / limit:.2f} of the limit ({'goal met' if total <= limit else 'goal NOT met'})"
    )


if __name__ == "__main__":
    main()
