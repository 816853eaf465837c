"""AWS's public health board: current events by service and region."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from collectors.boards import (
    CRITICAL,
    MINOR,
    NONE,
    WHOLE,
    Board,
    Page,
    worst,
)
from collectors.fields import all_listed, number, text
from outage.errors import BadInput
from outage.interfaces import Surroundings

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF16_LE, "utf-16"),
)


class AwsHealth(Page):
    """Reads AWS's public board of current events as `status_level`.

    `service` is the subject of the whole board, `services` maps subjects to names or patterns of
    services with their region (`{ netflix = ["lambda-us-east-1", "dynamodb-*"] }`).
    """

    limits = "undocumented; once a minute is polite"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str = "https://health.aws.amazon.com",
        service: str | None = None,
        services: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(surroundings, url, service, services)

    def _board(self) -> Board:
        answer = self._http.get("/public/currentevents")
        return self._http.read(answer, lambda body: parse(decode(body)))


def decode(body: bytes) -> Any:
    """Return the JSON of a body by its byte order mark, whatever its header claims (BadInput)."""
    encoding = next((name for mark, name in MARKS if body.startswith(mark)), _unmarked(body))
    try:
        return json.loads(body.decode(encoding))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"is no JSON in {encoding}: {error}") from error


def _unmarked(body: bytes) -> str:
    """Guess as RFC 4627 does: JSON begins with an ASCII character."""
    if body[:1] == b"\0":
        return "utf-16-be"
    return "utf-16-le" if body[1:2] == b"\0" else "utf-8"


def parse(payload: Any) -> Board:
    """Return what `/public/currentevents` says; raises BadInput if it is no list.

    Status 0 is over; 1, 2 and 3 are taken as levels, more as 3, and one that is no number as 1:
    sources disagree about the scale. A part is a service with its region, such as s3-us-east-1.
    """
    parts: dict[str, int] = {WHOLE: NONE}
    for event in all_listed(payload, "the list of current events", "service"):
        level = _level(event)
        for name in {WHOLE, text(event.get("service"))}:
            worst(parts, name, level)
    return Board(parts, otherwise=NONE)


def _level(event: Mapping[str, Any]) -> int:
    status = number(event.get("status"))
    return MINOR if status is None or status < 0 else min(int(status), CRITICAL)
