"""Read the built-in catalogue and a user's file over it, and say everything that is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, RootModel, ValidationError

from outage.catalogue import checks
from outage.catalogue.catalogue import Catalogue
from outage.catalogue.faults import Fault, model_faults
from outage.catalogue.positions import KeyPath, key_lines, line_of
from outage.catalogue.rules import PhrasesByLanguage, did_you_mean
from outage.catalogue.schema import SECTIONS, Wording
from outage.errors import ConfigError
from outage.settings import Settings
from outage.words import SLUG

SIZE_LIMIT: Final = 1 << 20
BUILTIN: Final = Path(__file__).parent / "builtin"
_KEYS: Final = (*SECTIONS, "error_phrases", "wording", *Settings.model_fields)
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Phrases(RootModel[PhrasesByLanguage]):
    """The table of error phrases."""


@dataclass(slots=True)
class _Reading:
    """A user's table on its way in: what was good, and the findings so far."""

    given: Mapping[str, Any]
    merged: Mapping[str, Any]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    phrases: PhrasesByLanguage = field(default_factory=dict)
    wording: Wording = field(default_factory=Wording)
    settings: Settings = field(default_factory=Settings)
    findings: list[checks.Finding] = field(default_factory=list)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Return the built-in catalogue with the file at `path` laid over it.

    Raises ConfigError with the first fault and the count of the others.
    """
    catalogue, faults = check_catalogue(path)
    return _faultless(catalogue, faults)


def overlay(table: Mapping[str, Any], origin: str = "overlay") -> Catalogue:
    """Return the built-in catalogue with a table, of a file's shape, laid over it."""
    catalogue, findings = _read(table)
    return _faultless(catalogue, _unplaced(findings, origin))


def check_catalogue(path: Path | None = None) -> tuple[Catalogue | None, list[Fault]]:
    """Return the catalogue, None if it is faulty, and every fault in the order of the file."""
    if path is None:
        catalogue, findings = _read({})
        return catalogue, _unplaced(findings, "built-in catalogue")
    text, fault = _text(path)
    table: dict[str, Any] = {}
    if fault is None:
        table, fault = _table(text, path)
    if fault is not None:
        return None, [fault]
    catalogue, findings = _read(table)
    return catalogue, _placed(findings, text, path) if findings else []


def _faultless(catalogue: Catalogue | None, faults: list[Fault]) -> Catalogue:
    if catalogue is None:
        more = len(faults) - 1
        hint = f" ({more} more: outage config check lists all)" if more else ""
        raise ConfigError(f"{faults[0]}{hint}")
    return catalogue


def _unplaced(findings: list[checks.Finding], origin: str) -> list[Fault]:
    return [Fault(origin, key, None, why, remedy) for key, why, remedy in findings]


def _placed(findings: list[checks.Finding], text: str, path: Path) -> list[Fault]:
    lines = key_lines(text)
    faults = []
    for key, why, remedy in findings:
        short = tuple(part for part in key if part != "")  # domains may be a list, for the whole
        written = short if short in lines else key
        faults.append(Fault(str(path), written, line_of(lines, written), why, remedy))
    return sorted(faults, key=lambda one: (one.line or 0, one.key))


def _text(path: Path) -> tuple[str, Fault | None]:
    def fault(reason: str, remedy: str, line: int | None = None) -> tuple[str, Fault]:
        return "", Fault(str(path), (), line, reason, remedy)

    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        return fault(f"cannot be read: {error.strerror}", "name a readable file with --config")
    if len(raw) > SIZE_LIMIT:
        return fault("is over 1 MiB", "a catalogue is written by hand; keep data elsewhere")
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return fault("is not UTF-8 text", "save it as UTF-8", line)


def _table(text: str, path: Path) -> tuple[dict[str, Any], Fault | None]:
    try:
        return tomllib.loads(text), None
    except RecursionError:
        return {}, Fault(str(path), (), None, "is nested too deeply", "flatten it")
    except ValueError as error:  # tomllib lets through what int() says of endless digits
        said = str(error)
        place = _PLACE.search(said)
        line, column = (place[1], place[2]) if place else (None, None)
        at_end = text.count("\n") + 1 if place and line is None else None
        reason = f"is not TOML: {said[: place.start()] if place else said}"
        where = int(line) if line else at_end
        return {}, Fault(
            str(path), (), where, reason, "correct it there", int(column) if column else None
        )


