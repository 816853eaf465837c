"""The score of the Numenta Anomaly Benchmark.

Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms" (2015), section III: a
detection in a window earns by a sigmoid the more the earlier it is, only the best of a window
counts, every other detection costs by how far past a window it is, a missed window costs. The
first 15 % of a file, at most 750 rows, are probation. One threshold for the whole corpus is the
one that scores best, per profile. What the article leaves open follows the benchmark's published
behaviour: positions count rows, the first row of a window is at -1 and its last just before 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PROBATION, PROBATION_ROWS = 0.15, 5_000
OUTSIDE = -1
FAR = 3.0  # window widths behind a window from which a false alarm costs in full
NOTHING = 1.1  # a threshold above every anomaly score


@dataclass(frozen=True, slots=True)
class Profile:
    """What one application pays: weights of hits, false alarms (each row) and missed windows."""

    name: str
    hit: float
    false_alarm: float
    miss: float


@dataclass(frozen=True, slots=True)
class Windows:
    """The labelled windows of a file of `rows` rows: first and last row of each, ascending."""

    rows: int
    spans: Sequence[tuple[int, int]]

    @property
    def probation(self) -> int:
        """Return how many rows at the beginning are not scored."""
        return int(min(PROBATION * self.rows, PROBATION * PROBATION_ROWS))


class Best(NamedTuple):
    """The best score over all thresholds: raw, on the scale null = 0 to perfect = 100, where."""

    raw: float
    normalised: float
    threshold: float


def sigmoid(position: Floats) -> Floats:
    """Return the worth of a detection at a position in widths of its window: 1 to -1."""
    return np.where(position > FAR, -1.0, 2.0 / (1.0 + np.exp(5.0 * position)) - 1.0)


def worths(windows: Windows, profile: Profile) -> tuple[Floats, Ints]:
    """Return each row's worth if detected and the number of its window, OUTSIDE elsewhere."""
    rows = np.arange(windows.rows)
    worth = np.full(windows.rows, -profile.false_alarm)
    inside = np.full(windows.rows, OUTSIDE, dtype=np.int64)
    full = float(sigmoid(np.array([-1.0]))[0])
    for number, (first, last) in enumerate(windows.spans):
        width = last - first + 1
        after = (rows[last + 1 :] - last) / max(1, width - 1)
        worth[last + 1 :] = profile.false_alarm * sigmoid(after)
        within = (rows[first : last + 1] - last - 1) / width
        worth[first : last + 1] = profile.hit * sigmoid(within) / full
        inside[first : last + 1] = number
    return worth, inside


def score_at(windows: Windows, scores: Floats, profile: Profile, threshold: float) -> float:
    """Return one file's raw score where rows of `threshold` and above are detections."""
    worth, inside = worths(windows, profile)
    scored = np.arange(windows.rows) >= windows.probation
    detected = scored & (scores >= threshold)
    total = float(worth[detected & (inside == OUTSIDE)].sum())
    for number in np.unique(inside[scored & (inside != OUTSIDE)]):
        best = worth[detected & (inside == number)]
        total += float(best.max()) if len(best) else -profile.miss
    return total


def best_score(corpus: Sequence[tuple[Windows, Floats]], profile: Profile) -> Best:
    """Return the score of a corpus, each file its windows and its anomaly scores (rows,).

    The one threshold is the best for the whole corpus. Null is no detection at all, perfect the
    first row of every window and nothing else.
    """
    score, worth, window = _scored_rows(corpus, profile)
    order = np.argsort(-score, kind="stable")
    score, gain, window = score[order], worth[order], window[order]
    numbers = np.unique(window[window != OUTSIDE])
    for number in numbers:
        rows = np.flatnonzero(window == number)
        best_so_far = np.maximum.accumulate(gain[rows])
        gain[rows] = np.diff(best_so_far, prepend=-profile.miss)
    missed = -profile.miss * len(numbers)
    ends = np.flatnonzero(np.diff(score, append=-np.inf))
    totals = np.append(missed, (missed + np.cumsum(gain))[ends])
    at = int(np.argmax(totals))
    raw = float(totals[at])
    perfect = profile.hit * sum(len(windows.spans) for windows, _ in corpus)
    normalised = 100 * (raw - missed) / (perfect - missed) if perfect > missed else 0.0
    return Best(raw, normalised, float(np.append(NOTHING, score[ends])[at]))


def _scored_rows(
    corpus: Sequence[tuple[Windows, Floats]], profile: Profile
) -> tuple[Floats, Floats, Ints]:
    """Return score, worth and window (numbered over the corpus) of all rows after probation."""
    parts, numbered = [], 0
    for windows, scores in corpus:
        worth, inside = worths(windows, profile)
        window = np.where(inside == OUTSIDE, OUTSIDE, inside + numbered)
        numbered += len(windows.spans)
        kept = slice(windows.probation, None)
        parts.append((scores[kept], worth[kept], window[kept]))
    score, worth, window = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return score, worth, window
