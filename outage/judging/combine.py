"""Evidence of single units brought together: per service, per vantage, per operator.

`Standing` holds the running evidence of all units as arrays and answers, for one tick, which
cause leads for each service and each operator, and by how much over nothing and over every
innocent explanation of the same observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outage.batches import Floats, Ints
from outage.judging.layout import Unit
from outage.judging.signatures import Signatures

Bools = npt.NDArray[np.bool_]
NOTHING = -1e9


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Which units make up which service, vantage and pair of both (all positions)."""

    units: tuple[Unit, ...]
    subjects: tuple[str, ...]
    vantages: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]  # (subject, vantage) seen by the network
    unit_pair: Ints  # the pair of each unit, -1 for people
    unit_subject: Ints
    pair_subject: Ints
    pair_vantage: Ints
    operator_subject: Ints  # per vantage: the subject that is this operator, -1 if none
    unproven: Floats  # (pairs, rows): 1.0 where no defining feature of the row is measured
    has_posts: Bools  # per subject

    @classmethod
    def of(
        cls, units: tuple[Unit, ...], measured: list[frozenset[str]], table: Signatures
    ) -> Index:
        """Build the index; `measured[i]` names the features of unit i."""
        subjects = tuple(sorted({unit.subject for unit in units}))
        network = [not unit.people and bool(unit.vantage) for unit in units]
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
            np.array([pair[0] for pair in pairs], dtype=np.int64),
            np.array([pair[1] for pair in pairs], dtype=np.int64),
            np.array([place.get(name, -1) for name in vantages], dtype=np.int64),
            np.array(
                [[float(bool(d) and not d & f) for d in table.defining] for f in features]
            ).reshape(len(pairs), len(table.rows)),
            posts,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """Evidence at one tick: `network` (pairs, rows), `people` (subjects, rows), who is heard."""

    network: Floats
    people: Floats
    pair_heard: Bools
    people_heard: Bools


