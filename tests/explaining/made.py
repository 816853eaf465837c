"""Small parts of explanations that tests read."""

from __future__ import annotations

from dataclasses import replace

from outage.explaining.record import Footing, Presence, Reading


def reading(signal: str, **changes: object) -> Reading:
    """Return one reading of `north`, ten sigma up, with what is changed."""
    one = Reading(
        signal=signal,
        category="",
        vantage="north",
        source="probe",
        unit="packets",
        slot_start=0,
        slot_seconds=600,
        presence=Presence.SEEN,
        footing=Footing.SEASON,
        seen=200.0,
        expected=100.0,
        sigma=10.0,
    )
    return replace(one, **changes)  # type: ignore[arg-type]
