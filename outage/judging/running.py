"""Running evidence: what every unit has said lately, with a memory that fades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats, Ints
from outage.judging.combine import Bools, Combined, Index, combine
from outage.judging.scoring import Scored
from outage.judging.signatures import Signatures
from outage.judging.state import Memories
from outage.judging.sweep import Said, Sweep, sweep
from outage.judging.weigh import share_of
from outage.settings import Judging

PATIENCE_SECONDS: Final = 1_200  # and two slots: how long a silent unit's last word still counts
PEOPLE_LEAST, NETWORK_LEAST = -2.0, -3.0
INNOCENT_LEAST: Final = 2.5  # times as far: what contradicts an innocent explanation stays said


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
    return sorted(found, key=lambda tick: (tick.moment, tick.slot_seconds, tick.plane))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each plane's units stand among all, and the name each unit keeps over restarts.

    `plane_seconds` is each plane's slot length, `plane_lags` how late after its end it is known.
    """

    keys: tuple[str, ...]
    plane_units: tuple[slice, ...]
    plane_seconds: tuple[int, ...]
    plane_lags: tuple[int, ...]


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
        kept: Memories,
    ) -> None:
        self.index, self.layout, self.settings = index, layout, settings
        count = len(layout.keys)
        self.evidence, self.since, self.heard = kept.evidence, kept.since, kept.heard
        self.cold = np.zeros(count, dtype=bool)
        self.network: Bools = index.unit_pair >= 0
        least = np.where(self.network, NETWORK_LEAST, PEOPLE_LEAST)
        self._innocent = np.array([scope == "innocent" for scope in table.scopes])
        self._least = least[:, None] * np.where(self._innocent, INNOCENT_LEAST, 1.0)
        self._patience = np.zeros(count, dtype=np.int64)
        self.lag = np.zeros(count, dtype=np.int64)
        for units, seconds, lag in zip(
            layout.plane_units, layout.plane_seconds, layout.plane_lags, strict=True
        ):
            self._patience[units] = PATIENCE_SECONDS + 2 * seconds
            self.lag[units] = lag

    def ahead(self, plane: int, block: Scored, rows: slice) -> Sweep:
        """Return where a plane's units will stand after each of some slots of its block."""
        units, seconds = self.layout.plane_units[plane], self.layout.plane_seconds[plane]
        starts = block.start + seconds * np.arange(rows.start, rows.stop, dtype=np.int64)
        share = share_of(seconds)
        said = Said(share * block.evidence[rows], block.spoke[rows] > 0, starts, seconds)
        keep = float(np.exp(-seconds / self.settings.memory_seconds))
        kept = Memories((), self.evidence[units], self.since[units], self.heard[units])
        return sweep(kept, said, keep, self._least[units], self._innocent)

    def stand(self, plane: int, block: Scored, ahead: Sweep, slot: int) -> None:
        """Take a plane's units to where they stand after a slot of the sweep."""
        units = self.layout.plane_units[plane]
        self.cold[units] = block.cold
        self.evidence[units] = ahead.evidence[slot]
        self.since[units] = ahead.since[slot]
        self.heard[units] = ahead.heard[slot]

    def lately(self, tick: Tick) -> Bools:
        """Return which units were heard so lately that their last word still counts."""
        return np.asarray(self.heard + self.lag > tick.moment - self._patience)

    def listen(self, tick: Tick, block: Scored, spoke: Bools) -> Heard:
        """Return what is known at the tick, by pair and by subject."""
        units = self.layout.plane_units[tick.plane]
        fresh = np.zeros_like(self.evidence)
        fresh[units] = np.where(spoke[:, None], block.evidence[tick.row], 0.0)
        here = np.zeros(len(self.heard), dtype=bool)
        here[units] = spoke
        excess = np.zeros(len(self.index.subjects))
        np.add.at(excess, self.index.unit_subject[units][spoke], block.excess[tick.row][spoke])
        return Heard(
            tick,
            combine(self.index, self.evidence, self.lately(tick)),
            combine(self.index, fresh, here),
            excess,
        )


class March:
    """A stretch of ticks that the units are taken along, over what need not be looked at.

    `loud` (ticks,) is the strongest evidence of the units that spoke at each tick.
    """

    def __init__(
        self, running: Running, blocks: Mapping[int, Scored], sweeps: Mapping[int, Sweep], due: Ints
    ) -> None:
        self._running, self._blocks, self._sweeps = running, blocks, sweeps
        size = len(due)
        self.loud, self._missed = np.zeros(size), np.zeros(size, dtype=bool)
        self._reached: dict[int, Ints] = {}
        for plane, ahead in sweeps.items():
            mine = due == plane
            self.loud[mine], self._missed[mine] = ahead.loud, ahead.missed
            self._reached[plane] = np.cumsum(mine) - 1
        self._stood = dict.fromkeys(sweeps, -1)

    @classmethod
    def of(cls, running: Running, due: Sequence[Tick], blocks: Mapping[int, Scored]) -> March:
        """Look ahead over `due`, which hold of each plane slots that follow each other."""
        rows: dict[int, list[int]] = {}
        for tick in due:
            rows.setdefault(tick.plane, []).append(tick.row)
        sweeps = {
            plane: running.ahead(plane, blocks[plane], slice(found[0], found[-1] + 1))
            for plane, found in rows.items()
        }
        return cls(running, blocks, sweeps, np.array([tick.plane for tick in due]))

    def notable_from(self, place: int, quiet: float) -> int:
        """Return the next tick at which a unit is louder than `quiet`, or one is missed."""
        notable = (self.loud[place:] >= quiet) | self._missed[place:]
        return place + int(np.argmax(notable)) if notable.any() else len(self.loud)

    def go(self, place: int) -> None:
        """Take every unit to where it stands after the tick at `place`."""
        for plane, ahead in self._sweeps.items():
            slot = int(self._reached[plane][place])
            if slot > self._stood[plane]:
                self._running.stand(plane, self._blocks[plane], ahead, slot)
                self._stood[plane] = slot
