"""The options `--set` and `--config`, brought together into settings and a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from outage.cli.config import config_file

if TYPE_CHECKING:
    from outage.catalogue import Catalogue
    from outage.settings import Settings

Assignments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as baseline=prophet."),
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document and nothing else.")
]
Since: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="ISO 8601 with a zone.")
]
Until: TypeAlias = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="ISO 8601 with a zone.")
]


def configured(
    config: Path | None, assignments: Sequence[str] | None
) -> tuple[Settings, Catalogue]:
    """Return the settings in force and the catalogue; raises ConfigError."""
    from outage.catalogue import load_catalogue
    from outage.settings import override

    catalogue = load_catalogue(config_file(config))
    settings = override(catalogue.settings, assignments or ())
    _check_baselines(settings)
    return settings, catalogue


def _check_baselines(settings: Settings) -> None:
    from outage.errors import ConfigError
    from outage.plugs import available, load

    known = [
        name
        for name in available("outage.detectors")
        if hasattr(load("outage.detectors", name), "fit")
    ]
    for key, name in {"baseline": settings.baseline, **settings.baselines}.items():
        if name not in known:
            raise ConfigError(
                f"{key}: {name!r} is not an installed baseline; known: {', '.join(known)}"
            )


def moment(text: str | None) -> int | None:
    """Return epoch seconds of an option's time; a fault is wrong use."""
    from outage.errors import BadInput, UsageError
    from outage.slots import parse_time

    if text is None:
        return None
    try:
        return parse_time(text)
    except BadInput as error:
        raise UsageError(str(error)) from error
