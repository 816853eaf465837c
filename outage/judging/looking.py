"""Look at one moment of the fold: what it knew, what it weighed, what it opened or left shut.

The same steps as live judging, up to one tick, with everything in between kept to be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.errors import UsageError
from outage.judging.combine import (
    Bools,
    Combined,
    Verdicts,
    combine,
    explanations,
    operators,
    services,
)
from outage.judging.engine import Engine
from outage.judging.fold import Judge
from outage.judging.running import Heard, Tick, ticks
from outage.judging.scoring import Scored
from outage.judging.state import FoldState, Track
from outage.slots import format_time


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the fold knew right after the ticks of one moment.

    `heard` holds the running evidence, `slot` (and `slot_excess`, complaints above the expected)
    that of the moment's slots alone. `verdicts` is what was judged by; `unmuted` what it would
    have been had no operator's outage explained anything away. `threshold` (subjects,) is the
    margin that opens, `innocents` (rows, subjects) how well each innocent row explains what the
    leading cause rests on. `operator_margin` (vantages,) and `fallen` (pairs,) are those of the
    operators, `likely` which of them explain away, `muted` (pairs,) how much. `before` are the
    tracks before the moment.
    """

    engine: Engine
    moment: int
    heard: Heard
    slot: Combined
    slot_excess: Floats
    verdicts: Verdicts
    unmuted: Verdicts
    threshold: Floats
    late: Floats
    innocents: Floats
    operator_margin: Floats
    fallen: Bools
    likely: Bools
    muted: Floats
    before: Sequence[Track]
    state: FoldState


def look(engine: Engine, state: FoldState, moment: int) -> View:
    """Judge from `state` up to `moment` and return what was known; raises UsageError.

    `moment` (epoch seconds) must be one at which a slot completes.
    """
    for changes in engine.judge(state, moment - 1):
        state = changes.state
    before = state.copy()
    before.judged_until = moment - 1
    blocks = engine.blocks(before, moment)
    due = ticks(blocks, engine.lags)
    if not due:
        raise UsageError(f"no slot completes at {format_time(moment)}; name another time")
    judge = Judge(engine.fold, before.copy())
    for tick in due:
        judge.hear(tick, blocks[tick.plane])
    return _view(engine, judge, due, blocks, before)


def _view(
    engine: Engine, judge: Judge, due: Sequence[Tick], blocks: Sequence[Scored], before: FoldState
) -> View:
    running, index, table = judge.running, judge.index, judge.table
    last = due[-1]
    heard = running.listen(last, blocks[last.plane], blocks[last.plane].spoke[last.row] > 0)
    slot, excess = _slot(judge, due, blocks)
    everywhere = judge.tracking.out_everywhere()
    margin, fallen = operators(index, table, heard.now, everywhere)
    likely = judge.likely(margin)
    muted = judge.muted(heard, likely)
    verdicts = services(index, table, heard.now, muted)
    hit = verdicts.hit[np.arange(len(index.pairs)), verdicts.row[index.pair_subject]]
    return View(
        engine,
        last.moment,
        heard,
        slot,
        excess,
        verdicts,
        services(index, table, heard.now, np.zeros_like(muted)),
        judge.threshold(heard),
        judge.tracking.in_tail(last.slot_start),
        explanations(index, table, heard.now, hit),
        margin,
        fallen,
        likely,
        muted,
        before.tracks,
        judge.state,
    )


def _slot(judge: Judge, due: Sequence[Tick], blocks: Sequence[Scored]) -> tuple[Combined, Floats]:
    """Return the evidence and the excess of complaints of the moment's slots alone."""
    running, index = judge.running, judge.index
    fresh = np.zeros_like(running.evidence)
    spoke = np.zeros(len(running.heard), dtype=bool)
    excess = np.zeros(len(index.subjects))
    for tick in due:
        units, block = running.layout.plane_units[tick.plane], blocks[tick.plane]
        said = block.spoke[tick.row] > 0
        fresh[units] = np.where(said[:, None], block.evidence[tick.row], 0.0)
        spoke[units] = said
        np.add.at(excess, index.unit_subject[units][said], block.excess[tick.row][said])
    return combine(index, fresh, spoke), excess
