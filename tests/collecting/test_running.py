"""Sources side by side: none holds up or spoils another, and nothing delivered is lost."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from threading import Timer
from time import monotonic
from typing import Any

import pytest

from outage.catalogue import Catalogue, Source
from outage.collecting.delivery import Delivery
from outage.collecting.jobs import Job, LeftOut, Workshop, estimate, jobs
from outage.collecting.running import Outcome, collect
from outage.errors import ConfigError, SourceError, UsageError
from outage.settings import Settings
from outage.slots import HOUR
from outage.store import Standing, Store

NOW = 1_790_000_400
SECRET = "hush-hush/42"
DAY_OF_SLOTS = 144


def clock() -> int:
    return NOW


def catalogue(**sources: Mapping[str, Any]) -> Catalogue:
    """Return a catalogue with these sources alone."""
    found = {name: Source.model_validate(table) for name, table in sources.items()}
    return Catalogue({}, {}, found, {}, {}, Settings())


def table(plug: str, **others: Any) -> dict[str, Any]:
    """Return a source whose subject is called like its plug."""
    return {"plug": plug, "options": {"subject": plug}, **others}


def run(store: Store, known: Catalogue, *names: str, **window: int) -> dict[str, Outcome]:
    """Collect, and return the outcomes by source."""
    found = jobs(store, known, names, NOW, **window)
    outcomes = collect(store, Workshop(known, clock), found, clock)
    return {one.job.name: one for one in outcomes}


def stored(store: Store) -> dict[str, int]:
    """Return how many samples the store holds of each subject."""
    batch = store.load(0, NOW)
    counts = dict.fromkeys((one.subject for one in batch.series), 0)
    for index in batch.series_index.tolist():
        counts[batch.series[index].subject] += 1
    return counts


def test_one_that_fails_hangs_or_breaks_spoils_no_other(opened: Store) -> None:
    known = catalogue(
        good=table("steady"),
        bad=table("failing"),
        ugly=table("buggy"),
        slow=table("hanging", timeout_seconds=1),
        absent=table("gone"),
    )
    started = monotonic()
    outcomes = run(opened, known)

    assert monotonic() - started < 5
    assert {name: one.fault is None for name, one in outcomes.items()} == {
        "good": True,
        "bad": False,
        "ugly": False,
        "slow": False,
        "absent": False,
    }
    assert "ugly: the plug 'buggy' failed: ZeroDivisionError: with" in outcomes["ugly"].told()
    assert "slow: no sign of life for 1 s" in outcomes["slow"].told()
    assert "'gone' from habits 1.0 does not load" in outcomes["absent"].told()
    assert outcomes["bad"].told().startswith("bad: the token")
    assert stored(opened) == {
        "steady": DAY_OF_SLOTS,
        "failing": DAY_OF_SLOTS // 2,
        "buggy": 1,
        "hanging": 1,
    }


def test_what_was_given_up_writes_nothing_any_more(opened: Store) -> None:
    from time import sleep

    run(opened, catalogue(slow=table("hanging", timeout_seconds=1)))
    sleep(1.2)
    assert stored(opened) == {"hanging": 1}
    assert opened.remembered("slow", "here") == "yes"
    assert opened.remembered("slow", "beyond") is None


def test_the_next_collection_goes_on_only_where_all_was_well(opened: Store) -> None:
    known = catalogue(good=table("steady"), bad=table("failing"))
    run(opened, known)
    standings = opened.standings()
    assert standings["good"] == Standing("good", NOW, NOW)
    assert standings["bad"] == Standing("bad", None, NOW, 1)
    fresh = {one.name: one for one in opened.freshness()}
    assert fresh["good"].last_error is None
    assert fresh["bad"].last_error_at == NOW
    again = {job.name: job.window for job in jobs(opened, known, (), NOW + 600)}
    assert again["good"] is not None
    assert again["good"].since == NOW
    assert again["bad"] is not None
    assert again["bad"].since == NOW - DAY_OF_SLOTS // 2 * 600  # not behind its samples


def test_a_window_that_was_asked_for_does_not_move_the_regular_one(opened: Store) -> None:
    known = catalogue(good=table("steady"))
    run(opened, known, "good", since=0, until=6000)
    assert opened.standings()["good"].collected_until is None
    run(opened, known)
    assert stored(opened) == {"steady": DAY_OF_SLOTS + 10}
    run(opened, known, "good", since=NOW - 6000, until=NOW)
    assert opened.standings()["good"] == Standing("good", NOW, NOW)
    (job,) = jobs(opened, known, ("good",), NOW, since=NOW - 1200)
    assert job.window is not None
    assert job.window.until == NOW


def test_samples_that_are_none_are_kept_as_rejected_rows(opened: Store) -> None:
    outcomes = run(opened, catalogue(odd=table("odd")))

    assert outcomes["odd"].fault is None
    assert outcomes["odd"].counts.rejected == 3
    assert outcomes["odd"].counts.new == 2
    assert stored(opened) == {"odd": 2}
    assert opened.remembered("odd", "cursor") == "17"
    reasons = sorted(one.reason for one in opened.rejected())
    assert "no finite value" in reasons[0]
    assert "does not start on its slot grid" in reasons[1]
    assert "signal 'nonsense' is unknown" in reasons[2]
    assert {one.origin for one in opened.rejected()} == {"odd"}


def test_what_a_source_remembers_is_there_the_next_time(opened: Store) -> None:
    known = catalogue(walk=table("walking"))
    first = run(opened, known, "walk", since=NOW - 6000, until=NOW - 3000)
    second = run(opened, known, "walk", since=NOW - 6000, until=NOW)
    assert first["walk"].counts.new == 5
    assert second["walk"].counts.new == 5
    assert second["walk"].counts.unchanged == 0


def test_an_estimate_asks_nobody_and_keeps_nothing(opened: Store) -> None:
    reference = {"subject": "walking", "token": {"env": "NOT_SET_ANYWHERE"}}
    known = catalogue(walk={"plug": "walking", "options": reference}, good=table("steady"))
    workshop = Workshop(known, clock)
    walk, good = jobs(opened, known, ("walk", "good"), NOW)

    told = estimate(opened, workshop, walk)
    assert told is not None
    assert (told.requests, told.dollars, told.text) == (DAY_OF_SLOTS, 144.0, "a dollar a slot")
    assert estimate(opened, workshop, good) is None
    assert opened.remembered("walk", "next") is None
    assert stored(opened) == {}


def test_an_open_circuit_leaves_a_source_alone_unless_it_is_named(opened: Store) -> None:
    known = catalogue(bad=table("refusing"))
    run(opened, known)
    standing = opened.standings()["bad"]
    assert standing.paused_until == NOW + HOUR
    (job,) = jobs(opened, known, (), NOW)
    told = job.left_out(NOW, named=False)
    assert told is not None
    assert told.worrying
    assert "left alone until 2026-09-21T15:20:00Z after 1 fault in a row" in told.text
    assert job.left_out(NOW, named=True) is None
    assert job.left_out(NOW + HOUR, named=False) is None
    nothing = LeftOut("no new slot is complete yet", worrying=False)
    assert replace(job, window=None).left_out(NOW, named=True) == nothing


def test_a_source_is_asked_again_after_its_interval_unless_it_is_named(opened: Store) -> None:
    known = catalogue(good=table("steady", interval=3600))
    run(opened, known)
    (job,) = jobs(opened, known, (), NOW + 1200)
    told = job.left_out(NOW + 1200, named=False)
    assert told is not None
    assert not told.worrying
    assert told.text.startswith("not due before 2026-09-21T15:20:00Z")
    assert job.left_out(NOW + 1200, named=True) is None
    assert replace(job, asked_for=True).left_out(NOW + 1200, named=False) is None
    assert job.left_out(NOW + 3580, named=False) is None  # a timer rings a little early


def test_a_name_that_is_not_configured_is_wrong_use(opened: Store) -> None:
    with pytest.raises(UsageError, match="no source 'god'; did you mean good"):
        jobs(opened, catalogue(good=table("steady")), ("god",), NOW)
    with pytest.raises(UsageError, match="none is configured"):
        jobs(opened, catalogue(), ("x",), NOW)


def test_a_secret_is_kept_out_of_faults(
    opened: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MADE_TOKEN", SECRET)
    options = {"token": {"env": "MADE_TOKEN"}}
    known = catalogue(
        **{plug: {"plug": plug, "options": options} for plug in ("failing", "buggy", "refusing")}
    )
    with caplog.at_level(logging.DEBUG):
        outcomes = run(opened, known)
    said = [one.told() for one in outcomes.values()]
    said += [str(one.last_error) for one in opened.freshness()]
    said += [logging.Formatter().format(record) for record in caplog.records]
    assert any("***" in text for text in said)
    assert [text for text in said if SECRET in text] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tokn": "x"}, "sources.one.options.tokn: there is no such option; did you mean token?"),
        ({"token": {"env": "NOT_SET"}}, "options.token: the environment variable NOT_SET"),
        ({"token": ["a"]}, "sources.one.options.token: Input should be a valid string"),
        ({"surroundings": 3}, "sources.one.options.surroundings: there is no such option"),
    ],
)
def test_wrong_options_are_named(opened: Store, options: dict[str, Any], says: str) -> None:
    outcome = run(opened, catalogue(one={"plug": "steady", "options": options}))["one"]
    assert isinstance(outcome.fault, ConfigError)
    assert says in outcome.told()
    assert opened.standings()["one"] == Standing("one", None, NOW, 1)  # nobody was asked


def test_an_outcome_is_told_in_one_line_with_the_source() -> None:
    job = Job("x", Source(plug="steady"), Standing("x"), None)
    assert Outcome(job, fault=SourceError("a\nb")).told() == "x: a b"
    assert Outcome(job, fault=SourceError("x: a")).told() == "x: a"
    assert Outcome(job).told() == ""


def test_many_sources_deliver_side_by_side_on_both_databases(store: Store) -> None:
    names = [f"s{number}" for number in range(20)]
    known = catalogue(**{name: {"plug": "steady", "options": {"subject": name}} for name in names})

    outcomes = run(store, known)

    assert {name: one.told() for name, one in outcomes.items()} == dict.fromkeys(names, "")
    assert stored(store) == dict.fromkeys(names, DAY_OF_SLOTS)
    assert {one.collected_until for one in store.standings().values()} == {NOW}


def test_a_wait_ends_when_the_run_is_stopped(opened: Store) -> None:
    delivery = Delivery(opened, "x", clock)
    started = monotonic()
    delivery.sleep(0.05)
    assert 0.05 <= monotonic() - started < 2
    assert delivery.idle_seconds() < 1
    Timer(0.1, delivery.stop).start()
    with pytest.raises(SourceError, match="was stopped"):
        delivery.sleep(30)
    assert monotonic() - started < 5
    with pytest.raises(SourceError, match="was stopped"):
        delivery.put("a", "b")
    assert opened.remembered("x", "a") is None


def test_a_clock_that_was_ahead_is_put_right_by_hand(opened: Store) -> None:
    known = catalogue(good=table("steady"))
    opened.save_standing(Standing("good", NOW + 900 * HOUR, NOW + 900 * HOUR))
    (job,) = jobs(opened, known, (), NOW)
    left = job.left_out(NOW, named=False)
    assert left is not None
    assert left.worrying
    assert "outage collect good --since TIME" in left.text
    run(opened, known, "good", since=NOW - 2 * HOUR)
    assert opened.standings()["good"] == Standing("good", NOW, NOW)
