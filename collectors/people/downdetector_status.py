"""Downdetector's own verdict on a company."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from collectors.boards import MAJOR, MINOR, NONE, Board, Watch, is_now
from collectors.fields import table, text
from collectors.people.downdetector_api import COST, LIMITS, URL, Api
from collectors.subjects import watched_subject
from outage.errors import BadInput, ConfigError
from outage.interfaces import Surroundings
from outage.words import Sample

VERDICTS: Final = {"success": NONE, "warning": MINOR, "danger": MAJOR}


class DowndetectorStatus:
    """Reads Downdetector's verdict on companies (success, warning, danger) as `status_level`.

    `companies` maps subjects to the companies' numbers there (`{ whatsapp = 100 }`). Give
    `client_id` and `client_secret`, or a long-lived `token`.
    """

    needs = ("companies",)
    cost = COST
    limits = LIMITS

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        companies: Mapping[str, int],
        client_id: str | None = None,
        client_secret: str | None = None,
        token: str | None = None,
        url: str = URL,
    ) -> None:
        if not companies:
            where = f"sources.{surroundings.source}.options.companies"
            raise ConfigError(f"{where}: is empty; write {{ SUBJECT = NUMBER }}")
        self._around = surroundings
        self._companies = {
            watched_subject(surroundings, "companies", name).slug: one
            for name, one in companies.items()
        }
        self._watch = Watch(surroundings, {name: (name,) for name in self._companies})
        self._api = Api(surroundings, url, client_id, client_secret, token)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the verdicts of now, for the slot that is running; raises SourceError."""
        if is_now(self._around, until):
            levels = {name: self._level(number) for name, number in self._companies.items()}
            known = {name: level for name, level in levels.items() if level is not None}
            yield from self._watch.samples(Board(known))

    def _level(self, company: int) -> int | None:
        answer = self._api.get(f"/companies/{company}/status")
        return self._api.http.read(answer, lambda body: parse(json.loads(body)))


def parse(payload: Any) -> int | None:
    """Return the level of a verdict, a text or an object with one; None for an unknown word."""
    verdict = text(payload) or text(table(payload).get("status"))
    if not verdict:
        raise BadInput("is neither a verdict nor an object with one")
    return VERDICTS.get(verdict.lower())
