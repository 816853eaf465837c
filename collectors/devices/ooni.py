"""OONI: tests of services by volunteers' devices, added up by operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from collectors.fields import moment, number, rows, table, text
from collectors.http import Http
from collectors.networks import country_codes, enough_lag, operator_asns, somebody
from outage.errors import BadInput, ConfigError
from outage.interfaces import Surroundings
from outage.slots import DAY, HOUR, floor_slot, from_epoch
from outage.words import Sample, Series, check_slug

PIECE: Final = 6 * DAY  # an hour a row is given for seven days at most
KEYS: Final = ("test_name", "domain", "input", "category_code")


@dataclass(frozen=True, slots=True)
class Hour:
    """How many tests of an hour found a service reachable, of those that could tell."""

    start: int
    reached: float
    told: float


class Ooni:
    """Reads from OONI which share of the tests of a service succeeds: `reachability` by the hour.

    `tests` says what is asked of each service: `{ whatsapp = { test_name = "whatsapp" },
    x = { test_name = "web_connectivity", domain = "x.com" } }`. It is asked from each operator that
    has `asns`, and for each vantage that `countries` maps to a code. Volunteers upload for hours:
    `lag_seconds` must be 3600 or more.
    """

    needs = ("tests",)
    cost = "free"
    limits = "a quota of the time that queries take; 429 is waited out"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        tests: Mapping[str, Mapping[str, str]],
        countries: Mapping[str, str] | None = None,
        url: str = "https://api.ooni.org/api/v1",
    ) -> None:
        operators = operator_asns(surroundings)
        codes = country_codes(surroundings, countries)
        somebody(surroundings, operators, codes)
        enough_lag(surroundings, HOUR, "tests are uploaded for hours")
        self._around = surroundings
        self._tests = _tests(surroundings.source, tests)
        self._vantages = {
            slug: [{"probe_asn": f"AS{one}"} for one in asns] for slug, asns in operators.items()
        } | {slug: [{"probe_cc": code}] for slug, code in codes.items()}
        self._http = Http(surroundings, url)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the hours that end in `(since, until]`; raises SourceError."""
        if floor_slot(until, HOUR) <= since:
            return  # no hour ends in the window, and each question costs of the quota
        for subject in self._tests:
            for vantage in self._vantages:
                for first in range(floor_slot(since, HOUR), until, PIECE):
                    last = min(first + PIECE, until)
                    for hour in self._hours(subject, vantage, first, last):
                        if max(since, first) < hour.start + HOUR <= last:
                            yield self._sample(subject, vantage, hour)

    def _hours(self, subject: str, vantage: str, since: int, until: int) -> list[Hour]:
        """Return the hours of a service at a vantage, all of its networks together."""
        total: dict[int, Hour] = {}
        for network in self._vantages[vantage]:
            params = {
                **self._tests[subject],
                **network,
                "axis_x": "measurement_start_day",
                "time_grain": "hour",
                "since": _date(since),
                "until": _date(until - 1 + DAY),
            }
            for hour in self._http.get_json("/aggregation", params, parse=parse):
                before = total.get(hour.start, Hour(hour.start, 0.0, 0.0))
                total[hour.start] = Hour(
                    hour.start, before.reached + hour.reached, before.told + hour.told
                )
        return [total[start] for start in sorted(total)]

    def _sample(self, subject: str, vantage: str, hour: Hour) -> Sample:
        series = Series(subject, "reachability", "", vantage, self._around.source, HOUR)
        known_at = hour.start + HOUR + self._around.lag_seconds
        return Sample(series, hour.start, hour.reached / hour.told, known_at, hour.told)


def parse(payload: Any) -> list[Hour]:
    """Return the hours of an aggregation; raises BadInput for an error, also one of status 200.

    The result is an object without an axis and a list with one. Tests that failed themselves tell
    nothing; an hour in which none could tell is left out.
    """
    answer = table(payload)
    if answer.get("error") or "result" not in answer:
        raise BadInput(f"OONI says: {text(answer.get('error')) or 'nothing of a result'}")
    result = answer["result"]
    listed = [result] if isinstance(result, Mapping) else rows(result)
    hours = (_hour(one) for one in listed)
    return [hour for hour in hours if hour is not None]


def _hour(row: Mapping[str, Any]) -> Hour | None:
    stamp, reached = text(row.get("measurement_start_day")), number(row.get("ok_count"))
    start = moment(stamp) if "T" in stamp else None  # a day is no hour
    failed = [number(row.get(key)) for key in ("anomaly_count", "confirmed_count")]
    if start is None or start % HOUR or reached is None or reached < 0:
        return None
    told = reached + sum(max(one, 0.0) for one in failed if one is not None)
    return Hour(start, reached, told) if told and None not in failed else None


def _date(moment: int) -> str:
    return from_epoch(moment).strftime("%Y-%m-%d")


def _tests(source: str, given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    where = f"sources.{source}.options.tests"
    if not given:
        raise ConfigError(f'{where}: is empty; write {{ whatsapp = {{ test_name = "whatsapp" }} }}')
    found = {}
    for subject, asked in given.items():
        unknown = set(table(asked)) - set(KEYS)
        if unknown or not text(table(asked).get("test_name")):
            raise ConfigError(f"{where}.{subject}: needs test_name, and may have {', '.join(KEYS)}")
        found[check_slug(subject, "subject")] = dict(asked)
    return found
