"""How far a series strays from what is expected, beyond what counting alone explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from outage.batches import Floats
from outage.words import Noise

FLOOR = 0.01  # no series is known better than to a hundredth
NORMAL = 1.4826  # median absolute deviation to standard deviation
SPARSE, DENSE = 3.0, 10.0  # mean counts between which a quantile takes over from moments


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The spread of each series: `sqrt(constant + per_unit / location)`, shapes (series,).

    The second term is the night of a small service: a volume made of few flows varies more.
    """

    constant: Floats
    per_unit: Floats

    def at(self, location: Floats) -> Floats:
        """Return the spread where `location` (slots, series) is expected."""
        with np.errstate(divide="ignore", invalid="ignore"):
            varying = np.where(self.per_unit > 0, self.per_unit / location, 0.0)
        return np.asarray(np.sqrt(self.constant + varying))


def median_along(values: Floats) -> Floats:
    """Return the median along the last axis, gaps left out; NaN where all are gaps."""
    ordered = np.sort(values, axis=-1)  # NaN sorts last
    length = values.shape[-1]
    if not np.isnan(ordered[..., -1]).any():
        return np.asarray(ordered[..., (length - 1) // 2] + ordered[..., length // 2]) / 2
    count = length - np.isnan(ordered).sum(axis=-1, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, length - 1), axis=-1)
    return np.asarray((lower + upper) / 2)[..., 0]


def median_magnitude(residuals: Floats) -> Floats:
    """Return the median of `|residuals|` along the last axis, gaps left out; NaN if all gaps."""
    return median_along(np.abs(residuals))


def to_positive(seen: Floats) -> Floats:
    """Raise values (series, slots) to a thousandth of the typical one, so that they have a log."""
    if (seen > 0).all():
        return seen
    typical = median_along(np.where(seen > 0, seen, np.nan))
    floor = 1e-3 * np.where(np.isfinite(typical), typical, 1.0)
    return np.maximum(seen, floor[:, None])


def surprise(seen: Floats, location: Floats, noise: Noise) -> Floats:
    """Return the residual in the units of `Expectation.spread`, any shape.

    Counts: `log((seen + 1) / (location + 1))`; volumes and latencies: `log(seen / location)`;
    shares: the difference.
    """
    if noise is Noise.COUNT:
        return np.log1p(np.maximum(seen, 0.0)) - np.log1p(location)
    if noise is Noise.SHARE:
        return seen - location
    tiny = np.finfo(np.float64).tiny
    return np.log(np.maximum(seen, tiny)) - np.log(np.maximum(location, tiny))


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


def spread_of(seen: Floats, location: Floats, noise: Noise) -> Spread:
    """Return the robust spread beyond counting noise of (series, slots), gaps left out."""
    if noise is Noise.COUNT:
        return _constant(overdispersion(seen, location))
    residual = surprise(seen, location, noise)
    if noise is Noise.VOLUME:
        return _volume_spread(residual, location)
    return _constant(NORMAL * median_magnitude(residual))


def overdispersion(seen: Floats, location: Floats) -> Floats:
    """Return `spread` (series,) of `var(seen) = location + (spread * location)**2`.

    By a quantile of the residuals where counts are dense (an outage in the history does not
    move it), by clipped moments where they are sparse (the quantile would be that of zeros).
    """
    typical = np.mean(location, axis=-1)
    trust = np.clip((typical - SPARSE) / (DENSE - SPARSE), 0.0, 1.0)
    spread = np.zeros(len(seen))
    for rows, weight, method in (
        (trust > 0, trust, _by_quantile),
        (trust < 1, 1 - trust, _by_moments),
    ):
        if rows.any():
            spread[rows] += weight[rows] * method(seen[rows], location[rows])
    return spread


def _constant(spread: Floats) -> Spread:
    return Spread(np.maximum(spread, FLOOR) ** 2, np.zeros_like(spread))


def _volume_spread(residual: Floats, location: Floats) -> Spread:
    """Tell a constant width from one that grows as flows get fewer, by halves of the day."""
    half = location.shape[1] // 2
    order = np.argpartition(location, half, axis=1)
    inverse = np.take_along_axis(1.0 / location, order, axis=1)
    error = np.take_along_axis(residual, order, axis=1)
    quiet, busy = inverse[:, :half].mean(axis=1), inverse[:, half:].mean(axis=1)
    widest = (NORMAL * median_magnitude(error[:, :half])) ** 2
    widths = np.stack([widest, (NORMAL * median_magnitude(error[:, half:])) ** 2])
    step = np.maximum(quiet - busy, 0.0)
    told = np.clip(step / busy / 0.5, 0.0, 1.0)  # halves alike tell nothing
    per_unit = told * np.maximum(widths[0] - widths[1], 0.0) / np.maximum(step, 1e-300)
    per_unit = np.minimum(per_unit, widths.sum(axis=0) / (quiet + busy))
    constant = (widths.sum(axis=0) - per_unit * (quiet + busy)) / 2
    return Spread(np.maximum(constant, FLOOR**2), per_unit)


def _by_quantile(seen: Floats, location: Floats) -> Floats:
    """Guess on the scale of the square root, then correct the guess once."""
    typical = np.mean(location, axis=-1)
    power = np.mean(location**2, axis=-1)
    off = median_along(counted_distance(seen, location, np.zeros(1)))
    guess = np.maximum((NORMAL * off) ** 2 - 1.0, 0.0) / typical
    variance = location + guess[:, None] * location**2
    ratio = NORMAL * median_along(np.abs(seen - location) / np.sqrt(variance))
    total = (typical + guess * power) * ratio**2
    return np.asarray(np.sqrt(np.maximum(total - typical, 0.0) / power))


def _by_moments(seen: Floats, location: Floats, rounds: int = 3) -> Floats:
    present = np.isfinite(seen)
    error = np.where(present, np.abs(seen - location), 0.0)
    known = np.where(present, location, 0.0)
    power = np.maximum(np.sum(known**2, axis=-1), 1e-12)
    spread = np.zeros(len(seen))
    for _ in range(rounds):
        cap = 1 + 5 * np.sqrt(location + (spread[:, None] * location) ** 2)
        excess = np.sum(np.minimum(error, cap) ** 2 - known, axis=-1)
        spread = np.sqrt(np.maximum(excess, 0.0) / power)
    return spread
