"""The addresses that serve a service, and how what they carry is shared among groups of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np

from outage.batches import Floats
from outage.reports.activity import Activity, Addresses
from outage.reports.addresses import Address, parse
from outage.reports.exhibits import WHOLE, Column, Row
from outage.reports.selection import Flows

Group = TypeVar("Group", bound=Hashable)

#: The four features of section 3.2: key in `Addresses.features`, what it is called.
FEATURES: Final[Mapping[str, str]] = {
    "flows": "flows",
    "active_slots": "active slots",
    "bytes_down": "bytes down",
    "bytes_up": "bytes up",
}
SHARES: Final = tuple(Column(key, name, "share") for key, name in FEATURES.items())
LISTED: Final = 10  # groups of a table; the rest is summed up
OTHERS: Final = "others"


@dataclass(frozen=True, eq=False)
class Hosts:
    """The addresses of every part with what each carried, and the flows that they come from."""

    flows: Flows
    parts: Mapping[str, Addresses]

    @classmethod
    def of(cls, flows: Flows) -> Hosts:
        """Return the hosts of the chosen flows."""
        activity = Activity(flows)
        return cls(flows, {part: activity.addresses(part) for part in flows.parts.names})

    @property
    def whole(self) -> Addresses:
        """Return all addresses, whatever part they serve."""
        return self.parts[WHOLE]

    @cached_property
    def numbers(self) -> dict[str, Address]:
        """Return every address that is one, as a number, by its text."""
        return {text: one for text in self.whole.address if (one := parse(text)) is not None}

    def known(self, part: str) -> list[Address]:
        """Return the addresses of a part as numbers."""
        texts = self.parts[part].address
        return [self.numbers[text] for text in texts if text in self.numbers]

    def grouped(self, group_of: Callable[[Address], Group | None]) -> dict[Group | None, Row]:
        """Return addresses and shares of every group, the one with most bytes first."""
        groups: dict[Group | None, list[int]] = {}
        for place, text in enumerate(self.whole.address):
            number = self.numbers.get(text)
            groups.setdefault(None if number is None else group_of(number), []).append(place)
        order = sorted(groups, key=lambda one: self._weight(groups[one]), reverse=True)
        return {one: self._shares(groups[one]) for one in order}

    def _weight(self, places: Sequence[int]) -> tuple[float, float]:
        whole = self.whole
        return float(whole.down[places].sum() + whole.up[places].sum()), whole.flows[places].sum()

    def _shares(self, places: Sequence[int]) -> Row:
        values = {name: share(one, places) for name, one in self.whole.features.items()}
        return {"addresses": len(places), **values}


def share(values: Floats, places: Sequence[int]) -> float | None:
    """Return the share that some places have of all values, None of nothing."""
    total = values.sum()
    return float(values[np.asarray(places)].sum() / total) if total else None


def shortened(rows: Sequence[Row], label: str) -> list[Row]:
    """Return the first rows of a table of shares, and the others summed up in one."""
    if len(rows) <= LISTED + 1:
        return list(rows)
    rest = rows[LISTED:]
    keys = ("addresses", *FEATURES)
    summed = {key: sum(_number(row, key) for row in rest) for key in keys}
    return [*rows[:LISTED], {label: f"{len(rest)} {OTHERS}", **summed}]


def _number(row: Row, key: str) -> float:
    value = row.get(key)
    return value if isinstance(value, (int, float)) else 0
