"""Small stores and incidents that tests of queries, charts and pages read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from outage.batches import SampleBatch
from outage.scenarios import build
from outage.slots import parse_time
from outage.store import Store, upgrade
from outage.words import Cause, Evidence, Incident, Notice, Series, State

START = parse_time("2026-03-02T12:00:00Z")
SLOT = 600


def incident(**changes: object) -> Incident:
    """Return an hour's failure of `chatty`, closed and confirmed, with what is changed."""
    one = Incident(
        id="0123456789abcdef",
        subject="chatty",
        vantage=None,
        vantages=("north", "south"),
        start=START,
        end=START + 3_600,
        opened_at=START + SLOT,
        confirmed_at=START + SLOT,
        state=State.CLOSED,
        cause=Cause.APPLICATION,
        runner_up=Cause.UNREACHABLE,
        confidence=0.97,
        severity=0.8,
        event="0123456789abcdef",
        lag_s=None,
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def evidence(signal: str = "syn", **changes: object) -> Evidence:
    """Return one line of evidence."""
    text = f"{signal} x4.2 since 12:00 UTC"
    one = Evidence(signal, "", "north", "probe", "packets", "up", START, 42.0, 10.0, 8.0, text)
    return replace(one, **changes)  # type: ignore[arg-type]


def notice(**changes: object) -> Notice:
    """Return a notice about `chatty`."""
    one = Notice("meme", "chatty", None, START - 7_200, START - 3_600, "chatty: only talk")
    return replace(one, **changes)  # type: ignore[arg-type]


def series(signal: str, category: str = "", vantage: str = "north", **changes: object) -> Series:
    """Return a series of `chatty`, of the source `probe`."""
    one = Series("chatty", signal, category, vantage, "probe", SLOT)
    return replace(one, **changes)  # type: ignore[arg-type]


def batch(lines: Mapping[Series, Iterable[float]], start: int = START - 7_200) -> SampleBatch:
    """Return the samples of lines that begin at `start`; NaN leaves a gap."""
    series, index, starts, values = tuple(lines), [], [], []
    for number, (one, line) in enumerate(lines.items()):
        for position, value in enumerate(line):
            if not np.isnan(value):
                index.append(number)
                starts.append(start + position * one.slot_seconds)
                values.append(value)
    moments = np.array(starts, dtype=np.int64)
    ends = moments + np.array([series[i].slot_seconds for i in index], dtype=np.int64)
    nothing = np.full(len(values), np.nan)
    return SampleBatch(
        series, np.array(index, dtype=np.int64), moments, np.array(values), ends, nothing
    )


def filled(
    url: str,
    samples: SampleBatch,
    incidents: Iterable[Incident] = (),
    notices: Iterable[Notice] = (),
) -> str:
    """Create a store with samples and verdicts; return its URL."""
    upgrade(url)
    with Store.open(url) as store:
        store.add(samples, START)
        store.save_judgement(START + 86_400, {}, list(incidents), list(notices))
    return url


def days_of(slug: str, since: str, until: str) -> SampleBatch:
    """Return some days of a reconstruction."""
    whole = build(slug)
    inside = (whole.slot_start >= parse_time(since)) & (whole.slot_start < parse_time(until))
    return whole.take(inside)


def blackout() -> tuple[Incident, Incident]:
    """Return events A and B of the WhatsApp blackout as judging finds them."""
    begin, end = parse_time("2014-02-22T18:00:00Z"), parse_time("2014-02-22T23:50:00Z")
    opened = begin + SLOT
    told = tuple(
        evidence(name, source="reconstruction", vantage="operator-a", since=begin)
        for name in ("error_posts", "syn", "rst", "flows", "bytes_down")
    )
    b = incident(
        id="b" * 16,
        subject="whatsapp",
        vantages=("operator-a", "operator-b"),
        start=begin,
        end=end,
        opened_at=opened,
        confirmed_at=opened,
        severity=0.84,
        confidence=0.999,
        evidence=told,
    )
    earlier = parse_time("2014-02-22T10:30:00Z")
    a = replace(
        b,
        id="a" * 16,
        start=earlier,
        end=earlier + 3_600,
        opened_at=earlier + SLOT,
        confirmed_at=earlier + SLOT,
        severity=0.48,
    )
    return a, b
