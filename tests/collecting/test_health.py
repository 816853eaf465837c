"""How sources are doing: fresh, late, failing, left alone, lacking something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from outage.batches import SampleBatch
from outage.catalogue import Source, overlay
from outage.collecting.health import Health, State, allowed_age, healths, told_span
from outage.store import Standing, Store
from outage.words import Sample, Series

NOW = 1_790_000_400
SERIES = Series("alpha", "posts", source="made")
STEADY = {"plug": "steady", "options": {"token": "x"}}


def deliver(store: Store, end: int) -> None:
    """Deliver the sample of the slot that ends there."""
    store.add_collected("made", SampleBatch.of([Sample(SERIES, end - 600, 1.0, end)]), {}, end)


def health(store: Store, **table: Any) -> Health:
    """Return the health of the source `made`."""
    source = Source.model_validate({**STEADY, **table})
    (found,) = healths(store, replace(overlay({}), sources={"made": source}), NOW)
    return found


def test_a_source_that_delivers_is_fresh(opened: Store) -> None:
    deliver(opened, NOW - 600)
    opened.save_standing(Standing("made", NOW, NOW))
    found = health(opened, interval=300)
    assert (found.state, found.fine) == (State.FRESH, True)
    assert found.text == "its newest slot ended 10 min ago"
    assert found.next_run == NOW + 300
    document = found.as_json()
    assert document["last_slot_end"] == "2026-09-21T14:10:00Z"
    assert (document["cost"], document["limits"]) == ("a penny", "none at all")
    assert document["next_run"] == "2026-09-21T14:25:00Z"


@pytest.mark.parametrize(("beyond", "state"), [(0, State.FRESH), (600, State.LATE)])
def test_a_silent_source_is_late(opened: Store, beyond: int, state: State) -> None:
    assert allowed_age(Source.model_validate(STEADY)) == 1800
    deliver(opened, NOW - 1800 - beyond)
    opened.save_standing(Standing("made", NOW, NOW))
    assert health(opened).state is state
    assert health(opened, lag_seconds=3600).state is State.FRESH


def test_one_that_never_delivered_is_told_apart_from_one_never_asked(opened: Store) -> None:
    assert health(opened).state is State.NEVER
    opened.save_standing(Standing("made", NOW, NOW))
    found = health(opened)
    assert found.state is State.LATE
    assert "has delivered nothing yet" in found.text


def test_faults_and_the_circuit_are_told(opened: Store) -> None:
    deliver(opened, NOW)
    opened.note_failure("made", "no connection", NOW)
    opened.save_standing(Standing("made", NOW, NOW, 2))
    found = health(opened)
    assert (found.state, found.text) == (State.FAILING, "2 in a row: no connection")
    opened.save_standing(Standing("made", NOW, NOW, 5, NOW + 3600))
    found = health(opened)
    assert found.state is State.OPEN
    assert found.text == "left alone until 2026-09-21T15:20:00Z: no connection"
    assert found.next_run == NOW + 3600


def test_a_clock_that_was_set_back_is_not_fresh(opened: Store) -> None:
    deliver(opened, NOW + 86_400)
    opened.save_standing(Standing("made", NOW + 86_400, NOW + 86_400))
    found = health(opened)
    assert (found.state, found.fine) == (State.LATE, False)
    assert "was this clock set back?" in found.text


def test_what_is_missing_is_told(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(opened, NOW)
    assert health(opened, options={}).lacking == ("options.token is not given",)
    unset = health(opened, options={"token": {"env": "NOT_SET"}})
    assert unset.state is State.LACKING
    assert "options.token: the environment variable NOT_SET is not set" in unset.text
    monkeypatch.setenv("NOT_SET", "now it is")
    assert health(opened, options={"token": {"env": "NOT_SET"}}).lacking == ()
    misspelt = health(opened, options={"token": "x", "subjet": "beta"})
    assert misspelt.lacking == ("options.subjet: there is no such option; did you mean subject?",)
    (broken,) = health(opened, plug="gone").lacking
    assert "'gone' from habits 1.0 does not load" in broken


def test_options_at_fault_are_told_before_anything_is_asked(opened: Store) -> None:
    found = health(opened, plug="ooni", options={"tests": {"alpha": {"test_name": "alpha"}}})
    assert (found.state, found.fine, found.lacking) == (State.FAULTY, False, ())
    assert found.text.startswith("sources.made")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 min"), (59, "0 min"), (3599, "59 min"), (7300, "2 h"), (200_000, "2 d")],
)
def test_a_span_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert told_span(seconds) == text
