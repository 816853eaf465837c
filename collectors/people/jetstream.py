"""The wire of Jetstream, Bluesky's public stream of events as JSON over a WebSocket, v1 and v2.

Delivery is at least once: whoever resumes sees some events again, and drops them by their key.
Source: the pages of bluesky-social/jetstream and the lexicon `network.bsky.jetstream`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from random import uniform
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import tenacity
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from collectors.fields import table, text
from outage.errors import ConfigError, SourceError
from outage.interfaces import Surroundings
from outage.redacting import hide
from outage.slots import HOUR

POSTS: Final = "app.bsky.feed.post"
V2_TYPE: Final = "network.bsky.jetstream.subscribeEvents#"
OUTDATED: Final = "OutdatedCursor"
SUBPROTOCOL: Final = Subprotocol("xrpc.v1.json")
MICRO: Final = 1_000_000
REWIND: Final = 5 * MICRO
ATTEMPTS: Final = 5
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0
OPEN_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 60.0
FRAME_LIMIT: Final = 1 << 24  # far over a record's own limit: a frame over it would come again
UNREADABLE_IN_A_ROW: Final = 1_000
AHEAD_SECONDS: Final = HOUR

log = logging.getLogger(__name__)

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its time (microseconds since the epoch) and, of a new post, key and record.

    `lossy` says that the server left events out before it.
    """

    time: int
    key: Key | None = None
    record: Mapping[str, Any] | None = None
    lossy: bool = False


class Unreadable(ValueError):
    """A frame that is no event."""


class Broken(SourceError):
    """The connection ended, or could not be made: it is tried again."""


def parse_v1(frame: Mapping[str, Any]) -> Event:
    """Return the event of a v1 frame; raises Unreadable."""
    return _event(frame.get("time_us"), text(frame.get("did")), table(frame.get("commit")))


def parse_v2(frame: Mapping[str, Any]) -> Event:
    """Return the event of a v2 frame; raises Unreadable, and Broken for an error frame."""
    if frame.get("$type") == "error":
        raise Broken(f"the stream says {text(frame.get('error'))}: {text(frame.get('message'))}")
    payload = table(frame.get("payload"))
    kind = text(payload.get("$type")).removeprefix(V2_TYPE)
    if kind == "info":  # it bears no time; OutdatedCursor says that it begins later than asked
        return Event(0, lossy=text(payload.get("name")) == OUTDATED)
    commit = payload if kind == "commit" else {}
    return _event(_micro(payload.get("time")), text(payload.get("did")), commit)


def _event(time: Any, did: str, commit: Mapping[str, Any]) -> Event:
    if not isinstance(time, int) or isinstance(time, bool):
        raise Unreadable("it has no time")
    record = table(commit.get("record"))
    new = commit.get("operation") == "create" and commit.get("collection") == POSTS
    if not new or not isinstance(record.get("text"), str):
        return Event(time)
    return Event(time, (did, text(commit.get("rkey")), text(commit.get("rev"))), record)


def _micro(time: Any) -> int | None:
    try:
        moment = datetime.fromisoformat(text(time))
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * MICRO)


@dataclass(frozen=True, slots=True)
class Version:
    """How one version is asked and read."""

    path: str
    collections: str
    subprotocols: tuple[Subprotocol, ...]
    parse: Callable[[Mapping[str, Any]], Event]


VERSIONS: Final[Mapping[int, Version]] = {
    1: Version("/subscribe", "wantedCollections", (), parse_v1),
    2: Version(
        "/xrpc/network.bsky.jetstream.subscribeEvents", "collections", (SUBPROTOCOL,), parse_v2
    ),
}


