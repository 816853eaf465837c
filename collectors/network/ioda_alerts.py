"""IODA's own alarms about operators and countries, as what it says now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from collectors.boards import CRITICAL, MAJOR, MINOR, NONE, Board, Watch, is_now
from collectors.fields import listed, number, table, text
from collectors.network.ioda import URL, Slow, entities
from outage.errors import BadInput, SourceError
from outage.interfaces import Surroundings
from outage.slots import DAY
from outage.words import Sample

LIMIT: Final = 500
PAGES: Final = 200
LITTLE: Final = 0.1  # of what was there before
LEVELS: Final = {"normal": NONE, "warning": MINOR, "critical": MAJOR}


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of IODA's mind about one entity, by one measurement and method."""

    entity: str
    witness: tuple[str, str]
    time: int
    level: int


class IodaAlerts:
    """Reads IODA's alarms as `status_level` of operators with `asns`, and of `countries`.

    A warning is 1, a critical alarm 2, one with under a tenth left 3; `normal` ends it. Of several
    measurements the worst counts. `days` is how far back one may have begun that goes on.
    """

    cost = "free"
    limits = "none published; it is asked once a second at most"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        countries: Mapping[str, str] | None = None,
        days: float = 7.0,
        url: str = URL,
    ) -> None:
        self._around = surroundings
        self._entities = entities(surroundings, countries)
        self._watch = Watch(surroundings, self._entities)
        self._back = int(days * DAY)
        self._http = Slow(surroundings, url)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield what IODA says now, for the slot that is running; raises SourceError."""
        if is_now(self._around, until):
            yield from self._watch.samples(Board(self._levels()))

    def _levels(self) -> dict[str, int]:
        """Return the level of each entity; that of a silent one only if IODA speaks at all."""
        now = self._around.clock()
        names = [name for parts in self._entities.values() for name in parts]
        told = {name: self._alerts(f"/{name}", now - self._back, now) for name in names}
        if not all(told.values()) and not self._alerts("", now - DAY, now, pages=1):
            told = {name: alerts for name, alerts in told.items() if alerts}
        return {name: level_now(alerts) for name, alerts in told.items()}

    def _alerts(self, entity: str, since: int, until: int, pages: int = PAGES) -> list[Alert]:
        """Return the alarms of a time: the oldest come first, so all pages are needed."""
        params = {"from": since, "until": until, "limit": LIMIT}
        found: list[Alert] = []
        for page in range(pages):
            path = f"/outages/alerts{entity}"
            rows, alerts = self._http.get_json(path, {**params, "page": page}, parse=parse)
            found += alerts
            if rows < LIMIT:
                return found
        if pages > 1:
            raise SourceError(f"{entity}: over {pages} pages of alarms; set fewer days")
        return found


def level_now(alerts: Sequence[Alert]) -> int:
    """Return the worst of what the last alarm of each measurement says."""
    latest: dict[tuple[str, str], Alert] = {}
    for alert in sorted(alerts, key=lambda one: one.time):
        latest[alert.witness] = alert
    return max((one.level for one in latest.values()), default=NONE)


def parse(payload: Any) -> tuple[int, list[Alert]]:
    """Return how many rows a page has, and its alarms; raises BadInput where it tells an error."""
    answer = table(payload)
    if text(answer.get("error")):
        raise BadInput(f"IODA says: {text(answer.get('error'))[:200]}")
    data = listed([] if answer.get("data") is None else answer["data"], "the list of alarms")
    alerts = (_alert(one) for one in data)
    return len(data), [one for one in alerts if one is not None]


def _alert(one: Mapping[str, Any]) -> Alert | None:
    entity, time = table(one.get("entity")), number(one.get("time"))
    level = LEVELS.get(text(one.get("level")).lower())
    if time is None or level is None:
        return None
    if level == MAJOR and _left(one) < LITTLE:
        level = CRITICAL
    witness = (text(one.get("datasource")), text(one.get("method")))
    return Alert(f"{entity.get('type')}/{entity.get('code')}", witness, int(time), level)


def _left(one: Mapping[str, Any]) -> float:
    """Return the share that is left; the history goes by either of two names."""
    value = number(one.get("value"))
    before = number(one.get("historyValue", one.get("historicValue")))
    return 1.0 if value is None or not before else value / before
