"""What a status page says at one moment, and how that becomes samples of `status_level`.

Every page is brought to four levels: 0 nothing is wrong, 1 minor or degraded, 2 major or partial,
3 critical. Announced work is 0 unless the option `maintenance_level` says otherwise.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from collectors.http import Http
from collectors.subjects import watched_subject
from outage.errors import ConfigError
from outage.interfaces import Surroundings
from outage.slots import floor_slot
from outage.words import Sample, Series

NONE, MINOR, MAJOR, CRITICAL = range(4)
WHOLE: Final = ""
KEPT: Final = "said"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Board:
    """What a page says: the level of each part by its folded name, of the whole page under "".

    `otherwise` is what holds for a part that is not named: 0 where only trouble is listed, None
    where the page should name it. Of a `cut` board more may be wrong than it names, never less;
    of the parts in `unclear` too, which are said to be in a state that is not known.
    """

    parts: Mapping[str, int]
    otherwise: int | None = None
    cut: bool = False
    unclear: frozenset[str] = frozenset()

    def level(self, wanted: Sequence[str]) -> int | None:
        """Return the worst level of the wanted parts (patterns), None where it is not known.

        What is known to be wrong counts also where another part is missing.
        """
        found = [self._worst(pattern) for pattern in wanted]
        known = [level for level in found if level is not None]
        worst = max(known, default=None)
        complete = len(known) == len(found) and not self.cut
        return worst if complete or worst else None

    def _worst(self, pattern: str) -> int | None:
        if pattern in self.parts.keys() | self.unclear:  # a name with brackets is no pattern
            worst, unclear = self.parts.get(pattern), pattern in self.unclear
        else:
            named = (level for name, level in self.parts.items() if fnmatchcase(name, pattern))
            worst = max(named, default=self.otherwise)
            unclear = any(fnmatchcase(name, pattern) for name in self.unclear)
        return worst or None if unclear else worst


def fold(name: str) -> str:
    """Return a part's name as it is compared: without regard to case and spaces.

    >>> fold(" API  Requests ")
    'api requests'
    """
    return " ".join(name.casefold().split())


def worst(levels: dict[str, int], name: str, level: int) -> None:
    """Note a level for a part, unless a worse one is noted."""
    key = fold(name)
    levels[key] = max(level, levels.get(key, NONE))


class Watch:
    """Which subjects a page speaks of, and what it was first seen saying of them in this slot."""

    def __init__(self, surroundings: Surroundings, parts: Mapping[str, Sequence[str]]) -> None:
        self._around = surroundings
        self._parts = parts

    def samples(self, board: Board) -> Iterator[Sample]:
        """Yield a sample a subject, for the slot in which the page was read.

        Of several readings in one slot the worst stands, known since it was first seen. A page is
        no record of the past: whatever it tells of earlier hours changes no earlier slot.
        """
        now = self._around.clock()
        slot = floor_slot(now, self._around.slot_seconds)
        kept = self._kept(slot)
        for subject, wanted in self._parts.items():
            level = board.level(wanted)
            if level is None:
                log.warning("%s: says nothing of %s: a gap", self._around.source, subject)
                continue
            before = kept.get(subject)
            if before is None or level > before[0]:
                kept[subject] = (level, now)
            yield self._sample(subject, slot, *kept[subject])
        self._around.memory.put(KEPT, json.dumps({"slot": slot, "levels": kept}))

    def _sample(self, subject: str, slot: int, level: int, seen: int) -> Sample:
        series = Series(
            subject,
            "status_level",
            source=self._around.source,
            slot_seconds=self._around.slot_seconds,
        )
        return Sample(series, slot, float(level), seen)

    def _kept(self, slot: int) -> dict[str, tuple[int, int]]:
        kept = json.loads(self._around.memory.get(KEPT) or "{}")
        if kept.get("slot") != slot:
            return {}
        return {subject: (level, seen) for subject, (level, seen) in kept["levels"].items()}


class Page(ABC):
    """A collector of one status page: it says how to read it, the rest is the same for all."""

    cost = "free"
    limits = "none published; once a minute is polite"

    def __init__(
        self,
        surroundings: Surroundings,
        url: str,
        service: str | None,
        services: Mapping[str, Sequence[str]] | None,
    ) -> None:
        self._around = surroundings
        self._watch = Watch(surroundings, wanted_parts(surroundings, service, services))
        self._http = Http(surroundings, url)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield what the page says now, for the slot that is running; raises SourceError."""
        if is_now(self._around, until):
            yield from self._watch.samples(self._board())

    @abstractmethod
    def _board(self) -> Board:
        """Ask for the page and return what it says."""


def wanted_parts(
    around: Surroundings, service: str | None, services: Mapping[str, Sequence[str]] | None
) -> dict[str, tuple[str, ...]]:
    """Return the parts wanted for each subject: `service` is the whole page; raises ConfigError."""
    given: dict[str, Any] = dict(services or {})
    if service is not None:
        given[watched_subject(around, "service", service).slug] = []
    if not given:
        raise ConfigError(
            f"sources.{around.source}.options: no subject; add service = SLUG for the whole page,"
            ' or services = { SLUG = ["part", ...] }'
        )
    found = {}
    for subject, names in given.items():
        if isinstance(names, str) or not all(isinstance(name, str) for name in names):
            raise ConfigError(
                f"sources.{around.source}.options.services.{subject}: is not a list of names;"
                ' write ["...", "..."], [] for the whole page'
            )
        wanted = tuple(fold(name) for name in names)
        found[watched_subject(around, "services", subject).slug] = wanted or (WHOLE,)
    return found


def maintenance(source: str, level: int) -> int:
    """Return the level of announced work, from 0 to 3; raises ConfigError."""
    if level not in range(CRITICAL + 1):
        key = f"sources.{source}.options.maintenance_level"
        raise ConfigError(f"{key}: {level!r} is no level; use 0, 1, 2 or 3")
    return level


def is_now(around: Surroundings, until: int) -> bool:
    """Tell whether a window reaches up to now: what is not kept cannot be asked for afterwards."""
    if until + around.slot_seconds + around.lag_seconds > around.clock():
        return True
    log.info("%s: a status page keeps no history: gaps", around.source)
    return False