class Jetstream:
    """A stream of events that is opened again, a little earlier, whenever it breaks off."""

    def __init__(self, surroundings: Surroundings, url: str, version: int) -> None:
        key = f"sources.{surroundings.source}.options"
        if version not in VERSIONS:
            raise ConfigError(f"{key}.version: {version!r} is none; use 1 or 2")
        if not _is_stream(url):
            raise ConfigError(f"{key}.url: {hide(url)!r} is no stream; write it like wss://host")
        self._around = surroundings
        self._url = url.rstrip("/")
        self._shown = _without_login(self._url)
        self._version = VERSIONS[version]

    def events(self, since: int) -> Generator[Event, None, None]:
        """Yield the events from `since` on (microseconds), some twice; raises SourceError.

        The stream never ends: whoever has enough closes the iterator.
        """
        cursor, vain = since, 0
        while True:
            before = cursor
            with ExitStack() as stack:
                connection = self._opened(stack, cursor - REWIND)
                try:
                    for event in self._read(connection):
                        cursor = max(cursor, event.time)
                        yield event
                except Broken as error:
                    vain = 0 if cursor > before else vain + 1
                    if vain >= ATTEMPTS:
                        raise
                    log.info("%s; it is resumed", error)
            jitter = uniform(0.5, 1.5)  # noqa: S311, nothing secret hangs on it
            self._around.sleep(min(FIRST_PAUSE * 2**vain, LONGEST_PAUSE) * jitter)

    def _opened(self, stack: ExitStack, cursor: int) -> ClientConnection:
        trying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Broken),
            wait=tenacity.wait_exponential_jitter(initial=1.0, max=LONGEST_PAUSE, jitter=1.0),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            sleep=self._around.sleep,
            reraise=True,
        )
        return trying(self._open, stack, cursor)

    def _open(self, stack: ExitStack, cursor: int) -> ClientConnection:
        query = urlencode({self._version.collections: POSTS, "cursor": cursor})
        try:
            return stack.enter_context(
                connect(
                    f"{self._url}{self._version.path}?{query}",
                    subprotocols=self._version.subprotocols or None,
                    open_timeout=OPEN_SECONDS,
                    close_timeout=CLOSE_SECONDS,
                    max_size=FRAME_LIMIT,
                )
            )
        except InvalidStatus as error:
            raise self._refused(error) from None
        except (OSError, WebSocketException) as error:
            raise Broken(f"{self._shown}: no connection ({hide(str(error))[:200]})") from None

    def _refused(self, error: InvalidStatus) -> SourceError:
        status = error.response.status_code
        said = (error.response.body or b"")[:200].decode("utf-8", "replace")
        told = f"{self._shown}: {status} ({hide(' '.join(said.split()))})"
        if status == 429 or status >= 500:
            return Broken(told)
        return SourceError(
            f"{told}; check url and version: version 2 has other addresses and names",
            permanent=True,
            status=status,
        )

    def _read(self, connection: ClientConnection) -> Iterator[Event]:
        faulty, in_a_row = 0, 0
        while True:
            frame = self._received(connection)
            try:
                event = self._version.parse(_document(frame))
                self._check_time(event)
            except Unreadable as error:
                faulty, in_a_row = faulty + 1, in_a_row + 1
                level = logging.WARNING if faulty == 1 else logging.DEBUG
                log.log(level, "%s: a frame was left out: %s: %.200r", self._shown, error, frame)
                if in_a_row >= UNREADABLE_IN_A_ROW:
                    raise self._changed(error) from None
            else:
                in_a_row = 0
                yield event

    def _received(self, connection: ClientConnection) -> str | bytes:
        try:
            return connection.recv(timeout=QUIET_SECONDS)
        except TimeoutError:
            raise Broken(f"{self._shown}: silent for {QUIET_SECONDS:.0f} s") from None
        except ConnectionClosed as error:
            raise Broken(f"{self._shown}: the connection was closed ({error})") from None

    def _check_time(self, event: Event) -> None:
        """Refuse a time to come: it would end every slot, and be resumed from."""
        if event.time > (self._around.clock() + AHEAD_SECONDS) * MICRO:
            raise Unreadable("its time is still to come")

    def _changed(self, error: Unreadable) -> SourceError:
        return SourceError(
            f"{self._shown}: {UNREADABLE_IN_A_ROW:,} frames in a row cannot be read ({error}); the"
            " source may have changed its format, or this clock is slow: see the log"
        )


def _is_stream(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"ws", "wss"} and bool(parts.hostname) and not parts.query
    except ValueError:
        return False


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return hide(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def _document(frame: str | bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(frame)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None
    if not isinstance(document, dict):
        raise Unreadable("it is no object")
    return document
