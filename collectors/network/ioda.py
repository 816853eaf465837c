"""IODA: how much of an operator's or a country's address space is reachable from outside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np

from collectors.fields import number, rows, table, text
from collectors.http import Http
from collectors.networks import country_codes, enough_lag, operator_asns, somebody
from outage.batches import Floats
from outage.errors import BadInput, ConfigError
from outage.interfaces import Surroundings
from outage.slots import DAY, floor_slot
from outage.words import Sample, Series

URL: Final = "https://api.ioda.inetintel.cc.gatech.edu/v2"
UNSETTLED: Final = 2  # native steps, the newest, that are null or low while data still come in
PIECE: Final = 30 * DAY
LEAST: Final = 20.0  # of what is usually there; under that IODA raises no alarm either
POLITE_SECONDS: Final = 1.0
ROWS: Final = 512

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Datasource:
    """A measurement of IODA's: its native step, and over how long its usual level is taken."""

    step: int
    usual_seconds: int


#: Windows as IODA's own alarms have them (watchtower-sentry).
DATASOURCES: Final = {
    "bgp": Datasource(300, DAY),
    "ping-slash24": Datasource(600, 7 * DAY),
    "merit-nt": Datasource(300, 7 * DAY),
}


class Slow:
    """Asks IODA, which publishes no limit, once a second at most."""

    def __init__(self, around: Surroundings, url: str) -> None:
        self._around = around
        self._http = Http(around, url)
        self._asked = False

    def get_json(self, path: str, params: Mapping[str, Any], parse: Callable[[Any], T]) -> T:
        """Return what `parse` makes of the document at `path`; raises SourceError."""
        if self._asked:
            self._around.sleep(POLITE_SECONDS)
        self._asked = True
        found: T = self._http.get_json(path, params, parse=parse)
        return found


@dataclass(frozen=True, slots=True)
class Track:
    """One series of an answer: value i stands at `start + i * step`, NaN for a gap."""

    entity: str
    start: int
    step: int
    values: Floats


class Ioda:
    """Reads from IODA which share of the usual /24 blocks of operators is reachable.

    `reachability` of each operator that has `asns`, and of the subjects that `countries` maps to
    codes (`{ austria = "AT" }`): the value over the median of the time before, at most 1.
    `datasource` is `ping-slash24` (active probing), `bgp` (visible in routing) or `merit-nt`
    (telescope). The newest two steps are never settled: `lag_seconds` must cover them.
    """

    cost = "free"
    limits = "none published; it is asked once a second at most"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        datasource: str = "ping-slash24",
        countries: Mapping[str, str] | None = None,
        url: str = URL,
    ) -> None:
        if datasource not in DATASOURCES:
            known = ", ".join(DATASOURCES)
            where = f"sources.{surroundings.source}.options.datasource"
            raise ConfigError(f"{where}: {datasource!r} is none that is read; use {known}")
        self._around = surroundings
        self._name, self._kind = datasource, DATASOURCES[datasource]
        self._entities = entities(surroundings, countries)
        why = f"the newest {UNSETTLED} steps are not settled"
        enough_lag(surroundings, UNSETTLED * self._kind.step, why)
        self._http = Slow(surroundings, url)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the slots that end in `(since, until]`; raises SourceError."""
        if floor_slot(until, self._kind.step) <= since:
            return  # no slot ends in the window
        for subject, names in self._entities.items():
            for first in range(since, until, PIECE):
                yield from self._piece(subject, names, first, min(first + PIECE, until))

    def _piece(
        self, subject: str, names: Sequence[str], since: int, until: int
    ) -> Iterator[Sample]:
        step = self._kind.step
        start = floor_slot(since, step) - self._kind.usual_seconds
        end = floor_slot(until, step) + UNSETTLED * step
        totals = self._totals(subject, names, start, end)
        share, usual = shares(totals, self._kind.usual_seconds // step)
        series = Series(subject, "reachability", "", subject, self._around.source, step)
        for place in np.flatnonzero(np.isfinite(share)).tolist():
            slot = start + place * step
            if since < slot + step <= until:
                known_at = slot + step + self._around.lag_seconds
                weight = float(usual[place])
                yield Sample(series, slot, float(share[place]), known_at, weight)

    def _totals(self, subject: str, names: Sequence[str], start: int, end: int) -> Floats:
        """Return what the entities of a subject have together on the grid from `start` on."""
        kind, codes = names[0].partition("/")[0], [name.partition("/")[2] for name in names]
        params = {"from": start, "until": end, "datasource": self._name}
        path = f"/signals/raw/{kind}/{','.join(codes)}"
        tracks: list[Track] = self._http.get_json(path, params, parse=parse)
        found = [
            track
            for track in tracks
            if track.step == self._kind.step and np.isfinite(track.values).any()
        ]
        if not found:
            log.warning("%s: nothing of %s: a gap", self._around.source, subject)
        return together(found, start, end, self._kind.step)


def entities(
    around: Surroundings, countries: Mapping[str, str] | None
) -> dict[str, tuple[str, ...]]:
    """Return IODA's names of each subject: `asn/64500` or `country/AT`; raises ConfigError."""
    operators, codes = operator_asns(around), country_codes(around, countries)
    somebody(around, operators, codes)
    found = {slug: tuple(f"asn/{one}" for one in asns) for slug, asns in operators.items()}
    return found | {slug: (f"country/{code}",) for slug, code in codes.items()}


