"""What an operator may turn, checked by a schema; the same keys as `--set` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from outage.errors import ConfigError, UsageError
from outage.slots import check_slot_seconds


class Strict(BaseModel):
    """A frozen table of settings in which a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _slot_length(seconds: int) -> int:
    try:
        return check_slot_seconds(seconds)
    except UsageError as error:
        raise ValueError(str(error)) from error


class Judging(Strict):
    """Thresholds of the fold; evidence is in nats (natural log-odds), times in seconds."""

    grid_seconds: Annotated[int, AfterValidator(_slot_length)] = 600
    possible_nats: float = Field(7.0, gt=0)
    confirmed_nats: float = Field(12.0, gt=0)
    overwhelming_nats: float = Field(25.0, gt=0)
    close_nats: float = 2.0
    notice_nats: float = Field(6.0, gt=0)
    alone_nats: float = Field(0.0, ge=0)
    least_complaints: float = Field(15.0, ge=0)
    tail_nats: float = Field(5.0, ge=0)
    memory_seconds: float = Field(1_500.0, gt=0)
    reopen_seconds: int = Field(2_400, ge=0)
    echo_share: float = Field(0.2, ge=0, le=1)
    echo_seconds: int = Field(12 * 3_600, ge=0)
    tail_seconds: int = Field(3 * 3_600, ge=0)
    blind_seconds: int = Field(6 * 3_600, gt=0)
    quiet_seconds: int = Field(1_200, ge=60)


Group = Annotated[str, Field(pattern="^(outage|innocent)$")]
#: A row of the table of signatures: ranges by feature, and what else it says of itself.
Row = dict[str, tuple[float, float] | tuple[float, float, float] | float | str | list[str]]


class ScenarioSettings(Strict):
    """How a reconstruction is made: the seed of its noise, the outages' amplitude."""

    seed: int = 0
    depth: float = Field(default=1.0, gt=0.0, le=1.5)


class Settings(Strict):
    """All settings beside the catalogue; defaults are what the evaluation was made with."""

    baseline: str = "seasonal"
    baselines: dict[str, str] = Field(default_factory=dict)
    detectors: dict[str, dict[str, str | int | float | bool]] = Field(default_factory=dict)
    signatures: dict[Group, dict[str, Row]] = Field(default_factory=dict)
    judging: Judging = Judging()
    scenario: ScenarioSettings = ScenarioSettings()


FREE: Final = frozenset({"detectors", "signatures"})  # tables of names that are not ours


def override(settings: Settings, assignments: Iterable[str]) -> Settings:
    """Return the settings with `dotted.key=value` assignments applied; raises ConfigError.

    >>> override(Settings(), ["scenario.seed=7"]).scenario.seed
    7
    """
    table: dict[str, Any] = settings.model_dump()
    for assignment in assignments:
        key, separator, value = assignment.partition("=")
        if not separator:
            raise ConfigError(f"--set {assignment!r}: write it as dotted.key=value")
        _assign(table, key.strip(), value.strip())
    return parse_settings(table)


def _assign(table: dict[str, Any], key: str, value: str) -> None:
    *path, last = key.split(".")
    free = bool(path) and path[0] in FREE
    for name in path:
        inner = table.setdefault(name, {}) if free else table.get(name)
        if not isinstance(inner, dict):
            raise ConfigError(f"{key}: there is no table {name!r}; known: {', '.join(table)}")
        table = inner
    table[last] = _listed(key, value) if value.startswith("[") else value


def _listed(key: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise ConfigError(f"{key}: {value!r} is no list; write it like [-1.0, 0.5]") from error


def parse_settings(table: Mapping[str, Any]) -> Settings:
    """Return checked settings; the first fault is raised as a ConfigError naming its key."""
    try:
        return Settings.model_validate(table)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            raise ConfigError(f"{key}: no such setting{_nearest(key)}") from error
        raise ConfigError(f"{key}: {fault['msg']}; it was {fault['input']!r}") from error


def _nearest(key: str) -> str:
    known = [
        *Settings.model_fields,
        *(f"judging.{name}" for name in Judging.model_fields),
        *(f"scenario.{name}" for name in ScenarioSettings.model_fields),
    ]
    near = get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]}?" if near else "; see docs/catalogue.md"
