"""Prometheus as a source: range queries whose series become samples."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from requests.auth import HTTPBasicAuth

from collectors.fields import listed, number, table, text
from collectors.http import Http
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Surroundings
from outage.words import SIGNALS, SLUG, Sample, Series, check_slug

POINTS: Final = 11_000  # Prometheus refuses more a series
LOOKBACK: Final = 300  # Prometheus's own; a stale value is carried forward as long

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Query:
    """What a query measures: its signal, and which subject, vantage and category it is of.

    Each is fixed, or read from the label that is named, `names` bringing labels to slugs.
    """

    query: str
    signal: str
    subject: str = ""
    subject_label: str = ""
    vantage: str = ""
    vantage_label: str = ""
    category: str = ""
    category_label: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def series(self, labels: Mapping[str, Any], source: str, seconds: int) -> Series | None:
        """Return the series of a result by its labels, None where they name none."""
        subject = self._slug(labels, self.subject, self.subject_label)
        vantage = self._slug(labels, self.vantage, self.vantage_label)
        category = self._slug(labels, self.category, self.category_label)
        if not subject or vantage is None or category is None:
            return None
        return Series(subject, self.signal, category, vantage, source, seconds)

    def _slug(self, labels: Mapping[str, Any], fixed: str, label: str) -> str | None:
        if not label:
            return fixed
        said = text(labels.get(label))
        slug = self.names.get(said, said)
        return slug if not slug or SLUG.fullmatch(slug) else None


class Prometheus:
    """Asks a Prometheus server for any signal by range queries.

    `url` is the server's address; `queries` is a list of tables with `query`, `signal`, `subject`
    or `subject_label`, and where wanted `vantage` or `vantage_label`, `category` or
    `category_label`, `names` (label value to slug). A query is asked at the end of each slot, so
    that `increase(x[10m])` is of that slot; for a gauge write `avg_over_time(x[10m])`, since what
    has gone stale is carried on for five minutes. `token`, or `user` and `password`, if needed.
    """

    needs = ("url", "queries")
    cost = "free: your own server"
    limits = f"{POINTS:,} points a series and request: longer windows are cut"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str,
        queries: Sequence[Mapping[str, Any]],
        token: str | None = None,
        user: str | None = None,
        password: str | None = None,
        timeout_seconds: float = 60.0,
    ) -> None:
        self._around = surroundings
        self._queries = read_queries(surroundings.source, queries)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        secrets = [secret for secret in (token, password) if secret]
        self._http = Http(
            surroundings, url, headers=headers, secrets=secrets, read_seconds=timeout_seconds + 10
        )
        if user is not None:
            # As bytes: of a text requests would make Latin-1, which holds not every password.
            self._http.session.auth = HTTPBasicAuth(user.encode(), (password or "").encode())
        self._timeout = timeout_seconds

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the slots in `[since, until)`; raises SourceError.

        A query that the server refuses does not stop those after it; the first refusal is raised
        once all have been asked.
        """
        faults = []
        for query in self._queries:
            try:
                yield from self._of(query, since, until)
            except SourceError as error:
                if not error.permanent:
                    raise
                faults.append(error)
        if faults:
            raise faults[0]

    def _of(self, query: Query, since: int, until: int) -> Iterator[Sample]:
        seconds = self._around.slot_seconds
        for first in range(since, until, POINTS * seconds):
            last = min(until, first + POINTS * seconds)
            told: dict[Series, Mapping[str, Any]] = {}
            for result in self._ask(query, first + seconds, last):
                series = query.series(result.labels, self._around.source, seconds)
                if series is None:
                    named = dict(result.labels)
                    log.warning("%s: left out, its labels are no slugs: %s", query.query, named)
                    continue
                if told.setdefault(series, result.labels) is not result.labels:
                    raise _ambiguous(query, told[series], result.labels)
                yield from self._samples(series, result)

    def _ask(self, query: Query, first: int, last: int) -> list[Result]:
        """Ask at the ends of slots from `first` to `last`, both included as Prometheus does."""
        seconds = self._around.slot_seconds
        form = {
            "query": query.query,
            "start": first,
            "end": last,
            "step": seconds,
            "timeout": f"{self._timeout:g}",
            "lookback_delta": f"{min(LOOKBACK, seconds)}s",
        }
        answer = self._http.request("POST", "/api/v1/query_range", data=form)
        return self._http.read(answer, lambda body: parse(json.loads(body)))

    def _samples(self, series: Series, result: Result) -> Iterator[Sample]:
        seconds, share = series.slot_seconds, SIGNALS[series.signal].unit == "share"
        wrong = 0
        for moment, value in result.points:
            if value < 0 or (share and value > 1):
                wrong += 1
                continue
            yield Sample(series, moment - seconds, value, moment + self._around.lag_seconds)
        if wrong:
            log.warning(
                "%s: %d values of %s are below 0 or no share: gaps; correct the query",
                *(self._around.source, wrong, series.signal),
            )


