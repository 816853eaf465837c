"""A local X: `/2/tweets/counts/*` in the documented form, with its traps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from outage.slots import DAY, format_time, parse_time
from tests.collectors.servers import Answer, Request

TOKEN = "AAAA%2Fbearer+0123456789="


MODERN = parse_time("2020-01-01T00:00:00Z")


def count(query: str, minute: int) -> int:
    """Return how many posts matched in the minute that starts there: often none.

    Long ago people posted on the full hour only, so that tests over years are quick.
    """
    if minute < MODERN and minute % 3600:
        return 0
    return max(crc32(f"{query}|{minute}".encode()) % 9 - 3, 0)


def total(queries: Sequence[str], since: int, seconds: int = 600) -> float:
    """Return how many posts matched in a slot."""
    return float(
        sum(count(query, at) for query in queries for at in range(since, since + seconds, 60))
    )


@dataclass
class FakeX:
    """Answers counts; pages come newest first and hold `page_days`; zero minutes may be left out.

    `first` are answers to give before anything else; what `spoil` returns for a query and a
    minute is put into its bucket.
    """

    page_days: int = 31
    spelling: str = "tweet_count"
    leave_out_zeros: bool = False
    empty_page: bool = False
    first: list[Answer] = field(default_factory=list)
    refuse: Callable[[Request], Answer | None] = lambda _: None
    spoil: Callable[[str, int], dict[str, Any] | None] = lambda _query, _minute: None
    extra: dict[str, Any] = field(default_factory=dict)

    def __call__(self, request: Request) -> Answer:
        if self.first:
            return self.first.pop(0)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer({"title": "Unauthorized", "status": 401}, 401)
        if refused := self.refuse(request):
            return refused
        since, until = parse_time(request.one("start_time")), parse_time(request.one("end_time"))
        token = request.one("next_token")
        until = int(token.removeprefix("t").removesuffix("e")) if token else until
        if self.empty_page and not token:
            meta = {f"total_{self.spelling}": 0, "next_token": f"t{until}e"}
            return Answer({"data": [], "meta": meta})
        start = max(since, until - self.page_days * DAY)
        return Answer(self._page(request.one("query"), start, until, more=start > since))

    def _page(self, query: str, since: int, until: int, *, more: bool) -> dict[str, Any]:
        step = 3600 if self.leave_out_zeros and until < MODERN else 60
        start = since + -since % step
        data = [one for at in range(start, until, step) for one in self._bucket(query, at)]
        counts = [one.get(self.spelling) for one in data]
        meta: dict[str, Any] = {
            f"total_{self.spelling}": sum(one for one in counts if isinstance(one, int))
        }
        if more:
            meta["next_token"] = f"t{since}"
        return {**({"data": data} if data else {}), "meta": meta, **self.extra}

    def _bucket(self, query: str, at: int) -> list[dict[str, Any]]:
        spoilt = self.spoil(query, at)
        number = count(query, at)
        if spoilt is None and self.leave_out_zeros and not number:
            return []
        times = {"start": stamp(at), "end": stamp(at + 60)}
        return [{**times, self.spelling: number, **(spoilt or {})}]


def stamp(moment: int) -> str:
    """Return a time as X writes it."""
    return str(format_time(moment)).replace("Z", ".000Z")
