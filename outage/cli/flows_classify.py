"""`outage flows classify`: canonical flow logs into named flows and samples."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

from outage.cli.config import ConfigFile, config_file
from outage.cli.output import plain, print_json
from outage.cli.settings import AsJson, Since, Until, doubt, moment
from outage.words import counted

if TYPE_CHECKING:
    from outage.flows.classifying import Outcome

EXAMPLE: Final = (
    "Example: outage flows classify --flows logs/flows/*.parquet --dns logs/dns/*.parquet"
    " --out classified"
)
NO_SAMPLES: Final = ": no flow has a service, or no slot is complete"
MANY: Final = ("--flows", "--dns")


Flows = Annotated[list[str], typer.Option("--flows", metavar="FILE...", help="Canonical flows.")]
Answers = Annotated[
    list[str] | None, typer.Option("--dns", metavar="FILE...", help="Canonical DNS answers.")
]
Out = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for flows/ and samples.parquet.")
]
SlotSeconds = Annotated[int, typer.Option("--slot-seconds", help="The slot length of the samples.")]
Grace = Annotated[
    int, typer.Option("--grace", help="Seconds that an answer counts beyond its TTL.")
]
SourceName = Annotated[str, typer.Option("--source", help="The name of the source in the samples.")]
VantageName = Annotated[
    str, typer.Option("--vantage", help="The operator, where a flow names none.")
]
ReverseDns = Annotated[
    bool,
    typer.Option("--reverse-dns", help="Name by address only where its reverse name agrees."),
]
MemoryLimit = Annotated[
    str, typer.Option("--memory-limit", help="Memory of the engine; beyond it, disk.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, show_default="every core", help="Threads.")
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="A Dask scheduler; else this machine."),
]


class ManyFiles(TyperCommand):
    """A command whose options `--flows` and `--dns` take every name up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each of its names, which is what the parser knows."""
        return super().parse_args(ctx, list(_repeated(args)))


def _repeated(args: list[str]) -> Iterator[str]:
    option: str | None = None
    for place, word in enumerate(args):
        if word.startswith("-"):
            name = word.partition("=")[0]  # `--flows=one two` means both
            option = name if name in MANY else None
        elif option is not None and args[place - 1] != option:
            yield option
        yield word


def classify(
    *,
    flows: Flows,
    out: Out,
    dns: Answers = None,
    slot_seconds: SlotSeconds = 600,
    grace: Grace = 300,
    source: SourceName = "flows",
    vantage: VantageName = "",
    since: Since = None,
    until: Until = None,
    reverse_dns: ReverseDns = False,
    memory_limit: MemoryLimit = "2GB",
    threads: Threads = None,
    cluster: Cluster = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Name flows by service and make samples, ready for `outage import samples`.

    By DNS answer, else server name, else certificate, else known address; see docs/flows.md.
    Files are Parquet or CSV. --since and --until say from when and until when the logs are whole;
    otherwise the slots in which they begin and end are held back.
    """
    from outage.catalogue import load_catalogue
    from outage.flows.classifying import classify_logs
    from outage.flows.engine import Limits
    from outage.flows.reverse import reverse_name
    from outage.flows.surveying import Options

    options = Options(
        slot_seconds=slot_seconds,
        grace=grace,
        source=source,
        vantage=vantage,
        since=moment(since),
        until=moment(until),
        limits=Limits(memory_limit, threads),
        reverse=reverse_name if reverse_dns else None,
        cluster=cluster,
    )
    catalogue = load_catalogue(config_file(config))
    doubt("--vantage", vantage, catalogue.operators.keys())
    with _progress() as progress:
        outcome = classify_logs(flows, dns or [], str(out), catalogue, options, progress)
    _report(outcome, as_json=as_json)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show which step is under way and how much of it is done, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield show


def _report(outcome: Outcome, *, as_json: bool) -> None:
    for line in outcome.lines:
        typer.echo(f"outage: {plain(line)}", err=True)
    summary = outcome.summary()
    if as_json:
        print_json(summary)
    else:
        named = ", ".join(f"{count:,} by {rule}" for rule, count in outcome.named.items())
        typer.echo(f"{counted(outcome.flows, 'flow')}: {named}, {outcome.unnamed:,} unnamed")
        rate = outcome.flows / max(outcome.seconds, 1e-9)
        where = f" in {outcome.out}/samples.parquet" if outcome.samples else NO_SAMPLES
        typer.echo(
            f"{counted(outcome.samples, 'sample')} of {counted(outcome.slots, 'slot')}{where}"
            f" ({outcome.seconds:.1f} s, {rate:,.0f} flows/s)"
        )
    if outcome.lines:
        raise typer.Exit(1)