def combine(index: Index, evidence: Floats, heard: Bools) -> Combined:
    """Add the units' evidence up by pair and by subject; silent units say nothing."""
    rows = evidence.shape[1]
    network = np.zeros((len(index.pairs), rows))
    people = np.zeros((len(index.subjects), rows))
    is_net = index.unit_pair >= 0
    net, folk = is_net & heard, ~is_net & heard
    np.add.at(network, index.unit_pair[net], evidence[net])
    np.add.at(people, index.unit_subject[folk], evidence[folk])
    pair_heard = np.zeros(len(index.pairs), dtype=bool)
    pair_heard[index.unit_pair[net]] = True
    people_heard = np.zeros(len(index.subjects), dtype=bool)
    people_heard[index.unit_subject[folk]] = True
    return Combined(network, people, pair_heard, people_heard)


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Per subject: the leading outage `row`, its `margin` over all innocent rows, which pairs it
    rests on (`hit`, pairs x rows), and the innocent row that came closest."""

    row: Ints
    margin: Floats
    hit: Bools
    rival: Ints
    innocent: Ints
    innocent_score: Floats


def services(
    index: Index, table: Signatures, now: Combined, muted: Floats, unproven_nats: float
) -> Verdicts:
    """Weigh every cause of every service; `muted` (pairs,) is what an operator explains away."""
    rows = len(table.rows)
    outages = [i for i in table.outages if table.scopes[i] != "operator"]
    innocents = [i for i in range(rows) if table.scopes[i] == "innocent"]
    network = now.network - unproven_nats * index.unproven
    network = network - muted[:, None] * np.isin(np.arange(rows), outages)
    hit = (network > 0.0) & now.pair_heard[:, None]
    shape = (len(index.subjects), rows)
    score = np.full(shape, NOTHING)
    has_network = np.zeros(shape[0], dtype=bool)
    has_network[index.pair_subject[now.pair_heard]] = True
    seen_pairs = np.bincount(
        index.pair_subject, weights=now.pair_heard.astype(float), minlength=shape[0]
    )
    rival_score = np.full(shape, NOTHING)
    rival = np.full(shape, innocents[0] if innocents else 0)
    for row in outages:
        total = np.zeros(shape[0])
        np.add.at(total, index.pair_subject, np.where(hit[:, row], network[:, row], 0.0))
        hits = np.bincount(
            index.pair_subject, weights=hit[:, row].astype(float), minlength=shape[0]
        )
        total += now.people[:, row]
        total[has_network & (hits == 0)] = NOTHING
        if table.scopes[row] == "single":
            total -= np.where(hits > 1, 8.0, 0.0) + np.where(seen_pairs <= 1, 2.0, 0.0)
        score[:, row] = total
        for other in innocents:
            against = np.zeros(shape[0])
            np.add.at(
                against, index.pair_subject, np.where(hit[:, row], now.network[:, other], 0.0)
            )
            against += now.people[:, other]
            against -= _implausible(table.rows[other], hits, seen_pairs, has_network, index)
            better = against > rival_score[:, row]
            rival_score[better, row], rival[better, row] = against[better], other
    margin = np.where(score > NOTHING / 2, score - np.maximum(rival_score, 0.0), NOTHING)
    if not outages:
        raise ValueError("the table of signatures names no outage")
    best = np.array(outages)[np.argmax(margin[:, outages], axis=1)]
    everyone = np.arange(shape[0])
    quiet, quiet_score = _innocent(index, table, now, innocents)
    return Verdicts(best, margin[everyone, best], hit, rival[everyone, best], quiet, quiet_score)


def _implausible(
    name: str, hits: Floats, seen_pairs: Floats, has_network: Bools, index: Index
) -> Floats:
    """Return what an innocent row pays where it cannot be told or does not happen that way."""
    if name.startswith("level_shift"):  # a release reaches every operator's users
        return np.where((hits == 1) & (seen_pairs > 1), 6.0, 0.0)
    if name == "meme":  # without the network nothing tells a meme from an outage
        return np.where(has_network, 0.0, 20.0)
    if name == "news":
        return np.where(has_network | index.has_posts, 0.0, 20.0)
    return np.zeros(len(hits))


def _innocent(
    index: Index, table: Signatures, now: Combined, innocents: list[int]
) -> tuple[Ints, Floats]:
    """Return the innocent row that explains each subject best over all its pairs, and its score."""
    total = now.people[:, innocents].copy()
    heard = np.where(now.pair_heard[:, None], now.network[:, innocents], 0.0)
    np.add.at(total, index.pair_subject, heard)
    best = np.argmax(total, axis=1)
    return np.array(innocents)[best], total[np.arange(len(total)), best]


def operators(
    index: Index, table: Signatures, now: Combined, excluded: Bools
) -> tuple[Floats, Bools]:
    """Return each vantage's margin for its operator's own outage, and which pairs it rests on.

    It must be proven: at least two services are seen there and three in four of them fall.
    `excluded` pairs belong to a service that is out everywhere.
    """
    row = table.position("operator")
    innocents = [i for i in range(len(table.rows)) if table.scopes[i] == "innocent"]
    counted = now.pair_heard & ~excluded
    size = len(index.vantages)
    fallen = counted & (now.network[:, row] > 0.3)
    seen = np.bincount(index.pair_vantage, weights=counted.astype(float), minlength=size)
    falls = np.bincount(index.pair_vantage, weights=fallen.astype(float), minlength=size)
    margin = np.full(size, NOTHING)
    capped = np.clip(now.network, -4.0, 10.0)
    for v in range(size):
        if seen[v] < 2 or falls[v] < 2 or falls[v] < 0.75 * seen[v]:
            continue
        here = counted & (index.pair_vantage == v)
        subject = index.operator_subject[v]
        people = now.people[subject] if subject >= 0 else np.zeros(len(table.rows))
        own = 0.7 * capped[here, row].sum() + people[row]
        rest = max((0.7 * capped[here, i].sum() + people[i] for i in innocents), default=0.0)
        margin[v] = own - max(0.0, rest)
    return margin, fallen
