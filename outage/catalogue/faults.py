"""What is wrong with a catalogue file: each fault with its place, reason and remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from outage.catalogue.positions import KeyPath
from outage.catalogue.rules import did_you_mean

_PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("is missing", "add it"),
    "string_type": ("is not a text", 'write it in quotes: "..."'),
    "bool_type": ("is neither true nor false", "write true or false, without quotes"),
    "int_type": ("is not a whole number", "write a number without quotes"),
    "tuple_type": ("is not a list", 'write ["...", "..."]'),
    "dict_type": ("is not a table", "write key = value lines under a [table]"),
    "model_type": ("is not a table", "write key = value lines under a [table]"),
    "too_short": ("is empty", "add an entry or leave the key out"),
}
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a catalogue file: the key it is at (empty: the file), why, and what to do."""

    origin: str
    path: KeyPath
    line: int | None
    reason: str
    remedy: str
    column: int | None = None

    @property
    def key(self) -> str:
        """Return the full dotted key, as TOML would write it."""
        return dotted(self.path)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.origin, self.line, self.column) if part)
        parts = (place, self.key, f"{self.reason}; {self.remedy}")
        return ": ".join(part for part in parts if part)


def dotted(path: KeyPath) -> str:
    """Write a path as a dotted key.

    >>> dotted(("services", "x", "domains", "", 0))
    'services.x.domains.""[0]'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if _BARE.fullmatch(part) else '"' + part.replace('"', '\\"') + '"'
            text += f".{quoted}" if text else quoted
    return text


def model_faults(
    error: ValidationError, model: type[BaseModel], above: KeyPath
) -> Iterator[tuple[KeyPath, str, str]]:
    """Yield (path, reason, remedy) of each fault that the schema found in one entry."""
    for detail in error.errors(include_url=False, include_input=False):
        path = tuple(part for part in detail["loc"] if part != "[key]")
        if detail["type"] == "extra_forbidden":
            remedy = did_you_mean(str(path[-1]), _keys(model, path[:-1]))
            yield (*above, *path), "is not a key of this table", remedy
        else:
            at = detail.get("ctx", {}).get("at", ())
            yield (*above, *path, *at), *_said(detail)


def _said(detail: ErrorDetails) -> tuple[str, str]:
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "rule":
        return str(context["reason"]), str(context["remedy"])
    if detail["type"] in _PLAIN:
        return _PLAIN[detail["type"]]
    return detail["msg"].removeprefix("Input "), "see docs/catalogue.md"


def _keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Return the keys that the table at `path` within `model` may have."""
    for part in path:
        field = model.model_fields.get(str(part))
        kinds = [] if field is None else [field.annotation, *get_args(field.annotation)]
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not inner:
            return []
        model = inner[0]
    return list(model.model_fields)
