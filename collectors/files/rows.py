"""Rows of a long file as they were read, and what is wrong with each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from outage.batches import Ints
from outage.errors import BadInput
from outage.interfaces import ReadOptions
from outage.words import RejectedRow

Bools: TypeAlias = npt.NDArray[np.bool_]
Malformed: TypeAlias = tuple[int, "Told", str]

TIMES: Final = ("slot_start", "timestamp")
COLUMNS: Final = (
    "slot_start", "timestamp", "service", "vantage", "category", "signal", "value", "source",
    "slot_seconds", "weight",
)  # fmt: skip
FREE: Final = ("weight",)  # likely to resemble a column of something else
EXCERPT: Final = 120
MAX_COLUMNS: Final = 1_000


class Told(NamedTuple):
    """What is wrong with a row, and what to do about it."""

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some rows of one file: columns of equal length (Arrow arrays), as they were read.

    `lines` is where each stands in the file; `malformed` gives the rows without columns.
    """

    lines: Ints
    columns: Mapping[str, Any]
    excerpt: Callable[[int], str]
    malformed: Callable[[], Iterable[Malformed]]
    progress: float

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(slots=True, eq=False)
class Faults:
    """The first fault of each row: `of_row` is -1 or a position in `told`."""

    of_row: Ints
    told: list[Told] = field(default_factory=list)

    @classmethod
    def none(cls, rows: int) -> Faults:
        """Return the faults of rows that have none yet."""
        return cls(np.full(rows, -1, dtype=np.int64))

    @property
    def good(self) -> Bools:
        """Return the rows without a fault."""
        return self.of_row < 0

    def mark(self, wrong: Bools, told: Told) -> None:
        """Mark the rows of a mask, where they have no fault yet."""
        new = wrong & self.good
        if new.any():
            self.of_row[new] = len(self.told)
            self.told.append(told)

    def mark_words(self, codes: Ints, told: Mapping[int, Told]) -> None:
        """Mark the rows whose code is in `told`."""
        if not told:
            return
        of_code = np.full(max(int(codes.max()), *told) + 1, -1, dtype=np.int64)
        for code, fault in told.items():
            of_code[code] = len(self.told)
            self.told.append(fault)
        new = self.good
        self.of_row[new] = of_code[codes[new]]

    def rejected(self, rows: Rows, origin: str) -> Iterator[RejectedRow]:
        """Yield the rows with a fault, in the order of the file."""
        wrong = [
            (int(rows.lines[row]), self.told[int(self.of_row[row])], rows.excerpt(int(row)))
            for row in np.flatnonzero(~self.good)
        ]
        for line, told, text in sorted([*wrong, *rows.malformed()], key=lambda fault: fault[0]):
            yield RejectedRow(origin, line, told.reason, told.remedy, printable(text))


def printable(text: str) -> str:
    """Return at most 120 characters of `text`, none of them a control character."""
    short = text[:EXCERPT] + ("…" if len(text) > EXCERPT else "")
    return "".join(letter if letter.isprintable() else "?" for letter in short)


def check_columns(found: list[str], options: ReadOptions, where: str) -> str:
    """Return the name of the time column; raises BadInput naming what is missing or doubled."""
    if len(found) > MAX_COLUMNS:
        raise BadInput(f"{where}: has {len(found):,} columns; is it a table of samples?")
    twice = sorted({name for name in found if found.count(name) > 1 and name in COLUMNS})
    if twice:
        raise BadInput(f"{where}: the column {', '.join(twice)} is there twice; leave one out")
    times = [name for name in TIMES if name in found]
    if len(times) > 1:
        raise BadInput(f"{where}: has both slot_start and timestamp; leave one out")
    missing = [] if times else ["slot_start"]
    missing += [
        name for name in ("service", "signal") if name not in found and not getattr(options, name)
    ]
    missing += [] if "value" in found else ["value"]
    if missing:
        raise BadInput(_missing(missing, found, where))
    _check_doubts(found, options, where)
    return times[0]


def _missing(missing: list[str], found: list[str], where: str) -> str:
    shown = ", ".join(printable(name)[:40] for name in found[:12]) or "none"
    if "text" in found and "signal" not in found:
        return (
            f"{where}: holds posts, one a row (found: {shown}), and no samples; count them first:"
            " outage posts match FILE.csv --out OUT.csv --samples OUT.parquet"
        )
    given = [f"--{name}" for name in missing if name in ("service", "signal")]
    hint = f" or give {' and '.join(given)}" if given else ""
    return (
        f"{where}: column {', '.join(missing)} missing (found: {shown}); name the columns in the"
        f" first line, separated by commas{hint}"
    )


def _check_doubts(found: list[str], options: ReadOptions, where: str) -> None:
    for name in ("service", "signal", "vantage"):
        if getattr(options, name) and name in found:
            raise BadInput(f"{where}: has a column {name} of its own; leave --{name} out")
    absent = [name for name in COLUMNS if name not in (*found, *TIMES, *FREE)]
    for name in found:
        close = get_close_matches(name, absent, n=1, cutoff=0.75) if name not in COLUMNS else []
        if close:
            raise BadInput(f"{where}: column {name[:40]!r}: did you mean {close[0]!r}? rename it")
