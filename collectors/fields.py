"""Fields of foreign JSON: absent, null, text for a number, or of another shape altogether."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from outage.errors import BadInput


def table(value: Any) -> Mapping[str, Any]:
    """Return an object's members; none where the value is no object."""
    return value if isinstance(value, Mapping) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; none where the value is no list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def listed(value: Any, what: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list that must be there; raises BadInput."""
    if not isinstance(value, list):
        raise BadInput(f"{what} is {_kind(value)}, not a list; the source has changed its form")
    return rows(value)


def all_listed(value: Any, what: str, key: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list in which every entry is one with a `key`; raises BadInput.

    For lists in which silence means calm: an entry that is not understood might be trouble.
    """
    found = listed(value, what)
    if len(found) < len(value) or not all(key in one for one in found):
        raise BadInput(f"{what} has entries without {key!r}; the source has changed its form")
    return found


def text(value: Any) -> str:
    """Return a text without its margins, empty where the value is none."""
    return value.strip() if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """Return a finite number, also one written as text; None for all else.

    >>> number("31"), number(None), number("NaN"), number(True)
    (31.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def moment(value: Any) -> int | None:
    """Return epoch seconds of a time, written as such or in ISO 8601; without a zone it is UTC.

    >>> moment("2026-01-05T02:00:00-08:00") == moment("1767607200")
    True
    """
    found = number(value)
    if found is not None:
        return int(found // 1)
    try:
        read = datetime.fromisoformat(text(value))
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() // 1)
    except (ValueError, OverflowError):
        return None


def _kind(value: Any) -> str:
    names = {dict: "an object", str: "a text", type(None): "absent", list: "a list"}
    return names.get(type(value), "a number")
