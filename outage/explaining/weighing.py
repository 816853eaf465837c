"""From a view of the fold to weights: every cause, innocent explanation and vantage by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.explaining.record import VantageView, Weight
from outage.judging.combine import NOTHING, Bools
from outage.judging.looking import View

DECIMALS = 1


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was weighed for one subject; `unmuted` is its margin without any operator's outage."""

    weights: tuple[Weight, ...]
    vantages: tuple[VantageView, ...]
    margin: float | None
    unmuted: float | None
    threshold: float
    excess: float
    cause: str | None
    operators_out: tuple[str, ...]


def weigh_service(view: View, subject: str) -> Weighed:
    """Return what was weighed for a service."""
    index, table = view.engine.fold.index, view.engine.table
    s = index.subjects.index(subject)
    pairs = index.pair_subject == s
    row = int(view.verdicts.row[s])
    margin = _margin(view.verdicts.margin[s])
    weights = [
        _cause(view, s, pairs, i) if table.scopes[i] != "innocent" else _innocent(view, s, pairs, i)
        for i in range(len(table.rows))
        if table.scopes[i] != "operator"
    ]
    return Weighed(
        tuple(sorted(weights, key=_loudest)),
        tuple(_vantage(view, int(p), row) for p in np.flatnonzero(pairs)),
        margin,
        _margin(view.unmuted.margin[s]),
        float(view.threshold[s]),
        round(float(view.slot_excess[s]), DECIMALS),
        table.rows[row] if margin is not None else None,
        tuple(index.vantages[v] for v in np.unique(index.pair_vantage[pairs]) if view.likely[v]),
    )


def _loudest(one: Weight) -> tuple[bool, float, float]:
    return not one.outage, -(NOTHING if one.margin is None else one.margin), -one.running


def _margin(value: float) -> float | None:
    return None if value <= NOTHING / 2 else round(float(value), DECIMALS)


def _cause(view: View, s: int, pairs: Bools, row: int) -> Weight:
    table, verdicts = view.engine.table, view.verdicts
    hit = pairs & verdicts.hit[:, row]
    margin = _margin(verdicts.margins[s, row])
    over = table.rows[int(verdicts.rivals[s, row])] if margin is not None else None
    return Weight(
        table.rows[row],
        True,
        _total(view.heard.now.network, hit, row) + _people(view.heard.now.people, s, row),
        _total(view.slot.network, pairs, row) + _people(view.slot.people, s, row),
        margin,
        over,
    )


def _innocent(view: View, s: int, pairs: Bools, row: int) -> Weight:
    return Weight(
        view.engine.table.rows[row],
        False,
        round(float(view.innocents[row, s]), DECIMALS),
        _total(view.slot.network, pairs, row) + _people(view.slot.people, s, row),
        None,
        None,
    )


def _total(network: Floats, pairs: Bools, row: int) -> float:
    return round(float(network[pairs, row].sum()), DECIMALS)


def _people(people: Floats, s: int, row: int) -> float:
    return round(float(people[s, row]), DECIMALS)


def _vantage(view: View, pair: int, row: int) -> VantageView:
    index = view.engine.fold.index
    return VantageView(
        index.vantages[int(index.pair_vantage[pair])],
        bool(view.heard.now.pair_heard[pair]),
        bool(view.verdicts.hit[pair, row]),
        round(float(view.heard.now.network[pair, row]), DECIMALS),
        round(float(view.slot.network[pair, row]), DECIMALS),
        round(float(view.muted[pair]), DECIMALS),
    )


def weigh_operator(view: View, subject: str) -> Weighed:
    """Return what was weighed for an operator's own outage: one line per service seen there."""
    index, table = view.engine.fold.index, view.engine.table
    row = table.position("operator")
    v = index.vantages.index(subject) if subject in index.vantages else -1
    s = index.subjects.index(subject) if subject in index.subjects else -1
    pairs = index.pair_vantage == v
    margin = _margin(view.operator_margin[v]) if v >= 0 else None
    threshold = view.engine.settings.judging.possible_nats
    if s >= 0 and not view.heard.now.pair_heard[pairs].any():  # people alone speak of it
        margin, threshold = _margin(view.verdicts.margin[s]), float(view.threshold[s])
    people = _people(view.heard.now.people, s, row) if s >= 0 else 0.0
    weight = Weight(
        "operator",
        True,
        _total(view.heard.now.network, pairs & view.fallen, row) + people,
        _total(view.slot.network, pairs, row),
        margin,
        None,
    )
    return Weighed(
        (weight,),
        tuple(_service(view, int(p), row) for p in np.flatnonzero(pairs)),
        margin,
        margin,
        threshold,
        round(float(view.slot_excess[s]), DECIMALS) if s >= 0 else 0.0,
        "operator" if margin is not None else None,
        (),
    )


def _service(view: View, pair: int, row: int) -> VantageView:
    index = view.engine.fold.index
    return VantageView(
        index.subjects[int(index.pair_subject[pair])],
        bool(view.heard.now.pair_heard[pair]),
        bool(view.fallen[pair]),
        round(float(view.heard.now.network[pair, row]), DECIMALS),
        round(float(view.slot.network[pair, row]), DECIMALS),
        0.0,
    )
