"""Find plugs by entry point, loaded when asked for and never on import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import signature
from types import MappingProxyType
from typing import Any, Final

from outage.errors import ConfigError, PlugError

#: What a plug of each group must be able to do: any one of these methods (`outage.interfaces`).
METHODS: Final = MappingProxyType(
    {
        "outage.collectors": ("collect",),
        "outage.readers": ("read",),
        "outage.flow_readers": ("read_logs",),
        "outage.detectors": ("fit", "find"),
        "outage.channels": ("send",),
    }
)
GROUPS: Final = tuple(METHODS)


def available(group: str) -> dict[str, EntryPoint]:
    """Return the plugs of a group by name, none loaded; raises PlugError if two share a name."""
    points = sorted(entry_points(group=group))
    for name, count in Counter(point.name for point in set(points)).items():
        if count > 1:
            rivals = ", ".join(_origin(point) for point in points if point.name == name)
            raise PlugError(f"{group}: {name!r} is offered by {rivals}; uninstall all but one")
    return {point.name: point for point in points}


@cache
def load(group: str, name: str) -> Any:
    """Return the class of a plug; raises PlugError saying which, why and what there is instead."""
    points = available(group)
    if name not in points:
        raise PlugError(_unknown(group, name, list(points)))
    point = points[name]
    try:
        plug = point.load()
    except Exception as error:  # a plug is anybody's code and may fail anyhow
        raise PlugError(
            f"{group}: {name!r} from {_origin(point)} does not load:"
            f" {type(error).__name__}: {error}; mend or uninstall it"
        ) from error
    return _checked(plug, point)


def build(group: str, name: str, options: Mapping[str, Any]) -> Any:
    """Return a plug made with `options`; raises PlugError, and ConfigError for a wrong option."""
    plug = load(group, name)
    try:
        signature(plug).bind(**options)
    except TypeError as error:
        raise ConfigError(f"options of {name!r}: {error}; it takes {signature(plug)}") from error
    return plug(**options)


def _checked(plug: Any, point: EntryPoint) -> Any:
    methods = METHODS.get(point.group, ())
    if not callable(plug) or not any(hasattr(plug, method) for method in methods):
        raise PlugError(
            f"{point.group}: {point.name!r} from {_origin(point)} ({point.value}) is no such plug;"
            f" it must be a class with the method {' or '.join(methods)}"
        )
    return plug


def _unknown(group: str, name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"
    return f"{group}: no plug {name!r} is installed; {hint}"


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
