"""An incident in sentences: what, since when, where, why, and how sure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from outage.slots import DAY, HOUR, MINUTE, from_epoch
from outage.words import Cause, Incident, State

_FAILED: Final = ("is failing", "failed")
_SPREAD: Final = ("hit at ", "hit: ", "in ")  # how the remarks of evidence begin
_PEOPLE: Final = "people spoke "
_VERBS: Final[Mapping[Cause, tuple[str, str]]] = {
    Cause.UNREACHABLE: ("cannot be reached", "could not be reached"),
    Cause.DNS: ("cannot be found by name", "could not be found by name"),
    Cause.OPERATOR: ("has a network failure", "had a network failure"),
    Cause.LATENCY: ("is slow", "was slow"),
    Cause.THROTTLING: ("is being slowed down", "was slowed down"),
}
_REASONS: Final[Mapping[Cause, str]] = {
    Cause.APPLICATION: "Its servers are reached and answer, but the application does not serve.",
    Cause.UNREACHABLE: "Its servers do not answer: the way to them, or they themselves, are gone.",
    Cause.DNS: "Its servers run, but their names do not resolve.",
    Cause.OPERATOR: "All services seen from this operator fail together; elsewhere they do not.",
    Cause.LATENCY: "It answers, but takes far longer than usual.",
    Cause.THROTTLING: "Its traffic is held back on the way while that of others is not.",
    Cause.UNKNOWN: "The evidence cannot tell which cause it is.",
}


def headline(incident: Incident) -> str:
    """Return what happened in a few words: `whatsapp failed for 5 h 50 min`."""
    now, then = _VERBS.get(incident.cause, _FAILED)
    if incident.end is not None:
        return f"{incident.subject} {then} for {duration(incident.end - incident.start)}"
    maybe = "possibly " if incident.state is State.POSSIBLE else ""
    return f"{incident.subject} {maybe}{now}"


def account(incident: Incident, zone: str = "UTC") -> list[str]:
    """Return the incident in sentences: when (UTC and in `zone`), where, why, how sure.

    Then which parts of it are hit, if its evidence says so.
    """
    return [
        _when(incident, zone),
        f"{_where(incident)}. {_REASONS[incident.cause]}",
        _opened(incident),
        _sure(incident),
        *(f"{_capital(one)}." for one in remarks(incident) if one.startswith(_SPREAD)),
    ]


def remarks(incident: Incident) -> list[str]:
    """Return what the evidence says together: a line of it may end with remarks after `; `."""
    return [part for one in incident.evidence for part in one.text.split("; ")[1:]]


def _remark(incident: Incident, beginning: str) -> str | None:
    return next((one for one in remarks(incident) if one.startswith(beginning)), None)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def duration(seconds: int) -> str:
    """Return a length of time in its two largest units.

    >>> duration(21_000), duration(600), duration(90_000), duration(20)
    ('5 h 50 min', '10 min', '1 d 1 h', '20 s')
    """
    if seconds < MINUTE:
        return f"{seconds} s"
    parts = (
        (seconds // DAY, "d"),
        (seconds % DAY // HOUR, "h"),
        (seconds % HOUR // MINUTE, "min"),
    )
    first = next(i for i, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def share(value: float) -> str:
    """Return a share in percent; what is not certain does not read as certain.

    >>> share(0.84), share(0.9996), share(0.0)
    ('84 %', 'over 99 %', '0 %')
    """
    return "over 99 %" if value > 0.994 else f"{value:.0%}".replace("%", " %")


def amount(value: float) -> str:
    """Return a number in about three digits, with its prefix.

    >>> amount(46_123_000_000.0), amount(1_700_000.0), amount(999.7), amount(0.034)
    ('46.1 G', '1.7 M', '1000', '0.034')
    """
    scales = ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"))
    factor, prefix = next((one for one in scales if abs(value) >= one[0]), (1.0, ""))
    scaled = value / factor
    return f"{scaled:.0f}{prefix}" if abs(scaled) >= 100 else f"{scaled:.3g}{prefix}"


def change(seen: float, expected: float) -> str:
    """Return how far seen is from expected, as a factor when it is large.

    >>> change(36.0, 200.0), change(15_500.0, 128.0), change(3.0, 0.0)
    ('-82 %', 'x 121', 'from nothing')
    """
    if expected <= 0:
        return "from nothing" if seen > 0 else "none"
    ratio = seen / expected
    if ratio >= 3:
        return f"x {ratio:.0f}" if ratio >= 10 else f"x {ratio:.1f}"
    return f"{100 * (ratio - 1):+.0f} %"


def _when(incident: Incident, zone: str) -> str:
    begin = from_epoch(incident.start)
    text = f"Since {begin:%A} {_day(begin)}, {_both(begin, zone, named=True)}"
    if incident.end is None:
        return f"{text}, and still open."
    end = from_epoch(incident.end)
    date = "" if end.date() == begin.date() else f"{_day(end)}, "
    return f"{text}, until {date}{_both(end, zone, named=False)}.".replace("Since", "From", 1)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _both(moment: datetime, zone: str, *, named: bool) -> str:
    text = f"{moment:%H:%M} UTC"
    if zone == "UTC":
        return text
    local = moment.astimezone(ZoneInfo(zone))
    place = f" in {zone.rpartition('/')[2].replace('_', ' ')}" if named else ""
    return f"{text} ({local:%H:%M}{place})"


def _where(incident: Incident) -> str:
    names = list(incident.vantages)
    if incident.vantage is not None:
        return f"Seen only at {incident.vantage}"
    if not names:
        return "Seen by people; no network that we watch speaks of it"
    if len(names) == 1:
        return f"Seen at {names[0]}, the only vantage there is: it may be wider or not"
    return f"Seen alike at {', '.join(names[:-1])} and {names[-1]}"


def _opened(incident: Incident) -> str:
    opened, confirmed = incident.opened_at, incident.confirmed_at
    after = f"{duration(max(0, opened - incident.start))} after it began"
    if confirmed == opened:
        text = f"Opened and confirmed at {from_epoch(opened):%H:%M} UTC, {after}"
    elif confirmed is None:
        text = f"Opened at {from_epoch(opened):%H:%M} UTC, {after}, and not confirmed"
    else:
        later = duration(confirmed - opened)
        text = f"Opened at {from_epoch(opened):%H:%M} UTC, {after}; confirmed {later} later"
    told = _remark(incident, _PEOPLE)
    if told is not None:
        return f"{text}. {_capital(told)}."
    if incident.lag_s is None:
        return f"{text}."
    if incident.lag_s <= 0:
        return f"{text}. People spoke at once."
    return f"{text}. People spoke {duration(incident.lag_s)} after the network."


def _sure(incident: Incident) -> str:
    text = f"Cause: {incident.cause.value}. How sure it is an outage: {share(incident.confidence)}"
    second = incident.runner_up
    if second is None or second is Cause.UNKNOWN:
        return f"{text}."
    why = _remark(incident, f"not {second.value}: ")
    rejected = "" if why is None else f", rejected because {why.partition(': ')[2]}"
    return f"{text}; next best cause: {second.value}{rejected}."
