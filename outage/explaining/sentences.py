"""An explanation in plain sentences, the most important first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from outage.explaining.record import (
    Footing,
    Outcome,
    Presence,
    Reading,
    VantageView,
    Warming,
    Weight,
)
from outage.explaining.warming import soonest
from outage.explaining.weighing import Weighed
from outage.judging.wording import amount, change, innocence, listed
from outage.settings import Judging
from outage.slots import format_time
from outage.words import Incident, Notice, counted

TELLING: Final = 3.0  # robust standard deviations
TALK_NATS: Final = 2.0
MOST_READINGS: Final = 4
PEOPLE: Final = "people"


def outcome_line(outcome: Outcome, subject: str, incident: Incident | None, judged_at: int) -> str:
    """Return what the moment did to the subject's incident."""
    when = clock(judged_at)
    if incident is None:
        return f"No incident of {subject} was open at {when}."
    about = f"({incident.cause.value}, since {clock(incident.start)}, {incident.id})"
    if outcome is Outcome.OPENED:
        sure = ", and was confirmed at once" if incident.confirmed_at == judged_at else ""
        return f"An incident of {subject} opened at {when} {about}{sure}."
    if outcome is Outcome.CLOSED:
        return f"The incident of {subject} closed at {when} {about}."
    return f"An incident of {subject} was open at {when} {about}."


def why(kind: str, weighed: Weighed, opened: bool, settings: Judging) -> list[str]:
    """Return why the margin did, or did not, suffice."""
    if kind == "operator":
        return [_why_operator(weighed)]
    lead = next((one for one in weighed.weights if one.name == weighed.cause), None)
    if lead is None or lead.margin is None:
        return _explained_away(weighed) or _no_cause(weighed)
    return _by_cause(lead, weighed, opened, settings) + _explained_away(weighed)


def _by_cause(lead: Weight, weighed: Weighed, opened: bool, settings: Judging) -> list[str]:
    assert lead.margin is not None
    passed = lead.margin - weighed.threshold
    side = "over" if passed > 0 else "short of"
    lines = [
        f"It looks most like {lead.name}: a margin of {lead.margin:.1f} nats,"
        f" {abs(passed):.1f} {side} the {weighed.threshold:g} that open an incident."
    ]
    if passed > 0 and not opened:
        lines.append(_refused(weighed, settings))
    return lines + _rival(lead, weighed)


def _no_cause(weighed: Weighed) -> list[str]:
    loudest = max((one.running for one in weighed.weights if one.outage), default=0.0)
    if loudest < TALK_NATS or not any(one.heard for one in weighed.vantages):
        return ["Nothing that was seen speaks for an outage."]
    return [
        f"People complain ({loudest:.1f} nats), but the network sees nothing wrong:"
        " where it is seen, talk alone opens no incident."
    ]


def _rival(lead: Weight, weighed: Weighed) -> list[str]:
    rival = next((one for one in weighed.weights if one.name == lead.over), None)
    if rival is None or rival.running <= 0:
        return []
    name, words = rival.name.replace("_", " "), innocence(rival.name)
    if rival.running >= lead.running:
        text = f"The innocent explanation {name} fits better: {rival.running:.1f} nats against"
        return [f"{text} {lead.running:.1f} ({words})."]
    return [
        f"The innocent explanation that comes closest is {name}: {rival.running:.1f} nats against"
        f" {lead.running:.1f} ({words})."
    ]


def _refused(weighed: Weighed, settings: Judging) -> str:
    if any(one.hit for one in weighed.vantages):
        return "It did not open: this slot by itself does not speak for the cause any more."
    return (
        f"It did not open: people alone speak, and {weighed.excess:.0f} complaints more than"
        f" expected are too few ({settings.least_complaints:g} are needed, and more in the"
        " hours after an outage)."
    )


def _explained_away(weighed: Weighed) -> list[str]:
    names = listed(weighed.operators_out)
    muted = sum(one.muted for one in weighed.vantages if one.name in weighed.operators_out)
    if not names or muted <= 0:
        return []
    margin = -math.inf if weighed.margin is None else weighed.margin
    if weighed.unmuted is not None and weighed.unmuted > weighed.threshold >= margin:
        return [
            f"By itself it would have opened, with {weighed.unmuted:.1f} nats:"
            f" the outage of {names} explains it away."
        ]
    return [f"The outage of {names} explains what is seen there, up to {muted:.1f} nats."]


