"""RIPE Atlas: pings of probes in operators' networks to services."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from collectors.fields import listed, number, rows
from collectors.http import Http
from collectors.networks import enough_lag
from outage.errors import ConfigError
from outage.interfaces import Surroundings
from outage.slots import DAY, HOUR, floor_slot
from outage.words import Sample, Series, check_slug

PIECE: Final = 6 * HOUR
UNSURE_CLOCK: Final = 600  # seconds without setting the clock, after which a time is not trusted
HEARD: Final = "heard"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ping:
    """One result: packets sent and answered, and the best round trip in ms (None: no answer)."""

    measurement: int
    probe: int
    time: int
    stored: int | None
    step: int
    sent: int
    received: int
    best_ms: float | None


class RipeAtlas:
    """Reads pings of RIPE Atlas: `reachability` (share of packets answered) and `rtt_tcp_ms`.

    `measurements` maps measurement numbers to subjects (`{ "1001" = "whatsapp" }`), `probes`
    operators to their probes (`{ mobile-1 = [5, 6] }`); without it the vantage is empty. The round
    trip is that of ICMP, the nearest to a TCP handshake's: the median of each result's best.
    A probe behind a dead link says so only afterwards: `reachability` of an operator itself is the
    share of its probes of the last day that are heard, where any probe is.
    """

    needs = ("measurements",)
    cost = "free for public results"
    limits = "none published; 429 is waited out"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        measurements: Mapping[str, str],
        probes: Mapping[str, Sequence[int]] | None = None,
        url: str = "https://atlas.ripe.net/api/v2",
    ) -> None:
        enough_lag(surroundings, 300, "results are uploaded minutes later")
        self._around = surroundings
        self._subjects = _measurements(surroundings.source, measurements)
        self._vantages = {
            probe: check_slug(vantage, "vantage")
            for vantage, numbers in (probes or {}).items()
            for probe in numbers
        }
        self._http = Http(surroundings, url)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the slots in `[since, until)`; raises SourceError.

        What was uploaded later than `lag_seconds` after its slot is left out, as it would have
        been missing then.
        """
        heard = {int(probe): at for probe, at in json.loads(self._kept()).items()}
        for first in range(since, until, PIECE):
            last = min(first + PIECE, until)
            pings = self._in_time(self._pings(first, last), first, last)
            yield from self._measured(pings)
            if self._vantages:
                yield from self._present(pings, heard, first, last)
                self._around.memory.put(HEARD, json.dumps(heard))

    def _kept(self) -> str:
        return self._around.memory.get(HEARD) or "{}"

    def _pings(self, since: int, until: int) -> Iterator[Ping]:
        """Yield each result once: the start of a request repeats the end of the one before."""
        params: dict[str, Any] = {"start": since, "stop": until}
        if self._vantages:
            params["probe_ids"] = ",".join(str(probe) for probe in self._vantages)
        for measurement in self._subjects:
            path = f"/measurements/{measurement}/results/"
            found: list[Ping] = self._http.get_json(path, params, parse=parse)
            once = {(one.measurement, one.probe, one.time): one for one in found}
            yield from once.values()

    def _in_time(self, pings: Iterable[Ping], since: int, until: int) -> list[Ping]:
        kept, late = [], 0
        for ping in pings:
            if not since <= ping.time < until or ping.measurement not in self._subjects:
                continue
            if self._vantages and ping.probe not in self._vantages:
                continue
            if ping.stored is not None and ping.stored > self._known_at(ping):
                late += 1
                continue
            kept.append(ping)
        if late:
            log.info("%s: %d results came late and are left out", self._around.source, late)
        return kept

    def _slot(self, ping: Ping) -> int:
        return floor_slot(ping.time, self._around.slot_seconds)

    def _known_at(self, ping: Ping) -> int:
        return self._slot(ping) + self._around.slot_seconds + self._around.lag_seconds

    def _measured(self, pings: Iterable[Ping]) -> Iterator[Sample]:
        groups: dict[tuple[str, str, int], list[Ping]] = defaultdict(list)
        for ping in pings:
            vantage = self._vantages.get(ping.probe, "")
            groups[self._subjects[ping.measurement], vantage, self._slot(ping)].append(ping)
        for (subject, vantage, slot), group in sorted(groups.items()):
            sent = sum(one.sent for one in group)
            share = sum(one.received for one in group) / sent
            yield self._sample(subject, "reachability", vantage, slot, share, sent)
            trips = [one.best_ms for one in group if one.best_ms is not None]
            if trips:
                yield self._sample(subject, "rtt_tcp_ms", vantage, slot, median(trips), len(trips))

    def _present(
        self, pings: Sequence[Ping], heard: dict[int, int], since: int, until: int
    ) -> Iterator[Sample]:
        """Yield which share of each operator's probes is heard; `heard` is brought up to date."""
        by_slot: dict[int, set[int]] = defaultdict(set)
        for ping in pings:
            if ping.step <= self._around.slot_seconds:  # a slower one may well miss a slot
                by_slot[self._slot(ping)].add(ping.probe)
        for slot in range(since, until, self._around.slot_seconds):
            here = by_slot.get(slot, set())
            expected = [probe for probe, at in heard.items() if slot - DAY <= at < slot]
            heard.update({probe: max(slot, heard.get(probe, slot)) for probe in here})
            if here:
                yield from self._shares(slot, here, {*expected, *here})

    def _shares(self, slot: int, here: set[int], expected: set[int]) -> Iterator[Sample]:
        for vantage in sorted(set(self._vantages.values())):
            mine = {probe for probe in expected if self._vantages.get(probe) == vantage}
            if mine:
                share = len(mine & here) / len(mine)
                yield self._sample(vantage, "reachability", vantage, slot, share, len(mine))

    def _sample(
        self, subject: str, signal: str, vantage: str, slot: int, value: float, weight: int
    ) -> Sample:
        seconds = self._around.slot_seconds
        series = Series(subject, signal, "", vantage, self._around.source, seconds)
        known_at = slot + seconds + self._around.lag_seconds
        return Sample(series, slot, value, known_at, float(weight))


