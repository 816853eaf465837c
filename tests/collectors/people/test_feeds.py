from __future__ import annotations

from pathlib import Path

import pytest

from collectors.boards import WHOLE
from collectors.people.azure import Azure
from collectors.people.feeds import Feeds, board, parse
from outage.errors import BadInput, SourceError
from outage.words import Sample
from tests.collectors.people.pages import (
    NOW,
    OPEN_TEXT,
    PLANNED_TEXT,
    SLOT,
    SOLVED_TEXT,
    around,
    atom,
    entry,
    levels,
)
from tests.collectors.servers import Answer, Notes, Request, Server, serving

FRESH = "2026-01-05T10:00:00Z"
OPEN = entry("e1", "DNS failures", OPEN_TEXT, FRESH)
SOLVED = entry("e1", "DNS failures", SOLVED_TEXT, "2026-01-05T10:04:00Z")
PLANNED = entry("e2", "Database work", PLANNED_TEXT, FRESH)
HOUR = 3_600

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Ex</title>
<item><guid>1</guid><title>Mail: degraded performance</title><category>Mail</category>
<description>Some mail is late.</description>
<pubDate>Mon, 05 Jan 2026 02:00:00 -0800</pubDate></item>
<item><guid>2</guid><title>[RESOLVED] Chat: major outage</title>
<description>Chat was down.</description>
<pubDate>Mon, 05 Jan 2026 09:00:00 GMT</pubDate></item>
</channel></rss>"""


def level(*entries: str, now: int = NOW) -> int | None:
    return board(parse(atom(*entries)), now, 24 * HOUR).level([WHOLE])


def read(server: Server, memory: Notes | None = None, now: int = NOW) -> list[Sample]:
    services = {"dns": ["*dns*"], "mail": ["mail*"]}
    feed = Feeds(around(memory, now), url=f"{server.url}/h.atom", service="ex", services=services)
    return list(feed.collect(SLOT - 600, SLOT))


def test_open_entries_become_levels_of_the_running_slot() -> None:
    with serving(lambda _: Answer(atom(OPEN, PLANNED))) as server:
        samples = read(server)
    assert server.paths == ["/h.atom"]
    assert levels(samples) == {"ex": 2, "dns": 2, "mail": 0}
    assert {(one.slot_start, one.known_at) for one in samples} == {(SLOT, NOW)}


def test_rss_times_have_zones_and_titles_say_what_is_over() -> None:
    feed = parse(RSS)
    assert [(one.names, one.level) for one in feed.entries] == [
        (("Mail: degraded performance", "Mail"), 1),
        (("[RESOLVED] Chat: major outage",), 0),
    ]
    assert feed.entries[0].updated == SLOT, "02:00 -0800 is 10:00 UTC, in any zone of the machine"


def test_an_entry_is_followed_by_its_id_through_its_rewriting() -> None:
    assert level(OPEN) == 2
    assert level(SOLVED) == 0
    assert level(OPEN, SOLVED) == level(SOLVED, OPEN) == 0
    assert level(OPEN.replace("e1", "e9"), SOLVED) == 2


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("API", "<b>Investigating</b> - A critical fault", 3),
        ("API", "<b>Update</b> - a major outage in one region", 3),
        ("API", "<b>Monitoring</b> - a fix is in place<p><b>Identified</b> - critical", 1),
        ("API", "We have not yet mitigated this. Errors persist.", 1),
        ("API", "The service will not be resolved before noon; it is unavailable", 2),
        ("API", "Engineers have mitigated the fault", 0),
        ("Front Door - Connectivity - Mitigated", "Outage of everything", 0),
        ("Scheduled maintenance", "Some services are down meanwhile", 0),
        ("Something", "", 1),
    ],
)
def test_words_say_how_bad_it_is_and_whether_it_is_over(
    title: str, text: str, expected: int
) -> None:
    assert level(entry("x", title, text, FRESH)) == expected


def test_what_nobody_writes_to_any_more_is_over_and_what_lies_ahead_has_not_begun() -> None:
    assert level(OPEN, now=NOW + 23 * HOUR) == 2
    assert level(OPEN, now=NOW + 25 * HOUR) == 0
    assert level(OPEN, now=NOW - 2 * HOUR) == 0


def test_an_unchanged_feed_is_not_sent_again_and_says_what_it_said() -> None:
    memory = Notes()
    validators = {"ETag": '"v1"', "Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"}

    def answer(request: Request) -> Answer:
        if request.headers.get("if-none-match") == '"v1"':
            return Answer(status=304, headers={"ETag": '"v1"'})
        return Answer(atom(OPEN), headers=validators)

    with serving(answer) as server:
        first, again = read(server, memory), read(server, memory, NOW + 120)
        later = read(server, memory, NOW + 200)
    asked = [one.headers.get("if-modified-since") for one in server.requests]
    assert asked == [None, validators["Last-Modified"], validators["Last-Modified"]]
    assert levels(first) == levels(again) == levels(later) == {"ex": 2, "dns": 2, "mail": 0}
    assert {one.known_at for one in again} == {NOW}


def test_another_address_is_asked_in_full() -> None:
    memory = Notes()
    with serving(lambda _: Answer(atom(OPEN), headers={"ETag": '"v1"'})) as server:
        read(server, memory)
        other = Feeds(around(memory), url=f"{server.url}/other.atom", service="ex")
        list(other.collect(SLOT - 600, SLOT))
    assert "if-none-match" not in server.requests[1].headers


def test_broken_xml_is_used_as_far_as_it_goes_but_proves_no_calm() -> None:
    memory = Notes()
    broken = atom(OPEN, "<entry><title>Mail", end="")
    calm = atom(SOLVED, "<entry><title>Mail", end="")
    assert parse(broken).cut
    answers = iter([broken, calm])
    with serving(lambda _: Answer(next(answers), headers={"ETag": "x"})) as server:
        assert levels(read(server, memory)) == {"ex": 2, "dns": 2}
        assert levels(read(server, memory, NOW + 100)) == {}
    assert "if-none-match" not in server.requests[1].headers, "a broken feed is asked for again"


@pytest.mark.parametrize("body", [b"", b"<html><body>Moved</body></html>", b'{"a": 1}'])
def test_what_is_no_feed_is_a_fault_and_not_calm(body: bytes) -> None:
    with pytest.raises(BadInput, match="neither RSS nor Atom"):
        parse(body)
    with (
        serving(lambda _: Answer(body)) as server,
        pytest.raises(SourceError, match="cannot be read"),
    ):
        read(server)


def test_a_304_that_was_not_asked_for_is_a_fault() -> None:
    with serving(lambda _: Answer(status=304)) as server, pytest.raises(SourceError):
        read(server)


def test_a_declared_encoding_that_is_wrong_does_no_harm() -> None:
    body = atom(OPEN).replace(b"UTF-8", b"us-ascii").replace(b"DNS fail", "DNS f\u00fcr".encode())
    feed = parse(body)
    assert (feed.cut, len(feed.entries)) == (False, 1)


def test_azure_without_items_is_well() -> None:
    empty = b'<rss version="2.0"><channel><title>Azure Status</title></channel></rss>'
    answers = iter([empty, RSS])
    with serving(lambda _: Answer(next(answers))) as server:
        told = []
        for now in (NOW, NOW + 60):
            page = Azure(
                around(now=now),
                url=f"{server.url}/feed/",
                service="azure",
                services={"m": ["mail"]},
            )
            told.append(levels(list(page.collect(SLOT - 600, SLOT))))
    assert told == [{"azure": 0, "m": 0}, {"azure": 1, "m": 1}]
    assert server.paths == ["/feed/", "/feed/"], "the address is asked as it is given"


def test_nothing_is_fetched_for_the_past(tmp_path: Path) -> None:
    feed = Feeds(around(), url=f"http://127.0.0.1:9/{tmp_path.name}", service="ex")
    assert list(feed.collect(SLOT - 86_400, SLOT - 43_200)) == []
