"""Azure's status page: a feed whose items are what is wrong now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collectors.boards import NONE
from collectors.people.feeds import Feeds
from outage.interfaces import Surroundings


class Azure(Feeds):
    """Reads Azure's status feed as `status_level`: no items, nothing wrong.

    `service` is the subject of all of Azure, `services` maps subjects to patterns of titles or
    tags (`{ xbox = ["*front door*"] }`).
    """

    needs = ()

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str = "https://azure.status.microsoft/en-us/status/feed/",
        service: str | None = None,
        services: Mapping[str, Sequence[str]] | None = None,
        open_hours: float = 72.0,
        maintenance_level: int = NONE,
    ) -> None:
        super().__init__(
            surroundings,
            url=url,
            service=service,
            services=services,
            open_hours=open_hours,
            maintenance_level=maintenance_level,
        )
