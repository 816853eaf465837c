"""`outage flows`: logs of flows and DNS, read and classified."""

from __future__ import annotations

import typer

from outage.cli import flows_classify, flows_read


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        help="Read flow and DNS logs, and classify flows.",
        epilog=flows_read.EXAMPLE,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("read", epilog=flows_read.EXAMPLE)(flows_read.read)
    group.command("capture", epilog=flows_read.CAPTURE_EXAMPLE)(flows_read.capture)
    group.command("classify", cls=flows_classify.ManyFiles, epilog=flows_classify.EXAMPLE)(
        flows_classify.classify
    )
    app.add_typer(group, name="flows")
