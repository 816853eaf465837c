"""From seen and expected values to evidence: nats per hypothesis, unit and slot.

Each feature is compared with its expectation as a log ratio. Its likelihood at every effect of
`signatures.EFFECTS`, relative to no change, is averaged over the effects that a hypothesis
allows, and set against the same average for "nothing is wrong". Both carry a heavy tail: with
probability TAIL anything happens, a large effect more rarely than a small one. It caps what one
feature may add in one slot, between 4 nats for a small effect and 10 for a huge one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from outage.batches import Floats
from outage.judging.medians import column_medians
from outage.judging.signatures import EFFECTS, PEOPLE

TWIN: Final = 0.6  # of the evidence of each of two features that move together
TWINS: Final = (
    frozenset({"bytes_per_flow", "bytes_up_per_flow"}),
    frozenset({"error_posts", "error_posts_per_post"}),
)
TAIL: Final = 0.02
FLOOR: Final = -3.0  # what one measured feature may take from a hypothesis, nats a slot
PEOPLE_FLOOR: Final = -1.0  # silence of people says little: small services, the night
_RARITY = 0.8  # log units over which a happenstance becomes e times rarer
ANYTHING: Final = np.exp(-np.abs(EFFECTS) / _RARITY) / np.exp(-np.abs(EFFECTS) / _RARITY).sum()
TOO_FEW: Final = 3.0  # of what a ratio is taken of
USUAL_SECONDS: Final = 600.0
BY_CHANCE: Final = 1.25  # how much wider the means of a week's hours may seem
ONE_RTT: Final = 0.4  # squared log units: how far a single round trip strays
SYSTEMATIC: Final = 0.04  # log units no baseline is better than

# (feature, numerator, denominator): log ratios of volumes and of well-counted flags.
RATIOS: Final = (
    ("bytes_per_flow", "bytes_down", "flows"),
    ("bytes_up_per_flow", "bytes_up", "flows"),
    ("syn_per_flow", "syn", "flows"),
    ("syn_ack_per_syn", "syn_ack", "syn"),
)
# What innocent explanations do not move up and down: there, what lasts must not add up.
STEADY: Final = frozenset(name for name, _, _ in RATIOS)
# Rare counts, against the larger of expected and seen flows (fold-lessons 2).
RARE: Final = (
    ("rst_per_flow", "rst", "flows"),
    ("dns_failures", "dns_failures", "dns_queries"),
    ("error_posts_per_post", "error_posts", "posts"),
)
LEVELS: Final = ("flows", "rtt_tcp_ms", "rtt_dns_ms", "throughput_bps", "dns_queries")
COUNTS: Final = ("posts", "error_posts", "user_reports", "connect_failures")
SHARES: Final = ("differentiation", "reachability", "status_level")
FEATURES: Final = tuple(
    sorted(
        {*LEVELS, *COUNTS, *SHARES, "bytes"}
        | {name for name, _, _ in RATIOS}
        | {name for name, _, _ in RARE}
    )
)
COUNTED: Final = frozenset({"flows", "syn", "syn_ack", "dns_queries"})


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a signal was and what it should have been: shapes (slots, units)."""

    value: Floats
    location: Floats
    spread: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A feature's log ratio and its standard deviation; `count` holds (seen, mean) if counted."""

    ratio: Floats
    deviation: Floats
    count: tuple[Floats, Floats] | None = None


def features(signals: dict[str, Seen]) -> dict[str, Feature]:
    """Return every feature that the unit's signals allow."""
    found: dict[str, Feature] = {}
    for name in LEVELS:
        if name in signals:
            found[name] = _level(signals[name], counted=name in COUNTED)
    if "bytes_down" in signals and "flows" not in signals:
        found["bytes"] = _of_few(_level(signals["bytes_down"], counted=False), signals, 1.0)
    if "rtt_tcp_ms" in found:
        found["rtt_tcp_ms"] = _of_few(found["rtt_tcp_ms"], signals, ONE_RTT)
    for name, top, bottom in RATIOS:
        if top in signals and bottom in signals:
            found[name] = _ratio(signals[top], signals[bottom], counted=top in COUNTED)
    for name, signal, base in RARE:
        if signal in signals and (signal != "error_posts" or base in signals):
            found[name] = _rare(signals[signal], signals.get(base) or signals.get("flows"))
    for name in COUNTS:
        if name in signals:
            found[name] = _rare(signals[name], None)
    for name in SHARES:
        if name in signals:
            seen = signals[name]
            deviation = np.sqrt(seen.spread**2 + 0.05**2)
            found[name] = Feature(seen.value - seen.location, deviation)
    return found


def _log(seen: Seen) -> Floats:
    return np.asarray(np.log((seen.value + 0.5) / (seen.location + 0.5)))


def _within(ratio: Floats) -> Floats:
    """Keep a ratio inside the effects that are weighed: nothing falls further than to nothing."""
    return np.asarray(np.clip(ratio, EFFECTS[0], EFFECTS[-1]))


def _level(seen: Seen, *, counted: bool) -> Feature:
    counting = 1.0 / (seen.location + 1.0) if counted else 0.0
    return Feature(_within(_log(seen)), np.sqrt(seen.spread**2 + counting + SYSTEMATIC**2))


