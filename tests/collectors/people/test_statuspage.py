from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any

import pytest

from collectors.boards import WHOLE
from collectors.people.statuspage import Statuspage, parse
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Collector
from outage.slots import floor_slot
from outage.words import Sample
from tests.collectors.people.pages import NOW, SLOT, STATUSPAGE, around, levels
from tests.collectors.servers import Answer, Notes, Server, serving

SERVICES = {"dns": ["dns"], "api": ["API [EU]", "c3"], "bill": ["Billing"], "odd": ["Odd", "c5"]}


def changed(**parts: Any) -> dict[str, Any]:
    page = deepcopy(STATUSPAGE) | parts
    return {key: value for key, value in page.items() if value is not None}


def read(server: Server, memory: Notes | None = None, now: int = NOW) -> list[Sample]:
    page = Statuspage(around(memory, now), url=server.url, service="ex", services=SERVICES)
    assert isinstance(page, Collector)
    until = floor_slot(now, 600)
    return list(page.collect(until - 600, until))


def test_the_page_and_its_parts_become_levels_of_the_running_slot(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(lambda _: Answer(STATUSPAGE)) as server:
        samples = read(server)
    assert server.paths == ["/api/v2/summary.json"]
    assert levels(samples) == {"ex": 1, "dns": 2, "api": 1, "bill": 0}
    assert {(one.slot_start, one.known_at) for one in samples} == {(SLOT, NOW)}
    assert {one.series.signal for one in samples} == {"status_level"}
    assert "says nothing of odd: a gap" in caplog.text


ODD = {"id": "c6", "name": "API [ASIA]", "status": "on_fire"}


@pytest.mark.parametrize(
    ("status", "api", "level"),
    [
        ("operational", "operational", None),  # one of them may be in trouble
        ("operational", "major_outage", 3),  # one of them is for sure
    ],
)
def test_a_word_that_is_not_known_is_never_calm_for_a_pattern(
    status: str, api: str, level: int | None
) -> None:
    parts = [{"name": "API [EU]", "status": status}, {"name": "API [US]", "status": api}, ODD]
    board = parse(changed(components=parts, status=None, incidents=[]))
    assert board.level(["api*"]) == level
    assert board.level(["api ?eu?"]) == 0
    assert board.level([WHOLE]) == level
    assert board.level(["c6"]) is None


@pytest.mark.parametrize(("word", "level"), [("catastrophic", None), ("none", 0), ("", 0)])
def test_a_page_whose_word_is_not_known_is_not_calm(word: str, level: int | None) -> None:
    parts = [{"name": "API", "status": "operational"}]
    page = changed(components=parts, status={"indicator": word}, incidents=[])
    assert parse(page).level([WHOLE]) == level


def test_an_incident_that_is_edited_backwards_changes_nothing_that_was_said() -> None:
    memory = Notes()
    fine = changed(status={"indicator": "none"}, components=[], incidents=[])
    answers = iter([fine, STATUSPAGE, STATUSPAGE])
    edited = deepcopy(STATUSPAGE)
    edited["incidents"][0]["started_at"] = "2026-01-05T08:00:00.000Z"
    with serving(lambda _: Answer(next(answers, edited))) as server:
        told = [
            {(one.slot_start, one.value, one.known_at) for one in read(server, memory, now)}
            for now in (SLOT + 10, SLOT + 200, SLOT + 400, SLOT + 610)
        ]
    assert (SLOT, 0.0, SLOT + 10) in told[0]
    assert (SLOT, 1.0, SLOT + 200) in told[1]
    assert told[2] == told[1], "seen again in the same slot: known since it was first seen"
    assert {start for start, *_ in told[3]} == {SLOT + 600}


def test_the_worst_of_a_slot_stands() -> None:
    memory = Notes()
    fine = changed(status={"indicator": "none"}, components=[], incidents=[])
    answers = iter([STATUSPAGE, fine])
    with serving(lambda _: Answer(next(answers))) as server:
        first = levels(read(server, memory, SLOT + 10))
        again = levels(read(server, memory, SLOT + 300))
    assert first["ex"] == again["ex"] == 1


@pytest.mark.parametrize(
    ("page", "whole"),
    [
        (changed(status={"indicator": "critical"}), 3),
        (changed(status={"indicator": "maintenance"}), 0),
        (changed(status=None), 2),
        (changed(status={"indicator": "unheard-of"}), 2),
        (changed(status=None, components=None), 1),
        (changed(status=None, components=None, incidents=[{"status": "investigating"}]), 1),
        (changed(status=None, components=None, incidents=[{"impact": "critical"}]), 3),
        (changed(status=None, components=None, incidents=[{"status": "resolved"}]), 0),
        (changed(status={"indicator": None}, components=None, incidents=None), None),
        (changed(status=None, components=[], incidents=None), None),
    ],
)
def test_look_alikes_leave_fields_out(page: dict[str, Any], whole: int | None) -> None:
    assert parse(page).parts.get(WHOLE) == whole


def test_announced_work_counts_as_much_as_the_option_says() -> None:
    page = changed(status={"indicator": "maintenance"})
    assert parse(page, maintenance_level=2).parts[WHOLE] == 2
    assert parse(page, maintenance_level=2).parts["billing"] == 2
    with pytest.raises(ConfigError, match=r"maintenance_level: 4 is no level"):
        Statuspage(around(), url="http://127.0.0.1:9", service="ex", maintenance_level=4)


@pytest.mark.parametrize("payload", [[], None, "down", {"page": {}}, {"status": "ok"}])
def test_what_is_no_summary_is_refused(payload: Any) -> None:
    with pytest.raises(BadInput, match="no status summary"):
        parse(payload)


def test_a_page_of_another_kind_is_a_passing_fault_and_its_body_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        serving(lambda _: Answer("<html>We moved</html>")) as server,
        caplog.at_level(logging.WARNING),
        pytest.raises(SourceError, match=r"summary\.json: the answer cannot be read") as caught,
    ):
        read(server)
    assert not caught.value.permanent
    assert "We moved" in caplog.text


def test_an_old_window_is_not_answered_from_today() -> None:
    with serving(lambda _: Answer(STATUSPAGE)) as server:
        page = Statuspage(around(), url=server.url, service="ex")
        assert list(page.collect(SLOT - 7200, SLOT - 3600)) == []
    assert server.paths == []


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "no subject"),
        ({"services": {"ex": "API"}}, "services.ex: is not a list"),
        ({"service": "No Slug"}, "not a slug"),
        ({"service": "bil"}, r"options\.service: 'bil' is not in the .*; did you mean bill\? else"),
        ({"services": {"zzz": []}}, r"options\.services: .* catalogue; add \[services\.zzz\]"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], fault: str) -> None:
    with pytest.raises((ConfigError, BadInput), match=fault):
        Statuspage(around(), url="http://127.0.0.1:9", **options)
