"""Stretches of time that are done with, so that long work goes on where it was interrupted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return half-open intervals in order, those that touch made one.

    >>> merged([(20, 30), (0, 10), (10, 15)])
    [(0, 15), (20, 30)]
    """
    found: list[Interval] = []
    for start, end in sorted(one for one in intervals if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def missing(done: Iterable[Interval], since: int, until: int) -> Iterator[Interval]:
    """Yield what of `[since, until)` is not done.

    >>> list(missing([(0, 15), (20, 30)], 10, 40))
    [(15, 20), (30, 40)]
    """
    for start, end in merged(done):
        if since < min(start, until):
            yield since, min(start, until)
        since = max(since, end)
    if since < until:
        yield since, until


def pieces(since: int, until: int, size: int) -> Iterator[Interval]:
    """Yield `[since, until)` in pieces that end on multiples of `size`, so that they stay the same.

    >>> list(pieces(5, 25, 10))
    [(5, 10), (10, 20), (20, 25)]
    """
    while since < until:
        end = min(since - since % size + size, until)
        yield since, end
        since = end


def as_text(intervals: Iterable[Interval]) -> str:
    """Return intervals as a text to be remembered."""
    return json.dumps(merged(intervals))


def from_text(text: str | None) -> list[Interval]:
    """Return the intervals of such a text; none if there is none."""
    return [(int(start), int(end)) for start, end in json.loads(text or "[]")]
