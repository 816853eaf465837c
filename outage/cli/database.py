"""The option `--database` of every command that needs the store."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import typer

VARIABLE: Final = "OUTAGE_DATABASE_URL"
DEFAULT_URL: Final = "sqlite:///outage.db"

Database: TypeAlias = Annotated[
    str,
    typer.Option(
        "--database",
        envvar=VARIABLE,
        help="The store: sqlite:///FILE or postgresql://USER@HOST/NAME.",
    ),
]
