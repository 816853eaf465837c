"""`outage posts`: which services posts name, and whether they say that these do not work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from outage.cli.config import ConfigFile, config_file
from outage.words import counted

if TYPE_CHECKING:
    from outage.catalogue import Catalogue
    from outage.posts.counting import Counts
    from outage.posts.table import Matched

EXAMPLE: Final = "Example: outage posts match posts.csv --out matched.csv --samples posts.parquet"

Samples: TypeAlias = Annotated[
    Path | None,
    typer.Option("--samples", metavar="OUT.parquet", help="Count the posts into samples here."),
]
SlotSeconds: TypeAlias = Annotated[
    int, typer.Option("--slot-seconds", help="The slot length of the samples.")
]
Time: TypeAlias = Annotated[
    str, typer.Option("--time", metavar="COLUMN", help="The column with a post's time.")
]
Timezone: TypeAlias = Annotated[
    str | None, typer.Option("--timezone", help="The zone of times without one, such as UTC.")
]
Signals: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--signal", help="Count only these: posts, error_posts. Default: both."),
]
Subjects: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--subject", help="Count only these services or operators. Default: all."),
]
Source: TypeAlias = Annotated[str, typer.Option("--source", help="The source of the samples.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        help="Posts that name services.",
        epilog=EXAMPLE,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.callback()(_group)
    group.command("match", epilog=EXAMPLE)(match)
    app.add_typer(group, name="posts")


def _group() -> None:
    """Posts that name services."""


def match(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A table with a column text.")],
    *,
    out: Annotated[Path, typer.Option("--out", metavar="OUT.csv", help="Where to write it.")],
    samples: Samples = None,
    slot_seconds: SlotSeconds = 600,
    time: Time = "created_at",
    timezone: Timezone = None,
    signal: Signals = None,
    subject: Subjects = None,
    source: Source = "posts",
    config: ConfigFile = None,
) -> None:
    """Say of each post which services and operators it names, and whether they fail.

    Keeps all columns and adds services (slugs, space-separated), error (0 or 1) and language.
    With --samples the posts are counted into slots as posts and error_posts, for
    `outage import samples`; slots without posts count 0, so the file should be complete.
    """
    from outage.catalogue import load_catalogue
    from outage.cli.output import progress
    from outage.posts import Matcher
    from outage.posts.table import match_file

    _distinct(file, out, samples)
    _parquet(samples)
    catalogue = load_catalogue(config_file(config))
    counts = None if samples is None else _counts(time, slot_seconds, timezone, source)
    if counts is not None:
        _check_time(file, time)
        counts = replace(counts, signals=_signals(signal), subjects=_subjects(subject, catalogue))
    matcher = Matcher.of(catalogue)
    with progress("matching", 0, 1_000) as tell:
        matched = match_file(file, out, matcher, counts, lambda share: tell(int(1_000 * share)))
    _complain(matched)
    typer.echo(
        f"{out}: {counted(matched.rows, 'post')}, {matched.naming:,} naming a service or operator,"
        f" {matched.failing:,} saying that it fails"
    )
    if counts is not None and samples is not None:
        typer.echo(f"{samples}: {counted(counts.write(samples), 'sample')}")
    if matched.rejected:
        raise typer.Exit(1)


def _distinct(*paths: Path | None) -> None:
    from outage.errors import UsageError

    given = [path.resolve() for path in paths if path is not None]
    if len(set(given)) < len(given):
        raise UsageError("the files must be different ones; name others with --out and --samples")


def _parquet(samples: Path | None) -> None:
    from outage.errors import UsageError

    if samples is not None and samples.suffix != ".parquet":
        raise UsageError(f"--samples: {samples}: Parquet is written; end the name in .parquet")


def _check_time(file: Path, time: str) -> None:
    """Raise BadInput where posts have no column of that name for their time, naming a likely one.

    Whatever else is wrong with the file is said when it is read.
    """
    import csv

    from outage.errors import BadInput

    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.reader(lines)
        columns, first = next(rows, []), next(rows, [])
    if "text" in columns and time not in columns:
        pairs = zip(columns, first, strict=False)
        near = next((name for name, text in pairs if _is_time(text)), "COLUMN")
        there = ", ".join(columns[:20])
        raise BadInput(
            f"{file}: column {time} missing (found: {there}); say where a post's time stands:"
            f" --time {near}"
        )


def _is_time(text: str) -> bool:
    from datetime import datetime

    try:
        return not text.isdigit() and bool(datetime.fromisoformat(text.strip()))
    except ValueError:
        return False


def _counts(time: str, slot_seconds: int, timezone: str | None, source: str) -> Counts:
    from zoneinfo import ZoneInfo

    from outage.errors import BadInput, UsageError
    from outage.posts.counting import Counts
    from outage.words import check_slug

    try:
        zone = None if timezone is None else ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"--timezone: {timezone!r} is not an IANA zone, such as UTC") from error
    try:
        return Counts(time, slot_seconds, zone, check_slug(source, "--source"))
    except BadInput as error:
        raise UsageError(str(error)) from error


def _signals(asked: list[str] | None) -> tuple[str, ...]:
    from outage.errors import UsageError
    from outage.posts.counting import SIGNALS

    for signal in asked or ():
        if signal not in SIGNALS:
            raise UsageError(
                f"--signal: {signal!r} is not counted here; use {' or '.join(SIGNALS)}"
            )
    return tuple(asked or SIGNALS)


def _subjects(asked: list[str] | None, catalogue: Catalogue) -> tuple[str, ...]:
    from outage.catalogue.rules import did_you_mean
    from outage.errors import UsageError

    known = {*catalogue.services, *catalogue.operators}
    for slug in asked or ():
        if slug not in known:
            hint = f"add it to outage.toml, or {did_you_mean(slug, known)}"
            raise UsageError(f"--subject: {slug!r} is not in the catalogue; {hint}")
    return tuple(asked or ())


def _complain(matched: Matched) -> None:
    for row in matched.first_rejected:
        typer.echo(f"{row.origin}:{row.line}: {row.reason}; {row.remedy}", err=True)
    if matched.rejected > len(matched.first_rejected):
        more = matched.rejected - len(matched.first_rejected)
        typer.echo(f"outage: and {counted(more, 'more row')} like these", err=True)
