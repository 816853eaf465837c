"""Google Cloud's status page: the list of its incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from collectors.boards import (
    CRITICAL,
    MAJOR,
    MINOR,
    NONE,
    WHOLE,
    Board,
    Page,
    worst,
)
from collectors.fields import all_listed, moment, rows, table, text
from outage.interfaces import Surroundings

IMPACTS: Final = {
    "available": NONE,
    "service_information": MINOR,
    "service_disruption": MAJOR,
    "service_outage": CRITICAL,
}
SEVERITIES: Final = {"low": MINOR, "medium": MAJOR, "high": CRITICAL}


class GoogleCloud(Page):
    """Reads Google Cloud's incidents as `status_level`.

    `service` is the subject of all products together, `services` maps subjects to names, ids or
    patterns of products (`{ youtube = ["Google Cloud Storage"] }`).
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str = "https://status.cloud.google.com",
        service: str | None = None,
        services: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(surroundings, url, service, services)

    def _board(self) -> Board:
        read = partial(parse, now=self._around.clock())
        board: Board = self._http.get_json("/incidents.json", parse=read)
        return board


def parse(payload: Any, now: int) -> Board:
    """Return what `incidents.json` says at `now`; raises BadInput if it is no list.

    An incident without an end goes on. Its latest update says how bad it is now, else its impact,
    else its severity. A part is an affected product, by title and by id.
    """
    parts: dict[str, int] = {WHOLE: NONE}
    for incident in all_listed(payload, "the list of incidents", "id"):
        if _goes_on(incident, now):
            level = _level(incident)
            for name in (WHOLE, *_names(incident)):
                worst(parts, name, level)
    return Board(parts, otherwise=NONE)


def _goes_on(incident: Mapping[str, Any], now: int) -> bool:
    begin, end = moment(incident.get("begin")), moment(incident.get("end"))
    return (begin is None or begin <= now) and (end is None or end > now)


def _level(incident: Mapping[str, Any]) -> int:
    latest = text(table(incident.get("most_recent_update")).get("status")).lower()
    impact = text(incident.get("status_impact")).lower()
    severity = text(incident.get("severity")).lower()
    said = (IMPACTS.get(latest), IMPACTS.get(impact), SEVERITIES.get(severity), MINOR)
    return next(level for level in said if level is not None)


def _names(incident: Mapping[str, Any]) -> set[str]:
    products = rows(incident.get("affected_products"))
    names = {text(product.get(key)) for product in products for key in ("title", "id")}
    return (names | {text(incident.get("service_name"))}) - {""}
