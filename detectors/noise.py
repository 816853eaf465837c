"""How far a series strays from what is expected, beyond what counting alone explains."""

from __future__ import annotations

import numpy as np

from outage.batches import Floats
from outage.words import Noise

FLOOR = 0.01  # no series is known better than to a hundredth
NORMAL = 1.4826  # median absolute deviation to standard deviation


def median_magnitude(residuals: Floats) -> Floats:
    """Return the median of `|residuals|` along the last axis, gaps left out; NaN if all gaps."""
    ordered = np.sort(np.abs(residuals), axis=-1)  # NaN sorts last
    count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, ordered.shape[-1] - 1), axis=-1)
    return np.where(count > 0, (lower + upper) / 2, np.nan)[..., 0]


def to_positive(seen: Floats) -> Floats:
    """Raise values (series, slots) to a thousandth of the typical one, so that they have a log."""
    ordered = np.where(seen > 0, seen, np.nan)
    typical = median_magnitude(ordered)
    floor = 1e-3 * np.where(np.isfinite(typical), typical, 1.0)
    return np.maximum(seen, floor[:, None])


def counted_distance(seen: Floats, expected: Floats, spread: Floats) -> Floats:
    """Return how many standard deviations a count is off, on the scale of its square root.

    On that scale a few reports where hardly any are expected are no outlier yet.
    """
    gap = np.abs(np.sqrt(seen + 0.375) - np.sqrt(expected + 0.375))
    return np.asarray(2 * gap / np.sqrt(1 + spread**2 * expected))


def distance(seen: Floats, location: Floats, spread: Floats, noise: Noise) -> Floats:
    """Return how many standard deviations a value is off, counting noise included."""
    if noise is Noise.COUNT:
        return counted_distance(seen, location, spread)
    return np.abs(surprise(seen, location, noise)) / spread


def surprise(seen: Floats, location: Floats, noise: Noise) -> Floats:
    """Return the residual in the units of `Expectation.spread`."""
    if noise is Noise.COUNT:
        return np.log1p(np.maximum(seen, 0.0)) - np.log1p(location)
    if noise is Noise.SHARE:
        return seen - location
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(seen, 1e-300)) - np.log(np.maximum(location, 1e-300))


def spread_of(seen: Floats, location: Floats, noise: Noise) -> Floats:
    """Return the robust spread beyond counting noise, shape (series,), of (series, slots)."""
    if noise is Noise.COUNT:
        return _overdispersion(seen, location)
    spread = NORMAL * median_magnitude(surprise(seen, location, noise))
    return np.maximum(spread, FLOOR)


def _overdispersion(seen: Floats, location: Floats) -> Floats:
    """Solve `var(seen) = location + (spread * location)**2`, by quantile or, if sparse, moments."""
    typical = np.mean(location, axis=-1)
    robust = _by_quantile(seen, location)
    sparse = _by_moments(seen, location)
    trust = np.clip((typical - 3.0) / 7.0, 0.0, 1.0)
    return np.asarray(np.maximum(trust * robust + (1 - trust) * sparse, FLOOR))


def _by_quantile(seen: Floats, location: Floats, rounds: int = 4) -> Floats:
    spread = np.zeros(len(seen))
    error = np.abs(seen - location)
    for _ in range(rounds):
        deviation = np.sqrt(location + (spread[:, None] * location) ** 2)
        ratio = NORMAL * median_magnitude(error / deviation)
        scale = np.mean(deviation**2, axis=-1) * ratio**2 - np.mean(location, axis=-1)
        spread = np.sqrt(np.maximum(scale, 0.0) / np.mean(location**2, axis=-1))
    return spread


def _by_moments(seen: Floats, location: Floats, rounds: int = 3) -> Floats:
    present = np.isfinite(seen)
    error = np.where(present, np.abs(seen - location), 0.0)
    known = np.where(present, location, 0.0)
    spread = np.zeros(len(seen))
    for _ in range(rounds):
        cap = 1 + 5 * np.sqrt(location + (spread[:, None] * location) ** 2)
        excess = np.sum(np.minimum(error, cap) ** 2 - known, axis=-1)
        power = np.maximum(np.sum(known**2, axis=-1), 1e-12)
        spread = np.sqrt(np.maximum(excess, 0.0) / power)
    return spread
