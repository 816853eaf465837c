"""What an incident's evidence says: a mix of witnesses, in the order of a story, with remarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from outage.judging.lagging import Lag
from outage.judging.measuring import Column, Measured
from outage.judging.rejecting import Rejection
from outage.judging.scoring import COMPLAINTS
from outage.judging.state import Track
from outage.judging.wording import line, listed, minutes
from outage.words import SIGNALS, Evidence

MOST_EVIDENCE: Final = 12
TELLING: Final = 3.0  # robust standard deviations below which a signal is no evidence
LOSS: Final = ("bytes_down", "throughput_bps", "flows")  # what users lose is told first,
#: then what defines the cause, who complains, and the rest in this order.
STORY: Final = (
    "syn", "syn_ack", "rst", "dns_failures", "dns_queries", "rtt_tcp_ms", "rtt_dns_ms",
    "connect_failures", "differentiation", "reachability", "status_level", "posts", "bytes_up",
    "active_servers", "fin",
)  # fmt: skip
PART_SHARE: Final = 0.7  # of the whole's score, from which a part is told in its place
VOLUMES: Final = ("bytes_down", "flows")
CONTEXT: Final = {"syn": "syn_ack"}  # what a signal cannot be read without


def chosen(
    track: Track, measured: Measured, defining: Iterable[str], wanted: Iterable[str]
) -> list[Column]:
    """Return the lines to tell, at most twelve: one a signal first, all of one place.

    Then other parts and vantages, volumes first. `defining` are the signals that define the
    cause; `wanted` those of a remark, told even if they stayed as expected.
    """
    order = _order(defining)
    ranked = sorted(measured.columns, key=lambda one: one.key)
    telling = [one for one in ranked if abs(one.score) >= TELLING]
    signals = {one.series.signal for one in telling}
    asked = {CONTEXT[name] for name in signals & set(CONTEXT)}
    asked |= set(wanted)
    main = _main(track, telling, order)
    told_of = signals | (asked & {one.series.signal for one in ranked})
    first = [
        _of_signal(name, telling if name in signals else ranked, main)
        for name in sorted(told_of, key=lambda name: order[name])
    ]
    rest = [one for one in telling if one not in first]
    told: Counter[tuple[str, str]] = Counter((x.series.signal, x.series.category) for x in first)
    ordered = []
    for one in rest:
        part = one.series.signal, one.series.category
        ordered.append((told[part], one.series.signal not in VOLUMES, *one.key, one))
        told[part] += 1
    return [*first, *(one for *_, one in sorted(ordered, key=lambda row: row[:-1]))][:MOST_EVIDENCE]


def _order(defining: Iterable[str]) -> dict[str, int]:
    """Return the place of every signal in the story."""
    known = set(defining)
    cause = [name for name in STORY if name in known]
    names = dict.fromkeys([*LOSS, *cause, *COMPLAINTS, *STORY, *SIGNALS])
    return {name: place for place, name in enumerate(names)}


def _main(
    track: Track, telling: Sequence[Column], order: Mapping[str, int]
) -> tuple[str, str, str]:
    """Return the subject, vantage and category to tell by: numbers of one place can be compared.

    The vantage with most of the usual traffic among those hit, the part that is hit most there.
    """
    network = [one for one in telling if not one.people]
    hit = {name for name, weight in track.hit.items() if weight > 0.0}
    struck = [one for one in network if hit & {one.series.vantage, one.series.subject}] or network
    if not struck:
        return "", "", ""
    signal = min((one.series.signal for one in struck), key=lambda name: order[name])
    most = max((x for x in struck if x.series.signal == signal), key=lambda x: x.expected)
    here = most.series.subject, most.series.vantage
    there = [x for x in struck if (x.series.subject, x.series.vantage) == here]
    least = PART_SHARE * abs(there[0].score)
    parts = (x.series.category for x in there if x.series.category and abs(x.score) >= least)
    return *here, next(parts, "")


def _of_signal(name: str, pool: Iterable[Column], main: tuple[str, str, str]) -> Column:
    """Return the most telling line of a signal, of the main part and vantage if it has one."""
    mine = [one for one in pool if one.series.signal == name]
    return max(mine, key=lambda one: _alike(one, main))  # the first of equals: they are ranked


def _alike(one: Column, main: tuple[str, str, str]) -> tuple[bool, bool]:
    here = (one.series.subject, one.series.vantage) == main[:2]
    return here, here and one.series.category == main[2]


# -- remarks ----------------------------------------------------------------------------------


def spread(track: Track, columns: Sequence[Column]) -> str:
    """Return which vantages (of an operator: services) and categories are hit, and which not."""
    hit = sorted(name for name, weight in track.hit.items() if weight > 0.0)
    spared = sorted(name for name, weight in track.hit.items() if weight <= 0.0)
    text = ""
    if hit:
        text = f"hit at {listed(hit)}" if track.kind == "service" else f"hit: {listed(hit)}"
    if spared:
        text += f", not {'at ' if track.kind == 'service' else ''}{listed(spared)}"
    parts = _categories(hit, columns) if track.kind == "service" else ""
    return ", ".join(one for one in (text, parts) if one)


def _categories(hit: Sequence[str], columns: Sequence[Column]) -> str:
    inside = [
        one
        for one in columns
        if one.series.category and not one.people and (not hit or one.series.vantage in hit)
    ]
    known = sorted({x.series.category for x in inside}, key=lambda x: (x.endswith("other"), x))
    struck = [
        name
        for name in known
        if any(one.series.category == name and abs(one.score) >= TELLING for one in inside)
    ]
    if len(known) < 2 or not struck:
        return ""
    if len(struck) == len(known):
        return f"in every category ({listed(known)})"
    return f"in {listed(struck)} but not {listed([one for one in known if one not in struck])}"


def lag_remark(lag: Lag) -> str:
    """Return the lag between network and people, with its uncertainty.

    >>> lag_remark(Lag(1200, 600, 0.93))
    'people spoke 20 min after the network (±10 min, correlation 0.93)'
    """
    unsure = f"(±{minutes(lag.plus_minus)}, correlation {lag.correlation:.2f})"
    if lag.seconds == 0:
        return f"people spoke with the network {unsure}"
    side = "after" if lag.seconds > 0 else "before"
    return f"people spoke {minutes(abs(lag.seconds))} {side} the network {unsure}"


def rejected(rival: str, why: Sequence[Rejection]) -> str:
    """Return why the runner-up was rejected.

    >>> rejected("unreachable", [Rejection("syn_ack_per_syn", 9.0, 0.01, "fall")])
    'not unreachable: syn_ack per syn would fall (it stays)'
    """
    parts = [f"{x.feature.replace('_per_', ' per ')} would {x.wanted} (it {x.did})" for x in why]
    return f"not {rival}: {listed(parts)}"


def evidence(
    subject: str,
    columns: Sequence[Column],
    since: int,
    remarks: Sequence[tuple[str, Sequence[str]]],
    *,
    cold: bool,
) -> tuple[Evidence, ...]:
    """Return the lines as records; each remark goes to the first line of a signal it names.

    A line about another than the incident's `subject` (a service of an operator) says so.
    """
    texts = [
        (f"{one.series.subject} " if one.series.subject != subject else "")
        + line(one.series, one.seen, one.expected, one.score, since)
        + (", against the last hours only: less sure" if cold else "")
        for one in columns
    ]
    for remark, signals in remarks:
        places = [i for i, one in enumerate(columns) if one.series.signal in signals]
        if places or texts:
            texts[places[0] if places else 0] += f"; {remark}"
    return tuple(
        Evidence(
            signal=one.series.signal,
            category=one.series.category,
            vantage=one.series.vantage,
            source=one.series.source,
            unit=SIGNALS[one.series.signal].unit,
            direction="up" if one.score > 0 else "down",
            since=since,
            seen=round(one.seen, 3),
            expected=round(one.expected, 3),
            score=round(one.score, 1),
            text=text,
        )
        for one, text in zip(columns, texts, strict=True)
    )
