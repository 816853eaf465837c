"""Evidence of single units brought together: per service, per vantage, per operator.

`Standing` holds the running evidence of all units as arrays and answers, for one tick, which
cause leads for each service and each operator, and by how much over nothing and over every
innocent explanation of the same observations.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outage.batches import Floats, Ints
from outage.judging.layout import Unit
from outage.judging.signatures import Signatures

Bools = npt.NDArray[np.bool_]
NOTHING = -1e9
# a release reaches every operator's users
RELEASES = frozenset({"level_shift_down", "level_shift_up", "ebb_after_release"})
CLOCKS = ("clock_behind", "clock_ahead")  # of an exporter, so of all services together
BY_VANTAGE = frozenset({"record_loss", *CLOCKS})
BY_POSTS = frozenset({"news", "flash_crowd"})
ELSEWHERE = 10.0  # nats: two operators do not fail in the same moment
ALONE = 4.0  # nats: what speaks against a throttler where only one operator is seen
RARE_SHIFT = 3.0  # nats: releases that change a service's traffic are rare
BLAMED = 3.0  # nats of people's complaints that blame an operator where one service is seen
TWO_AT_ONCE = 3.0  # nats: two nuisances at the same time
UNTELLABLE = 20.0  # nats: an explanation that nothing measured could support


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Which units make up which service, vantage and pair of both (all positions)."""

    units: tuple[Unit, ...]
    subjects: tuple[str, ...]
    vantages: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]  # (subject, vantage) seen by the network
    unit_pair: Ints  # the pair of each unit, -1 for people
    unit_subject: Ints
    unit_source: Ints  # a number for each source, for its people and its network apart
    unit_share: Ints  # a number for each service of these
    pair_subject: Ints
    pair_vantage: Ints
    operator_subject: Ints  # per vantage: the subject that is this operator, -1 if none
    unproven: Floats  # (pairs, rows): what a row pays where none of its defining features is known
    has_posts: Bools  # per subject

    @classmethod
    def of(
        cls, units: tuple[Unit, ...], measured: list[frozenset[str]], table: Signatures
    ) -> Index:
        """Build the index; `measured[i]` names the features of unit i."""
        subjects = tuple(sorted({unit.subject for unit in units}))
        network = [not unit.people for unit in units]
        vantages = tuple(sorted({u.vantage for u, net in zip(units, network, strict=True) if net}))
        place = {name: i for i, name in enumerate(subjects)}
        where = {name: i for i, name in enumerate(vantages)}
        keys = [
            (place[u.subject], where[u.vantage]) if net else None
            for u, net in zip(units, network, strict=True)
        ]
        pairs = tuple(sorted({key for key in keys if key is not None}))
        position = {pair: i for i, pair in enumerate(pairs)}
        unit_pair = np.array([-1 if key is None else position[key] for key in keys], dtype=np.int64)
        features: list[set[str]] = [set() for _ in pairs]
        posts = np.zeros(len(subjects), dtype=bool)
        for i, unit in enumerate(units):
            if unit_pair[i] >= 0:
                features[unit_pair[i]] |= measured[i]
            elif "posts" in measured[i]:
                posts[place[unit.subject]] = True
        return cls(
            units,
            subjects,
            vantages,
            pairs,
            unit_pair,
            np.array([place[unit.subject] for unit in units], dtype=np.int64),
            _numbered((unit.source, unit.people) for unit in units),
            _numbered((unit.source, unit.people, unit.subject) for unit in units),
            np.array([pair[0] for pair in pairs], dtype=np.int64),
            np.array([pair[1] for pair in pairs], dtype=np.int64),
            np.array([place.get(name, -1) for name in vantages], dtype=np.int64),
            np.array([_unproven(table, f) for f in features]).reshape(len(pairs), len(table.rows)),
            posts,
        )


def _numbered(names: Iterable[Hashable]) -> Ints:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in names], dtype=np.int64)


