"""Cover and F1 of the Turing change point data, against several annotators.

Van den Burg and Williams, "An Evaluation of Change Point Detection Algorithms" (2020), section 4:
a change point is the first index of a new segment, 0 always is one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

MARGIN = 5  # indices, section 4.2

Annotations = Sequence[Collection[int]]


def cleaned(found: Collection[int], length: int) -> list[int]:
    """Return the change points that are none of the series' ends, ascending, each once."""
    return sorted({point for point in found if 1 <= point < length - 1})


def matched(truth: Collection[int], found: Collection[int], margin: int = MARGIN) -> int:
    """Count the true change points with a found one within the margin, each used once.

    As the authors do, each takes the nearest one left, in ascending order.
    """
    left, hits = set(found), 0
    for point in sorted(truth):
        near = min(left, key=lambda other: (abs(point - other), other), default=None)
        if near is not None and abs(point - near) <= margin:
            left.remove(near)
            hits += 1
    return hits


def f1(annotations: Annotations, found: Collection[int], margin: int = MARGIN) -> float:
    """Return F1: precision against what anyone marked, recall averaged over the annotators."""
    said = {0, *found}
    marked = [{0, *points} for points in annotations]
    precision = matched(set().union(*marked), said, margin) / len(said)
    recall = sum(matched(points, said, margin) / len(points) for points in marked) / len(marked)
    return 2 * precision * recall / (precision + recall)


def cover(annotations: Annotations, found: Collection[int], length: int) -> float:
    """Return the mean cover of the annotators' segmentations of `length` indices by the found."""
    parts = segments(found, length)
    return sum(_covered(segments(one, length), parts) for one in annotations) / len(annotations)


def segments(points: Collection[int], length: int) -> list[tuple[int, int]]:
    """Return the half-open segments between change points."""
    cuts = sorted({0, length, *(point for point in points if 0 < point < length)})
    return list(pairwise(cuts))


def _covered(truth: list[tuple[int, int]], found: list[tuple[int, int]]) -> float:
    weighted = (
        (end - start) * max(_jaccard((start, end), two) for two in found) for start, end in truth
    )
    return sum(weighted) / truth[-1][1]


def _jaccard(one: tuple[int, int], two: tuple[int, int]) -> float:
    shared = max(0, min(one[1], two[1]) - max(one[0], two[0]))
    return shared / (one[1] - one[0] + two[1] - two[0] - shared)
