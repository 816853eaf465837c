"""Incidents and notices of a choice, and what a store holds at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from outage.catalogue import Catalogue
from outage.scenarios import Scenario, describe, names
from outage.scenarios.record import SOURCE as RECONSTRUCTION
from outage.store import Store
from outage.words import Incident, Notice, State


@dataclass(frozen=True, slots=True)
class Standing:
    """What a store holds: its samples' span, how far it was judged, who is in it."""

    span: tuple[int, int] | None
    judged_until: int | None
    subjects: tuple[str, ...]
    reconstructed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The incidents of a choice, the latest first, and what was seen and is no outage."""

    incidents: tuple[Incident, ...]
    notices: tuple[Notice, ...]


def open_store(url: str) -> Store:
    """Open the store at `url` for reading; raises StoreError."""
    return Store.open(url)


def standing(store: Store) -> Standing:
    """Return what the store holds; raises StoreError."""
    judged = store.judgement()
    series = store.series()
    made = {one.subject for one in series if one.source == RECONSTRUCTION}
    operators = {one.vantage for one in series if one.vantage}
    return Standing(
        span=store.span(),
        judged_until=None if judged is None else judged[0],
        subjects=tuple(sorted({*store.subjects(), *operators})),
        reconstructed=tuple(sorted(made)),
    )


def listing(
    store: Store,
    since: int | None = None,
    until: int | None = None,
    subject: str | None = None,
    states: Collection[State] = (),
) -> Listing:
    """Return what touches `[since, until)` (epoch s); no `states` means all.

    Notices have no state, so `states` does not choose among them. Raises StoreError.
    """
    found = store.incidents(since, until, subject)
    chosen = [one for one in found if not states or one.state in states]
    chosen.sort(key=lambda one: (-one.start, one.id))
    noticed = sorted(store.notices(since, until, subject), key=lambda one: -one.start)
    return Listing(tuple(chosen), tuple(noticed))


def gravest(incidents: Iterable[Incident]) -> Incident | None:
    """Return the incident to look at first: an open one, the most severe, the longest."""
    return max(incidents, key=_gravity, default=None)


def _gravity(one: Incident) -> tuple[bool, float, int, int]:
    lasted = 0 if one.end is None else one.end - one.start
    return one.end is None, one.severity, lasted, one.start


def reconstruction_of(incident: Incident) -> Scenario | None:
    """Return the built-in reconstruction whose subject and span fit the incident, if one does."""
    scenarios = (describe(slug) for slug in names())
    return next((one for one in scenarios if _shows(one, incident)), None)


def _shows(scenario: Scenario, incident: Incident) -> bool:
    known = incident.subject in (*scenario.services, *scenario.operators)
    return known and scenario.starts <= incident.start < scenario.ends


def local_zone(incident: Incident, catalogue: Catalogue) -> str:
    """Return the IANA zone of those affected: a vantage's, else the subject's, else UTC."""
    places = (incident.vantage or "", *incident.vantages, incident.subject)
    zones = (catalogue.zone(incident.subject, place) for place in places)
    known = next((zone for zone in zones if zone != "UTC"), None)
    scenario = None if known else reconstruction_of(incident)
    if scenario is None:
        return known or "UTC"
    of_places = (scenario.timezones[place] for place in places if place in scenario.timezones)
    return next(of_places, next(iter(scenario.timezones.values()), "UTC"))
