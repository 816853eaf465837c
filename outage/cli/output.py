"""What the commands print: one JSON document, or a table for people; progress on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import typer

from outage.slots import format_time
from outage.words import Incident, Notice, as_json

MOST_LINES: Final = 5


WIDE = 106  # columns that the table of incidents needs


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, sort_keys=False))


def verdicts(incidents: Sequence[Incident], notices: Sequence[Notice]) -> dict[str, Any]:
    """Return the contract's document of incidents and notices."""
    return {
        "incidents": [as_json(one) for one in incidents],
        "notices": [as_json(one) for one in notices],
    }


def print_incidents(incidents: Sequence[Incident], notices: Sequence[Notice]) -> None:
    """Print the table of incidents, with what speaks for each, and how much was waved through."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 140)
    if not incidents:
        console.print("No incident.")
    elif console.width < WIDE:
        for one in incidents:
            console.print(Text(_block(one)))
    else:
        table = Table(title="Incidents (UTC)", title_justify="left")
        for name in ("since", "until", "subject", "where", "cause", "opened", "sure", "missing"):
            table.add_column(name, no_wrap=True)
        for one in incidents:
            table.add_row(*(Text(cell) for cell in _row(one)))
        console.print(table)
        for one in incidents:
            console.print(Text(f"{_short(one.start)} {one.subject}"))
            for line in _why(one):
                console.print(Padding(Text(line), (0, 0, 0, 2)))
    if notices:
        console.print(Text(f"Seen, and not an outage: {_kinds(notices)}."))


def _row(one: Incident) -> tuple[str, ...]:
    return (
        _short(one.start),
        _short(one.end) if one.end is not None else "open",
        one.subject,
        _where(one),
        one.cause.value,
        f"+{(one.opened_at - one.start) // 60} min",
        f"{one.confidence:.0%}" + ("" if one.confirmed_at is not None else " possible"),
        f"{one.severity:.0%}",
    )


def _block(one: Incident) -> str:
    """Return an incident in a few lines, for narrow terminals."""
    since, until, subject, where, cause, opened, sure, missing = _row(one)
    return (
        f"{since} to {until} UTC\n  {subject} {where}: {cause},"
        f" opened {opened}, sure {sure}, missing {missing}"
    )


def _where(one: Incident) -> str:
    if one.vantage is not None:
        return one.vantage
    if not one.vantages:
        return "people only"
    return "everywhere" if len(one.vantages) > 1 else f"{one.vantages[0]} (alone)"


def _why(one: Incident) -> list[str]:
    """Return the evidence that is told first, and every line with a remark on all of it."""
    told = [
        line.text
        for place, line in enumerate(one.evidence)
        if place < MOST_LINES or "; " in line.text
    ]
    return told or ["no single signal stands out"]


def _kinds(notices: Sequence[Notice]) -> str:
    counts: dict[str, int] = {}
    for notice in notices:
        counts[notice.kind] = counts.get(notice.kind, 0) + 1
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(counts.items()))


def _short(moment: int | None) -> str:
    text = format_time(moment)
    return "" if text is None else text[:16].replace("T", " ")


@contextmanager
def progress(title: str, since: int, until: int) -> Iterator[Callable[[int], None]]:
    """Show how far a stretch of time has been judged, on a terminal only."""
    if not sys.stderr.isatty() or until <= since:
        yield lambda _moment: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=until - since)
        yield lambda moment: bar.update(task, completed=moment - since)


def files_progress(stack: ExitStack, total: int) -> Callable[[Path, float], None]:
    """Return what shows how far reading `total` files has come, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda _path, _share: None
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
    task = bar.add_task("", total=total)
    seen: list[Path] = []

    def show(path: Path, share: float) -> None:
        if not share or path not in seen[-1:]:
            seen.append(path)
        bar.update(task, description=escape(plain(path.name)), completed=len(seen) - 1 + share)

    return show


def plain(text: object) -> str:
    """Return the text without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in str(text))
