"""Local servers for the tests of collectors: real connections, answers as the test writes them.

def answer(request: Request) -> Answer:
    return Answer({"data": []}) if "since" in request.query else Answer(status=503)

with serving(answer) as server:
    Http(surroundings(), server.url).get_json("/things", {"since": "1"})
assert server.requests[0].path == "/things"
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

from outage.interfaces import PostMatcher, Surroundings, Watched
from outage.words import SubjectKind


@dataclass(frozen=True)
class Request:
    """What a client asked; header names in small letters, the values of `query` in lists."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, otherwise: str = "") -> str:
        """Return the only value of a parameter."""
        (value,) = self.query.get(name, [otherwise])
        return value


@dataclass(frozen=True)
class Answer:
    """What the server answers: bytes and text as they are, all else as JSON.

    `cut` announces that many bytes more than are sent; then the connection ends. `drip` is the
    number of seconds between two bytes.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    drip: float = 0.0

    def raw(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


@dataclass
class Server:
    """A running server: its address, and what it was asked so far."""

    url: str
    requests: list[Request] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """Return the paths asked for, in order."""
        return [one.path for one in self.requests]


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[Server]:
    """Run a server on a free port of the loopback; each request has a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for the client's word

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = parse_qs(parts.query, keep_blank_values=True)
            request = Request(self.command, parts.path, query, headers, body)
            server.requests.append(request)
            self._send(answer(request))

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle  # noqa: N815, as the base names them

        def _send(self, reply: Answer) -> None:
            raw = reply.raw()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw) + reply.cut))
            self.end_headers()
            self._write(raw, reply.drip)
            self.close_connection = self.close_connection or bool(reply.cut)

        def _write(self, raw: bytes, drip: float) -> None:
            for at in range(0, len(raw) if drip else 0):
                self.wfile.write(raw[at : at + 1])
                sleep(drip)
            self.wfile.write(b"" if drip else raw)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing: clients that hang up are part of the tests."""

    http = Quiet(("127.0.0.1", 0), Handler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class Notes(dict[str, str]):
    """A memory that forgets when the test ends."""

    def put(self, key: str, text: str) -> None:
        """Keep a text."""
        self[key] = text

    def swap(self, key: str, before: str | None, text: str) -> bool:
        """Keep a text if what is kept is still `before`."""
        if self.get(key) != before:
            return False
        self[key] = text
        return True


class Time:
    """A clock that stands still until someone sleeps."""

    def __init__(self, now: int) -> None:
        self.now: float = now
        self.slept: list[float] = []

    def clock(self) -> int:
        """Return the moment, epoch seconds."""
        return int(self.now)

    def sleep(self, seconds: float) -> None:
        """Let that much time pass, at once."""
        self.slept.append(seconds)
        self.now += seconds


def no_matcher() -> PostMatcher:
    """Refuse: the test did not expect posts to be matched."""
    raise NotImplementedError


def watching(*slugs: str) -> tuple[Watched, ...]:
    """Return services of these slugs, as the catalogue has them."""
    return tuple(Watched(slug, SubjectKind.SERVICE, slug.title()) for slug in slugs)


def surroundings(
    source: str = "made",
    *,
    now: int = 1_790_000_000,
    time: Time | None = None,
    memory: Notes | None = None,
    watched: Sequence[Watched] = (),
    matcher: Callable[[], PostMatcher] = no_matcher,
    **others: Any,
) -> Surroundings:
    """Return what a collector is given, with a time that passes only by sleeping."""
    time = time or Time(now)
    return Surroundings(
        source=source,
        memory=Notes() if memory is None else memory,
        clock=time.clock,
        sleep=time.sleep,
        matcher=matcher,
        watched=watched,
        **others,
    )
