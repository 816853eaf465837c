"""X (Twitter) API v2, post counts: how many posts name a service, how many of them with trouble.

Counts come by the minute and are folded into slots. What is billed is remembered before it is
asked (`collectors.budgets`), what was delivered is not asked again (`collectors.intervals`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

import numpy as np

from collectors.budgets import Budget
from collectors.http import Http
from collectors.intervals import Interval, as_text, from_text, merged, missing, pieces
from collectors.people.x_queries import Limits, error_queries, naming, posts_query
from collectors.subjects import watched_subject
from outage.batches import Floats
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Estimate, Surroundings, Watched
from outage.slots import DAY, HOUR, MINUTE, format_time, parse_time
from outage.words import Sample, Series, counted

API: Final = "https://api.x.com"
BUILT_IN: Final = "https://api.twitter.com"  # tweepy's
RECENT: Final = "/2/tweets/counts/recent"
ARCHIVE: Final = "/2/tweets/counts/all"
RECENT_REACH: Final = 7 * DAY - HOUR
FIRST_POST: Final = 1_142_899_200  # 2006-03-21, before which X answers 400
STEP: Final = 30 * DAY  # a page holds 30 or 31 days, the documentation says both
PAGES: Final = 100  # of one step; more is a source that goes round in a circle
PATIENCE: Final = 60.0
LONG_PATIENCE: Final = 960.0  # a whole window of the rate limit
LEAST_LAG: Final = 90

COUNTS: Final = ("tweet_count", "post_count")
TOTALS: Final = ("total_tweet_count", "total_post_count")


@dataclass(frozen=True, slots=True)
class Asked:
    """One series: the queries whose counts add up to it."""

    series: Series
    queries: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the name under which is remembered what of it is done."""
        text = json.dumps([self.queries, self.series.slot_seconds])
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return f"done/{self.series.subject}/{self.series.signal}/{digest}"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of counts: minutes by their start, NaN where one is not known.

    `complete` says that a minute that is not there had no posts.
    """

    counts: Mapping[int, float]
    token: str | None
    complete: bool


class XCounts:
    """Counts posts on X that name a service, and those that say that it does not work."""

    needs: Final = ("bearer_token", "services")
    cost: Final = "$0.005 a request within 7 days, $0.010 before; bounded by dollars_per_day"
    limits: Final = "300 requests in 15 minutes; waited for"
    least_lag_seconds: Final = LEAST_LAG

    def __init__(
        self,
        surroundings: Surroundings,
        bearer_token: str,
        services: Sequence[str],
        languages: Sequence[str] = ("en",),
        dollars_per_day: float = 5.0,
        requests_per_day: int | None = None,
        recent_price: float = 0.005,
        archive_price: float = 0.010,
        archive: bool = True,
        query_length: int = 512,
        query_operators: int = 100,
        base_url: str = API,
    ) -> None:
        import tweepy

        self._surroundings = surroundings
        self._prices = {RECENT: recent_price, ARCHIVE: archive_price}
        self._archive = archive
        self._budget = Budget(
            surroundings.source,
            surroundings.memory,
            surroundings.clock,
            dollars_per_day,
            requests_per_day,
        )
        limits = Limits(query_length, query_operators)
        self._asked = tuple(_asked(surroundings, services, languages, limits))
        self._http = Http(
            surroundings,
            base_url,
            secrets=[bearer_token],
            instead_of=BUILT_IN,
            before=lambda path: self._budget.spend(self._prices[path]),
        )
        # tweepy itself would neither bound its time nor end a 429 that names no reset.
        self._client = tweepy.Client(bearer_token=bearer_token)
        self._client.session = self._http

    def estimate(self, since: int, until: int) -> Estimate:
        """Return the cost of what is still to be asked, with one page to each step."""
        prices = [
            self._prices[self._route(piece)]
            for _, asked, piece in self._steps(since, until)
            for _ in asked.queries
        ]
        dollars = sum(prices)
        queries = sum(len(one.queries) for one in self._asked)
        told = f"{counted(queries, 'query', 'queries')}, 30 days a request"
        bound = self._budget.dollars
        if bound is not None and dollars > bound > 0:
            told += f"; at ${bound:,.2f} a day in {counted(int(-(-dollars // bound)), 'day')}"
        return Estimate(len(prices), dollars, told)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the counts of every service, step by step; what is done is remembered.

        A query that X refuses as wrong spoils no other; it is told at the end.
        """
        self._http.patience = LONG_PATIENCE if until - since > DAY else PATIENCE
        refused: SourceError | None = None
        for done, asked, piece in self._steps(since, until):
            try:
                values = self._values(asked, piece)
            except SourceError as error:
                if error.status != 400:
                    raise
                refused = error
                continue
            yield from self._samples(asked.series, piece[0], values)
            if not np.isnan(values).any():
                done.append(piece)
                self._surroundings.memory.put(asked.key, as_text(merged(done)))
        if refused is not None:
            raise refused

    def _steps(self, since: int, until: int) -> Iterator[tuple[list[Interval], Asked, Interval]]:
        """Yield what is to be asked: what is done of the series, the series, the interval."""
        memory = self._surroundings.memory
        first = FIRST_POST if self._archive else self._surroundings.clock() - RECENT_REACH
        seconds = self._surroundings.slot_seconds
        since = max(since, first + -first % seconds)
        done = {asked.key: from_text(memory.get(asked.key)) for asked in self._asked}
        for start, end in pieces(since, until, STEP):
            for asked in self._asked:
                for piece in missing(done[asked.key], start, end):
                    yield done[asked.key], asked, piece

    def _values(self, asked: Asked, piece: Interval) -> Floats:
        """Return the value of every slot of the interval, NaN where it is not known."""
        minutes = sum(self._minutes(query, piece) for query in asked.queries)
        per_slot = asked.series.slot_seconds // MINUTE
        values: Floats = np.asarray(minutes).reshape(-1, per_slot).sum(axis=1)
        return values

    def _minutes(self, query: str, piece: Interval) -> Floats:
        """Return the count of every minute of the interval, NaN where it is not known."""
        known: dict[int, float] = {}
        complete, token, seen = True, None, set[str]()
        for _ in range(PAGES):
            page = self._page(query, piece, token)
            known.update(page.counts)
            complete, token = complete and page.complete, page.token
            if token is None:
                break
            if token in seen:
                raise SourceError(f"{self._surroundings.source}: X gave the same page twice")
            seen.add(token)
        else:
            raise SourceError(f"{self._surroundings.source}: X gave over {PAGES} pages for {query}")
        minutes = np.full((piece[1] - piece[0]) // MINUTE, 0.0 if complete else np.nan)
        for at, count in known.items():
            if piece[0] <= at < piece[1]:
                minutes[(at - piece[0]) // MINUTE] = count
        return minutes

    def _page(self, query: str, piece: Interval, token: str | None) -> Page:
        params = {
            "query": query,
            "granularity": "minute",
            "start_time": format_time(piece[0]),
            "end_time": format_time(self._end(piece)),
        }
        if token is not None:
            params["next_token"] = token
        # Not through get_recent_tweets_count: it knows no token, yet minutes of `recent` page.
        answer = self._client.request("GET", self._route(piece), params=params)
        page: Page = self._http.read(answer, lambda body: parse(json.loads(body)))
        return page

    def _end(self, piece: Interval) -> int:
        """Return the end to ask for: the newest bucket is not to be trusted, so one more."""
        # Of old ones not: a minute more than 30 days could be a page more, which costs.
        fresh = piece[1] > self._surroundings.clock() - HOUR
        return piece[1] + MINUTE if fresh else piece[1]

    def _route(self, piece: Interval) -> str:
        recent = piece[0] >= self._surroundings.clock() - RECENT_REACH
        return RECENT if recent else ARCHIVE

    def _samples(self, series: Series, start: int, values: Floats) -> Iterator[Sample]:
        lag = self._surroundings.lag_seconds
        for slot, value in enumerate(values.tolist()):
            at = start + slot * series.slot_seconds
            if not isnan(value):  # a gap is not yielded
                yield Sample(series, at, value, at + series.slot_seconds + lag)


def parse(document: Any) -> Page:
    """Return the page that a document holds; raises BadInput where it says nothing of counts.

    Both spellings of the counts are understood. Without data, a total of zero means that there
    were no posts; anything else means that it is not known.
    """
    meta, errors = document.get("meta") or {}, document.get("errors") or []
    buckets, token = document.get("data"), meta.get("next_token") or None
    total = _number(meta, TOTALS)
    if buckets is None and (errors or total != 0):
        said = "; ".join(str(one.get("detail") or one.get("message")) for one in errors)
        raise BadInput(f"there are neither counts nor a total of zero; {said or 'no reason'}")
    counts = dict(_bucket(one) for one in buckets or ())
    return Page(counts, token, complete=not errors)


def _bucket(bucket: Mapping[str, Any]) -> tuple[int, float]:
    start, count = parse_time(bucket["start"]), _number(bucket, COUNTS)
    whole = start % MINUTE == 0 and parse_time(bucket["end"]) - start == MINUTE
    known = whole and count is not None and count >= 0
    return start - start % MINUTE, float(count) if known and count is not None else np.nan


def _number(table: Mapping[str, Any], names: Sequence[str]) -> int | None:
    found = next((table[name] for name in names if table.get(name) is not None), None)
    return None if found is None else int(found)


def _asked(
    surroundings: Surroundings,
    services: Sequence[str],
    languages: Sequence[str],
    limits: Limits,
) -> Iterator[Asked]:
    """Yield the two series of every service, as far as the catalogue has words for them."""
    _check_languages(surroundings, languages)
    for slug in services:
        subject = watched_subject(surroundings, "services", slug)
        names = _names(subject)
        if not names:
            raise ConfigError(f"services.{slug}: has no keywords, so X cannot be asked for it")
        phrases = [*_phrases(subject, surroundings.phrases, languages)]
        for signal, queries in (
            ("posts", (posts_query(names, limits),)),
            ("error_posts", error_queries(names, phrases, limits)),
        ):
            if queries:
                series = Series(
                    slug,
                    signal,
                    source=surroundings.source,
                    slot_seconds=surroundings.slot_seconds,
                )
                yield Asked(series, queries)


def _check_languages(surroundings: Surroundings, languages: Sequence[str]) -> None:
    for language in languages:
        if language not in surroundings.phrases:
            raise ConfigError(
                f"sources.{surroundings.source}.options.languages: there are no error phrases in"
                f" {language!r}; there are: {', '.join(sorted(surroundings.phrases))}"
            )


def _names(one: Watched) -> list[str]:
    clear = [word for word in one.keywords if word not in one.ambiguous]
    return naming(clear, one.ambiguous, one.context)


def _phrases(
    one: Watched, common: Mapping[str, Sequence[str]], languages: Sequence[str]
) -> Iterator[str]:
    for language in languages:
        yield from common.get(language, ())
        yield from one.error_phrases.get(language, ())
