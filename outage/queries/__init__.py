"""What pages and reports read: verdicts of a span, and all that was seen around one incident."""

from __future__ import annotations

from outage.queries.panels import Panels, Plot, Trace, incident_panels, only, telling
from outage.queries.sentences import account, amount, change, duration, headline, share
from outage.queries.verdicts import (
    Listing,
    Standing,
    gravest,
    listing,
    local_zone,
    open_store,
    reconstruction_of,
    standing,
)

__all__ = [
    "Listing",
    "Panels",
    "Plot",
    "Standing",
    "Trace",
    "account",
    "amount",
    "change",
    "duration",
    "gravest",
    "headline",
    "incident_panels",
    "listing",
    "local_zone",
    "only",
    "open_store",
    "reconstruction_of",
    "share",
    "standing",
    "telling",
]