def parse(payload: Any) -> list[Track]:
    """Return the series of an answer to `/signals/raw`; raises BadInput where it tells an error.

    The response's own times count, since IODA aligns them. A nested value is no number: a gap.
    A step of 0, of a series of one value, is its native one; a coarser step has been thinned out
    and is kept as it is, for the caller to refuse.
    """
    return [track for one in _series(payload) if (track := _track(one)) is not None]


def _series(payload: Any) -> list[Mapping[str, Any]]:
    answer = table(payload)
    if text(answer.get("error")):
        raise BadInput(f"IODA says: {text(answer.get('error'))[:200]}")
    if "data" not in answer:
        raise BadInput("there is no data in it")
    groups = answer["data"] if isinstance(answer["data"], list) else []
    return [one for group in groups for one in rows(group)]


def _track(one: Mapping[str, Any]) -> Track | None:
    start, step = number(one.get("from")), number(one.get("step")) or number(one.get("nativeStep"))
    values = one.get("values")
    if start is None or not step or step < 0 or not isinstance(values, list):
        return None
    entity = f"{one.get('entityType')}/{one.get('entityCode')}"
    read = [np.nan if (value := number(raw)) is None else value for raw in values]
    return Track(entity, int(start), int(step), np.array(read, dtype=np.float64))


def together(tracks: Sequence[Track], start: int, end: int, step: int) -> Floats:
    """Return the sum of the tracks on the grid, NaN where one of them is missing.

    The tail that is not settled goes: the nulls at the end, and the two steps before them.
    """
    size = max(0, (end - start) // step)
    total = np.zeros(size) if tracks else np.full(size, np.nan)
    for track in tracks:
        laid = np.full(size, np.nan)
        place = (track.start - start) // step + np.arange(len(track.values))
        inside = (place >= 0) & (place < size)
        laid[place[inside]] = track.values[inside]
        total += laid
    present = np.flatnonzero(np.isfinite(total))
    if len(present):
        total[max(0, present[-1] + 1 - UNSETTLED) :] = np.nan
    return total


def shares(values: Floats, width: int) -> tuple[Floats, Floats]:
    """Return the share of the usual that there is, at most 1, and the usual; NaN is unknown.

    The usual is the nearest-rank median of the `width` values before (IODA's rule, without its
    own look at the future); it takes a quarter of them, and LEAST.
    """
    usual = _medians_before(values, width)
    usual[~(usual >= LEAST)] = np.nan
    return np.minimum(values / usual, 1.0), usual


def _medians_before(values: Floats, width: int) -> Floats:
    padded = np.concatenate([np.full(width, np.nan), values])[:-1]
    found = np.full(len(values), np.nan)
    if not len(values):
        return found
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    for first in range(0, len(values), ROWS):  # a whole month of windows would be large
        block = np.sort(windows[first : first + ROWS], axis=1)
        count = np.isfinite(block).sum(axis=1)
        rank = np.maximum((count + 1) // 2 - 1, 0)
        median = block[np.arange(len(block)), rank]
        found[first : first + ROWS] = np.where(count >= max(1, width // 4), median, np.nan)
    return found