@lru_cache(maxsize=1)
def builtin_table() -> Mapping[str, Any]:
    """Return what travels with the package, unchecked: a table of the shape of a file."""
    table: dict[str, Any] = {}
    for path in sorted(BUILTIN.glob("*.toml")):
        table = _merge(table, tomllib.loads(path.read_text(encoding="utf-8")))
    return table


def _merge(below: Mapping[str, Any], above: Mapping[str, Any], depth: int = 2) -> dict[str, Any]:
    """Lay one table over another: sections and entries are joined, their keys replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        joined = depth and isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(merged[key], value, depth - 1) if joined else value
    return merged


def _read(given: Mapping[str, Any]) -> tuple[Catalogue | None, list[checks.Finding]]:
    reading = _Reading(given, _merge(builtin_table(), given))
    for key in given:
        if key not in _KEYS:
            finding = (key,), "is not a key of a catalogue", did_you_mean(key, _KEYS)
            reading.findings.append(finding)
    for section, model in SECTIONS.items():
        reading.entries[section] = dict(_entries(reading, section, model))
    reading.phrases = _checked(reading, ("error_phrases",), _Phrases, _Phrases({})).root
    reading.wording = _checked(reading, ("wording",), Wording, Wording())
    _read_settings(reading)
    reading.findings.extend(_between(reading))
    return None if reading.findings else _assembled(reading), reading.findings


def _entries(
    reading: _Reading, section: str, model: type[BaseModel]
) -> Iterator[tuple[str, BaseModel]]:
    table = reading.merged.get(section, {})
    if not isinstance(table, Mapping):
        finding = (section,), "is not a table", f"write [{section}.NAME] above its keys"
        reading.findings.append(finding)
        return
    for slug, raw in table.items():
        if not SLUG.fullmatch(slug):
            remedy = "use a-z, 0-9, '.', '_' and '-', at most 64 characters"
            reading.findings.append(((section, slug), "is not a slug", remedy))
        elif raw == {"enabled": False}:
            remedy = did_you_mean(slug, builtin_table().get(section, {}))
            reading.findings.append(((section, slug), "there is nothing to remove", remedy))
        elif (entry := _checked(reading, (section, slug), model, None)) is not None:
            yield slug, entry


def _checked(reading: _Reading, path: KeyPath, model: Any, otherwise: Any) -> Any:
    raw: Any = reading.merged
    for part in path:
        raw = raw.get(part, {})
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        reading.findings.extend(model_faults(error, model, path))
        return otherwise


def _read_settings(reading: _Reading) -> None:
    chosen = {key: value for key, value in reading.merged.items() if key in Settings.model_fields}
    try:
        reading.settings = Settings.model_validate(chosen)
    except ValidationError as error:
        reading.findings.extend(model_faults(error, Settings, ()))


def _between(reading: _Reading) -> Iterator[checks.Finding]:
    entries = reading.entries
    services = entries["services"]
    mine = reading.given.get("services", {})
    enabled = {slug: one for slug, one in services.items() if one.enabled}
    yield from checks.names_are_clear(services, entries["operators"])
    yield from checks.nothing_twice(enabled, mine if isinstance(mine, Mapping) else ())
    yield from checks.platforms_exist(services)
    for section in ("sources", "channels"):
        yield from checks.secrets_stay_outside(section, entries[section])
        yield from checks.plugs_are_installed(section, entries[section])
    yield from checks.baselines_are_installed(reading.settings)


def _assembled(reading: _Reading) -> Catalogue:
    on = {
        section: {slug: one for slug, one in table.items() if getattr(one, "enabled", True)}
        for section, table in reading.entries.items()
    }
    return Catalogue(
        **on, error_phrases=reading.phrases, wording=reading.wording, settings=reading.settings
    )
