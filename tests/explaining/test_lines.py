"""Lines of an explanation: sources that speak of the same are told apart."""

from __future__ import annotations

from outage.explaining.lines import _readings
from outage.explaining.record import Footing, Presence, Reading


def reading(signal: str, source: str) -> Reading:
    gap = (Presence.GAP, Footing.NOTHING, None, None, None)
    return Reading(signal, "", "", source, "posts", 0, 600, *gap)


def test_several_sources_of_one_signal_are_named() -> None:
    lines = list(_readings([reading("posts", name) for name in ("x", "bluesky")]))
    assert "posts (x) " in lines[1]
    assert "posts (bluesky) " in lines[2]


def test_a_single_source_is_not() -> None:
    assert "(x)" not in "".join(_readings([reading("posts", "x"), reading("error_posts", "x")]))
