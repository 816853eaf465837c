"""Every query of the pages, kept for a moment; the database is part of the key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import streamlit as st

from outage import queries
from outage.catalogue import load_catalogue
from outage.queries import Listing, Panels, Standing
from outage.words import Incident, State

DATABASE: Final = "OUTAGE_DATABASE_URL"
CONFIG: Final = "OUTAGE_CONFIG"
DEFAULT_URL: Final = "sqlite:///outage.db"
SECONDS: Final = 30
MOST: Final = 64  # answers kept of each query


def database_url() -> str:
    """Return the URL of the store, as the command that started us left it."""
    return os.environ.get(DATABASE) or DEFAULT_URL


@st.cache_data(ttl=SECONDS, max_entries=MOST, show_spinner=False)
def standing(url: str) -> Standing:
    """Return what the store holds; raises StoreError."""
    with queries.open_store(url) as store:
        return queries.standing(store)


@st.cache_data(ttl=SECONDS, max_entries=MOST, show_spinner=False)
def listing(
    url: str,
    since: int | None,
    until: int | None,
    subject: str | None,
    states: tuple[State, ...],
) -> Listing:
    """Return the incidents and notices of a choice; raises StoreError."""
    with queries.open_store(url) as store:
        return queries.listing(store, since, until, subject, states)


@st.cache_data(ttl=SECONDS, max_entries=MOST, show_spinner="Reading what was seen …")
def panels(url: str, incident: Incident, around_s: int, vantage: str | None) -> Panels:
    """Return what was seen from `around_s` seconds before an incident to as long after it."""
    with queries.open_store(url) as store:
        return queries.incident_panels(store, incident, around_s, around_s, vantage)


@st.cache_data(ttl=SECONDS, max_entries=MOST, show_spinner=False)
def local_zone(incident: Incident) -> str:
    """Return the IANA zone of those affected; raises ConfigError for a broken catalogue."""
    path = os.environ.get(CONFIG)
    return queries.local_zone(incident, load_catalogue(Path(path) if path else None))
