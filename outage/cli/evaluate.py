"""`outage evaluate`: judge labelled cases and count what was right."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from outage.cli.config import ConfigFile
from outage.cli.settings import AsJson, Assignments

EXAMPLE = "Example: outage evaluate cases/* --json"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("evaluate", epilog=EXAMPLE)(evaluate)


def evaluate(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", show_default=False)],
    *,
    assignments: Assignments = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Judge labelled cases: recall, false alarms, delay, causes, scopes, with 95 % intervals."""
    from outage.cli.output import print_json
    from outage.cli.settings import configured
    from outage.evaluation import evaluate as judge
    from outage.evaluation import summary

    settings, _ = configured(config, assignments)
    report = judge(folders, settings, workers=os.cpu_count() or 1)
    found = summary(report)
    if as_json:
        print_json(found)
    elif report.outcomes:
        _print_summary(found)
    for line in report.failed:
        typer.echo(f"outage: {line}", err=True)
    if report.failed:
        raise typer.Exit(1)


def _print_summary(found: dict[str, Any]) -> None:
    intervals = found["intervals"]
    for key, value in found.items():
        if key in {"per_case", "intervals", "by_cause", "failed"}:
            continue
        interval = f"  (95 %: {_plain(intervals[key])})" if intervals.get(key) else ""
        typer.echo(f"{key:30} {_plain(value)}{interval}")
    for cause, row in found["by_cause"].items():
        typer.echo(f"  {cause:28} {_plain(row)}")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return " to ".join(map(_plain, value))
    return "-" if value is None else str(value)
