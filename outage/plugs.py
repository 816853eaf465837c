"""Find plugs by entry point, loaded when asked for and never on import."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from outage.errors import PlugError

GROUPS = ("outage.collectors", "outage.readers", "outage.detectors", "outage.channels")


def available(group: str) -> dict[str, EntryPoint]:
    """Return the plugs of a group by name, none of them loaded."""
    return {point.name: point for point in sorted(entry_points(group=group))}


def load(group: str, name: str) -> Any:
    """Return the class of a plug; raises PlugError naming it and what there is instead."""
    points = available(group)
    if name not in points:
        known = ", ".join(points) or "none"
        raise PlugError(f"{name!r} is not among the installed {group} plugs ({known})")
    try:
        return points[name].load()
    except (ImportError, AttributeError) as error:
        raise PlugError(f"{name!r} of {group} does not load: {error}") from error
