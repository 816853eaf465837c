"""Collectors that tests install, each with a habit of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from outage.errors import SourceError
from outage.interfaces import Estimate, Surroundings
from outage.words import Sample, Series

HABITS = ("Steady", "Failing", "Buggy", "Hanging", "Odd", "Walking", "Refusing")
NEVER = Event()


class Steady:
    """Delivers the number of each slot, from `first` on."""

    needs = ("token",)
    cost = "a penny"
    limits = "none at all"

    def __init__(self, surroundings: Surroundings, token: str = "", subject: str = "alpha") -> None:
        self.around, self.token = surroundings, token
        seconds = surroundings.slot_seconds
        self.series = Series(subject, "posts", source=surroundings.source, slot_seconds=seconds)

    def sample(self, start: int) -> Sample:
        """Return the sample of a slot."""
        end = start + self.around.slot_seconds
        return Sample(self.series, start, start // 600 % 97, end + self.around.lag_seconds)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield a sample a slot."""
        for start in range(since, until, self.around.slot_seconds):
            yield self.sample(start)


class Failing(Steady):
    """Delivers half of what it should, then fails."""

    permanent = False

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the first half, and fail."""
        yield from super().collect(since, since + (until - since) // 1200 * 600)
        told = f"the token {self.token} is out of order"
        raise SourceError(told, permanent=self.permanent, wait_seconds=None)


class Refusing(Failing):
    """Fails for good."""

    permanent = True


class Buggy(Steady):
    """Has a fault in its code."""

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield one sample, and break."""
        yield self.sample(since)
        raise ZeroDivisionError(f"with {self.token}")


class Hanging(Steady):
    """Delivers one sample and hangs."""

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield one sample, hang, and want to go on."""
        yield self.sample(since)
        self.around.memory.put("here", "yes")
        NEVER.wait(1.6)
        yield self.sample(since + 600)
        self.around.memory.put("beyond", "yes")


class Odd(Steady):
    """Delivers samples that are none among good ones."""

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield bad samples between good ones."""
        nonsense = Series("alpha", "nonsense", source=self.around.source)
        yield self.sample(since)
        yield Sample(self.series, since + 600, float("nan"), until)
        yield Sample(self.series, since + 601, 1.0, until)
        yield Sample(nonsense, since, 1.0, until)
        yield self.sample(since + 1200)
        self.around.memory.put("cursor", "17")


class Walking(Steady):
    """Goes on from where it remembers to have been, and can say what that costs."""

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield a sample a slot, each remembered."""
        for start in range(self._first(since), until, 600):
            yield self.sample(start)
            self.around.memory.put("next", str(start + 600))

    def estimate(self, since: int, until: int) -> Estimate:
        """Return a dollar a slot."""
        slots = (until - self._first(since)) // 600
        self.around.memory.put("next", "0")
        return Estimate(slots, float(slots), "a dollar a slot")

    def _first(self, since: int) -> int:
        return int(self.around.memory.get("next") or since)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the plugs above, as a package that lies in `folder`."""
    info = folder / "habits-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: habits\nVersion: 1.0\n")
    lines = [f"{name.lower()} = tests.collecting.plugs:{name}" for name in HABITS]
    lines.append("gone = tests.collecting.plugs:Gone")
    (info / "entry_points.txt").write_text("\n".join(["[outage.collectors]", *lines, ""]))
    monkeypatch.syspath_prepend(str(folder))
