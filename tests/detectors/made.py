"""Made series whose true mean is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from outage.batches import Floats, Ints
from outage.interfaces import History
from outage.slots import DAY, HOUR
from outage.words import Noise

STEP = 600
MONDAY = 1_393_200_000 - 1_393_200_000 % DAY - 7 * DAY  # 2014-02-17, a Monday


@dataclass(frozen=True)
class Made:
    """A history, the day after it, and the truth of both (slots, series)."""

    history: History
    truth: Floats
    next_starts: Ints
    next_offsets: Ints
    next_truth: Floats


def pattern(local: Ints, swing: float, weekend: float) -> Floats:
    """Return the logarithm of the mean: two peaks a day, other weekends; shape like `local`."""
    hour = (local % DAY) / HOUR
    day = np.cos(2 * np.pi * (hour - 17) / 24) + 0.4 * np.cos(4 * np.pi * (hour - 12) / 24)
    off = ((local + 3 * DAY) % (7 * DAY)) >= 5 * DAY
    return np.asarray(swing * day + np.where(off, weekend * (1 + 0.5 * np.sin(day)), 0.0))


def noisy(rng: np.random.Generator, truth: Floats, noise: Noise, spread: float) -> Floats:
    """Return values around `truth` with the noise of their kind."""
    bell = spread * rng.standard_normal(truth.shape)
    if noise is Noise.COUNT:
        return rng.poisson(truth * np.exp(bell - spread**2 / 2)).astype(np.float64)
    if noise is Noise.SHARE:
        return truth + bell
    return np.asarray(truth * np.exp(bell))


def made(
    days: int = 28,
    noises: Sequence[Noise] = (Noise.COUNT,),
    levels: Sequence[float] = (100.0,),
    *,
    seed: int = 0,
    slot_seconds: int = STEP,
    swing: float = 0.5,
    weekend: float = -0.3,
    spread: float = 0.05,
    offset: int = HOUR,
) -> Made:
    """Return series of local seasons around `levels`, and what the next day truly expects."""
    rng = np.random.default_rng(seed)
    per_day = DAY // slot_seconds
    starts = MONDAY + slot_seconds * np.arange((days + 1) * per_day, dtype=np.int64)
    log_mean = pattern(starts + offset, swing, weekend)[:, None]
    shares = np.array([noise is Noise.SHARE for noise in noises])
    level = np.array(levels)
    truth = np.where(shares, level * (1 + 0.2 * log_mean), level * np.exp(log_mean))
    sizes = [0.02 if share else spread for share in shares]
    seen = np.column_stack(
        [noisy(rng, truth[:, k], noise, sizes[k]) for k, noise in enumerate(noises)]
    )
    cut = days * per_day
    offsets = np.full(truth.shape, offset, dtype=np.int64)
    history = History(starts[:cut], slot_seconds, seen[:cut], list(noises), offsets[:cut])
    return Made(history, truth[:cut], starts[cut:], offsets[cut:], truth[cut:])


def with_outages(one: Made, hours: int, share: float, seed: int, days: int = 3) -> Made:
    """Return the series with an outage in the last days of a share of them, nine tenths deep."""
    rng = np.random.default_rng(seed)
    slots, series = one.history.values.shape
    per_hour = HOUR // one.history.slot_seconds
    values = one.history.values.copy()
    for column in np.flatnonzero(rng.random(series) < share):
        first = slots - rng.integers(hours * per_hour, days * 24 * per_hour)
        values[first : first + hours * per_hour, column] *= 0.1
    return replace(one, history=replace(one.history, values=values))
