"""Incidents, notices and the fold's state: whole records in, the same records out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outage.store import Store
from outage.words import Cause, Evidence, Incident, Notice, State, incident_id

EVIDENCE = Evidence(
    signal="bytes_down",
    category="chat",
    vantage="op-a",
    source="probe",
    unit="bytes",
    direction="down",
    since=600,
    seen=0.1 + 0.2,
    expected=1e12 / 3,
    score=-7.125,
    text='Bytes fell to "nothing" \N{EM DASH} ärger\x00',
)
INCIDENT = Incident(
    id=incident_id("whatsapp", "service", 1200),
    subject="whatsapp",
    vantage=None,
    vantages=("op-a", "op-b"),
    start=600,
    end=None,
    opened_at=1200,
    confirmed_at=1800,
    state=State.CONFIRMED,
    cause=Cause.APPLICATION,
    runner_up=Cause.UNREACHABLE,
    confidence=0.987654321,
    severity=1 / 3,
    event="e-1",
    lag_s=None,
    evidence=(EVIDENCE, replace(EVIDENCE, direction="up")),
)
NOTICE = Notice("flash_crowd", "whatsapp", None, 600, 1800, "Many came at once")


def incident(number: int, start: int, end: int | None, *, opened_at: int, subject: str) -> Incident:
    return replace(
        INCIDENT, id=f"id-{number}", start=start, end=end, opened_at=opened_at, subject=subject
    )


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    bare = replace(INCIDENT, id="bare", vantage="op-a", runner_up=None, evidence=(), opened_at=1300)
    notices = [NOTICE, replace(NOTICE, vantage="op-a", end=None)]
    store.save_judgement(1800, {"state": [1, 2.5, None, "ü\x00"]}, [bare, INCIDENT], notices)

    assert store.incidents() == [INCIDENT, bare]
    assert store.incidents()[0].evidence[0].seen == 0.1 + 0.2
    assert isinstance(store.incidents()[0].state, State)
    assert store.notices() == notices
    assert store.judgement() == (1800, {"state": [1, 2.5, None, "ü\x00"]})


def test_there_is_no_judgement_before_the_first(store: Store) -> None:
    assert store.judgement() is None
    assert store.incidents() == []
    assert store.notices() == []


def test_a_later_judgement_replaces_by_key(store: Store) -> None:
    store.save_judgement(1800, {"n": 1}, [INCIDENT], [NOTICE])
    closed = replace(INCIDENT, end=2400, state=State.CLOSED, cause=Cause.DNS)
    longer = replace(NOTICE, end=2400, text="and stayed")
    store.save_judgement(2400, {"n": 2}, [closed], [longer])
    store.save_judgement(3000, {"n": 3}, [], [])

    assert store.incidents() == [closed]
    assert store.notices() == [longer]
    assert store.judgement() == (3000, {"n": 3})


def test_rewinding_removes_what_was_opened_later_and_is_not_given(store: Store) -> None:
    early, kept, gone = (
        incident(n, 0, None, opened_at=at, subject="line") for n, at in enumerate((600, 1200, 1300))
    )
    old, same, lost = (replace(NOTICE, start=start) for start in (600, 900, 901))
    store.save_judgement(1800, {}, [early, kept, gone], [old, same, lost])

    store.save_judgement(700, {}, [kept], [same], rewind_to=600)

    assert store.incidents() == [early, kept]
    assert store.notices() == [old, same]
    assert store.judgement() == (700, {})


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, [0, 1, 2]),
        (1200, None, [1, 2]),  # the first ended just then
        (1199, None, [0, 1, 2]),
        (None, 1200, [0]),  # the second starts just then
        (None, 1201, [0, 1]),
        (3000, 9000, [2]),
        (900, 1000, [0]),
    ],
)
def test_incidents_and_notices_are_found_by_time(
    store: Store, since: int | None, until: int | None, expected: list[int]
) -> None:
    spans = [(600, 1200), (1200, 2400), (2400, None)]
    incidents = [
        incident(n, start, end, opened_at=start + 600, subject="line")
        for n, (start, end) in enumerate(spans)
    ]
    notices = [replace(NOTICE, start=start, end=end) for start, end in spans]
    store.save_judgement(3000, {}, incidents, notices)

    assert store.incidents(since, until) == [incidents[n] for n in expected]
    assert store.notices(since, until) == [notices[n] for n in expected]


def test_incidents_are_found_by_subject_and_ordered(store: Store) -> None:
    given = [
        incident(3, 0, None, opened_at=1200, subject="line"),
        incident(1, 0, None, opened_at=1200, subject="line"),
        incident(2, 0, None, opened_at=600, subject="line"),
        incident(4, 0, None, opened_at=600, subject="zoom"),
    ]
    store.save_judgement(1800, {}, given, [NOTICE, replace(NOTICE, subject="line")])

    assert [one.id for one in store.incidents(subject="line")] == ["id-2", "id-1", "id-3"]
    assert store.notices(subject="line") == [replace(NOTICE, subject="line")]
    assert store.incidents(subject="nobody") == []
