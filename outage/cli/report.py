"""`outage report`: what the paper tells of a service, told of your own flows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from outage.cli.config import ConfigFile
from outage.cli.settings import AsJson, Since, Until

if TYPE_CHECKING:
    from outage.reports.exhibits import Report
    from outage.reports.selection import Flows

HOSTING_EXAMPLE: Final = (
    "Example: outage report hosting classified --service whatsapp --asn asn.mmdb --ping ping.json"
)
TRAFFIC_EXAMPLE: Final = "Example: outage report traffic classified --service whatsapp --json"
QOE_EXAMPLE: Final = "Example: outage report qoe classified --service whatsapp --html qoe.html"

Paths: TypeAlias = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...", help="What `outage flows classify` wrote.", show_default=False
    ),
]
ServiceName: TypeAlias = Annotated[
    str | None, typer.Option("--service", metavar="S", help="The service, if there are several.")
]
VantageName: TypeAlias = Annotated[
    str | None, typer.Option("--vantage", metavar="V", help="Only the flows of one operator.")
]
Html: TypeAlias = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write one HTML file with pictures."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        help="Characterise a service from classified flows, as the paper does.",
        epilog=TRAFFIC_EXAMPLE,
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("hosting", epilog=HOSTING_EXAMPLE)(hosting)
    group.command("traffic", epilog=TRAFFIC_EXAMPLE)(traffic)
    group.command("qoe", epilog=QOE_EXAMPLE)(qoe)
    app.add_typer(group, name="report")


def hosting(
    paths: Paths,
    *,
    service: ServiceName = None,
    vantage: VantageName = None,
    since: Since = None,
    until: Until = None,
    asn: Annotated[
        Path | None,
        typer.Option("--asn", metavar="FILE", help="Addresses to AS: MMDB, iptoasn TSV, pyasn."),
    ] = None,
    geo: Annotated[
        Path | None,
        typer.Option("--geo", metavar="FILE", help="Addresses to countries and cities: MMDB."),
    ] = None,
    ping: Annotated[
        list[Path] | None,
        typer.Option("--ping", metavar="FILE", help="Ping results of RIPE Atlas."),
    ] = None,
    atlas_dns: Annotated[
        list[Path] | None,
        typer.Option("--atlas-dns", metavar="FILE", help="DNS results of RIPE Atlas."),
    ] = None,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Report on the servers of a service: table 2 and figures 1 to 3 of the paper.

    Addresses, prefixes and autonomous systems, where they are, how far, and what each carries.
    --ping and --atlas-dns may be given several times.
    """
    from outage.reports.hosting import Sources
    from outage.reports.hosting import hosting as report_on

    sources = Sources(asn, geo, ping or (), atlas_dns or ())
    with _opened(paths, service, vantage, since, until, html) as flows:
        report = report_on(flows, sources)
    _hand_over(report, as_json, html)


def traffic(
    paths: Paths,
    *,
    service: ServiceName = None,
    vantage: VantageName = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    html: Html = None,
    config: ConfigFile = None,
) -> None:
    """Report on volume and flows by category: table 3 and figures 4 to 6 of the paper.

    Shares of bytes and flows, the course of the day, sizes, durations and throughputs, and the
    time-outs by type of device where the flows know it.
    """
    from outage.reports.traffic import traffic as report_on

    with _opened(paths, service, vantage, since, until, html) as flows:
        report = report_on(flows, _zone(flows, config))
    _hand_over(report, as_json, html)


def qoe(
    paths: Paths,
    *,
    service: ServiceName = None,
    vantage: VantageName = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Report on waiting for downloads over 1 MB: section 5 and figure 7 of the paper.

    Good up to 20 s, acceptable up to 40 s, very bad from 80 s; throughput by category.
    """
    from outage.reports.qoe import qoe as report_on

    with _opened(paths, service, vantage, since, until, html) as flows:
        report = report_on(flows)
    _hand_over(report, as_json, html)


@contextmanager
def _opened(
    paths: list[Path],
    service: str | None,
    vantage: str | None,
    since: str | None,
    until: str | None,
    html: Path | None,
) -> Iterator[Flows]:
    """Open the flows that the options choose; what cannot be written later is told now."""
    from outage.cli.settings import moment
    from outage.errors import UsageError
    from outage.reports.selection import Selection, open_flows

    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise UsageError(f"--html {html}: not a file in a folder that is there; name another")
    selection = Selection(paths, service, vantage, moment(since), moment(until))
    with _busy("reading flows"), open_flows(selection) as flows:
        yield flows


@contextmanager
def _busy(what: str) -> Iterator[None]:
    """Show on a terminal that something is going on."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def _zone(flows: Flows, config: Path | None) -> str:
    """Return the zone whose hours people live by: the only vantage's, else the service's."""
    from outage.cli.settings import configured

    _, catalogue = configured(config, None)
    vantages = flows.scope.vantages
    return catalogue.zone(flows.scope.service, vantages[0] if len(vantages) == 1 else "")


def _hand_over(report: Report, as_json: bool, html: Path | None) -> None:
    from outage.cli.output import print_json
    from outage.reports.exhibits import as_json as document
    from outage.reports.text import print_report

    if html is not None:
        from outage.reports.page import page

        html.write_text(page(report), encoding="utf-8")
    if as_json:
        print_json(document(report))
    elif html is None:
        print_report(report)
    else:
        typer.echo(f"{html}: {report.title} of {report.scope.service}")
