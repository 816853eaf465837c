"""What a folder of results was made from, so that a later run corrects what it touches."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from outage.errors import BadInput, UsageError
from outage.flows.engine import SECOND_US
from outage.flows.inputs import Log
from outage.flows.places import exists, read_text, write_text
from outage.slots import DAY

MOST_AFTER: Final = 31  # days; a TTL may be 68 years
FILE_NAME: Final = "inputs.json"


@dataclass(frozen=True, slots=True)
class Input:
    """One log that was used: its days (UTC, since 1970), and the last second it speaks for."""

    path: str
    days: tuple[int, ...]
    until: int

    def spoken(self) -> set[int]:
        """Return the days about which it says something; answers last into the next ones."""
        last = max(self.days)
        until = min(self.until // DAY, last + MOST_AFTER)
        return {*self.days, *range(last, until + 1)}


@dataclass(slots=True)
class History:
    """The logs from which a folder was made, and the slot length of its samples."""

    slot_seconds: int
    flows: dict[str, Input] = field(default_factory=dict)
    answers: dict[str, Input] = field(default_factory=dict)

    def known(self, paths: Collection[str]) -> list[Input]:
        """Return what was used of these logs before; they may have been written anew since."""
        kept = (*self.flows.values(), *self.answers.values())
        return [one for one in kept if one.path in paths]


def read_history(out: str, slot_seconds: int) -> History:
    """Return what `out` was made from; raises UsageError if its slots are of another length."""
    path = f"{out}/{FILE_NAME}"
    if not exists(path):
        return History(slot_seconds)
    try:
        kept = json.loads(read_text(path))
        history = History(
            int(kept["slot_seconds"]),
            *(
                {name: Input(name, tuple(days), int(until)) for name, (days, until) in one.items()}
                for one in (kept["flows"], kept["dns"])
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: is damaged ({error}); choose another --out") from error
    if history.slot_seconds != slot_seconds:
        raise UsageError(
            f"--slot-seconds: {out} holds slots of {history.slot_seconds} s, not {slot_seconds} s;"
            " choose another --out"
        )
    return history


def write_history(out: str, history: History) -> None:
    """Keep what `out` was made from."""
    kept = {
        "slot_seconds": history.slot_seconds,
        "flows": {one.path: [one.days, one.until] for one in history.flows.values()},
        "dns": {one.path: [one.days, one.until] for one in history.answers.values()},
    }
    write_text(f"{out}/{FILE_NAME}", json.dumps(kept, indent=0, sort_keys=True))


def as_input(log: Log, lasting: int) -> Input:
    """Return a log as it is remembered; its last row counts for `lasting` microseconds."""
    return Input(log.origin, log.days, -(-(log.last + lasting) // SECOND_US))


def touched(inputs: Iterable[Input]) -> set[int]:
    """Return the days whose flows, or whose names, the given logs say something about."""
    return {day for one in inputs for day in one.spoken()}
