"""Robust ridge regression of many series on the same columns at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.noise import NORMAL, counted_distance, median_magnitude
from outage.batches import Floats
from outage.slots import DAY, HOUR

PER_DAY = DAY // HOUR
DOUBT = 2.5  # standard deviations from which a row counts for less
REJECT = 5.0  # and from which it does not count at all
SCALE_FLOOR = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is regressed: `target` (series, rows), NaN for a gap; counts behind it or None.

    With `exposure` (slots behind each row) the target is a mean count per slot and the fit is
    of its logarithm; without, the fit is linear in the target.
    """

    target: Floats
    exposure: Floats | None


def fit_rows(rows: Rows, design: Floats, prior_sd: Floats, passes: int) -> Floats:
    """Return coefficients (series, columns) by iteratively re-weighted ridge regression.

    Rows far from the fit lose their weight between 2.5 and 5 robust standard deviations, so
    that an outage in the history does not become part of what is expected.
    """
    pairs, unpack = _products(design)
    centre = _daily_profile(rows)
    level = np.mean(centre, axis=1)
    for _ in range(passes):
        residual, counting = _residuals(rows, centre)
        weight = _weights(rows, centre, residual, counting)
        answer = weight * (np.where(weight > 0, residual, 0.0) + centre - level[:, None])
        gram = (weight @ pairs)[:, unpack]
        gram += _diagonal(prior_sd**-2.0)
        beta = np.linalg.solve(gram, (answer @ design)[:, :, None])[:, :, 0]
        beta[:, 0] += level
        centre = beta @ design.T
    return beta


def _products(design: Floats) -> tuple[Floats, np.ndarray]:
    width = design.shape[1]
    first, second = np.triu_indices(width)
    unpack = np.zeros((width, width), dtype=np.intp)
    unpack[first, second] = unpack[second, first] = np.arange(len(first))
    return design[:, first] * design[:, second], unpack


def _diagonal(entries: Floats) -> Floats:
    return np.asarray(entries[:, :, None] * np.eye(entries.shape[1]))


def _residuals(rows: Rows, centre: Floats) -> tuple[Floats, Floats]:
    """Return residuals in units of the fit, and the variance that counting gives them."""
    if rows.exposure is None:
        return rows.target - centre, np.zeros_like(centre)
    expected = np.exp(centre)
    counting = 1.0 / np.maximum(rows.exposure * expected, 1e-9)
    return rows.target / expected - 1.0, counting


def _weights(rows: Rows, centre: Floats, residual: Floats, counting: Floats) -> Floats:
    scale = _scale(residual, counting)[:, None]
    variance = counting + scale**2
    if rows.exposure is None:
        distance = np.abs(residual) / scale
    else:
        distance = _counted_distance(rows, centre, scale)
    trust = np.clip((REJECT - distance) / (REJECT - DOUBT), 0.0, 1.0)
    return np.where(np.isfinite(residual), trust / variance, 0.0)


def _counted_distance(rows: Rows, centre: Floats, scale: Floats) -> Floats:
    """Measure by the square root: a few reports more than none are no outlier."""
    assert rows.exposure is not None
    expected = rows.exposure * np.exp(centre)
    seen = rows.exposure * rows.target
    return counted_distance(seen, expected, scale)


def _scale(residual: Floats, counting: Floats) -> Floats:
    total = NORMAL * median_magnitude(residual)
    known = np.where(np.isfinite(residual), counting, np.nan)
    typical = median_magnitude(known)
    return np.sqrt(np.maximum(total**2 - typical, SCALE_FLOOR**2))


def _daily_profile(rows: Rows) -> Floats:
    """Return a first guess (series, rows): the median of each hour of the day."""
    series, count = rows.target.shape
    by_day = rows.target.reshape(series, count // PER_DAY, PER_DAY)
    profile = _median(by_day)
    if rows.exposure is not None:
        cap = (profile + 4 * np.sqrt(profile) + 3)[:, None, :]
        profile = np.log(np.maximum(_mean(np.minimum(by_day, cap)), 1e-3))
    whole = np.nanmean(profile, axis=1)[:, None]
    profile = np.where(np.isfinite(profile), profile, whole)
    return np.tile(profile, (1, count // PER_DAY))


def _median(by_day: Floats) -> Floats:
    ordered = np.sort(by_day, axis=1)
    count = np.isfinite(ordered).sum(axis=1, keepdims=True)
    lower = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=1)
    upper = np.take_along_axis(ordered, np.minimum(count // 2, by_day.shape[1] - 1), axis=1)
    return np.asarray((lower + upper) / 2)[:, 0, :]


def _mean(by_day: Floats) -> Floats:
    present = np.isfinite(by_day)
    total = np.where(present, by_day, 0.0).sum(axis=1)
    return np.asarray(total / np.maximum(present.sum(axis=1), 1))
