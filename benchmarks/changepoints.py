"""Score change points on the Turing data and on labelled round-trip times.

`--data` is a folder with `tcpd/` and `rtt_changepoints/`. Every method has one setting for all
series. Published scores are averaged over the very series that are scored here.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from public import rtt, segment, tcpd
from scoring.matching import match
from scoring.segmentation import cleaned, cover, f1

from outage.errors import OutageError

SHARED = Path(os.environ.get("OUTAGE_SHARED", Path(__file__).parents[2] / "shared"))
OURS = "ours"
ROUNDED = 0.00051  # what three published decimals leave open

Floats = segment.Floats
Finder = Callable[[Floats], Iterable[int]]
Scores = tuple[float, ...]
Published = dict[str, dict[str, dict[str, float]]]  # by measure, method and series
One = TypeVar("One")


def mean(scores: Sequence[Scores]) -> Scores:
    """Return the mean of each column."""
    return tuple(float(column) for column in np.mean(scores, axis=0))


def timed(items: Sequence[One], score: Callable[[One], Scores]) -> tuple[Scores, float]:
    """Return the mean scores of the items and the seconds that took."""
    started = time.perf_counter()
    scores = [score(one) for one in items]
    return mean(scores), time.perf_counter() - started


def show(name: str, scores: Scores, seconds: float | None = None, note: str = "") -> None:
    """Print one row of a table."""
    columns = "".join(f"{score:10.3f}" for score in scores)
    spent = "-" if seconds is None else f"{seconds:.1f}"
    print(f"{name:20}{columns}{spent:>10}  {note}".rstrip())


def head(title: str, *columns: str) -> None:
    """Print the head of a table."""
    print(title)
    print(f"{'':20}" + "".join(f"{column:>10}" for column in (*columns, "seconds")))


def summed_up(rows: dict[str, Scores], published: dict[str, Scores], columns: Sequence[str]) -> str:
    """Return our scores, and the best of this run and of the published ones by the last column."""
    said = ", ".join(f"{name} {score:.3f}" for name, score in zip(columns, rows[OURS], strict=True))
    rivals = {name: scores[-1] for name, scores in rows.items() if name != OURS}
    theirs = {name: scores[-1] for name, scores in published.items()}
    return f"{said} (best rival: {_best(rivals)}; published: {_best(theirs)})"


def _best(scores: dict[str, float]) -> str:
    name = max(scores, key=lambda name: scores[name], default="none")
    return f"{name} {scores[name]:.3f}" if scores else name


# -- Turing ---------------------------------------------------------------------------------


def turing_finders(*, prophet: bool) -> dict[str, Callable[[tcpd.Series], Iterable[int]]]:
    """Return what finds change points in a series of one dimension, by name."""
    finders: dict[str, Finder] = {
        OURS: segment.ours,
        "KernelCPD rbf": partial(segment.kernel, form="rbf"),
        "KernelCPD linear": partial(segment.kernel, form="linear"),
        "Pelt l2": segment.pelt,
        "Binseg l2": segment.binary,
        "zero": lambda _: (),
    }
    found = {name: _of_values(finder) for name, finder in finders.items()}
    if prophet:
        found["Prophet alone"] = lambda one: segment.prophet(one.values[:, 0], one.times)
    return found


def _of_values(finder: Finder) -> Callable[[tcpd.Series], Iterable[int]]:
    return lambda one: finder(one.values[:, 0])


def turing_score(one: tcpd.Series, find: Callable[[tcpd.Series], Iterable[int]]) -> Scores:
    """Return cover and F1 of the change points found in a series."""
    length = len(one.values)
    points = cleaned(list(find(one)), length)
    return cover(one.annotations, points, length), f1(one.annotations, points)


def run_turing(folder: Path, *, prophet: bool) -> str:
    """Print the table of the Turing data; return its part of the last line."""
    every = tcpd.read_series(folder)
    default, oracle = _published(folder, "default"), _published(folder, "oracle")
    judged = [one for one in every if one.values.shape[1] == 1 and _in_all(one.name, default)]
    head(f"Turing data: {len(judged)} of {len(every)} series", "cover", "F1")
    rows: dict[str, Scores] = {}
    for name, find in turing_finders(prophet=prophet).items():
        rows[name], seconds = timed(judged, partial(turing_score, find=find))
        show(name, rows[name], seconds)
    here = {method: _of_series(default, method, judged) for method in default["cover"]}
    for method, scores in here.items():
        show(method, scores, None, "published, default")
    for method in oracle["cover"]:
        scores = _of_series(oracle, method, judged)
        show(method, scores, None, "published, oracle: tuned per series")
    print(zero_agrees(every, default))
    return f"Turing {summed_up(rows, here, ('cover', 'F1'))}"


def _published(folder: Path, kind: str) -> Published:
    return {
        measure: tcpd.read_published(folder, f"{kind}_{measure}") for measure in ("cover", "f1")
    }


def _in_all(name: str, published: Published) -> bool:
    return all(name in series for methods in published.values() for series in methods.values())


def _of_series(scores: Published, method: str, judged: Sequence[tcpd.Series]) -> Scores:
    nothing = float("nan")
    return mean([tuple(scores[m][method].get(one.name, nothing) for m in scores) for one in judged])


def zero_agrees(every: Sequence[tcpd.Series], published: Published) -> str:
    """Check the scorer: the scores of finding nothing, against the published ones."""
    pairs = [
        (mine, published[measure]["zero"][one.name])
        for one in every
        for mine, measure in zip(turing_score(one, lambda _: ()), ("cover", "f1"), strict=True)
        if one.name in published[measure].get("zero", {})
    ]
    equal = sum(abs(mine - theirs) < ROUNDED for mine, theirs in pairs)
    return f"scorer: {equal} of {len(pairs)} published scores of zero reproduced to 3 decimals"


# -- round-trip times -----------------------------------------------------------------------


def rtt_finders() -> dict[str, Finder]:
    """Return what finds change points in the logarithm of round-trip times, by name."""
    return {
        OURS: segment.ours,
        "KernelCPD linear": partial(segment.kernel, form="linear"),
        "Binseg l2": segment.binary,
    }


def rtt_score(one: rtt.Trace, finder: Finder) -> Scores:
    """Return precision, recall and F2 of what is found in a trace."""
    found = match(one.labels, list(finder(np.log(one.rtt_ms))))
    return found.precision, found.recall, found.f(2.0)


def run_rtt(folder: Path) -> str:
    """Print the table of the round-trip times; return its part of the last line."""
    traces, published = rtt.read_traces(folder), rtt.read_published(folder)
    labels = sum(len(one.labels) for one in traces)
    columns = ("precision", "recall", "F2")
    head(f"RTT: {len(traces)} traces, {labels} labels", *columns)
    rows: dict[str, Scores] = {}
    for name, finder in rtt_finders().items():
        rows[name], seconds = timed(traces, partial(rtt_score, finder=finder))
        show(name, rows[name], seconds)
    names = {one.name for one in traces}
    here: dict[str, Scores] = {}
    for method, scores in published.items():
        here[method] = mean([score for name, score in scores.items() if name in names])
        show(method, here[method], None, "published, these traces")
        show(method, mean(list(scores.values())), None, f"published, all {len(scores)} traces")
    print(labels_agree(traces, published))
    return f"RTT {summed_up(rows, here, columns)}"


def labels_agree(traces: Sequence[rtt.Trace], published: dict[str, dict[str, rtt.Scores]]) -> str:
    """Check the labels: every published recall is a share of as many as were read here."""
    hits = [
        scores[one.name][1] * len(one.labels)
        for scores in published.values()
        for one in traces
        if one.name in scores
    ]
    whole = sum(abs(one - round(one)) < 1e-6 for one in hits)
    return f"labels: {whole} of {len(hits)} published recalls are shares of the labels read here"


def main() -> int:
    """Run both data sets, print their tables and, last, the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data")
    parser.add_argument("--no-prophet", action="store_true", help="leave out the slow row")
    chosen = parser.parse_args()
    try:
        turing = run_turing(chosen.data / "tcpd", prophet=not chosen.no_prophet)
        print()
        print(f"changepoints: {turing}; {run_rtt(chosen.data / 'rtt_changepoints')}")
    except OutageError as error:
        print(f"changepoints: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