def _why_operator(weighed: Weighed) -> str:
    heard = [one for one in weighed.vantages if one.heard]
    fallen = [one.name for one in heard if one.hit]
    text = f"Of {counted(len(heard), 'service')} seen from it {len(fallen)} fall"
    if weighed.margin is None:
        return f"{text}; an operator's outage takes at least two, and three in four."
    passed = weighed.margin - weighed.threshold
    side = "over" if passed > 0 else "short of"
    return (
        f"{text}; an operator's own outage has a margin of {weighed.margin:.1f},"
        f" {abs(passed):.1f} nats {side} the {weighed.threshold:g} that open one."
    )


def seen(readings: Sequence[Reading]) -> str:
    """Return what differs most from what was expected."""
    known = [one for one in readings if one.sigma is not None]
    telling = sorted(
        (one for one in known if abs(one.sigma or 0.0) >= TELLING),
        key=lambda one: -abs(one.sigma or 0.0),
    )
    if not known:
        return "Nothing that was measured could be compared with an expectation."
    if not telling:
        return f"All {len(known)} series were within {TELLING:g} sigma of what was expected."
    first: dict[tuple[str, str], Reading] = {}
    for one in telling:
        first.setdefault((one.signal, one.category), one)
    lines = "; ".join(_reading(one) for one in list(first.values())[:MOST_READINGS])
    return f"{len(telling)} of {len(known)} series were off, most of all {lines}."


def _reading(one: Reading) -> str:
    what = " ".join(part for part in (one.signal, one.category) if part)
    where = f" at {one.vantage}" if one.vantage else ""
    value, usual = one.seen or 0.0, one.expected or 0.0
    return (
        f"{what}{where} {change(value, usual)} (seen {amount(value, one.unit)}, expected"
        f" {amount(usual, one.unit)}, {abs(one.sigma or 0.0):.0f} sigma)"
    )


def places(kind: str, vantages: Sequence[VantageView]) -> list[str]:
    """Return which vantages are hit, which are not, and which were silent."""
    if kind == "operator" or not vantages:
        return [] if vantages else ["No network that is watched sees it."]
    hit = [one.name for one in vantages if one.hit]
    spared = [one.name for one in vantages if one.heard and not one.hit]
    silent = [one.name for one in vantages if not one.heard]
    parts = [
        f"{what}: {listed(names)}"
        for what, names in (("Hit", hit), ("not hit", spared), ("silent", silent))
        if names
    ]
    text = "; ".join(parts)
    return [f"{text[:1].upper()}{text[1:]}."]


def missing(readings: Sequence[Reading]) -> list[str]:
    """Return which samples were not there when their slot was judged."""
    lines = []
    for presence, words in (
        (Presence.GAP, "had no sample in the slot (a gap says nothing)"),
        (Presence.LATE, "came too late to be judged (they are learnt from)"),
    ):
        gone = [one for one in readings if one.presence is presence]
        if gone:
            names = sorted({f"{one.signal} ({one.vantage or PEOPLE})" for one in gone})
            lines.append(f"{len(gone)} of {len(readings)} series {words}: {shortened(names)}.")
    return lines


def cold(warming: Sequence[Warming]) -> list[str]:
    """Return how many series were warming up, and until when."""
    if not warming:
        return []
    blind = sum(one.footing is Footing.NOTHING for one in warming)
    names = sorted({f"{one.signal} ({one.vantage or PEOPLE})" for one in warming})
    text = f"{len(warming)} series were still warming up ({shortened(names)})"
    judged = (
        "and could not be judged at all"
        if blind == len(warming)
        else "and were judged against the last hours only"
        + (f" ({blind} not at all)" if blind else "")
    )
    moment = soonest(tuple(warming))
    until = (
        f"warm from {clock(moment)} on if samples keep coming"
        if moment is not None
        else "too few of their slots are measured to know a season"
    )
    return [f"{text}, {judged}; {until}."]


def noticed(notices: Iterable[Notice]) -> list[str]:
    """Return what was seen then and is no outage."""
    return [f"Noticed then, and no outage: {one.kind} ({one.text})." for one in notices]


def shortened(names: Sequence[str], most: int = 6) -> str:
    """Return names as a list, the first few of many."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def clock(moment: int) -> str:
    """Return a moment to be read.

    >>> clock(1_393_092_000)
    '2014-02-22 18:00 UTC'
    """
    return f"{(format_time(moment) or '')[:16].replace('T', ' ')} UTC"
