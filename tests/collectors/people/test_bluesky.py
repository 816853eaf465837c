"""Bluesky's stream: every trap of its wire, over a real WebSocket."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
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


def test_a_server_that_hangs_up_at_once_is_not_hammered() -> None:
    time = Time(END + 60)
    with (
        streaming(stream_of(*POSTS, cuts=[0] * 99)) as stream,
        pytest.raises(SourceError, match="closed"),
    ):
        counted(stream, around(time=time))
    assert len(stream.asked) == jetstream.ATTEMPTS
    assert len(time.slept) == jetstream.ATTEMPTS - 1
    assert time.slept[-1] > 2 * jetstream.FIRST_PAUSE


def test_a_large_frame_is_read_and_a_flood_is_left_at_once() -> None:
    huge = post(START + 7, "whatsapp " + "x" * 3_000_000, n=3)
    flood = [post(END + 30, "y" * 20_000, n=n) for n in range(10_000)]
    stream = stream_of(*POSTS, huge)
    stream.frames += flood
    with streaming(stream):
        begun = monotonic()
        found = counted(stream)
        assert monotonic() - begun < 5
    assert found["whatsapp", "posts", "bluesky"] == [4, 0, 1]


def test_others_events_do_not_stand_for_posts() -> None:
    """A server that filters wrongly, or posts that changed their form: gaps, not zeros."""
    stream = stream_of(*deepcopy(POSTS))
    for one in stream.frames:
        if one["time_us"] >= (START + SLOT) * MICRO:
            one["commit"]["record"] = {"content": one["commit"]["record"]["text"]}
    with streaming(stream):
        assert counted(stream)["whatsapp", "posts", "bluesky"] == [3, None, None]
    strangers = [frame(at, operation="create", collection="other") for at in range(START, END + 9)]
    with streaming(Stream(strangers)) as stream:
        assert counted(stream) == {}


def test_a_cursor_that_is_too_old_is_a_gap() -> None:
    stream = stream_of(*POSTS)
    info = {"$type": f"{jetstream.V2_TYPE}info", "name": "OutdatedCursor", "message": "too old"}
    stream.frames.insert(0, {"$type": "message", "payload": info})
    with streaming(stream):
        assert counted(stream)["whatsapp", "posts", "bluesky"] == [None, 0, 1]


@pytest.mark.parametrize("version", [1, 2])
def test_a_frame_of_the_future_ends_no_slot(version: int) -> None:
    stream = stream_of(*POSTS, version=version, cuts=[12])
    stream.frames.insert(10, post(END + 90_000, "whatsapp"))
    with streaming(stream):
        assert counted(stream) == COUNTS


def test_a_wire_that_changed_altogether_is_a_fault_and_not_silence() -> None:
    frames: list[Any] = ['{"time": "2026"}'] * (jetstream.UNREADABLE_IN_A_ROW + 1)
    with streaming(Stream(frames)) as stream, pytest.raises(SourceError, match="changed its form"):
        counted(stream)
    assert len(stream.asked) == 1


def test_no_login_is_shown() -> None:
    with streaming(stream_of(refusals=[HTTPStatus.FORBIDDEN])) as stream:
        stream.url = stream.url.replace("://", "://me:open-sesame@")
        with pytest.raises(SourceError, match="403") as fault:
            counted(stream)
    assert fault.value.permanent
    assert "open-sesame" not in str(fault.value)


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
        assert counted(stream, around(memory)) == COUNTS  # done once: asked again, told again
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
    [
        ({"version": 3}, "version: 3 is none"),
        ({"url": "https://host"}, "write it like wss://"),
        ({"url": "wss://"}, "write it like wss://"),
        ({"url": "wss://[half"}, "write it like wss://"),
        ({"url": "wss://host/?cursor=1"}, "write it like wss://"),
        ({"languages": ["en", "de-AT"]}, r"languages\[1\]: 'de-AT' is no language"),
        ({"languages": ["other"]}, r"languages\[0\]: 'other' is no language"),
        ({"languages": ["en", "de", "en"]}, r"languages\[2\]: 'en' stands there twice"),
        ({"look_back_seconds": 60}, "look_back_seconds: 60 is less than a slot"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Bluesky(around(), **options)
