"""Running evidence: what every unit has said lately, with a memory that fades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.combine import Bools, Combined, Index, combine
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures
from outage.judging.state import Memory
from outage.settings import Judging
from outage.slots import HOUR

FORGET_SECONDS: Final = 6 * HOUR  # after so long a silence a unit begins anew
PATIENCE_SECONDS: Final = 1_200  # and two slots: how long a silent unit's last word still counts
PEOPLE_LEAST, NETWORK_LEAST, MOST = -2.0, -3.0, 40.0
INNOCENT_LEAST: Final = 2.5  # times as far: what contradicts an innocent explanation stays said
USUAL_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Tick:
    """One completed slot of one plane: which plane, which row of its block, when it was known."""

    moment: int
    plane: int
    row: int
    slot_start: int
    slot_seconds: int

    @property
    def slot_end(self) -> int:
        """Return the end of the slot."""
        return self.slot_start + self.slot_seconds


def ticks(blocks: Sequence[Scored], lags: Sequence[int]) -> list[Tick]:
    """Return the ticks of the planes' blocks in the order in which they could be known."""
    found = [
        Tick(start + block.plane.slot_seconds + lags[i], i, row, start, block.plane.slot_seconds)
        for i, block in enumerate(blocks)
        for row in range(len(block.evidence))
        for start in (block.start + row * block.plane.slot_seconds,)
    ]
    return sorted(found, key=lambda tick: (tick.moment, tick.slot_seconds))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each plane's units stand among all, and the name each unit keeps over restarts."""

    keys: tuple[str, ...]
    plane_units: tuple[slice, ...]
    plane_seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one tick knows: `now` with memory, `instant` of this slot alone.

    `excess` (subjects,) is how many complaints above the expected people made in this slot.
    """

    tick: Tick
    now: Combined
    instant: Combined
    excess: Floats


class Running:
    """The units' evidence as arrays: `evidence` and `since` (units, rows), `heard` (units,)."""

    def __init__(
        self,
        index: Index,
        table: Signatures,
        layout: Layout,
        settings: Judging,
        kept: Mapping[str, Memory],
    ) -> None:
        self.index, self.layout, self.settings = index, layout, settings
        count, rows = len(layout.keys), len(table.rows)
        self.evidence = np.zeros((count, rows))
        self.since = np.zeros((count, rows), dtype=np.int64)
        self.heard = np.full(count, -FORGET_SECONDS, dtype=np.int64)
        self.cold = np.zeros(count, dtype=bool)
        self.network: Bools = index.unit_pair >= 0
        self._unpack(kept)
        least = np.where(self.network, NETWORK_LEAST, PEOPLE_LEAST)
        innocent = np.array([scope == "innocent" for scope in table.scopes])
        self._least = least[:, None] * np.where(innocent, INNOCENT_LEAST, 1.0)
        self._patience = np.zeros(count, dtype=np.int64)
        for units, seconds in zip(layout.plane_units, layout.plane_seconds, strict=True):
            self._patience[units] = PATIENCE_SECONDS + 2 * seconds

    def _unpack(self, kept: Mapping[str, Memory]) -> None:
        for position, key in enumerate(self.layout.keys):
            if (memory := kept.get(key)) is not None:
                self.evidence[position] = memory.evidence
                self.since[position] = memory.since
                self.heard[position] = memory.heard

    def pack(self) -> dict[str, Memory]:
        """Return the arrays as plain values, by unit."""
        return {
            key: Memory(
                [float(x) for x in self.evidence[position]],
                [int(x) for x in self.since[position]],
                int(self.heard[position]),
            )
            for position, key in enumerate(self.layout.keys)
            if self.heard[position] >= 0
        }

    def take(self, tick: Tick, block: Scored) -> Bools:
        """Take one slot of one plane in; return which of the plane's units spoke."""
        units = self.layout.plane_units[tick.plane]
        spoke: Bools = block.spoke[tick.row] > 0
        self.cold[units] = block.cold
        keep = np.exp(-tick.slot_seconds / self.settings.memory_seconds)
        share = min(1.5, (tick.slot_seconds / USUAL_SECONDS) ** 0.5)
        stale = self.heard[units] < tick.slot_start - FORGET_SECONDS
        before = np.where(stale[:, None], 0.0, self.evidence[units])
        moved = before * keep + share * block.evidence[tick.row]
        after = np.where(spoke[:, None], np.clip(moved, self._least[units], MOST), before)
        began = (after > 0.0) & (before <= 0.0) & spoke[:, None]
        self.since[units] = np.where(began, tick.slot_start, self.since[units])
        self.evidence[units] = after
        self.heard[units] = np.where(spoke, tick.slot_end, self.heard[units])
        return spoke

    def loudest(self, tick: Tick, spoke: Bools) -> float:
        """Return the strongest evidence of the plane's units that spoke."""
        units = self.layout.plane_units[tick.plane]
        return float(self.evidence[units][spoke].max()) if spoke.any() else 0.0

    def listen(self, tick: Tick, block: Scored, spoke: Bools) -> Heard:
        """Return what is known at the tick, by pair and by subject."""
        units = self.layout.plane_units[tick.plane]
        fresh = np.zeros_like(self.evidence)
        fresh[units] = np.where(spoke[:, None], block.evidence[tick.row], 0.0)
        here = np.zeros(len(self.heard), dtype=bool)
        here[units] = spoke
        excess = np.zeros(len(self.index.subjects))
        np.add.at(excess, self.index.unit_subject[units][spoke], block.excess[tick.row][spoke])
        lately = self.heard > tick.slot_end - self._patience
        return Heard(
            tick,
            combine(self.index, self.evidence, lately),
            combine(self.index, fresh, here),
            excess,
        )
