"""Slack's status API, version 2."""

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
    maintenance,
    worst,
)
from collectors.fields import rows, table, text
from outage.errors import BadInput
from outage.interfaces import Surroundings

TYPES: Final = {"notice": MINOR, "incident": MAJOR, "outage": CRITICAL}
OVER: Final = frozenset({"resolved", "completed", "cancelled", "canceled"})


class SlackStatus(Page):
    """Reads Slack's status as `status_level`.

    `service` is the subject of all of Slack, `services` maps subjects to parts of it
    (`{ slack = ["Messaging", "Connections"] }`).
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str = "https://slack-status.com",
        service: str | None = None,
        services: Mapping[str, Sequence[str]] | None = None,
        maintenance_level: int = NONE,
    ) -> None:
        super().__init__(surroundings, url, service, services)
        self._maintenance = maintenance(surroundings.source, maintenance_level)

    def _board(self) -> Board:
        read = partial(parse, maintenance_level=self._maintenance)
        board: Board = self._http.get_json("/api/v2.0.0/current", parse=read)
        return board


def parse(payload: Any, maintenance_level: int = NONE) -> Board:
    """Return what `/api/v2.0.0/current` says; raises BadInput if it says neither ok nor active.

    A part is a service of Slack's (`Messaging`). An active page without incidents is minor.
    """
    page = table(payload)
    status = text(page.get("status")).lower()
    if status not in ("ok", "active"):
        raise BadInput(f"has the status {status[:40]!r}; expected ok or active")
    incidents = rows(page.get("active_incidents"))
    parts = {WHOLE: NONE if status == "ok" or incidents else MINOR}
    for incident in incidents:
        level = _level(incident, maintenance_level)
        services = incident.get("services")
        named = services if isinstance(services, list) else []
        for name in {WHOLE, *(text(service) for service in named)}:
            worst(parts, name, level)
    return Board(parts, otherwise=NONE)


def _level(incident: Mapping[str, Any], maintenance_level: int) -> int:
    status, kind = text(incident.get("status")).lower(), text(incident.get("type")).lower()
    if status in OVER:
        return NONE
    if kind == "maintenance" or status == "scheduled":
        return maintenance_level
    return TYPES.get(kind, MINOR)
