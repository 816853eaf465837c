"""When a source is collected, over which window, and how long it is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage.catalogue import Source
from outage.collecting.schedule import (
    Window,
    after_fault,
    after_success,
    due,
    is_open,
    next_run,
    set_back,
    window,
)
from outage.errors import SourceError
from outage.slots import DAY, HOUR
from outage.store import Standing

NOW = 1_790_000_400  # 40 min past the hour
SOURCE = Source(plug="made", interval=300, lag_seconds=100)
NEW = Standing("made")
PASSING = SourceError("not now")
LASTING = SourceError("never", permanent=True)


def test_the_first_collection_looks_back() -> None:
    short = SOURCE.model_copy(update={"look_back_seconds": 3000})
    assert window(short, NEW, None, NOW) == Window(NOW - 3600, NOW - 600)
    assert window(short, NEW, NOW - 1200, NOW) == Window(NOW - 1200, NOW - 600)
    assert window(short, NEW, NOW - 9 * DAY, NOW) == Window(NOW - 3600, NOW - 600)


def test_a_later_collection_goes_on_where_the_last_ended() -> None:
    standing = replace(NEW, collected_until=NOW - 5 * DAY)
    assert window(SOURCE, standing, NOW, NOW) == Window(NOW - 5 * DAY, NOW - 600)


def test_only_complete_slots_are_collected() -> None:
    standing = replace(NEW, collected_until=NOW - 600)
    assert window(SOURCE, standing, None, NOW) is None
    assert window(SOURCE, standing, None, NOW + 99) is None
    assert window(SOURCE, standing, None, NOW + 100) == Window(NOW - 600, NOW)
    assert window(SOURCE, standing, None, NOW - DAY) is None  # a clock that went back


def test_what_arrives_late_is_collected_again_when_there_is_something_new() -> None:
    standing = replace(NEW, collected_until=NOW - 600)
    assert window(SOURCE, standing, None, NOW, overlap=DAY) is None
    later = window(SOURCE, standing, None, NOW + 700, overlap=DAY)
    assert later == Window(NOW - 600 - DAY, NOW + 600)


def test_a_window_that_is_asked_for_is_cut_to_whole_complete_slots() -> None:
    standing = replace(NEW, collected_until=NOW)
    asked = window(SOURCE, standing, None, NOW, since=NOW - 1500, until=NOW + DAY)
    assert asked == Window(NOW - 1800, NOW - 600)
    assert window(SOURCE, NEW, None, NOW, since=NOW - 1800, until=NOW - 1100) == Window(
        NOW - 1800, NOW - 1200
    )
    assert window(SOURCE, NEW, None, NOW, since=NOW - 1800, until=NOW - 1300) is None
    assert window(SOURCE, NEW, None, NOW, since=NOW) is None


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.none() | st.integers(0, 10**9),
    st.sampled_from([60, 600, 900, 3600]),
)
def test_windows_are_whole_slots_that_have_passed(
    now: int, lag: int, collected: int | None, seconds: int
) -> None:
    source = Source(plug="made", slot_seconds=seconds, lag_seconds=min(lag, 604_800))
    found = window(source, replace(NEW, collected_until=collected), None, now)
    if found is not None:
        assert found.since % seconds == found.until % seconds == 0
        assert found.since < found.until <= now - source.lag_seconds


def test_a_source_is_due_after_its_interval() -> None:
    assert due(SOURCE, NEW, NOW)
    standing = after_success(NEW, NOW - 600, NOW)
    assert next_run(SOURCE, standing) == NOW + 300
    assert not due(SOURCE, standing, NOW + 299)
    assert due(SOURCE, standing, NOW + 300)


def test_success_moves_on_never_back() -> None:
    troubled = Standing("made", NOW, NOW - 5, 3, NOW + 9)
    assert after_success(troubled, NOW - 600, NOW) == Standing("made", NOW, NOW)
    assert after_success(troubled, None, NOW).collected_until == NOW
    assert after_success(NEW, None, NOW).collected_until is None


def test_the_circuit_opens_after_five_faults_and_stays_open_longer_each_time() -> None:
    standing, pauses = replace(NEW, collected_until=NOW - DAY), []
    for _ in range(16):
        standing = after_fault(SOURCE, standing, PASSING, NOW)
        pauses.append((standing.paused_until or NOW) - NOW)
    assert pauses[:7] == [0, 0, 0, 0, 600, 1200, 2400]
    assert pauses[-1] == DAY
    assert pauses == sorted(pauses)
    assert standing.collected_until == NOW - DAY
    assert is_open(standing, NOW + DAY - 1)
    assert not is_open(standing, NOW + DAY)
    assert not due(SOURCE, standing, NOW + DAY - 1)
    assert after_success(standing, None, NOW).failures == 0


def test_a_clock_that_was_set_back_is_told_and_put_right_by_hand() -> None:
    ahead = replace(NEW, collected_until=NOW + DAY, attempted_at=NOW + DAY)
    assert set_back(replace(NEW, collected_until=NOW + HOUR), NOW) is None
    assert "2026-09-22T14:20:00Z, which is still to come" in (set_back(ahead, NOW) or "")
    assert window(SOURCE, ahead, None, NOW) is None
    assert window(SOURCE, ahead, None, NOW, since=NOW - 1800) == Window(NOW - 1800, NOW - 600)
    assert after_success(ahead, NOW - 600, NOW) == Standing("made", NOW - 600, NOW)
    assert window(SOURCE, NEW, NOW + DAY, NOW) == Window(NOW - 600 - DAY, NOW - 600)


def test_a_fault_that_will_not_pass_opens_the_circuit_at_once() -> None:
    first = after_fault(SOURCE, NEW, LASTING, NOW)
    assert first.paused_until == NOW + HOUR
    assert after_fault(SOURCE, first, LASTING, NOW).paused_until == NOW + 2 * HOUR


@pytest.mark.parametrize(("wait", "pause"), [(90_000.0, 90_000), (10.4, 10), (0.0, 0), (None, 0)])
def test_the_wait_that_the_source_asked_for_is_kept(wait: float | None, pause: int) -> None:
    standing = after_fault(SOURCE, NEW, SourceError("later", wait_seconds=wait), NOW)
    assert (standing.paused_until or NOW) - NOW == pause
