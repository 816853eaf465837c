"""When addresses were active, and what flowed when: the flows on a grid of slots.

As in the samples (docs/flows.md), a flow counts in the slot in which it starts, its address is
active in every slot that the flow spans, and its bytes are spread evenly over time. The flows are
first brought together by address and stay (first and last slot), so that nothing grows with their
number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from outage.batches import Floats, Ints
from outage.reports.selection import SECOND, Flows

SLOT: Final = 600  # seconds, as in the paper
SLOT_MICROS: Final = SLOT * SECOND

STAYS: Final = f"""
    CREATE OR REPLACE TEMP TABLE stays AS
    WITH placed AS (
        SELECT *, began // {SLOT_MICROS} AS first,
            ended // {SLOT_MICROS} AS last,
            greatest(ended - began, 1) AS lasting
        FROM chosen)
    SELECT address, category, first, last, count(*) AS flows,
        sum(bytes_down) AS down, sum(bytes_up) AS up,
        sum(bytes_down * head) AS down_first, sum(bytes_up * head) AS up_first,
        sum(bytes_down * tail) AS down_last, sum(bytes_up * tail) AS up_last,
        sum(bytes_down * whole) AS down_between, sum(bytes_up * whole) AS up_between
    FROM (
        SELECT *,
            CASE WHEN first = last THEN 1.0
                ELSE ((first + 1) * {SLOT_MICROS} - began) / lasting END AS head,
            CASE WHEN first = last THEN 0.0
                ELSE (ended - last * {SLOT_MICROS}) / lasting END AS tail,
            {SLOT_MICROS} / lasting AS whole
        FROM placed)
    GROUP BY ALL"""  # noqa: S608 - only numbers of this module

PARTS: Final = "CREATE OR REPLACE TEMP TABLE parts (part VARCHAR, category VARCHAR)"

# Where the count of flows that are there rises above nothing, and until when.
SPELLS: Final = """
    CREATE OR REPLACE TEMP TABLE spells AS
    WITH changes AS (
        SELECT part, address, slot, sum(change) AS change FROM (
            SELECT part, address, first AS slot, count(*) AS change
            FROM stays JOIN parts USING (category) GROUP BY ALL
            UNION ALL
            SELECT part, address, last + 1, -count(*)
            FROM stays JOIN parts USING (category) GROUP BY ALL)
        GROUP BY ALL),
    levels AS (
        SELECT part, address, slot, sum(change) OVER line AS level, lead(slot) OVER line AS next
        FROM changes WINDOW line AS (PARTITION BY part, address ORDER BY slot))
    SELECT part, address, slot, next FROM levels WHERE level > 0"""


@dataclass(frozen=True, slots=True, eq=False)
class Addresses:
    """The addresses of a part, and what each carried; `slots` counts those it was active in."""

    address: list[str]
    flows: Floats
    down: Floats
    up: Floats
    slots: Floats

    @property
    def features(self) -> dict[str, Floats]:
        """Return the four features of figures 1 to 3 by name."""
        return {
            "flows": self.flows,
            "active_slots": self.slots,
            "bytes_down": self.down,
            "bytes_up": self.up,
        }


@dataclass(frozen=True, eq=False)
class Activity:
    """The chosen flows on the grid."""

    flows: Flows

    def __post_init__(self) -> None:
        """Bring the flows together, once."""
        database = self.flows.database
        database.execute(STAYS)
        database.execute(PARTS)
        pairs = [
            (part, category)
            for part, members in self.flows.parts.members.items()
            for category in sorted(members)
        ]
        database.executemany("INSERT INTO parts VALUES (?, ?)", pairs)
        database.execute(SPELLS)

    @cached_property
    def slots(self) -> Ints:
        """Return the slots of the grid, epoch seconds: those in which flows start, first to last.

        Afterwards there are only the ends of long flows, which tells nothing of the service.
        """
        ((first, last),) = self.flows.rows("SELECT min(first), max(first) FROM stays")
        return np.arange(first, last + 1, dtype=np.int64) * SLOT

    def addresses(self, part: str) -> Addresses:
        """Return the addresses of a part in order of their text."""
        query = """
            SELECT address, flows::DOUBLE AS flows, down::DOUBLE AS down, up::DOUBLE AS up,
                slots::DOUBLE AS slots
            FROM (SELECT address, sum(flows) AS flows, coalesce(sum(down), 0) AS down,
                    coalesce(sum(up), 0) AS up
                FROM stays JOIN parts USING (category) WHERE part = $part GROUP BY ALL)
            JOIN (SELECT address, sum(next - slot) AS slots FROM spells
                WHERE part = $part GROUP BY ALL) USING (address)
            ORDER BY address"""
        found = self.flows.columns(query, part=part)
        return Addresses(
            found["address"].tolist(),
            *(np.asarray(found[name], np.float64) for name in ("flows", "down", "up", "slots")),
        )

    def active(self, part: str) -> Ints:
        """Return how many addresses of a part were active in each slot of the grid."""
        query = """
            SELECT slot, sum(change) FROM (
                SELECT slot, count(*) AS change FROM spells WHERE part = $part GROUP BY ALL
                UNION ALL
                SELECT next, -count(*) FROM spells WHERE part = $part GROUP BY ALL)
            GROUP BY ALL"""
        return np.cumsum(self._on_grid(self.flows.rows(query, part=part))).astype(np.int64)

    def started(self, part: str) -> Floats:
        """Return how many flows of a part started in each slot."""
        query = """
            SELECT first, sum(flows) FROM stays JOIN parts USING (category)
            WHERE part = $part GROUP BY ALL"""
        return self._on_grid(self.flows.rows(query, part=part))

    def volume(self, part: str, direction: str) -> Floats:
        """Return the bytes of a part in each slot; `direction` is `down` or `up`."""
        ends = self._on_grid(self.flows.rows(self._ends(direction), part=part))
        between = np.cumsum(self._on_grid(self.flows.rows(self._between(direction), part=part)))
        return np.maximum(ends + between, 0.0)  # rounding may leave a trace below zero

    def _ends(self, direction: str) -> str:
        return f"""
            SELECT slot, sum(bytes) FROM (
                SELECT first AS slot, {direction}_first AS bytes
                FROM stays JOIN parts USING (category) WHERE part = $part
                UNION ALL
                SELECT last, {direction}_last
                FROM stays JOIN parts USING (category) WHERE part = $part AND last > first)
            GROUP BY ALL"""  # noqa: S608 - a name of this module

    def _between(self, direction: str) -> str:
        return f"""
            SELECT slot, sum(bytes) FROM (
                SELECT first + 1 AS slot, {direction}_between AS bytes
                FROM stays JOIN parts USING (category) WHERE part = $part AND last > first + 1
                UNION ALL
                SELECT last, -{direction}_between
                FROM stays JOIN parts USING (category) WHERE part = $part AND last > first + 1)
            GROUP BY ALL"""  # noqa: S608 - a name of this module

    def _on_grid(self, rows: list[tuple[int, float | None]]) -> Floats:
        """Return values on the grid; what lies past it is dropped."""
        grid = np.zeros(len(self.slots))
        origin = int(self.slots[0]) // SLOT
        for slot, value in rows:
            if slot - origin < len(grid):
                grid[slot - origin] += float(value or 0)
        return grid