def _ratio(top: Seen, bottom: Seen, *, counted: bool) -> Feature:
    few = np.minimum(bottom.location, bottom.value)
    counting = 1.0 / (few + 1.0) + (1.0 / (top.location + 1.0) if counted else 0.0)
    own = 0.0 if counted else 0.25 * top.spread**2
    ratio = np.where(bottom.value < TOO_FEW, np.nan, _within(_log(top) - _log(bottom)))
    return Feature(ratio, np.sqrt(counting + own + SYSTEMATIC**2))


def _of_few(level: Feature, signals: dict[str, Seen], one: float) -> Feature:
    """Return a level as one of few flows, where they are counted; `one` is one flow's variance.

    It strays as their number does, and falls no further than their number can.
    """
    counts = [signals[name].location for name in COUNTED if name in signals]
    if not counts:
        return level
    number = np.nan_to_num(np.fmax.reduce(counts), nan=np.inf)
    ratio = np.maximum(level.ratio, np.log(0.5) - np.log(number + 0.5))
    return Feature(ratio, np.sqrt(level.deviation**2 + one / (number + 1.0)))


def _rare(seen: Seen, exposure: Seen | None) -> Feature:
    mean = np.maximum(seen.location, 0.02)
    if exposure is not None:
        mean = mean * np.maximum(1.0, exposure.value / np.maximum(exposure.location, 1.0))
    most = mean * np.exp(EFFECTS[-1])
    ratio = _within(np.log((seen.value + 0.5) / (mean + 0.5)))
    deviation = np.sqrt(seen.spread**2 + 0.1**2)
    return Feature(ratio, deviation, (np.minimum(seen.value, most + 1.0), mean))


def likelihoods(feature: Feature, gain: Floats) -> Floats:
    """Return log-likelihoods of each effect relative to no change, shape (..., effects).

    Gaussian in the log ratio, or negative binomial for counts (variance m + (deviation m)^2).
    """
    if feature.count is None:
        variance = (gain * feature.deviation) ** 2
        moved = feature.ratio[..., None] * EFFECTS - EFFECTS**2 / 2
        return np.asarray(moved / variance[..., None])
    seen, mean = feature.count
    size = 1.0 / (gain * feature.deviation) ** 2
    rate = mean[..., None] * np.exp(EFFECTS)
    relative = (size[..., None] + rate) / (size + mean)[..., None]
    return np.asarray(seen[..., None] * EFFECTS - (seen + size)[..., None] * np.log(relative))


def weigh(feature: Feature, gain: Floats, weights: Floats, floor: float) -> Floats:
    """Return the evidence of one feature, shape (..., rows), nats; a gap says nothing."""
    likelihood = likelihoods(feature, gain)
    spoken = np.isfinite(likelihood).all(axis=-1, keepdims=True)
    likelihood = np.where(spoken, likelihood, 0.0)
    relative = np.exp(likelihood - likelihood.max(axis=-1, keepdims=True))
    tail = TAIL * (relative @ ANYTHING)[..., None]
    still = (1 - TAIL) * relative[..., EFFECTS == 0.0] + tail
    under = (1 - TAIL) * (relative @ weights.T) + tail
    evidence = np.maximum(np.log(under / still), floor)
    return np.where(spoken, evidence, 0.0)


def robust_gain(feature: Feature) -> Floats:
    """Return per column how much wider a feature is than its deviation says (by MAD).

    Learnt on the history of the fit, shape (slots, units) -> (units,); 1 where it is too short.
    """
    spread = robust_spread(feature.ratio / feature.deviation)
    return np.where(np.isfinite(spread), np.clip(spread, 0.5, 5.0), 1.0)


def robust_spread(score: Floats) -> Floats:
    """Return the standard deviation of each column by its MAD; NaN where there are under 50."""
    enough = np.isfinite(score).sum(axis=0) >= 50
    score = np.where(enough, score, 0.0)
    middle = column_medians(score)
    spread = 1.4826 * column_medians(np.abs(score - middle))
    return np.where(enough, spread, np.nan)


def share_of(slot_seconds: int) -> float:
    """Return what a slot counts in the running evidence: neighbours are no strangers."""
    return min(1.5, float((slot_seconds / USUAL_SECONDS) ** 0.5))


def lasting(feature: Feature, slot_seconds: int) -> Floats:
    """Return per column how much wider it is because what strays stays astray, at least 1.

    The running evidence counts so many slots of an hour as independent; where the means of
    hours stray further than that allows, each slot says less. Shape (slots, units) -> (units,).
    """
    a_while = 3600 // slot_seconds
    if a_while < 2:
        return np.ones(feature.ratio.shape[1])
    whole = len(feature.ratio) // a_while * a_while
    score = (feature.ratio / feature.deviation)[:whole]
    means = score.reshape(-1, a_while, score.shape[1]).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        counted = a_while * share_of(slot_seconds)
        wider = np.sqrt(counted) * robust_spread(means) / robust_spread(score) / BY_CHANCE
    return np.asarray(np.clip(np.nan_to_num(wider, nan=1.0), 1.0, 4.0))


def discounts(names: Collection[str]) -> dict[str, float]:
    """Return what each feature counts: two that move together are nearly one witness."""
    counted = dict.fromkeys(names, 1.0)
    for twins in TWINS:
        if twins <= counted.keys():
            counted |= dict.fromkeys(twins, TWIN)
    return counted


def floor_of(name: str) -> float:
    """Return the least that one slot of a feature may add, in nats."""
    return PEOPLE_FLOOR if name in PEOPLE else FLOOR
