"""Why the runner-up cause was rejected: the feature that speaks most against it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.judging.engine import Engine
from outage.judging.layout import Unit
from outage.judging.measuring import Measured, Stretch
from outage.judging.outlook import Group, seen_of
from outage.judging.signatures import EFFECTS, Signatures
from outage.judging.state import Track
from outage.judging.weigh import SHARES, Feature, discounts, features, floor_of, weigh
from outage.slots import DAY

UNCHANGED: Final = 0.1  # log units that read as no change
LEAST_NATS: Final = 1.0

#: The signal that a feature is about, where the names differ; and how a feature reads.
SIGNAL: Final = {
    "bytes": "bytes_down",
    "bytes_per_flow": "bytes_down",
    "bytes_up_per_flow": "bytes_up",
    "syn_per_flow": "syn",
    "syn_ack_per_syn": "syn_ack",
    "rst_per_flow": "rst",
}


def signal_of(feature: str) -> str:
    """Return the signal that a feature is about."""
    return SIGNAL.get(feature, feature)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A feature in which a cause and its rival differ: `nats` for the cause, `ratio` seen."""

    feature: str
    nats: float
    ratio: float
    wanted: str

    @property
    def did(self) -> str:
        """Return what the feature did: shares and levels are told by their difference."""
        return moved(self.ratio) if self.feature in SHARES else did(self.ratio)

    @property
    def signal(self) -> str:
        """Return the signal that the feature is about."""
        return signal_of(self.feature)


def rejections(
    engine: Engine, track: Track, measured: Measured, row: int, rival: int
) -> list[Rejection]:
    """Return what speaks most for `row` and against `rival` (positions), at most two features.

    First the best of those that define the rival, then the best of all.
    """
    nats: dict[str, float] = {}
    ratios: dict[str, list[float]] = {}
    for stretch in measured.stretches:
        plane = engine.planes[stretch.plane]
        outlook = engine.book.get(stretch.first - stretch.first % DAY, plane)
        gains = {} if outlook is None else outlook.gains
        as_expected = np.ones(len(plane.units))
        for group in _groups(engine, track, stretch):
            seen = seen_of(
                group, stretch.values, stretch.expected.location, stretch.expected.spread
            )
            found = features(seen)
            shares = discounts(found)
            for name, feature in found.items():
                rows = engine.table.weights[name][[row, rival]]
                gain = np.nan_to_num(gains.get(name, as_expected)[group.units], nan=1.0)
                said = shares[name] * weigh(feature, gain, rows, floor_of(name))
                nats[name] = nats.get(name, 0.0) + float((said[..., 0] - said[..., 1]).sum())
                ratios.setdefault(name, []).extend(_ratios(feature))
    against = [name for name in nats if nats[name] >= LEAST_NATS and ratios[name]]
    ranked = sorted(against, key=lambda name: (-round(nats[name], 3), name))
    defining = [name for name in ranked if name in engine.table.defining[rival]]
    return [
        Rejection(
            name,
            round(nats[name], 1),
            float(np.median(ratios[name])),
            wanted(engine.table, name, rival),
        )
        for name in dict.fromkeys([*defining[:1], *ranked[:1]])
    ]


def _groups(engine: Engine, track: Track, stretch: Stretch) -> list[Group]:
    """Return the groups cut down to the incident's own units that are hit.

    Their columns are places among those that the stretch is about.
    """
    plane = engine.planes[stretch.plane]
    hit = {name for name, weight in track.hit.items() if weight > 0.0}
    place = {at: i for i, at in enumerate(stretch.about)}
    cut = []
    for group in engine.groups[stretch.plane]:
        about = np.isin(next(iter(group.columns.values())), stretch.about)
        inside = np.array(
            [x and _hit(plane.units[u], hit) for u, x in zip(group.units, about, strict=True)]
        )
        if inside.any():
            columns = {
                name: np.array([place[at] for at in found[inside].tolist()])
                for name, found in group.columns.items()
            }
            cut.append(Group(group.units[inside], columns))
    return cut


def _hit(unit: Unit, hit: Collection[str]) -> bool:
    """Return whether a unit speaks of what is hit: people always do."""
    return unit.people or not hit or unit.vantage in hit or unit.subject in hit


def _ratios(feature: Feature) -> list[float]:
    return [float(x) for x in feature.ratio[np.isfinite(feature.ratio)]]


def wanted(table: Signatures, feature: str, row: int) -> str:
    """Return what a row expects of a feature: rise, fall or stay.

    >>> from outage.judging.signatures import built_in
    >>> wanted(built_in(), "dns_failures", built_in().position("dns"))
    'rise'
    """
    mean = float(table.weights[feature][row] @ EFFECTS)
    if abs(mean) < UNCHANGED:
        return "stay"
    return "rise" if mean > 0 else "fall"


def moved(difference: float) -> str:
    """Return what a share or level did.

    >>> moved(0.8), moved(0.01)
    ('rises by 0.8', 'stays')
    """
    if abs(difference) < UNCHANGED:
        return "stays"
    return f"{'rises' if difference > 0 else 'falls'} by {abs(difference):.2g}"


def did(ratio: float) -> str:
    """Return what a log ratio says a feature did.

    >>> did(0.02), did(-0.7), did(2.0)
    ('stays', 'falls by 50 %', 'rises to 7.4 times')
    """
    if abs(ratio) < UNCHANGED:
        return "stays"
    factor = float(np.exp(ratio))
    if ratio < 0:
        return f"falls by {100 * (1 - factor):.0f} %"
    return f"rises to {factor:.1f} times" if factor >= 2 else f"rises by {100 * (factor - 1):.0f} %"
