"""Status pages in the form of Atlassian Statuspage, which many others serve too."""

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
    fold,
    maintenance,
    worst,
)
from collectors.fields import rows, table, text
from outage.errors import BadInput
from outage.interfaces import Surroundings

INDICATORS: Final = {"none": NONE, "minor": MINOR, "major": MAJOR, "critical": CRITICAL}
COMPONENTS: Final = {
    "operational": NONE,
    "degraded_performance": MINOR,
    "partial_outage": MAJOR,
    "major_outage": CRITICAL,
}
OVER: Final = frozenset({"resolved", "postmortem", "completed"})


class Statuspage(Page):
    """Reads a provider's status page in Statuspage's form as `status_level`.

    `url` is the page's address; `service` the subject of the whole page, `services` maps subjects
    to names, ids or patterns of components (`{ s3 = ["API", "CDN*"] }`).
    """

    needs = ("url",)

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str,
        service: str | None = None,
        services: Mapping[str, Sequence[str]] | None = None,
        maintenance_level: int = NONE,
    ) -> None:
        super().__init__(surroundings, url, service, services)
        self._maintenance = maintenance(surroundings.source, maintenance_level)

    def _board(self) -> Board:
        read = partial(parse, maintenance_level=self._maintenance)
        board: Board = self._http.get_json("/api/v2/summary.json", parse=read)
        return board


def parse(payload: Any, maintenance_level: int = NONE) -> Board:
    """Return what `/api/v2/summary.json` says; raises BadInput if it is no such summary.

    The whole page is its indicator; where a look-alike leaves that out, the worst of its parts
    and open incidents. A part is known by its name and by its id. An unknown word is not a level.
    """
    page = table(payload)
    if not isinstance(page.get("status"), dict) and not _lists(page):
        raise BadInput("is no status summary: it has neither status, components nor incidents")
    indicators = INDICATORS | {"maintenance": maintenance_level}
    parts, unclear = _components(page, COMPONENTS | {"under_maintenance": maintenance_level})
    said = text(table(page.get("status")).get("indicator")).lower()
    whole = indicators.get(said)
    if whole is None and (said or unclear):
        unclear.add(WHOLE)
    if whole is None and (parts or isinstance(page.get("incidents"), list)):
        impacts = (_impact(one, indicators) for one in rows(page.get("incidents")))
        whole = max([*parts.values(), *impacts], default=NONE)
    parts |= {} if whole is None else {WHOLE: whole}
    return Board(parts, unclear=frozenset(unclear))


def _lists(page: Any) -> bool:
    return any(isinstance(page.get(key), list) for key in ("components", "incidents"))


def _components(page: Any, levels: dict[str, int]) -> tuple[dict[str, int], set[str]]:
    """Return the level of each part, and the parts of which one has a state that is not known."""
    parts: dict[str, int] = {}
    unclear: set[str] = set()
    for one in rows(page.get("components")):
        level = levels.get(text(one.get("status")).lower())
        for name in {text(one.get("name")), text(one.get("id"))} - {""}:
            if level is None:
                unclear.add(fold(name))
            else:
                worst(parts, name, level)
    return parts, unclear


def _impact(incident: Any, levels: dict[str, int]) -> int:
    if text(incident.get("status")).lower() in OVER or incident.get("resolved_at"):
        return NONE
    return levels.get(text(incident.get("impact")).lower(), MINOR)
