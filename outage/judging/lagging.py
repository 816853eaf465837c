"""How long after the network people spoke: cross-correlation of both over an incident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.engine import Engine
from outage.judging.measuring import Column, Measured
from outage.judging.scoring import COMPLAINTS
from outage.judging.state import Track
from outage.slots import DAY, HOUR

LEAD_SECONDS: Final = 2 * HOUR  # of ordinary time before the incident, for the rise to show
MOST_SECONDS: Final = 3 * HOUR  # of lag either way
LEAST_CORRELATION: Final = 0.6
LEAST_SLOTS: Final = 8  # that both must share
TELLING: Final = 3.0
SURE: Final = 1.96


@dataclass(frozen=True, slots=True)
class Lag:
    """People's lag behind the network in seconds, its half width (95 %) and the correlation."""

    seconds: int
    plus_minus: int
    correlation: float


def people_lag(engine: Engine, track: Track, measured: Measured) -> Lag | None:
    """Return how long after the network people spoke; None where it cannot be told.

    Both are means of log ratios of seen to expected over the slots of one plane.
    """
    for stretch in measured.stretches:
        chosen = [
            one
            for one in measured.columns
            if one.plane == stretch.plane and not one.series.category and abs(one.score) > TELLING
        ]
        folk = [one for one in chosen if one.series.signal in COMPLAINTS and one.score > 0]
        network = [one for one in chosen if not one.people]
        if folk and network:
            return _between(engine, track, stretch.plane, network, folk)
    return None


def _between(
    engine: Engine, track: Track, plane: int, network: list[Column], folk: list[Column]
) -> Lag | None:
    seconds = engine.planes[plane].slot_seconds
    first = track.start - track.start % seconds - LEAD_SECONDS
    stop = min(track.last_hit, track.touched_at - engine.lags[plane], track.start + DAY)
    both = [*network, *folk]
    last = stop - stop % seconds
    values, expected = engine.seen(plane, first, last, [one.at for one in both])
    ratio = np.log((values + 0.5) / (expected.location + 0.5))
    signed = ratio * [np.sign(one.score) for one in both]
    here = len(network)
    return correlate(_mean(signed[:, :here]), _mean(signed[:, here:]), seconds)


def _mean(signed: Floats) -> Floats:
    """Return the columns' mean departure, each as a share of its own strongest."""
    strongest = np.nanmax(np.abs(signed), axis=0, initial=1e-6)
    known = np.isfinite(signed)
    total = np.where(known, signed / strongest, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def correlate(network: Floats, people: Floats, seconds: int) -> Lag | None:
    """Return the lag at which the lines, shape (slots,), agree best; None if they hardly do.

    Uncertain is every lag around it whose correlation is not significantly lower (Fisher's z),
    and never less than a slot: nothing is known within one.
    """
    most = min(MOST_SECONDS // seconds, len(network) - LEAST_SLOTS)
    lags = sorted(range(-most, most + 1), key=lambda k: (abs(k), k))
    found = {k: _correlation(network, people, k) for k in lags}
    best = max(lags, key=lambda k: found[k], default=0)
    if found.get(best, 0.0) < LEAST_CORRELATION:
        return None
    wide = SURE * np.sqrt(2.0 / max(len(network) - abs(best) - 3, 1))
    alike = [k for k in lags if _z(found[best]) - _z(found[k]) < wide]
    reach = 1
    while reach + 1 <= most and {best - reach - 1, best + reach + 1} & set(alike):
        reach += 1
    return Lag(best * seconds, reach * seconds, round(found[best], 2))


def _correlation(network: Floats, people: Floats, lag: int) -> float:
    count = len(network) - abs(lag)
    one, other = network[max(0, -lag) :][:count], people[max(0, lag) :][:count]
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < LEAST_SLOTS or np.ptp(one[both]) < 1e-9 or np.ptp(other[both]) < 1e-9:
        return 0.0
    return float(np.corrcoef(one[both], other[both])[0, 1])


def _z(correlation: float) -> float:
    return float(np.arctanh(np.clip(correlation, -0.99, 0.99)))
