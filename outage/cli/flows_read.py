"""`outage flows read`: logs of flows and DNS into canonical Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from outage.cli.output import files_progress, plain, print_json
from outage.words import counted

if TYPE_CHECKING:
    from outage.flows.reading import FileRead, LogsRead
    from outage.interfaces import FlowReader, LogOptions

CAPTURE_EXAMPLE: Final = "Example: outage flows capture eth0 --seconds 600 --out flows-live"
EXAMPLE: Final = "Example: outage flows read zeek /var/log/zeek/2026-01-05 --out flows-2026-01"

SHOWN: Final = 3  # files with the same fault
PROBED: Final = 100 << 20  # bytes; dissecting a larger capture takes long
BEGINNING: Final = 2  # chunks: the second is what a reader holds back to the end

Out: TypeAlias = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Folder for flows/ and dns/.")
]
Vantage: TypeAlias = Annotated[
    str | None, typer.Option("--vantage", help="The operator whose network was seen.")
]
KeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--key-file", help="Key under which clients are hashed; else OUTAGE_CLIENT_KEY, else made."
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def read(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="zeek, nfdump, pmacct, goflow2, suricata, pcap, canonical, or a plug.",
        ),
    ],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    *,
    out: Out,
    vantage: Vantage = None,
    timezone: Annotated[
        str,
        typer.Option("--timezone", help="The zone of times without one, such as Europe/Berlin."),
    ] = "UTC",
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Read flow and DNS logs into DIR/flows/*.parquet and DIR/dns/*.parquet.

    One file out for each file in; reading a file again replaces its output. Clients are replaced
    by a keyed hash. What is damaged is named, counted and left out.
    """
    from outage.flows.reading import log_files, read_files

    reader = _reader(source)
    options = log_options(out, vantage, timezone, key_file)
    files = log_files(paths, out)
    with ExitStack() as stack:
        progress = files_progress(stack, len(files))
        outcome = read_files(reader, files, options, out, progress=progress)
    report(outcome, out, json=json, hint=_other_reader(source, outcome, options))


def _reader(source: str) -> FlowReader:
    """Return a new reader; raises UsageError if there is none of that name."""
    from outage.errors import PlugError, UsageError
    from outage.plugs import available, load

    try:
        reader: FlowReader = load("outage.flow_readers", source)()
    except PlugError as error:
        if source in available("outage.flow_readers"):
            raise
        raise UsageError(str(error)) from error
    return reader


def log_options(out: Path, vantage: str | None, timezone: str, key_file: Path | None) -> LogOptions:
    """Return the checked options; says so where a key had to be made. Raises UsageError."""
    from outage.flows.hiding import VARIABLE, client_key
    from outage.flows.reading import checked_options

    key = client_key(os.environ.get(VARIABLE), key_file, out)
    options = checked_options(key, vantage, timezone)
    if key.made is not None:
        said = f"{key.made}: new key under which clients are hashed; keep it, and keep it secret"
        typer.echo(plain(said), err=True)
    return options


def _other_reader(source: str, outcome: LogsRead, options: LogOptions) -> str:
    """Return which other reader finds records where this one found none, empty if none does."""
    from outage.errors import OutageError
    from outage.plugs import available

    faulty = (one.path for one in outcome.files if one.error or one.damaged)
    path = next((one for one in faulty if one.is_file() and one.stat().st_size < PROBED), None)
    if path is None or outcome.total("flows") + outcome.total("answers"):
        return ""
    for name in available("outage.flow_readers"):
        with suppress(OutageError):
            for chunk in islice(_reader(name).read_logs(path, options), BEGINNING):
                if chunk.flows or chunk.answers:
                    return f"{path} is in the form of {name}; give that in place of {source}"
    return ""


def report(outcome: LogsRead, out: Path, *, json: bool, hint: str = "") -> None:
    """Say what was damaged, on stderr, and what was read; exit 1 if anything was damaged."""
    _complain(outcome)
    if hint:
        typer.echo(f"outage: {plain(hint)}", err=True)
    damaged, passed = outcome.counts("damaged"), outcome.counts("passed")
    flows, answers = outcome.total("flows"), outcome.total("answers")
    if json:
        summary = {
            "files": len(outcome.files),
            "files_failed": outcome.failed,
            "flows": flows,
            "answers": answers,
            "skipped": dict(damaged.most_common()),
            "passed": dict(passed.most_common()),
            "out": str(out),
        }
        print_json(summary)
    else:
        files = counted(len(outcome.files), "file")
        typer.echo(f"{files}: {counted(flows, 'flow')}, {counted(answers, 'DNS answer')}")
        for reason, count in passed.most_common():
            typer.echo(f"  passed over: {plain(reason)}: {count:,}")
        for reason, count in damaged.most_common():
            typer.echo(f"  damaged: {count:,} x {plain(reason)}")
    if damaged or outcome.failed or not flows + answers:
        raise typer.Exit(1)


def _complain(outcome: LogsRead) -> None:
    """Say the first faults of each kind, one a file, and in how many more files there are such."""
    kinds: dict[str, list[str]] = {}
    for one in outcome.files:
        for kind, line in _faults(one):
            kinds.setdefault(kind, []).append(line)
    for lines in kinds.values():
        more = len(lines) - SHOWN
        for line in [*lines[:SHOWN], *([f"... and {more:,} more like these"] if more > 0 else [])]:
            typer.echo(plain(line), err=True)


def _faults(one: FileRead) -> Iterator[tuple[str, str]]:
    """Yield the faults of a file by their kind: the first of each, and how often there was such."""
    for reason, row in one.first.items():
        count = one.damaged[reason]
        often = f" ({count:,} times)" if count > 1 else ""
        excerpt = f" [{row.excerpt}]" if row.excerpt else ""
        where = f"{one.path}:{row.line}" if row.line else str(one.path)
        yield reason, f"{where}: {reason}{often}; {row.remedy}{excerpt}"
    if one.error is not None:
        yield one.error.replace(str(one.path), ""), f"outage: {one.error}"


def capture(
    interface: Annotated[str, typer.Argument(metavar="INTERFACE", help="Such as eth0.")],
    *,
    out: Out,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="How long to capture.")] = 60,
    vantage: Vantage = None,
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Capture live traffic into DIR/flows/*.parquet and DIR/dns/*.parquet.

    Needs the extra `capture` (nfstream), tshark, and the right to capture. Packets are deleted
    once their flows, names and DNS answers are known.
    """
    from outage.cli.output import progress as shown
    from outage.flows.capturing import capture as captured

    reader = _reader("pcap")
    options = log_options(out, vantage, "UTC", key_file)
    with shown(f"capturing {plain(interface)}", 0, seconds) as show:
        outcome = captured(
            *(reader, interface, seconds, options, out),
            progress=lambda share: show(int(share * seconds)),
        )
    report(outcome, out, json=json)
