"""Downdetector's enterprise API: user reports by company."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from collectors.fields import listed, moment, number
from collectors.networks import enough_lag
from collectors.people.downdetector_api import COST, LIMITS, URL, Api
from collectors.subjects import watched_subject
from outage.errors import ConfigError
from outage.interfaces import Surroundings
from outage.slots import floor_slot, format_time
from outage.words import Sample, Series

SLOT: Final = 900
WINDOW: Final = 7 * 86_400
COMPONENTS: Final = ("indicators", "other", "tweets")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The reports of a quarter of an hour: all, and what they are made of as far as it is told."""

    start: int
    total: float
    parts: Mapping[str, float]


class Downdetector:
    """Reads user reports, 15 minutes a slot, from Downdetector's enterprise API.

    `slugs` maps subjects to the companies' slugs there (`{ whatsapp = "whatsapp" }`). Give
    `client_id` and `client_secret`, or a long-lived `token`. `components = false` leaves out what
    the reports are made of (categories indicators, other, tweets). A slot fills for a while after
    its end: `lag_seconds` must be 900 or more.
    """

    needs = ("slugs",)
    cost = COST
    limits = LIMITS

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        slugs: Mapping[str, str],
        client_id: str | None = None,
        client_secret: str | None = None,
        token: str | None = None,
        url: str = URL,
        components: bool = True,
    ) -> None:
        if not slugs:
            where = f"sources.{surroundings.source}.options.slugs"
            raise ConfigError(f'{where}: is empty; write {{ SUBJECT = "company" }}')
        enough_lag(surroundings, SLOT, "the newest slot may still be filling")
        self._around = surroundings
        self._slugs = {
            watched_subject(surroundings, "slugs", one).slug: slug for one, slug in slugs.items()
        }
        self._components = components
        self._api = Api(surroundings, url, client_id, client_secret, token)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the reports of the slots that end in `(since, until]`; raises SourceError."""
        if floor_slot(until, SLOT) <= since:
            return  # no slot ends in the window
        for subject, slug in self._slugs.items():
            for first in range(since, until, WINDOW):
                last = min(first + WINDOW, until)
                for bucket in self._settled(slug, first, last):
                    yield from self._samples(subject, bucket)

    def _settled(self, slug: str, since: int, until: int) -> Iterator[Bucket]:
        """Yield the buckets that end in the window; the newest there is may still be filling."""
        now = self._around.clock()
        for bucket in self._buckets(slug, since - SLOT, min(until + SLOT, floor_slot(now, 60))):
            end = bucket.start + SLOT
            if since < end <= until and end + SLOT <= now:
                yield bucket

    def _buckets(self, slug: str, since: int, until: int) -> list[Bucket]:
        """Return the buckets that begin in a window, each once, whatever page it stands on."""
        params = {
            "interval": "15m",
            "startdate": format_time(since),
            "enddate": format_time(until),
        }
        found: dict[int, Bucket] = {}
        for answer in self._api.pages(f"/slugs/{slug}/reports", params):
            read = self._api.http.read(answer, lambda body: parse(json.loads(body)))
            found.update({bucket.start: bucket for bucket in read})
        return [found[start] for start in sorted(found)]

    def _samples(self, subject: str, bucket: Bucket) -> Iterator[Sample]:
        parts = bucket.parts if self._components else {}
        for category, value in {"": bucket.total, **parts}.items():
            series = Series(subject, "user_reports", category, "", self._around.source, SLOT)
            known_at = bucket.start + SLOT + self._around.lag_seconds
            yield Sample(series, bucket.start, value, known_at)


def parse(payload: Any) -> list[Bucket]:
    """Return the buckets of a page of reports; raises BadInput if it is no list.

    A total that is missing is the sum of its parts; a bucket with neither, or off the grid of
    quarters of an hour, is left out.
    """
    buckets = []
    for row in listed(payload, "the list of reports"):
        start, total = moment(row.get("point_in_time")), _count(row.get("total"))
        counts = {name: _count(row.get(name)) for name in COMPONENTS}
        parts = {name: count for name, count in counts.items() if count is not None}
        if total is None and parts:
            total = sum(parts.values())
        if start is not None and start % SLOT == 0 and total is not None:
            buckets.append(Bucket(start, total, parts))
    return buckets


def _count(value: Any) -> float | None:
    found = number(value)
    return None if found is None or found < 0 else found