def parse(payload: Any) -> list[Ping]:
    """Return the pings among the results; raises BadInput if it is no list.

    Left out: other kinds, clocks that have not been set for long, and results of no packet sent,
    which tell nothing of the target. A round trip of -1 is no answer.
    """
    pings = (_ping(one) for one in listed(payload, "the list of results"))
    return [one for one in pings if one is not None]


def _ping(one: Mapping[str, Any]) -> Ping | None:
    keys = (number(one.get(key)) for key in ("msm_id", "prb_id", "timestamp"))
    measurement, probe, time = keys
    if None in (measurement, probe, time) or one.get("type", "ping") != "ping":
        return None
    sent, received = _packets(one)
    if sent < 1 or (number(one.get("lts")) or 0) > UNSURE_CLOCK:
        return None
    stored, step = number(one.get("stored_timestamp")), number(one.get("step"))
    return Ping(
        int(measurement or 0),
        int(probe or 0),
        int(time or 0),
        None if stored is None else int(stored),
        int(step or 0),
        sent,
        received,
        _best(one) if received else None,
    )


def _packets(one: Mapping[str, Any]) -> tuple[int, int]:
    """Return packets sent and answered, duplicates not counted; an error of the probe is none."""
    packets = [packet for packet in rows(one.get("result")) if "dup" not in packet]
    answered = sum(_trip(packet) is not None for packet in packets)
    lost = sum("x" in packet for packet in packets)
    sent, received = number(one.get("sent")), number(one.get("rcvd"))
    if packets or sent is None or received is None:
        return answered + lost, answered
    return int(sent), int(min(sent, received))


def _trip(packet: Mapping[str, Any]) -> float | None:
    found = number(packet.get("rtt"))
    return found if found is not None and found > 0 else None


def _best(one: Mapping[str, Any]) -> float | None:
    least = number(one.get("min"))
    if least is not None and least > 0:
        return least
    return min(
        (trip for packet in rows(one.get("result")) if (trip := _trip(packet))), default=None
    )


def _measurements(source: str, given: Mapping[str, str]) -> dict[int, str]:
    where = f"sources.{source}.options.measurements"
    if not given or not all(str(one).isdecimal() for one in given):
        raise ConfigError(f'{where}: write {{ "NUMBER" = "SUBJECT" }}, one for each measurement')
    return {int(one): check_slug(subject, "subject") for one, subject in given.items()}
