"""The options `--set` and `--config`, brought together into settings and a catalogue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


def doubt(option: str, slug: str | None, known: Collection[str]) -> None:
    """Say on stderr where a name that is not in the catalogue looks like one that is misspelt.

    Data may be of what the catalogue does not list: it is taken as it stands.
    """
    from difflib import get_close_matches

    close = get_close_matches(slug or "", sorted(known), n=1, cutoff=0.75)
    if slug not in known and close:
        typer.echo(
            f"outage: {option}: {slug!r} is taken as it stands, but is not in the catalogue;"
            f" did you mean {close[0]}?",
            err=True,
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
