"""Explain one moment of one subject, from the store, by judging it again."""

from __future__ import annotations

from dataclasses import replace

from outage.catalogue import Catalogue
from outage.explaining import sentences
from outage.explaining.reaching import (
    known_subject,
    plane_then,
    reading_engine,
    slot_at,
    state_before,
)
from outage.explaining.readings import readings
from outage.explaining.record import Explanation, Outcome, Warming
from outage.explaining.warming import warming
from outage.explaining.weighing import weigh_operator, weigh_service
from outage.judging.looking import View, look
from outage.judging.render import incident, notice
from outage.judging.state import Track
from outage.settings import Settings
from outage.slots import format_time
from outage.store.store import Store
from outage.words import Incident, Notice


def explain(
    store: Store,
    settings: Settings,
    catalogue: Catalogue,
    subject: str,
    at: int,
    *,
    as_judged: bool = True,
) -> Explanation:
    """Explain the slot that holds `at` (epoch seconds), as it was judged; writes nothing.

    `as_judged` takes the baselines that live judging kept; leave it out to try other baselines.
    Raises UsageError for an unknown subject or a time before the first sample.
    """
    kind = known_subject(store, subject)
    engine = reading_engine(store, settings, catalogue, as_judged=as_judged)
    plane = plane_then(engine, subject, at)
    start, moment = slot_at(engine, plane, at)
    view = look(engine, state_before(store, engine, moment), moment)
    weighed = weigh_operator(view, subject) if kind == "operator" else weigh_service(view, subject)
    outcome, track = _outcome(view, subject)
    found = None if track is None else incident(engine, track)
    read = readings(engine, subject, moment)
    record = Explanation(
        subject=subject,
        kind=kind,
        at=at,
        slot_start=start,
        slot_seconds=engine.planes[plane].slot_seconds,
        judged_at=moment,
        outcome=outcome,
        cause=weighed.cause,
        margin=weighed.margin,
        threshold=weighed.threshold,
        excess=weighed.excess,
        readings=read,
        weights=weighed.weights,
        vantages=weighed.vantages,
        operators_out=weighed.operators_out,
        warming=warming(engine, moment, subject),
        incident=found,
        notices=_noticed(view, subject),
    )
    told = (
        *sentences.why(kind, weighed, found is not None, settings.judging),
        sentences.seen(read),
        *sentences.places(kind, weighed.vantages),
        *_stored(store, subject, moment, found),
    )
    return replace(record, sentences=(*_opening(record), *told, *_closing(record)))


def _outcome(view: View, subject: str) -> tuple[Outcome, Track | None]:
    """Return what the moment did, and the track that is, or was, open."""
    tracks = [one for one in view.state.tracks if one.subject == subject]
    held = next((one for one in tracks if one.end is None), None)
    was = {one.id for one in view.before if one.subject == subject and one.end is None}
    if held is not None:
        return (Outcome.STAYS_OPEN if held.id in was else Outcome.OPENED), held
    closed = next((one for one in tracks if one.id in was), None)
    return (Outcome.NOTHING_OPEN if closed is None else Outcome.CLOSED), closed


def _closing(record: Explanation) -> list[str]:
    return [
        *sentences.missing(record.readings),
        *sentences.cold(record.warming),
        *sentences.noticed(record.notices),
    ]


def _opening(record: Explanation) -> list[str]:
    text = sentences.outcome_line(record.outcome, record.subject, record.incident, record.judged_at)
    slot_end = record.slot_start + record.slot_seconds
    if record.at < slot_end:
        return [text]
    return [text, f"No sample is later than {sentences.clock(slot_end)}: this is the last slot."]


def _noticed(view: View, subject: str) -> tuple[Notice, ...]:
    lately = view.heard.tick.slot_start
    return tuple(
        notice(view.engine, one)
        for one in view.state.sightings
        if one.subject == subject and one.last > lately
    )


def _stored(store: Store, subject: str, moment: int, found: Incident | None) -> list[str]:
    """Return how the store's own verdict differs, if it was judged with other settings."""
    judgement = store.judgement()
    if judgement is None or judgement[0] < moment:
        until = "nothing yet" if judgement is None else f"up to {format_time(judgement[0])}"
        return [f"The store itself was judged {until}; `outage detect` goes on."]
    kept = [
        one
        for one in store.incidents(subject=subject)
        if one.opened_at <= moment and (one.end is None or moment <= one.end)
    ]
    if found is None and kept:
        return [f"The store has an incident then ({kept[0].id}): it was judged differently."]
    if found is not None and found.id not in {one.id for one in store.incidents(subject=subject)}:
        return ["The store has no such incident: it was judged differently, or from later on."]
    return []


def warming_up(
    store: Store, settings: Settings, catalogue: Catalogue, at: int
) -> tuple[Warming, ...]:
    """Return every series that was warming up at `at` (epoch seconds), sorted."""
    engine = reading_engine(store, settings, catalogue)
    _, moment = slot_at(engine, 0, at)
    state = state_before(store, engine, moment)
    state.judged_until = moment - 1
    engine.blocks(state, moment)  # fits the day's baselines where live judging kept none
    return warming(engine, moment)
