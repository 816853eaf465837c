"""What is listed, in which order, and what a store says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from outage import queries
from outage.catalogue import load_catalogue
from outage.queries import gravest, local_zone
from outage.slots import parse_time
from outage.store import Store
from outage.words import State
from tests.queries.made import START, batch, filled, incident, notice, series


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = [
        incident(id="1" * 16),
        incident(id="2" * 16, subject="tube", start=START + 7_200, end=None, state=State.CONFIRMED),
        incident(id="3" * 16, start=START - 86_400, end=START - 80_000),
    ]
    lines = {
        series("posts", vantage="", source="reconstruction"): [1.0] * 6,
        series("flows"): [1.0],
    }
    url = f"sqlite:///{tmp_path / 'outage.db'}"
    return queries.open_store(filled(url, batch(lines), made, [notice(), notice(subject="tube")]))


def ids(found: queries.Listing) -> str:
    return "".join(one.id[0] for one in found.incidents)


def test_an_operator_known_as_a_vantage_can_be_chosen(store: Store) -> None:
    (vantage,) = {one.vantage for one in store.series() if one.vantage}
    assert vantage in queries.standing(store).subjects


def test_the_latest_incident_is_listed_first(store: Store) -> None:
    assert ids(queries.listing(store)) == "213"


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({"subject": "chatty"}, "13"),
        ({"states": (State.CLOSED,)}, "13"),
        ({"states": (State.POSSIBLE,)}, ""),
        ({"since": START}, "21"),
        ({"until": START}, "3"),
    ],
)
def test_a_choice_is_kept_to(store: Store, choice: dict[str, object], found: str) -> None:
    assert ids(queries.listing(store, **choice)) == found  # type: ignore[arg-type]


def test_notices_are_chosen_by_subject_and_not_by_state(store: Store) -> None:
    found = queries.listing(store, subject="tube", states=(State.POSSIBLE,))

    assert [one.subject for one in found.notices] == ["tube"]


def test_a_store_says_what_it_holds(store: Store) -> None:
    held = queries.standing(store)

    assert held.span == (START - 7_200, START - 3_600)
    assert held.judged_until == START + 86_400
    assert held.subjects[0] == "chatty"
    assert held.reconstructed == ("chatty",)


def test_an_empty_store_holds_nothing(sqlite_store_url: str) -> None:
    with queries.open_store(sqlite_store_url) as store:
        held = queries.standing(store)

    assert (held.span, held.judged_until, held.subjects) == (None, None, ())


def test_the_gravest_is_open_before_severe_before_long() -> None:
    mild = incident(severity=0.1)
    severe = incident(severity=0.9)
    longer = incident(severity=0.9, end=START + 9_000)
    still = incident(severity=0.0, end=None)

    assert gravest([]) is None
    assert gravest([mild, severe]) is severe
    assert gravest([longer, severe]) is longer
    assert gravest([mild, still, longer]) is still


BLACKOUT = parse_time("2014-02-22T18:00:00Z")


@pytest.mark.parametrize(
    ("changes", "zone"),
    [
        ({}, "UTC"),
        ({"subject": "whatsapp", "vantages": ("operator-a",), "start": BLACKOUT}, "Europe/Vienna"),
        ({"subject": "whatsapp", "vantages": (), "start": BLACKOUT}, "Europe/Vienna"),
        ({"subject": "whatsapp", "vantages": ("operator-a",)}, "UTC"),
    ],
)
def test_the_local_zone_is_that_of_those_affected(changes: dict[str, object], zone: str) -> None:
    assert local_zone(incident(**changes), load_catalogue()) == zone
