"""Bluesky's stream: every trap of its wire, over a real WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest

from collectors.people import jetstream
from collectors.people.bluesky import Bluesky
from outage.errors import ConfigError, SourceError
from outage.interfaces import Surroundings, Watched
from outage.words import SubjectKind
from tests.collectors.people.streams import MICRO, Stream, frame, post, streaming
from tests.collectors.servers import Notes, Time, surroundings

START = 1_789_999_200
SLOT = 600
END = START + 3 * SLOT
WATCHED = (
    Watched("whatsapp", SubjectKind.SERVICE, "WhatsApp", keywords=("whatsapp",)),
    Watched("telegram", SubjectKind.SERVICE, "Telegram", keywords=("telegram",)),
    Watched("nameless", SubjectKind.OPERATOR, "Nobody speaks of it"),
)


@dataclass(frozen=True)
class Named:
    service: str
    error: bool
    language: str


class Words:
    """A matcher plain enough to see that it is right."""

    def match(self, text: str, langs: Sequence[str] = ()) -> list[Named]:
        lang = langs[0] if langs else ""
        named = [one.slug for one in WATCHED if one.slug in text]
        return [Named(slug, "down" in text, lang) for slug in named]


def around(memory: Notes | None = None, time: Time | None = None, **others: Any) -> Surroundings:
    time = time or Time(END + 60)
    return surroundings(
        "bluesky", time=time, memory=memory, watched=WATCHED, matcher=Words, **others
    )


def ticks(since: float = START, until: float = END + 30) -> list[dict[str, Any]]:
    """Return a stream's ordinary life: a post every twenty seconds that names nobody."""
    count = int((until - since) // 20)
    return [post(since + 20 * i, "good morning", n=9) for i in range(count + 1)]


def stream_of(*posts: dict[str, Any], version: int = 2, **others: Any) -> Stream:
    frames = sorted([*ticks(), *posts], key=lambda one: one["time_us"])
    return Stream(frames, version, **others)


POSTS = (
    post(START + 5, "whatsapp is down"),
    post(START + 5, "whatsapp is down", n=1),
    post(START + 599.999, "whatsapp and telegram", langs=["de"]),
    post(START + 600, "telegram is down"),
    post(START + 1_205, "whatsapp is fine", langs=[]),
)
COUNTS = {
    ("whatsapp", "posts", "bluesky"): [3, 0, 1],
    ("whatsapp", "error_posts", "bluesky"): [2, 0, 0],
    ("telegram", "posts", "bluesky"): [1, 1, 0],
    ("telegram", "error_posts", "bluesky"): [0, 1, 0],
}


def counted(
    stream: Stream,
    given: Surroundings | None = None,
    since: int = START,
    until: int = END,
    **options: Any,
) -> dict[tuple[str, str, str], list[float | None]]:
    """Return the counts of each series slot by slot, None for a gap."""
    collector = Bluesky(given or around(), url=stream.url, version=stream.version, **options)
    found: dict[tuple[str, str, str], list[float | None]] = {}
    for one in collector.collect(since, until):
        series = one.series
        key = (series.subject, series.signal, series.source)
        slots = found.setdefault(key, [None] * ((until - since) // SLOT))
        slots[(one.slot_start - since) // SLOT] = one.value
        assert one.known_at == one.slot_start + SLOT
    return found


@pytest.mark.parametrize("version", [1, 2])
def test_posts_are_counted_by_the_servers_time(version: int) -> None:
    with streaming(stream_of(*POSTS, version=version)) as stream:
        assert counted(stream) == COUNTS
    (query,) = stream.asked
    assert query["wantedCollections" if version == 1 else "collections"] == ["app.bsky.feed.post"]
    assert int(query["cursor"][0]) == (START - 5) * MICRO


def test_only_new_posts_count() -> None:
    others = [
        frame(START + 1, operation="delete", rkey="a", rev="a"),
        frame(START + 2, operation="update", rkey="b", rev="b", record={"text": "whatsapp down"}),
        frame(START + 3, operation="create", rkey="c", rev="c", record=None),
        frame(START + 4, operation="create", rkey="d", rev="d", record={"text": None, "langs": 7}),
        {"did": "did:plc:x", "time_us": (START + 5) * MICRO, "kind": "identity"},
        {"did": "did:plc:x", "time_us": (START + 6) * MICRO, "kind": "account"},
    ]
    with streaming(stream_of(*POSTS, *others)) as stream:
        assert counted(stream) == COUNTS


@pytest.mark.parametrize("version", [1, 2])
def test_a_stream_that_breaks_off_is_resumed_with_nothing_lost_or_counted_twice(
    version: int,
) -> None:
    with streaming(stream_of(*POSTS, version=version, cuts=[1, 2, 40, 17])) as stream:
        assert counted(stream) == COUNTS
    cursors = [int(query["cursor"][0]) for query in stream.asked]
    assert len(cursors) == 5
    assert cursors == sorted(cursors)


def test_a_consumer_that_is_too_slow_comes_back() -> None:
    stream = stream_of(*POSTS)
    error = {"$type": "error", "error": "ConsumerTooSlow", "message": "you are slow"}
    stream.frames.insert(40, error)
    stream.cuts = [50]
    with streaming(stream):
        collector = Bluesky(around(), url=stream.url)
        events = collector.collect(START, END)
        first = next(events)
        stream.frames.remove(error)
        rest = list(events)
    assert len(stream.asked) == 2
    assert {(one.series.subject, one.value) for one in [first, *rest]} >= {("whatsapp", 3.0)}


def test_frames_that_cannot_be_read_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    stream = stream_of(*POSTS)
    for at, bad in enumerate(["nonsense", "[]", "{}", "[" * 100_000, '{"payload": {"time": 7}}']):
        stream.frames.insert(3 * at, bad)
    with streaming(stream), caplog.at_level("WARNING"):
        assert counted(stream) == COUNTS
    assert [record.message[:200] for record in caplog.records if "left out" in record.message]


def test_a_silence_is_a_gap_not_a_zero() -> None:
    stream = stream_of(*POSTS)
    silent = range(START + 650, START + 720)
    stream.frames = [one for one in stream.frames if one["time_us"] // MICRO not in silent]
    with streaming(stream):
        found = counted(stream)
    assert found["telegram", "posts", "bluesky"] == [1, None, 0]


def test_what_the_stream_no_longer_keeps_is_a_gap() -> None:
    with streaming(stream_of(*POSTS, oldest=(START + 300) * MICRO)) as stream:
        assert counted(stream)["whatsapp", "posts", "bluesky"] == [None, 0, 1]
    with streaming(stream_of(*POSTS)) as stream:
        found = counted(stream, look_back_seconds=2 * SLOT + 60)
    assert found["whatsapp", "posts", "bluesky"] == [None, 0, 1]
    assert int(stream.asked[0]["cursor"][0]) == (START + SLOT - 5) * MICRO


def test_languages_are_sources_of_their_own() -> None:
    with streaming(stream_of(*POSTS)) as stream:
        found = counted(stream, languages=["en", "de"])
    assert found["whatsapp", "posts", "bluesky-en"] == [2, 0, 0]
    assert found["whatsapp", "posts", "bluesky-de"] == [1, 0, 0]
    assert found["whatsapp", "posts", "bluesky-other"] == [0, 0, 1]
    assert ("whatsapp", "posts", "bluesky") not in found


def test_a_run_that_was_cut_short_goes_on_where_it_was() -> None:
    memory = Notes()
    with streaming(stream_of(*POSTS)) as stream:
        cut = Bluesky(around(memory), url=stream.url).collect(START, END)
        for _ in range(5):  # the fifth comes after the first slot was kept
            next(cut)
        cut.close()
        assert counted(stream, around(memory))["whatsapp", "posts", "bluesky"] == [None, 0, 1]
        assert counted(stream, around(memory)) == {}
        again = counted(stream, around(memory), since=START + SLOT)
    assert again["telegram", "posts", "bluesky"] == [1, 0]


def test_a_server_that_refuses_is_tried_again_and_then_named() -> None:
    time = Time(END + 60)
    with streaming(stream_of(*POSTS, refusals=[HTTPStatus.TOO_MANY_REQUESTS])) as stream:
        assert counted(stream, around(time=time)) == COUNTS
    assert len(time.slept) == 1
    down = [HTTPStatus.SERVICE_UNAVAILABLE] * 9
    with streaming(stream_of(refusals=down)) as stream, pytest.raises(SourceError) as fault:
        counted(stream)
    assert not fault.value.permanent
    assert len(stream.asked) == jetstream.ATTEMPTS


def test_the_wrong_version_is_a_permanent_fault_with_the_remedy() -> None:
    with (
        streaming(stream_of(*POSTS, version=1)) as stream,
        pytest.raises(SourceError, match=r"404 .*check url and version") as fault,
    ):
        list(Bluesky(around(), url=stream.url, version=2).collect(START, END))
    assert fault.value.permanent


def test_a_stream_without_end_or_life_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jetstream, "QUIET_SECONDS", 0.05)
    stream = Stream(ticks(until=END - 100))
    with streaming(stream), pytest.raises(SourceError, match="silent"):
        counted(stream)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"version": 3}, "version: 3 is none"), ({"url": "https://host"}, "write it like wss://")],
)
def test_wrong_options_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Bluesky(around(), **options)
