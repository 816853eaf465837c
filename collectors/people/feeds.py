"""Status pages as RSS or Atom feeds, read by feedparser."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from collectors.boards import (
    CRITICAL,
    MAJOR,
    MINOR,
    NONE,
    WHOLE,
    Board,
    Page,
    maintenance,
    worst,
)
from outage.errors import BadInput
from outage.interfaces import Surroundings

OVER: Final = "resolved|mitigated|completed|postmortem|recovered|restored|closed"
OPEN: Final = "investigating|identified|monitoring|update|verifying|in progress|active"
PLANNED: Final = "scheduled|maintenance|planned"
NOT_YET: Final = r"(?<!not )(?<!not yet )(?<!not been )(?<!not fully )(?<!be )(?<!until )"
CLEARED: Final = re.compile(rf"{NOT_YET}\b({OVER})\b", re.IGNORECASE)
STATE: Final = re.compile(rf"{NOT_YET}\b({OVER})\b|\b({OPEN}|{PLANNED})\b", re.IGNORECASE)
ANNOUNCED: Final = re.compile(rf"\b({PLANNED})\b", re.IGNORECASE)
WORDS: Final = (
    (CRITICAL, re.compile(r"\b(critical|widespread|(major|complete|full|global) outage)\b", re.I)),
    (MAJOR, re.compile(r"\b(major|outage|unavailable|down|disruption)\b", re.I)),
)
HEADING: Final = re.compile(r"<(strong|b)\b[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
FEED: Final = "feed"
TAG: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry of a feed says now: whom it names, how bad it is, when it was last written."""

    names: tuple[str, ...]
    level: int
    updated: int | None


@dataclass(frozen=True, slots=True)
class Feed:
    """The entries of a feed, each once; `cut` where the document is broken and may lack some."""

    entries: tuple[Entry, ...]
    cut: bool


class Feeds(Page):
    """Reads a status page's RSS or Atom feed as `status_level`.

    `url` is the feed's address; `service` the subject of all its entries, `services` maps subjects
    to patterns of titles or tags (`{ dns = ["*dns*"] }`). An entry that says neither how it stands
    nor how bad it is counts as 1; one not written to for `open_hours` is over.
    """

    needs: tuple[str, ...] = ("url",)
    limits = "none published; once a minute is polite, and an unchanged feed is not sent again"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str,
        service: str | None = None,
        services: Mapping[str, Sequence[str]] | None = None,
        open_hours: float = 24.0,
        maintenance_level: int = NONE,
    ) -> None:
        super().__init__(surroundings, url, service, services)
        self._maintenance = maintenance(surroundings.source, maintenance_level)
        self._open_seconds = int(open_hours * 3_600)
        self._url = url

    def _board(self) -> Board:
        return board(self._feed(), self._around.clock(), self._open_seconds)

    def _feed(self) -> Feed:
        """Return the feed, as it was if the source says that it has not changed."""
        kept = json.loads(self._around.memory.get(FEED) or "{}")
        kept = kept if kept.get("url") == self._url else {}
        answer = self._http.get(self._url, headers=kept.get("validators"))
        if answer.status_code == 304 and kept:
            return _recalled(kept)
        feed = self._http.read(answer, partial(parse, maintenance_level=self._maintenance))
        self._around.memory.put(FEED, json.dumps({"url": self._url, **_kept(feed, answer.headers)}))
        return feed


def _kept(feed: Feed, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return what is kept of a feed; a broken one is asked for in full the next time."""
    pairs = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
    validators = {ask: headers[told] for ask, told in pairs if told in headers and not feed.cut}
    return {"validators": validators, **asdict(feed)}


def _recalled(kept: Mapping[str, Any]) -> Feed:
    entries = (Entry(tuple(one["names"]), one["level"], one["updated"]) for one in kept["entries"])
    return Feed(tuple(entries), kept["cut"])


def parse(body: bytes, maintenance_level: int = NONE) -> Feed:
    """Return the entries of an RSS or Atom document; raises BadInput if it is neither.

    An entry is known by its id, and of two with one id the later written counts: entries are
    rewritten as an incident goes on. Broken XML is used as far as it was understood.
    """
    import feedparser

    found = feedparser.parse(body)
    if not found.get("version") and not found.entries:
        raise BadInput(f"is neither RSS nor Atom ({found.get('bozo_exception', 'no feed in it')})")
    latest: dict[str, Any] = {}
    for place, entry in enumerate(found.entries):
        key = entry.get("id") or entry.get("link") or f"{place}"
        if key not in latest or (_updated(entry) or 0) > (_updated(latest[key]) or 0):
            latest[key] = entry
    told = [one for one in latest.values() if one.get("title") or _body(one)]
    entries = tuple(_entry(one, maintenance_level) for one in told)
    return Feed(entries, cut=bool(found.bozo) and not _harmless(found.get("bozo_exception")))


def board(feed: Feed, now: int, open_seconds: int) -> Board:
    """Return what the feed says at `now`; an entry not written to for `open_seconds` is over."""
    parts: dict[str, int] = {WHOLE: NONE}
    for entry in feed.entries:
        if entry.level and _current(entry, now, open_seconds):
            for name in (WHOLE, *entry.names):
                worst(parts, name, entry.level)
    return Board(parts, otherwise=NONE, cut=feed.cut)


def _current(entry: Entry, now: int, open_seconds: int) -> bool:
    return entry.updated is None or now - open_seconds <= entry.updated <= now + 3_600


def _entry(entry: Any, maintenance_level: int) -> Entry:
    title, body = entry.get("title", ""), _body(entry)
    terms = [tag.get("term") or "" for tag in entry.get("tags", ())]
    names = tuple(dict.fromkeys(name for name in (title, *terms) if name.strip()))
    return Entry(names, _level(title, body, maintenance_level), _updated(entry))


def _body(entry: Any) -> str:
    contents = [one.get("value") or "" for one in entry.get("content", ())]
    return max([*contents, entry.get("summary") or ""], key=len)


def _updated(entry: Any) -> int | None:
    """Return when an entry was last written; feedparser's times are UTC, so never mktime."""
    times = (dict.get(entry, f"{key}_parsed") for key in ("updated", "published", "created"))
    return next((calendar.timegm(time) for time in times if time), None)


def _level(title: str, body: str, maintenance_level: int) -> int:
    """Return how bad an entry is: its newest state comes first, by custom."""
    plain = TAG.sub(" ", body)
    headings = (STATE.search(TAG.sub(" ", match[2])) for match in HEADING.finditer(body))
    state = next((found for found in headings if found), None) or STATE.search(plain)
    said = state[0] if state else ""
    if CLEARED.search(title) or CLEARED.fullmatch(said):
        return NONE
    if ANNOUNCED.search(title) or ANNOUNCED.fullmatch(said):
        return maintenance_level
    newest = f"{title} {_newest(plain)}"
    return next((level for level, words in WORDS if words.search(newest)), MINOR)


def _newest(plain: str) -> str:
    """Return the text up to the second state: what the newest update says."""
    states = list(STATE.finditer(plain))
    return plain[: states[1].start()] if len(states) > 1 else plain


def _harmless(fault: object) -> bool:
    from feedparser.exceptions import CharacterEncodingOverride, NonXMLContentType

    return isinstance(fault, CharacterEncodingOverride | NonXMLContentType)
