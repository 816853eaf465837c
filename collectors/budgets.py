"""A budget of requests and money a day that is never passed, also over restarts and crashes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from outage.errors import SourceError
from outage.interfaces import Memory
from outage.slots import DAY, format_time

KEY: Final = "spent"
MICRO: Final = 1_000_000  # a dollar, in whole numbers so that sums are exact


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent on a day (its start, epoch seconds): requests, and millionths of dollars."""

    day: int
    requests: int = 0
    micro: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a source may cost a UTC day; None is no bound.

    What a request costs is remembered before it is sent: a crash can waste money, never pass the
    bound. A clock that goes back does not open a new day.
    """

    source: str
    memory: Memory
    clock: Callable[[], int]
    dollars: float | None
    requests: int | None = None

    def spend(self, dollars: float) -> None:
        """Note one request; raises SourceError, to be tried again tomorrow, if it is too much."""
        while True:
            kept = self.memory.get(KEY)
            spent = self._today(kept)
            after = Spent(spent.day, spent.requests + 1, spent.micro + micro_dollars(dollars))
            self._check(after)
            # Another process may have spent meanwhile.
            if self.memory.swap(KEY, kept, json.dumps(asdict(after))):
                return

    def today(self) -> Spent:
        """Return what was spent today."""
        return self._today(self.memory.get(KEY))

    def _today(self, text: str | None) -> Spent:
        now = self.clock()
        today = now - now % DAY
        before = Spent(**json.loads(text)) if text else None
        return before if before is not None and before.day >= today else Spent(today)

    def _check(self, spent: Spent) -> None:
        if self.requests is not None and spent.requests > self.requests:
            raise self._spent(spent.day, f"{self.requests:,} requests a day are")
        if self.dollars is not None and spent.micro > micro_dollars(self.dollars):
            raise self._spent(spent.day, f"${self.dollars:,.2f} a day are")

    def _spent(self, day: int, what: str) -> SourceError:
        tomorrow = day + DAY
        return SourceError(
            f"{self.source}: the budget's {what} spent; it goes on at {format_time(tomorrow)},"
            " or raise dollars_per_day or requests_per_day",
            wait_seconds=max(tomorrow - self.clock(), 1),
        )


def micro_dollars(dollars: float) -> int:
    """Return millionths of dollars, rounded."""
    return round(dollars * MICRO)
