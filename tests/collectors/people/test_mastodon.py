"""Mastodon over the real client: paging, limits, who may ask, and what the text is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from collectors.people import mastodon
from collectors.people.mastodon import Mastodon
from outage.errors import ConfigError, SourceError
from outage.interfaces import Surroundings
from outage.slots import format_time
from tests.collectors.people.test_bluesky import WATCHED, Words
from tests.collectors.servers import Answer, Request, Server, Time, serving, surroundings

NOW = 1_790_000_400
SLOT = 600
START = NOW - 1_200
END = NOW
TAGS = {"whatsapp": ["whatsapp", "#whatsappdown"], "telegram": ["telegram"]}


def status(
    moment: int, text: str, tag: str, *, n: int = 0, language: str | None = "en", **others: Any
) -> dict[str, Any]:
    """Return a status as an instance shows it; `n` makes it another of the same moment."""
    number = str((moment * 1000 << 16) + n)
    return {
        "id": number,
        "uri": f"https://other.example/users/a/statuses/{number}",
        "created_at": format_time(moment).replace("Z", ".000Z"),  # type: ignore[union-attr]
        "content": f'<p>{text} <a href="#">#<span>{tag}</span></a></p>',
        "language": language,
        "account": {"id": "1", "acct": "a"},
        "tags": [{"name": tag, "url": "https://made.example/tags/x"}],
        "reblog": None,
    } | others


@dataclass
class Instance:
    """Answers as an instance does: newest first, the next page in a Link header."""

    statuses: list[dict[str, Any]]
    found: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    page: int = 3
    linked: bool = True

    def __call__(self, request: Request) -> Answer:
        if request.path.startswith("/api/v2/instance"):  # the client asks for the version
            return Answer({"error": "Not found"}, 404)
        if self.refusals:
            return self.refusals.pop(0)
        if request.path == "/api/v2/search":
            if request.headers.get("authorization") != "Bearer key-of-a":
                return Answer({"error": "The access token is invalid"}, 401)
            wanted = request.one("q")
            statuses = [one for one in self.found if one["tags"][0]["name"] == wanted]
            return Answer({"accounts": [], "statuses": statuses, "hashtags": []})
        tag = request.path.removeprefix("/api/v1/timelines/tag/")
        before = int(request.one("max_id", str(1 << 80)))
        mine = [one for one in self.statuses if one["tags"][0]["name"] == tag]
        mine = sorted(mine, key=lambda one: -int(one["id"]))
        shown = [one for one in mine if int(one["id"]) < before][: self.page]
        reset = format_time(NOW + 100)
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "9"}
        headers["X-RateLimit-Reset"] = str(reset).replace("Z", ".000Z")
        if shown and self.linked:
            where = f"http://{request.headers['host']}{request.path}"
            oldest, newest = shown[-1]["id"], shown[0]["id"]
            headers["Link"] = (
                f'<{where}?max_id={oldest}>; rel="next", <{where}?min_id={newest}>; rel="prev"'
            )
        return Answer(shown, headers=headers)


STATUSES = [
    status(START + 30, "is down", "whatsapp"),
    status(START + 30, "is down", "whatsapp", n=1),
    status(START + 599, "hello", "whatsapp"),
    status(START + 600, "why down", "whatsapp", language=None),
    status(END, "down, but too new", "whatsapp"),
    *[status(START - 60 * n, "down long ago", "whatsapp") for n in range(1, 9)],
    status(START + 700, "whatsapp", "telegram"),
]
COUNTS = {
    ("whatsapp", "posts"): [3, 2],
    ("whatsapp", "error_posts"): [2, 1],
    ("telegram", "posts"): [0, 1],
    ("telegram", "error_posts"): [0, 0],
}


def around(time: Time | None = None) -> Surroundings:
    time = time or Time(NOW + 30)
    return surroundings("masto", time=time, matcher=Words, watched=WATCHED)


def counted(
    server: Server, given: Surroundings | None = None, tags: Any = TAGS, **options: Any
) -> dict[tuple[str, str], list[float | None]]:
    collector = Mastodon(given or around(), url=server.url, tags=tags, **options)
    found: dict[tuple[str, str], list[float | None]] = {}
    for one in collector.collect(START, END):
        slots = found.setdefault((one.series.subject, one.series.signal), [None, None])
        slots[(one.slot_start - START) // SLOT] = one.value
    return found


def test_posts_are_counted_by_paging_back_to_the_window_and_little_further() -> None:
    with serving(Instance(STATUSES)) as server:
        assert counted(server) == COUNTS
    pages = [one for one in server.requests if one.path.endswith("/tag/whatsapp")]
    assert len(pages) == 3  # of five
    timelines = {path for path in server.paths if "timelines" in path}
    assert {path.rsplit("/")[-1] for path in timelines} == {"whatsapp", "whatsappdown", "telegram"}


def test_a_post_under_two_hashtags_counts_once() -> None:
    twice = STATUSES[0] | {"tags": [{"name": "whatsappdown"}], "id": "7"}
    with serving(Instance([*STATUSES, twice])) as server:
        assert counted(server) == COUNTS


def test_a_shared_post_is_no_post() -> None:
    shared = status(START + 10, "is down", "whatsapp", n=5, reblog=STATUSES[0])
    with serving(Instance([*STATUSES, shared])) as server:
        assert counted(server) == COUNTS


def test_what_the_pages_do_not_reach_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon, "PAGES", 1)
    with serving(Instance(STATUSES, page=2)) as server:
        assert counted(server)["whatsapp", "posts"] == [None, 2]


def test_a_post_that_was_dated_back_hides_none_that_came_after_it() -> None:
    old = status(END - 1, "from the archive", "whatsapp", created_at="2019-01-01T00:00:00.000Z")
    with serving(Instance([*STATUSES, old])) as server:
        assert counted(server) == COUNTS


def test_a_full_page_that_names_no_next_one_is_not_all_there_is() -> None:
    many = [status(END - 1 - 10 * n, "down", "whatsapp") for n in range(90)]
    with serving(Instance(many, page=40, linked=False)) as server:
        found = counted(server)
    assert ("whatsapp", "posts") not in found
    assert found["telegram", "posts"] == [0, 0]


def test_a_warning_counts_and_what_is_missing_harms_nothing() -> None:
    warned = status(START + 40, "…", "whatsapp", n=6, spoiler_text="whatsapp is down")
    bare = status(START + 41, "", "whatsapp", n=7, content=None, reblog=None)
    for key in ("reblog", "language", "uri"):
        del bare[key]
    with serving(Instance([*STATUSES, warned, bare])) as server:
        found = counted(server)
    assert found["whatsapp", "error_posts"] == [3, 1]
    assert found["whatsapp", "posts"] == [4, 2]


def test_search_adds_what_the_index_finds() -> None:
    found = [STATUSES[0], status(START + 5, "whatsapp is down", "whatsapp", n=8)]
    with serving(Instance(STATUSES, found)) as server:
        options = {"search": True, "token": "key-of-a"}
        assert counted(server, **options)["whatsapp", "error_posts"] == [3, 1]
        with pytest.raises(SourceError, match="401") as fault:
            counted(server, search=True, token="key-of-b")
    assert fault.value.permanent
    assert "key-of-b" not in str(fault.value)


def test_an_instance_that_is_closed_is_named() -> None:
    refused = Answer({"error": "The access token is invalid"}, 401)
    with (
        serving(Instance([], refusals=[refused])) as server,
        pytest.raises(SourceError, match=r"401 .*access token is invalid") as fault,
    ):
        counted(server)
    assert fault.value.permanent


@pytest.mark.parametrize("reset", ["2026-09-21T14:20:50.000Z", str(NOW + 50)])
def test_the_limit_is_waited_for_whichever_way_it_is_written(reset: str) -> None:
    time = Time(NOW + 30)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    busy = Answer({"error": "Too many requests"}, 429, headers)
    with serving(Instance(STATUSES, refusals=[busy])) as server:
        assert counted(server, around(time)) == COUNTS
    assert 19 <= sum(time.slept) <= 25


def test_what_is_no_instance_is_a_fault_not_a_zero() -> None:
    def answer(_: Request) -> Answer:
        return Answer("<html>It works!</html>")

    with serving(answer) as server, pytest.raises(SourceError, match="is it a Mastodon instance"):
        counted(server)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>A &lt;b&gt; &amp; c</p>", "A <b> & c"),
        ("<p>one<br />two</p><p>three</p>", "one\ntwo\nthree"),
        ('<p><a href="x">#<span>tag</span></a> down', "#tag down"),
        ("", ""),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert mastodon.plain(html) == text


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"whatsapp": "whatsapp"},
        {"whatsapp": []},
        {"whatsapp": ["two words"]},
        {"whatsapp": ["2026"]},
        {"whatsap": ["whatsapp"]},
        {"nameless": ["nameless"]},
    ],
)
def test_wrong_hashtags_are_named(tags: dict[str, Sequence[str]]) -> None:
    with pytest.raises(ConfigError, match=r"sources\.masto\.options\.tags"):
        Mastodon(around(), url="http://127.0.0.1:1", tags=tags)


def test_a_subject_that_would_match_nothing_is_not_zero_for_ever() -> None:
    with pytest.raises(ConfigError, match=r"tags\.whatsap: .*did you mean whatsapp\?"):
        Mastodon(around(), url="http://127.0.0.1:1", tags={"whatsap": ["whatsapp"]})


def test_a_hashtag_may_begin_with_a_digit() -> None:
    with serving(Instance([status(START, "whatsapp", "3down")])) as server:
        assert counted(server, tags={"whatsapp": ["3down"]})["whatsapp", "posts"] == [1, 0]
