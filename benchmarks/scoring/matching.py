"""Precision, recall and F2 of change points against labels, matched one to one.

Shao, Rougier, Paris, Devienne and Viste, "One-to-One Matching of RTT and Path Changes" (2017):
a largest matching of labelled and found points no more than two samples apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

WINDOW = 2  # samples


@dataclass(frozen=True, slots=True)
class Matched:
    """How many points were labelled, found, and matched."""

    labelled: int
    found: int
    hits: int

    @property
    def precision(self) -> float:
        """Return the share of the found that is labelled; 0 where nothing was found."""
        return self.hits / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Return the share of the labelled that was found; 1 where nothing was labelled."""
        return self.hits / self.labelled if self.labelled else 1.0

    def f(self, beta: float) -> float:
        """Return F-beta: recall counts beta times as much as precision."""
        weight = beta**2
        below = weight * self.precision + self.recall
        return (1 + weight) * self.precision * self.recall / below if below else 0.0


def match(labelled: Collection[int], found: Collection[int], window: int = WINDOW) -> Matched:
    """Match as many pairs as can be, each point once and at most `window` samples apart.

    On a line, taking the earliest partner still free for each label in turn is a largest matching.
    """
    candidates, hits = sorted(set(found)), 0
    position = 0
    for label in sorted(set(labelled)):
        while position < len(candidates) and candidates[position] < label - window:
            position += 1
        if position < len(candidates) and candidates[position] <= label + window:
            hits += 1
            position += 1
    return Matched(len(set(labelled)), len(candidates), hits)
