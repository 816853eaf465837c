"""A local Jetstream: replays its events from the cursor on, as both versions do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as Handshake
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

MICRO = 1_000_000
POSTS = "app.bsky.feed.post"
V2_PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"


def post(moment: float, text: str, *, n: int = 0, langs: Sequence[str] = ("en",)) -> dict[str, Any]:
    """Return a v1 frame of a new post; `n` tells apart those of one moment."""
    record = {"text": text, "createdAt": "1999-01-01T00:00:00Z", "langs": list(langs)}
    key = f"{moment:.6f}-{n}"
    return frame(moment, operation="create", rkey=key, rev=key, cid="bafy", record=record)


def frame(moment: float, **commit: Any) -> dict[str, Any]:
    """Return a v1 frame of a commit."""
    return {
        "did": "did:plc:x",
        "time_us": round(moment * MICRO),
        "kind": "commit",
        "commit": {"collection": POSTS, **commit},
    }


def as_v2(one: dict[str, Any], seq: int) -> dict[str, Any]:
    """Return the v2 frame of a v1 frame."""
    moment = datetime.fromtimestamp(one["time_us"] / MICRO, UTC)
    kind = one["kind"]
    return {
        "$type": "message",
        "payload": {
            "$type": f"network.bsky.jetstream.subscribeEvents#{kind}",
            "seq": seq,
            "did": one["did"],
            "time": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            **one.get("commit", {}),
        },
    }


@dataclass
class Stream:
    """What the server replays, how it misbehaves, and what it was asked.

    `cuts` are after how many frames each connection in turn breaks off; `oldest` is how far back
    it keeps (older cursors are clamped, silently), `pause` the seconds between frames; a text
    among the frames is sent as it is.
    """

    frames: list[Any]
    version: int = 2
    cuts: list[int] = field(default_factory=list)
    refusals: list[HTTPStatus] = field(default_factory=list)
    oldest: int = 0
    pause: float = 0.0
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    url: str = ""

    def handshake(self, connection: ServerConnection, request: Handshake) -> Response | None:
        """Refuse as the real ones do: wrong paths, names of the other version, limits."""
        parts = urlsplit(request.path)
        query = parse_qs(parts.query)
        self.asked.append(query)
        if self.refusals:
            return connection.respond(self.refusals.pop(0), '{"error":"RateLimitExceeded"}')
        if parts.path != (V2_PATH if self.version == 2 else "/subscribe"):
            return connection.respond(HTTPStatus.NOT_FOUND, "no such path")
        if self.version == 2 and "wantedCollections" in query:
            return connection.respond(HTTPStatus.BAD_REQUEST, '{"error":"InvalidRequest"}')
        return None

    def replay(self, connection: ServerConnection) -> None:
        """Send what the cursor includes; then stay silent, as a stream at its end."""
        assert connection.request is not None
        cursor = int(parse_qs(urlsplit(connection.request.path).query)["cursor"][0])
        cut = self.cuts.pop(0) if self.cuts else None
        with suppress(ConnectionClosed):
            for sent, one in enumerate(self._from(max(cursor, self.oldest))):
                if sent == cut:
                    return
                connection.send(one if isinstance(one, str) else json.dumps(one))
                if self.pause:
                    time.sleep(self.pause)
            connection.recv(timeout=5)  # silent, as a stream at its end, until the client leaves

    def _from(self, cursor: int) -> Iterator[Any]:
        for seq, one in enumerate(self.frames):
            if isinstance(one, str) or one.get("$type"):
                yield one
            elif one["time_us"] >= cursor:
                yield as_v2(one, seq) if self.version == 2 else one


@contextmanager
def streaming(stream: Stream) -> Iterator[Stream]:
    """Run the stream on a free port of the loopback."""
    subprotocols = ["xrpc.v1.json"] if stream.version == 2 else None
    with serve(
        stream.replay,
        "127.0.0.1",
        0,
        process_request=stream.handshake,
        subprotocols=subprotocols,  # type: ignore[arg-type]
    ) as server:
        host, port = server.socket.getsockname()
        stream.url = f"ws://{host}:{port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield stream
        finally:
            server.shutdown()
            thread.join()
