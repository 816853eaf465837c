"""X's post counts by the real client over a real connection, with every documented trap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from collectors.people.x_counts import ARCHIVE, RECENT, XCounts
from outage.errors import SourceError
from outage.interfaces import Collector, Estimating, Watched
from outage.slots import DAY, parse_time
from outage.words import Sample, Series, SubjectKind
from tests.collectors.people.x_server import TOKEN, FakeX, stamp, total
from tests.collectors.servers import Answer, Notes, Request, Server, Time, serving, surroundings

NOW = parse_time("2026-01-05T12:01:40Z")
SINCE, UNTIL = parse_time("2026-01-05T11:00:00Z"), parse_time("2026-01-05T12:00:00Z")
LONG_AGO = parse_time("2014-02-22T00:00:00Z")
WHATSAPP = Watched("whatsapp", SubjectKind.SERVICE, "WhatsApp", keywords=("whatsapp", "whats app"))
SIGNAL = Watched(
    *("signal", SubjectKind.SERVICE, "Signal"),
    keywords=("signal", "signal app"),
    ambiguous=("signal",),
    context=("chat", "app"),
)
PHRASES = {"en": ("is down", "is down again", "not working"), "de": ("geht nicht",)}
POSTS = '(whatsapp OR "whats app") -is:retweet'
ERRORS = '(whatsapp OR "whats app") ("is down" OR "not working") -is:retweet'
LIMITED = {"title": "Too Many Requests", "type": "https://api.x.com/2/problems/rate-limit-exceeded"}


def asking(
    server: Server,
    time: Time,
    memory: Notes,
    services: tuple[str, ...] = ("whatsapp",),
    **options: Any,
) -> XCounts:
    """Return a collector that asks a local X."""
    given = surroundings(
        "x",
        time=time,
        memory=memory,
        watched=(WHATSAPP, SIGNAL),
        phrases=PHRASES,
        lag_seconds=90,
    )
    return XCounts(given, TOKEN, services, base_url=server.url, **options)


@contextmanager
def counting(
    fake: FakeX | None = None, time: Time | None = None, **options: Any
) -> Iterator[tuple[XCounts, Server]]:
    """Run a local X and a collector that asks it."""
    with serving(fake or FakeX()) as server:
        yield asking(server, time or Time(NOW), Notes(), **options), server


def values(samples: list[Sample], signal: str = "posts") -> dict[int, float]:
    """Return the values of a signal by the start of their slots."""
    return {one.slot_start: one.value for one in samples if one.series.signal == signal}


def deliver(collector: XCounts, since: int, until: int, found: list[Sample]) -> SourceError | None:
    """Add what is collected to `found`; return the fault that ended it, None if none did."""
    try:
        found.extend(collector.collect(since, until))
    except SourceError as error:
        return error
    return None


def expected(queries: list[str], since: int = SINCE, until: int = UNTIL) -> dict[int, float]:
    """Return what the local X counted."""
    return {at: total(queries, at) for at in range(since, until, 600)}


@pytest.mark.parametrize(
    "fake", [FakeX(), FakeX(spelling="post_count"), FakeX(leave_out_zeros=True)]
)
def test_minutes_are_folded_into_slots(fake: FakeX) -> None:
    with counting(fake) as (collector, server):
        assert isinstance(collector, Collector)
        assert isinstance(collector, Estimating)
        samples = list(collector.collect(SINCE, UNTIL))

    assert values(samples) == expected([POSTS])
    assert values(samples, "error_posts") == expected([ERRORS])
    assert {one.known_at - one.slot_start for one in samples} == {690}
    assert samples[0].series == Series("whatsapp", "posts", source="x")
    assert server.paths == [RECENT, RECENT]
    for request, query in zip(server.requests, (POSTS, ERRORS), strict=True):
        assert request.one("query") == query
        assert request.one("granularity") == "minute"
        assert request.one("start_time") == "2026-01-05T11:00:00Z"
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert "Tweepy" in request.headers["user-agent"]


def test_the_newest_bucket_is_asked_for_and_dropped() -> None:
    partial = FakeX(spoil=lambda _, at: {"tweet_count": 0} if at >= UNTIL else None)
    with counting(partial) as (collector, server):
        samples = list(collector.collect(SINCE, UNTIL))

    assert server.requests[0].one("end_time") == "2026-01-05T12:01:00Z"
    assert values(samples) == expected([POSTS])


def test_an_old_step_is_one_page() -> None:
    with counting(FakeX(page_days=30, leave_out_zeros=True)) as (collector, server):
        samples = list(collector.collect(LONG_AGO, LONG_AGO + 90 * DAY))
    assert len(server.requests) == 2 * 4
    assert values(samples) == expected([POSTS], LONG_AGO, LONG_AGO + 90 * DAY)
    assert server.requests[2].one("end_time") == server.requests[4].one("start_time")


def test_a_week_is_recent_and_what_is_older_is_in_the_archive() -> None:
    with counting() as (collector, server):
        list(collector.collect(SINCE - 6 * DAY, SINCE - 6 * DAY + 600))
        list(collector.collect(SINCE - 7 * DAY, SINCE - 7 * DAY + 600))
        old = list(collector.collect(LONG_AGO, LONG_AGO + 1200))

    assert server.paths == [RECENT] * 2 + [ARCHIVE] * 4
    assert values(old) == expected([POSTS], LONG_AGO, LONG_AGO + 1200)


@pytest.mark.parametrize("since", [LONG_AGO, UNTIL - 6 * DAY])
@pytest.mark.parametrize("empty_page", [False, True])
def test_all_pages_are_followed(since: int, empty_page: bool) -> None:
    until = since + 5 * DAY
    fake = FakeX(page_days=2, empty_page=empty_page, leave_out_zeros=True)
    with counting(fake) as (collector, server):
        samples = list(collector.collect(since, until))

    assert len(server.requests) == 2 * (3 + empty_page)
    assert values(samples) == expected([POSTS], since, until)


def test_pages_that_go_round_in_a_circle_end() -> None:
    page = Answer({"data": [], "meta": {"total_tweet_count": 0, "next_token": "again"}})
    with (
        counting(FakeX(first=[page] * 9)) as (collector, server),
        pytest.raises(SourceError, match="the same page twice"),
    ):
        list(collector.collect(SINCE, UNTIL))
    assert len(server.requests) == 2


def test_no_data_is_zero_only_where_x_says_so() -> None:
    nothing = Answer({"meta": {"total_tweet_count": 0}})
    with counting(FakeX(first=[nothing] * 2)) as (collector, _):
        samples = list(collector.collect(SINCE, UNTIL))
    assert set(values(samples).values()) == {0.0}
    assert len(samples) == 12

    fault = Answer({"errors": [{"detail": "try later"}], "meta": {"total_tweet_count": 0}})
    with (
        counting(FakeX(first=[fault])) as (collector, _),
        pytest.raises(SourceError, match="try later"),
    ):
        list(collector.collect(SINCE, UNTIL))


def test_what_is_not_known_is_a_gap_and_asked_again() -> None:
    spoilt: dict[int, dict[str, Any]] = {
        SINCE + 60: {"tweet_count": None},
        SINCE + 660: {"tweet_count": -1},
        SINCE + 1260: {"start": stamp(SINCE + 1275)},
        SINCE + 1860: {"end": stamp(SINCE + 1890)},
        SINCE + 2460: {"tweet_count": "3"},
    }
    fake = FakeX(spoil=lambda _, at: spoilt.get(at))
    with counting(fake) as (collector, server):
        samples = list(collector.collect(SINCE, UNTIL))
        assert sorted(values(samples)) == [SINCE + 2400, SINCE + 3000]
        spoilt.clear()
        again = list(collector.collect(SINCE, UNTIL))
        assert values(again) == expected([POSTS])
        assert len(server.requests) == 4
        assert list(collector.collect(SINCE, UNTIL)) == []
        assert len(server.requests) == 4


def test_a_partial_answer_is_not_filled_with_zeros() -> None:
    fake = FakeX(leave_out_zeros=True, extra={"errors": [{"title": "partial"}]})
    with counting(fake) as (collector, _):
        samples = list(collector.collect(SINCE, UNTIL))
    whole = expected([POSTS])
    assert all(whole[at] == value for at, value in values(samples).items())
    assert len(values(samples)) < len(whole)


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (401, {"title": "Unauthorized"}),
        (402, {"title": "CreditsDepleted", "detail": "does not have any credits"}),
        (403, {"title": "Client Forbidden", "reason": "client-not-enrolled"}),
        (429, {"title": "UsageCapExceeded", "type": "https://x.example/2/problems/usage-capped"}),
    ],
)
def test_a_source_that_is_not_to_be_had_is_no_zero(status: int, document: dict[str, str]) -> None:
    with (
        counting(FakeX(first=[Answer(document, status)])) as (collector, server),
        pytest.raises(SourceError, match=document["title"]) as caught,
    ):
        list(collector.collect(SINCE, UNTIL))
    assert caught.value.permanent
    assert len(server.requests) == 1


def test_a_limit_with_a_reset_is_waited_for() -> None:
    time = Time(NOW)
    limited = Answer(LIMITED, 429, {"x-rate-limit-reset": str(NOW + 40)})
    with counting(FakeX(first=[limited]), time=time) as (collector, server):
        samples = list(collector.collect(SINCE, UNTIL))
    assert values(samples) == expected([POSTS])
    assert 40 <= sum(time.slept) <= 42
    assert len(server.requests) == 3


def test_a_backfill_waits_a_whole_window_of_the_limit() -> None:
    time = Time(NOW)
    limited = Answer(LIMITED, 429, {"x-rate-limit-reset": str(NOW + 900)})
    with counting(FakeX(first=[limited]), time=time) as (collector, _):
        samples = list(collector.collect(LONG_AGO, LONG_AGO + 2 * DAY))
    assert values(samples) == expected([POSTS], LONG_AGO, LONG_AGO + 2 * DAY)
    assert 900 <= sum(time.slept) <= 902


def test_a_limit_without_a_reset_ends() -> None:
    time = Time(NOW)
    with (
        counting(FakeX(first=[Answer(LIMITED, 429)] * 50), time=time) as (collector, server),
        pytest.raises(SourceError, match="429") as caught,
    ):
        list(collector.collect(SINCE, UNTIL))
    assert not caught.value.permanent
    assert len(server.requests) == 4
    assert 0 < sum(time.slept) < 60


def test_trouble_that_passes_is_tried_again() -> None:
    broken = [Answer("<html>over capacity", 503), Answer("", 500)]
    with counting(FakeX(first=broken)) as (collector, server):
        assert values(list(collector.collect(SINCE, UNTIL))) == expected([POSTS])
    assert len(server.requests) == 4


def test_a_query_that_is_refused_spoils_no_other() -> None:
    problem = {"errors": [{"message": "no viable alternative"}], "title": "Invalid Request"}

    def refuse(request: Request) -> Answer | None:
        return Answer(problem, 400) if "whatsapp" in request.one("query") else None

    samples: list[Sample] = []
    with (
        counting(FakeX(refuse=refuse), services=("whatsapp", "signal")) as (collector, _),
        pytest.raises(SourceError, match="no viable alternative") as caught,
    ):
        samples.extend(collector.collect(SINCE, UNTIL))
    assert caught.value.permanent
    assert {one.series.subject for one in samples} == {"signal"}
    assert len(samples) == 12


def test_an_ambiguous_name_needs_its_context() -> None:
    with counting(services=("signal",), languages=("de", "en")) as (collector, server):
        list(collector.collect(SINCE, UNTIL))
    names = '("signal app" OR (signal (chat OR app)))'
    assert [one.one("query") for one in server.requests] == [
        f"{names} -is:retweet",
        f'{names} ("geht nicht" OR "is down" OR "not working") -is:retweet',
    ]


def test_a_query_that_is_too_long_is_split_and_the_counts_add_up() -> None:
    with counting(query_length=60) as (collector, server):
        samples = list(collector.collect(SINCE, UNTIL))
    queries = [one.one("query") for one in server.requests]
    assert queries == [
        POSTS,
        '(whatsapp OR "whats app") "is down" -is:retweet',
        '(whatsapp OR "whats app") "not working" -is:retweet',
    ]
    assert values(samples, "error_posts") == expected(queries[1:])


def test_the_budget_is_kept_over_restarts_and_days() -> None:
    since, until = LONG_AGO, LONG_AGO + 170 * DAY
    fake, time, memory, found = FakeX(leave_out_zeros=True), Time(NOW), Notes(), list[Sample]()
    with counting(fake) as (collector, server):
        undisturbed = list(collector.collect(since, until))
        needed = len(server.requests)
    assert needed == 14
    days, told = [], list[str]()
    with serving(fake) as server:
        while len(days) < 9:
            before = len(server.requests)
            fault = deliver(asking(server, time, memory, dollars_per_day=0.05), since, until, found)
            if fault is None:
                break
            again = deliver(asking(server, time, memory, dollars_per_day=0.05), since, until, found)
            days.append(len(server.requests) - before)
            told += [str(fault), str(again)]
            time.sleep(fault.wait_seconds or 0)
    assert all("$0.05 a day are spent" in text for text in told)
    assert days == [5, 5]
    assert len(server.requests) == needed
    assert found == undisturbed


def test_every_attempt_is_paid_for_and_counted() -> None:
    fake = FakeX(first=[Answer("", 503)] * 3)
    with (
        counting(fake, requests_per_day=3) as (collector, server),
        pytest.raises(SourceError, match="3 requests a day are spent"),
    ):
        list(collector.collect(SINCE, UNTIL))
    assert len(server.requests) == 3


def test_the_estimate_is_what_is_then_asked() -> None:
    since, until = LONG_AGO, LONG_AGO + 100 * DAY
    fake = FakeX(leave_out_zeros=True)
    with counting(fake, services=("whatsapp", "signal"), dollars_per_day=0.1) as (
        collector,
        server,
    ):
        before = collector.estimate(since, until)
        assert server.requests == []
        with pytest.raises(SourceError, match="spent"):
            list(collector.collect(since, until))
        after = collector.estimate(since, until)
        assert len(server.requests) == 10
    assert before.requests == 2 * 2 * 4
    assert before.dollars == pytest.approx(0.16)
    assert "in 2 days" in before.text
    assert after.requests == before.requests - 10


def test_without_the_archive_what_is_older_is_left_out() -> None:
    with counting(archive=False) as (collector, server):
        assert list(collector.collect(LONG_AGO, LONG_AGO + DAY)) == []
        samples = list(collector.collect(UNTIL - 8 * DAY, UNTIL))
    assert set(server.paths) == {RECENT}
    assert min(values(samples)) == parse_time("2025-12-29T13:10:00Z")
