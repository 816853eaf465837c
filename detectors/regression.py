"""Robust ridge regression of many series on one week's seasons and a slope, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.hours import PER_DAY, PER_WEEK, Hours
from detectors.noise import NORMAL, counted_distance, median_along, median_magnitude
from outage.batches import Floats, Ints

DOUBT = 2.5  # standard deviations from which an hour counts for less
REJECT = 5.0  # and from which it does not count at all
BOUNDED_PASSES = 2
SCALE_FLOOR = 0.03  # hours follow each other: none is believed more than this


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """The columns of one week of hours, and what normal equations need of them, made once.

    `columns` has shape (168, q); `products` (168, q (q + 1) / 2) holds each pair's product and
    `place` (q, q) where to find it.
    """

    columns: Floats
    products: Floats
    place: Ints

    @classmethod
    def of(cls, columns: Floats) -> Week:
        """Return the week of the given columns."""
        width = columns.shape[1]
        first, second = np.triu_indices(width)
        place = np.zeros((width, width), dtype=np.int64)
        place[first, second] = place[second, first] = np.arange(len(first))
        return cls(columns, columns[:, first] * columns[:, second], place)


def fit_hours(
    hours: Hours, week: Week, time: Floats, prior_sd: Floats, *, counted: bool, passes: int
) -> Floats:
    """Return coefficients (series, q + 1), the slope last, by re-weighted ridge regression.

    `counted` series are mean counts a slot and their logarithm is fitted, others are fitted as
    they are; `time` (hours,) is what the slope goes with. In the first passes hours far from
    the fit count for less, so that weekends can win it over; in the later ones they lose their
    weight between 2.5 and 5 robust standard deviations, so that an outage in the history does
    not become part of what is expected.
    """
    centre = _first_guess(hours, counted)
    level = np.mean(centre, axis=1)
    prior = prior_sd**-2.0
    for turn in range(passes):
        distance, variance, residual = _apart(hours, centre, counted)
        trust = _bounded(distance) if turn < BOUNDED_PASSES else _redescending(distance)
        weight = np.where(hours.slots > 0, trust / variance, 0.0)
        answer = weight * (residual + centre - level[:, None])
        beta = _solve(weight, answer, week, time, prior)
        beta[:, 0] += level
        season = np.tile(beta[:, :-1] @ week.columns.T, (1, len(time) // PER_WEEK))
        centre = season + beta[:, -1:] * time
    return beta


def _solve(weight: Floats, answer: Floats, week: Week, time: Floats, prior: Floats) -> Floats:
    """Solve the normal equations; a sum over the weeks does for all columns but the slope."""
    width = week.columns.shape[1]
    sloped = weight * time
    gram = np.empty((len(weight), width + 1, width + 1))
    gram[:, :width, :width] = (_of_week(weight) @ week.products)[:, week.place]
    gram[:, width, :width] = gram[:, :width, width] = _of_week(sloped) @ week.columns
    gram[:, width, width] = sloped @ time
    diagonal = np.arange(width + 1)
    gram[:, diagonal, diagonal] += prior
    right = np.hstack([_of_week(answer) @ week.columns, (answer @ time)[:, None]])
    return np.asarray(np.linalg.solve(gram, right[:, :, None]))[:, :, 0]


def _of_week(rows: Floats) -> Floats:
    return np.asarray(rows.reshape(len(rows), -1, PER_WEEK).sum(axis=1))


def _bounded(distance: Floats) -> Floats:
    return DOUBT / np.maximum(distance, DOUBT)


def _redescending(distance: Floats) -> Floats:
    return np.clip((REJECT - distance) / (REJECT - DOUBT), 0.0, 1.0)


def _apart(hours: Hours, centre: Floats, counted: bool) -> tuple[Floats, Floats, Floats]:
    """Return each hour's distance in standard deviations, its variance and its residual.

    The residual is in the domain of the fit and 0 for a gap; the variance may be (series, 1).
    """
    if counted:
        expected = np.exp(centre)
        residual = hours.mean / expected - 1.0
        mean = hours.slots * expected
        counting = 1.0 / np.maximum(mean, 1e-9)
        scale = _scale(residual, _typical_counting(hours, centre))
        distance = counted_distance(hours.slots * hours.mean, mean, scale)
        variance = counting + scale**2
    else:
        residual = hours.mean - centre
        scale = _scale(residual, np.zeros(1))
        distance = np.abs(residual) / scale
        variance = scale**2
    return distance, variance, np.where(hours.slots > 0, residual, 0.0)


def _scale(residual: Floats, counting: Floats) -> Floats:
    """Return the robust width beyond the variance of counting, shape (series, 1)."""
    variance = (NORMAL * median_magnitude(residual)) ** 2 - counting
    return np.sqrt(np.maximum(variance, SCALE_FLOOR**2))[:, None]


def _typical_counting(hours: Hours, centre: Floats) -> Floats:
    slots = hours.slots.sum(axis=1) / np.maximum((hours.slots > 0).sum(axis=1), 1)
    return np.asarray(np.exp(-np.mean(centre, axis=1)) / slots)


def _first_guess(hours: Hours, counted: bool) -> Floats:
    """Return the typical value of each hour of the day, shape (series, hours)."""
    series, count = hours.mean.shape
    by_day = np.swapaxes(hours.mean.reshape(series, count // PER_DAY, PER_DAY), 1, 2)
    profile = median_along(by_day)
    if counted:
        cap = profile + 4 * np.sqrt(profile) + 3
        kept = np.minimum(by_day, cap[:, :, None])
        profile = np.log(np.maximum(np.nan_to_num(kept).sum(axis=2), 0.5))
        profile -= np.log(np.maximum(np.isfinite(kept).sum(axis=2), 1))
    whole = median_along(profile)[:, None]
    return np.tile(np.where(np.isfinite(profile), profile, whole), (1, count // PER_DAY))
