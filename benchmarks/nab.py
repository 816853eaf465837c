"""Score our default judging and its rivals on the Numenta Anomaly Benchmark, or a part of it.

`--data` is a folder with `data/`, `combined_windows.json` (or `labels/`) and
`config/profiles.json`: the part in the shared material, or a clone of the whole benchmark. Every
detector has one setting for all files; its threshold is chosen per profile over the corpus, as NAB
does. Each is scored as it is, and with one alarm a happening (nothing as high in the day before).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core a process; set before NumPy loads

import numpy as np
from public import anomaly
from public.causal import ours
from public.nab import File, Floats, read_corpus, read_profiles
from scoring.nab import Best, Profile, Windows, best_score

from outage.errors import OutageError
from outage.slots import DAY

SHARED = Path(os.environ.get("OUTAGE_SHARED", Path(__file__).parents[2] / "shared"))
OURS, PROPHET, NULL = "ours", "Prophet alone", "null"
ONCE = ", once"
PROFILES = ("standard", "reward_low_FP_rate", "reward_low_FN_rate")
PUBLISHED = {
    "ARTime": 74.9,
    "Numenta HTM": 70.5,
    "CAD OSE": 69.9,
    "Skyline": 58.2,
    "KNN CAD": 58.0,
    "Relative Entropy": 54.6,
    "Random Cut Forest": 51.7,
    "Twitter ADVec": 47.1,
    "windowed Gaussian": 39.6,
    "Bayes change point": 17.7,
    "random": 11.0,
}

Scores = dict[str, tuple[Floats, float]]


def detectors(file: File, refit: int | None) -> Iterator[tuple[str, Callable[[], Floats]]]:
    """Yield each detector's name and what gives its scores of a file, in the table's order."""
    probation = Windows(len(file.values), file.spans).probation
    yield OURS, lambda: ours(file.times, file.values, probation)
    if refit is not None:
        yield PROPHET, lambda: anomaly.prophet(file.times, file.values, probation, refit)
    yield "windowed Gaussian", lambda: anomaly.windowed_gaussian(file.values)
    yield '"X is down" EWMA', lambda: anomaly.is_down(file.values)
    yield NULL, lambda: anomaly.null(file.values)
    yield "random", lambda: anomaly.chance(file.values)


def run(file: File, refit: int | None) -> Scores:
    """Return every detector's scores of a file and the seconds they took, also once a happening."""
    rows_a_day = max(1, int(DAY // np.median(np.diff(np.maximum.accumulate(file.times)))))
    answers: Scores = {}
    for name, detect in detectors(file, refit):
        started = time.perf_counter()
        scores = detect()
        seconds = time.perf_counter() - started
        answers[name] = (scores, seconds)
        if name != NULL:
            answers[name + ONCE] = (anomaly.once_a_day(scores, rows_a_day), seconds)
    return answers


def judge(
    files: list[File], answers: list[Scores], profiles: list[Profile]
) -> dict[str, list[Best]]:
    """Return each detector's best score on each profile."""
    return {
        name: [
            best_score(
                [
                    (Windows(len(file.values), file.spans), one[name][0])
                    for file, one in zip(files, answers, strict=True)
                ],
                profile,
            )
            for profile in profiles
        ]
        for name in answers[0]
    }


def show(found: dict[str, list[Best]], seconds: dict[str, float]) -> None:
    """Print the table: what was run here, then what others published on the whole benchmark."""
    print(f"{'NAB score (null 0, perfect 100)':34} standard  low FP  low FN  seconds")
    for name, scores in found.items():
        columns = "".join(f"{best.normalised:8.1f}" for best in scores)
        print(f"{name:34} {columns}{seconds[name]:9.1f}")
    for name, score in PUBLISHED.items():
        print(f"{name:34} {score:8.1f}       -       -        -  published, whole benchmark")


def summary(found: dict[str, list[Best]], files: list[File]) -> str:
    """Return the last line: ours and the best rival of this run, both ways."""

    def standard(name: str) -> str:
        return f"{name} {found[name][0].normalised:.1f}"

    def best_rival(ending: str) -> str:
        rivals = [n for n in found if not n.startswith(OURS) and n.endswith(ONCE) == bool(ending)]
        return max(rivals, key=lambda name: found[name][0].normalised)

    windows = sum(len(file.spans) for file in files)
    return (
        f"nab: {len(files)} files, {windows} windows; standard score of {standard(OURS)}"
        f" (best rival: {standard(best_rival(''))}), of {standard(OURS + ONCE)}"
        f" (best rival: {standard(best_rival(ONCE))})"
    )


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "data" / "nab")
    parser.add_argument("--no-prophet", action="store_true", help="leave out the slow row")
    parser.add_argument("--refit-days", type=int, default=7, help="days between Prophet's fits")
    parser.add_argument("--only", default="", help="files whose name begins so: realTweets")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def main() -> int:
    """Run all detectors on all files, print the table and, last, the summary."""
    chosen = options()
    try:
        files, weights = read_corpus(chosen.data, chosen.only), read_profiles(chosen.data)
    except OutageError as error:
        print(f"nab: {error}", file=sys.stderr)
        return 2
    profiles = [
        Profile(name, one["tpWeight"], one["fpWeight"], one["fnWeight"])
        for name, one in ((name, weights[name]) for name in PROFILES)
    ]
    refit = None if chosen.no_prophet else chosen.refit_days * DAY
    with ProcessPoolExecutor(chosen.processes) as pool:
        answers = list(pool.map(run, files, [refit] * len(files)))
    found = judge(files, answers, profiles)
    show(found, {name: sum(one[name][1] for one in answers) for name in found})
    print(summary(found, files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