@dataclass(frozen=True, slots=True)
class Result:
    """One series of an answer: its labels, and its values at the moments that have one."""

    labels: Mapping[str, Any]
    points: tuple[tuple[int, float], ...]


def parse(payload: Any) -> list[Result]:
    """Return the series of a range query's answer; raises BadInput if it is none.

    NaN and infinities are no measurements: their moments are left out, as missing ones are.
    """
    answer = table(payload)
    if answer.get("status") != "success":
        raise BadInput(f"status is {answer.get('status')!r}: {text(answer.get('error'))}")
    for warning in answer.get("warnings") or ():
        log.warning("Prometheus warns: %s", warning)
    data = table(answer.get("data"))
    if data.get("resultType") != "matrix":
        raise BadInput(f"the result is {data.get('resultType')!r}, not a matrix")
    return [
        Result(table(one.get("metric")), tuple(_points(one.get("values"))))
        for one in listed(data.get("result"), "the result")
    ]


def _points(values: Any) -> Iterator[tuple[int, float]]:
    for pair in values if isinstance(values, list) else ():
        moment, value = (number(part) for part in pair)
        if moment is not None and value is not None:
            yield round(moment), value


def _ambiguous(query: Query, *labels: Mapping[str, Any]) -> SourceError:
    return SourceError(
        f"{query.query}: {dict(labels[0])} and {dict(labels[1])} are the same series of samples;"
        " aggregate in the query, as in sum by (label) (...), or name the label that differs",
        permanent=True,
    )


def read_queries(source: str, given: Sequence[Mapping[str, Any]]) -> tuple[Query, ...]:
    """Return the queries of the options; raises ConfigError naming the faulty one."""
    found = [
        _query(f"sources.{source}.options.queries[{place}]", table(one))
        for place, one in enumerate(given)
    ]
    if not found:
        raise ConfigError(f"sources.{source}.options.queries: is empty; add a query")
    return tuple(found)


def _query(where: str, given: Mapping[str, Any]) -> Query:
    unknown = set(given) - set(Query.__slots__)
    if unknown:
        raise ConfigError(f"{where}: no such key: {', '.join(sorted(unknown))}")
    if not all(isinstance(given[key], str) for key in given if key != "names"):
        raise ConfigError(f"{where}: every value but names is a text")
    names = given.get("names", {})
    if not isinstance(names, Mapping) or not all(isinstance(one, str) for one in names.values()):
        raise ConfigError(
            f'{where}.names: is no table of texts; write {{ "AS64500" = "mobile-1" }}'
        )
    if not text(given.get("query")) or given.get("signal") not in SIGNALS:
        raise ConfigError(f"{where}: needs a query and a signal of {', '.join(SIGNALS)}")
    if bool(given.get("subject")) == bool(given.get("subject_label")):
        raise ConfigError(f"{where}: needs either subject or subject_label")
    for key in ("subject", "vantage", "category"):
        if given.get(key):
            check_slug(given[key], f"{where}.{key}")
    return Query(**given)