def _unproven(table: Signatures, measured: set[str]) -> list[float]:
    return [
        nats if defining and not defining & measured else 0.0
        for defining, nats in zip(table.defining, table.unproven, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """Evidence at one tick: `network` (pairs, rows), `people` (subjects, rows), who is heard."""

    network: Floats
    people: Floats
    pair_heard: Bools
    people_heard: Bools


def add_up(places: Ints, values: Floats, size: int) -> Floats:
    """Add rows up by where they belong, shape (n, k) -> (size, k), one after another."""
    width = values.shape[1]
    cells = places[:, None] * width + np.arange(width)
    total = np.bincount(cells.ravel(), weights=values.ravel(), minlength=size * width)
    return np.asarray(total.reshape(size, width), dtype=np.float64)


def combine(index: Index, evidence: Floats, heard: Bools) -> Combined:
    """Add the units' evidence up by pair and by subject; silent units say nothing."""
    is_net = index.unit_pair >= 0
    net, folk = is_net & heard, ~is_net & heard
    network = add_up(index.unit_pair[net], evidence[net], len(index.pairs))
    people = add_up(index.unit_subject[folk], evidence[folk], len(index.subjects))
    pair_heard = np.zeros(len(index.pairs), dtype=bool)
    pair_heard[index.unit_pair[net]] = True
    people_heard = np.zeros(len(index.subjects), dtype=bool)
    people_heard[index.unit_subject[folk]] = True
    return Combined(network, people, pair_heard, people_heard)


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Per subject: the leading outage `row`, its `margin` over all innocent rows, which pairs it
    rests on (`hit`, pairs x rows), and the innocent row that came closest; `margins` are those of
    every row (subjects, rows), `rivals` the innocent row closest to each."""

    row: Ints
    margin: Floats
    hit: Bools
    rival: Ints
    innocent: Ints
    innocent_score: Floats
    margins: Floats
    rivals: Ints


def services(index: Index, table: Signatures, now: Combined, muted: Floats) -> Verdicts:
    """Weigh every cause of every service; `muted` (pairs,) is what an operator explains away."""
    innocents = [i for i, scope in enumerate(table.scopes) if scope == "innocent"]
    outages = [i for i in table.outages if table.scopes[i] != "operator"]
    network = now.network - index.unproven - muted[:, None]
    hit = (network > 0.0) & now.pair_heard[:, None]
    view = _Services(index, table, now)
    margin = np.full((len(index.subjects), len(table.rows)), NOTHING)
    rival = np.zeros(margin.shape, dtype=np.int64)
    for row in outages:
        if table.scopes[row] == "single":
            hit[:, row] &= view.strongest(network[:, row])
        margin[:, row], rival[:, row] = view.weigh(row, network[:, row], hit[:, row])
        margin[:, row] -= table.priors[row]
    best = np.array(outages)[np.argmax(margin[:, outages], axis=1)]
    everyone = np.arange(len(index.subjects))
    alike = [i for i in innocents if table.rows[i] not in BY_VANTAGE]
    quiet, quiet_score = _innocent(index, now, alike)
    closest = rival[everyone, best]
    return Verdicts(best, margin[everyone, best], hit, closest, quiet, quiet_score, margin, rival)


def explanations(index: Index, table: Signatures, now: Combined, hit: Bools) -> Floats:
    """Return how well each innocent row explains what the pairs `hit` show, (rows, subjects).

    Rows of the table in their order; outages have NaN.
    """
    view = _Services(index, table, now)
    found = np.full((len(table.rows), len(index.subjects)), np.nan)
    found[view.innocents] = view.against(hit).T
    return found


class _Services:
    """One tick's evidence as seen by services."""

    def __init__(self, index: Index, table: Signatures, now: Combined) -> None:
        self.index, self.table, self.now = index, table, now
        self.innocents = [i for i, scope in enumerate(table.scopes) if scope == "innocent"]
        self.seen_pairs = self.total(now.pair_heard.astype(np.float64))
        self.has_network = self.seen_pairs > 0
        self.shifts = np.array([table.rows[i] in RELEASES for i in self.innocents])
        self.less, self.untold = self._handicaps()

    def _handicaps(self) -> tuple[Floats, Floats]:
        """Return what each innocent row pays, and what it pays where nothing tells it from an
        outage, shapes (subjects, innocents)."""
        names = [self.table.rows[i] for i in self.innocents]
        both = np.array([TWO_AT_ONCE * (name == "ebb_after_release") for name in names])
        rare = np.where(self.seen_pairs > 1, RARE_SHIFT, 0.0)[:, None]
        # without the network nothing tells talk from an outage, but many more posts than
        # complaints do
        by_posts = np.array([name in BY_POSTS for name in names]) & self.index.has_posts[:, None]
        told = (self.has_network[:, None] | by_posts) & np.array([x not in CLOCKS for x in names])
        return np.where(self.shifts, rare + both, 0.0), np.where(told, 0.0, UNTELLABLE)

    def total(self, values: Floats) -> Floats:
        """Add a value per pair up by service."""
        size = len(self.index.subjects)
        total = np.bincount(self.index.pair_subject, weights=values, minlength=size)
        return np.asarray(total, dtype=np.float64)

    def strongest(self, values: Floats) -> Bools:
        """Return the pair of each service with the highest value."""
        top = np.full(len(self.index.subjects), NOTHING)
        np.maximum.at(top, self.index.pair_subject, values)
        return np.asarray(values == top[self.index.pair_subject])

    def weigh(self, row: int, network: Floats, hit: Bools) -> tuple[Floats, Ints]:
        """Return each service's margin for `row` over every innocent row, and the closest one."""
        hits = self.total(hit.astype(np.float64))
        score = self.total(np.where(hit, network, 0.0)) + self.now.people[:, row]
        if self.table.scopes[row] == "single":
            score -= np.where(self.seen_pairs <= 1, ALONE, 0.0)
        score[self.has_network & (hits == 0)] = NOTHING
        against = self.against(hit)
        closest = np.argmax(against, axis=1)
        rival = against[np.arange(len(against)), closest]
        margin = np.where(score > NOTHING / 2, score - np.maximum(rival, 0.0), NOTHING)
        return margin, np.array(self.innocents)[closest]

    def against(self, hit: Bools) -> Floats:
        """Return how well each innocent row explains what the hit pairs and people show.

        A release reaches all pairs that are heard. Shape (subjects, innocents).
        """
        pairs = np.where(self.shifts, self.now.pair_heard[:, None], hit[:, None])
        seen = np.where(pairs, self.now.network[:, self.innocents], 0.0)
        score = add_up(self.index.pair_subject, seen, len(self.index.subjects))
        return score + self.now.people[:, self.innocents] - self.less - self.untold


def _innocent(index: Index, now: Combined, innocents: list[int]) -> tuple[Ints, Floats]:
    """Return the innocent row that explains each subject best over all its pairs, and its score."""
    heard = np.where(now.pair_heard[:, None], now.network[:, innocents], 0.0)
    total = now.people[:, innocents] + add_up(index.pair_subject, heard, len(index.subjects))
    best = np.argmax(total, axis=1)
    return np.array(innocents)[best], total[np.arange(len(total)), best]


def operators(
    index: Index, table: Signatures, now: Combined, excluded: Bools
) -> tuple[Floats, Bools]:
    """Return each vantage's margin for its operator's own outage, and which pairs it rests on.

    It must be proven: at least two services are seen there and three in four of them fall, or
    the only one falls and people complain more of the operator than of it.
    `excluded` pairs belong to a service that is out everywhere.
    """
    row = table.position("operator")
    innocents = [  # no release changes every service of one operator
        i
        for i, scope in enumerate(table.scopes)
        if scope == "innocent" and table.rows[i] not in RELEASES
    ]
    counted = now.pair_heard & ~excluded
    size = len(index.vantages)
    fallen = counted & (now.network[:, row] > 0.3)
    seen = np.bincount(index.pair_vantage, weights=counted.astype(float), minlength=size)
    falls = np.bincount(index.pair_vantage, weights=fallen.astype(float), minlength=size)
    margin = np.full(size, NOTHING)
    ahead = now.network[:, [row]] - now.network[:, innocents]  # of each innocent row
    ahead = np.clip(np.column_stack([now.network[:, row], ahead]), -4.0, 10.0)
    for v in range(size):
        if not index.vantages[v]:
            continue  # traffic of no named operator
        if not falls[v] or falls[v] < 0.75 * seen[v]:
            continue
        here = counted & (index.pair_vantage == v)
        subject = index.operator_subject[v]
        people = now.people[subject] if subject >= 0 else np.zeros(len(table.rows))
        if seen[v] < 2 and people[row] <= max(BLAMED, *now.people[index.pair_subject[here], row]):
            continue
        spoken = people[row] - np.array([0.0, *people[innocents]])
        least = float((0.7 * ahead[here].sum(axis=0) + spoken).min())
        margin[v] = least - ELSEWHERE * _fall_elsewhere(index, counted, fallen, v)
    return margin, fallen


def _fall_elsewhere(index: Index, counted: Bools, fallen: Bools, v: int) -> bool:
    """Return whether what falls at a vantage falls at others too: a platform, not an operator."""
    mine = np.isin(index.pair_subject, index.pair_subject[fallen & (index.pair_vantage == v)])
    elsewhere = counted & mine & (index.pair_vantage != v)
    return bool(elsewhere.any() and fallen[elsewhere].mean() >= 0.75)
