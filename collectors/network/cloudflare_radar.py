"""Cloudflare Radar: outages that people have noted down, and anomalies of traffic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from collectors.boards import CRITICAL, MAJOR, MINOR, NONE, Board, Watch, is_now, worst
from collectors.fields import all_listed, moment, rows, table, text
from collectors.http import Http
from collectors.networks import asn, country_codes, operator_asns, somebody
from outage.errors import BadInput, SourceError
from outage.interfaces import Surroundings
from outage.words import Sample

PAGE: Final = 100
PAGES: Final = 100


class CloudflareRadar:
    """Reads Cloudflare Radar's outages and traffic anomalies as `status_level` of operators.

    Of operators with `asns`, and of the subjects that `countries` maps to codes. An outage noted
    down by people is 3, a verified anomaly 2, any other 1. They come hours late: they corroborate.
    """

    needs = ("token",)
    cost = "free, with an account"
    limits = "1,200 requests in 5 minutes"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        token: str,
        countries: Mapping[str, str] | None = None,
        days: int = 7,
        url: str = "https://api.cloudflare.com/client/v4",
    ) -> None:
        operators = operator_asns(surroundings)
        codes = country_codes(surroundings, countries)
        somebody(surroundings, operators, codes)
        parts = {slug: tuple(f"as{one}" for one in asns) for slug, asns in operators.items()}
        parts |= {slug: (code.lower(),) for slug, code in codes.items()}
        self._around = surroundings
        self._watch = Watch(surroundings, parts)
        self._range = {"dateRange": f"{days}d", "limit": PAGE, "format": "JSON"}
        headers = {"Authorization": f"Bearer {token}"}
        self._http = Http(surroundings, url, headers=headers, secrets=[token])

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield what Radar says now, for the slot that is running; raises SourceError."""
        if is_now(self._around, until):
            now = self._around.clock()
            found = [
                *self._pages("/radar/annotations/outages", "annotations"),
                *self._pages("/radar/traffic_anomalies", "trafficAnomalies"),
            ]
            yield from self._watch.samples(board(found, now))

    def _pages(self, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        for page in range(PAGES):
            params = {**self._range, "offset": page * PAGE}
            found = self._http.get_json(path, params, parse=partial(parse, key=key))
            yield from found
            if len(found) < PAGE:
                return
        raise SourceError(f"{path}: over {PAGES} pages; set fewer days")


def parse(payload: Any, key: str) -> list[Mapping[str, Any]]:
    """Return the entries of a page; raises BadInput where Radar reports no success."""
    answer = table(payload)
    if answer.get("success") is not True:
        said = "; ".join(text(one.get("message")) for one in rows(answer.get("errors")))
        raise BadInput(f"Radar reports no success: {said or 'no reason'}")
    return all_listed(table(answer.get("result")).get(key), key, "startDate")


def board(entries: Sequence[Mapping[str, Any]], now: int) -> Board:
    """Return what goes on at `now`; one without an end goes on."""
    parts: dict[str, int] = {}
    for entry in entries:
        begin, end = moment(entry.get("startDate")), moment(entry.get("endDate"))
        if (begin is None or begin <= now) and (end is None or end > now):
            for name in _names(entry):
                worst(parts, name, _level(entry))
    return Board(parts, otherwise=NONE)


def _level(entry: Mapping[str, Any]) -> int:
    if "eventType" in entry or "outage" in entry:
        return CRITICAL if text(entry.get("eventType")).upper() in ("", "OUTAGE") else MINOR
    return MAJOR if text(entry.get("status")).upper() == "VERIFIED" else MINOR


def _names(entry: Mapping[str, Any]) -> set[str]:
    """Return whom an entry is about: networks, or else countries as a whole.

    The number of a network is an int in one place and a text in another.
    """
    details = [*rows(entry.get("asnsDetails")), table(entry.get("asnDetails"))]
    given = [*_list(entry.get("asns")), *(one.get("asn") for one in details)]
    numbers = {number for one in given if (number := asn(one)) is not None}
    if numbers:
        return {f"as{number}" for number in numbers}
    places = [*rows(entry.get("locationsDetails")), table(entry.get("locationDetails"))]
    codes = [*_list(entry.get("locations")), *(one.get("code") for one in places)]
    return {text(code).lower() for code in codes if text(code)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
