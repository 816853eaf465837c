"""An incident reads as sentences that say no more than is known."""

from __future__ import annotations

import pytest

from outage.queries import account, headline
from outage.words import Cause, State
from tests.queries.made import START, incident


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "chatty failed for 1 h"),
        ({"end": None, "state": State.CONFIRMED}, "chatty is failing"),
        ({"end": None, "state": State.POSSIBLE}, "chatty possibly is failing"),
        ({"cause": Cause.THROTTLING}, "chatty was slowed down for 1 h"),
        ({"cause": Cause.DNS, "end": None}, "chatty cannot be found by name"),
        ({"cause": Cause.OPERATOR, "subject": "north"}, "north had a network failure for 1 h"),
    ],
)
def test_the_headline_says_what_and_how_long(changes: dict[str, object], text: str) -> None:
    assert headline(incident(**changes)) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "From Monday 2 March 2026, 12:00 UTC, until 13:00 UTC."),
        (
            "America/New_York",
            "From Monday 2 March 2026, 12:00 UTC (07:00 in New York), until 13:00 UTC (08:00).",
        ),
    ],
)
def test_times_are_utc_and_local(zone: str, text: str) -> None:
    assert account(incident(), zone)[0] == text


def test_an_end_on_another_day_names_the_day() -> None:
    when = account(incident(end=START + 86_400))[0]

    assert when.endswith("until 3 March 2026, 12:00 UTC.")


def test_an_open_incident_has_no_end() -> None:
    when = account(incident(end=None))[0]

    assert when == "Since Monday 2 March 2026, 12:00 UTC, and still open."


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Seen alike at north and south."),
        ({"vantages": ("a", "b", "c")}, "Seen alike at a, b and c."),
        ({"vantage": "north", "vantages": ("north",)}, "Seen only at north."),
        ({"vantages": ("north",)}, "Seen at north, the only vantage there is"),
        ({"vantages": ()}, "Seen by people; no network that we watch speaks of it."),
    ],
)
def test_where_claims_no_more_than_vantages_can(changes: dict[str, object], text: str) -> None:
    assert account(incident(**changes))[1].startswith(text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Opened and confirmed at 12:10 UTC, 10 min after it began."),
        ({"confirmed_at": None}, "Opened at 12:10 UTC, 10 min after it began, and not confirmed."),
        (
            {"confirmed_at": START + 1_200},
            "Opened at 12:10 UTC, 10 min after it began; confirmed 10 min later.",
        ),
        (
            {"lag_s": 900},
            "Opened and confirmed at 12:10 UTC, 10 min after it began."
            " People spoke 15 min after the network.",
        ),
    ],
)
def test_when_it_was_known(changes: dict[str, object], text: str) -> None:
    assert account(incident(**changes))[2] == text


def test_the_cause_comes_with_its_rival_and_how_sure() -> None:
    text = account(incident())[3]

    assert (
        text == "Cause: application. How sure it is an outage: 97 %; next best cause: unreachable."
    )
    assert account(incident(runner_up=None, confidence=1.0))[3].endswith("over 99 %.")
    assert account(incident(runner_up=Cause.UNKNOWN))[3].endswith("97 %.")


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words(cause: Cause) -> None:
    one = incident(cause=cause)

    assert headline(one)
    assert len(account(one)) == 4
