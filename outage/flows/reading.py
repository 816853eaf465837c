"""Read flow and DNS logs into canonical Parquet: file by file, what is wrong named and counted."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from outage.canonical import answer_schema, flow_schema
from outage.errors import BadInput, UsageError
from outage.flows.clocks import ClockWatch
from outage.flows.hiding import ClientKey
from outage.interfaces import FlowReader, LogChunk, LogOptions
from outage.words import RejectedRow, check_slug

if TYPE_CHECKING:
    import pyarrow as pa

Progress: TypeAlias = Callable[[Path, float], None]

#: What lies in folders of logs and is none, and what is still being written.
ASIDE: Final = ("*.md", "*.txt", "*.html", "LICENSE*", "README*", "*.tmp", "*.part", "*.key")
#: Numbers that hardly repeat: their differences take a quarter less room and time.
SPREAD: Final = frozenset({"start", "end", "time", "bytes_down", "bytes_up"})
GROUP_ROWS: Final = 480_000  # of a row group: engines read few large ones fastest
EMPTY: Final = "holds no record"


def checked_options(key: ClientKey, vantage: str | None, timezone: str) -> LogOptions:
    """Return the options of a reader; raises UsageError if the vantage or the zone is none."""
    try:
        ZoneInfo(timezone)
        vantage = None if vantage is None else check_slug(vantage, "--vantage")
    except BadInput as error:
        raise UsageError(str(error)) from error
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"--timezone: {timezone[:40]!r} is no time zone; write it like UTC or Europe/Berlin"
        ) from error
    return LogOptions(hide=key.hider(), vantage=vantage, timezone=timezone)


@dataclass(slots=True)
class FileRead:
    """What became of one file: rows written, damage by reason with the first, what was passed.

    `error` says why reading stopped.
    """

    path: Path
    flows: int = 0
    answers: int = 0
    damaged: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    first: dict[str, RejectedRow] = field(default_factory=dict)
    error: str | None = None

    def take(self, chunk: LogChunk) -> None:
        """Count what a chunk holds."""
        self.flows += 0 if chunk.flows is None else len(chunk.flows)
        self.answers += 0 if chunk.answers is None else len(chunk.answers)
        self.damaged.update(chunk.damaged)
        self.passed.update(chunk.passed)
        for row in chunk.rejected:
            self.first.setdefault(row.reason, row)


@dataclass(frozen=True, slots=True)
class LogsRead:
    """What became of all files, and of each."""

    files: Sequence[FileRead]

    def total(self, name: str) -> int:
        """Return the sum of a count (flows, answers) over the files."""
        return sum(getattr(one, name) for one in self.files)

    def counts(self, name: str) -> Counter[str]:
        """Return the counts by reason (damaged, passed) over the files."""
        return sum((getattr(one, name) for one in self.files), Counter[str]())

    @property
    def failed(self) -> int:
        """Return the files that were not read to their end."""
        return sum(one.error is not None for one in self.files)


def log_files(paths: Iterable[Path], out: Path | None = None) -> list[Path]:
    """Return the files named and those in the folders named, in order of name, each once.

    Hidden files, unfinished ones, what is plainly no log and our own output in `out` are passed
    over in folders.
    """
    found: dict[Path, Path] = {}
    own = [] if out is None else [out.resolve() / kind for kind in ("flows", "dns")]
    for path in paths:
        walked = path.is_dir()
        for one in sorted(path.rglob("*")) if walked else [path]:
            whole = one.resolve()
            log = one.is_file() and _is_log(one, path) and whole.parent not in own
            if not walked or log:
                found.setdefault(whole, one)
    return list(found.values())


def _is_log(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and not any(fnmatch(path.name, pattern) for pattern in ASIDE)


def read_files(
    reader: FlowReader,
    paths: Iterable[Path],
    options: LogOptions,
    out: Path,
    *,
    progress: Progress = lambda _path, _share: None,
) -> LogsRead:
    """Write `out/flows/*.parquet` and `out/dns/*.parquet`, one of each at most for each file.

    A file's output appears whole, when the file has been read, and replaces that of an earlier
    reading. A file that fails does not stop the others; what it held before the damage is kept.
    """
    return LogsRead([_read(reader, path, options, out, progress) for path in paths])


def _read(
    reader: FlowReader, path: Path, options: LogOptions, out: Path, progress: Progress
) -> FileRead:
    outcome = FileRead(path)
    clocks = (ClockWatch(path.name, "end"), ClockWatch(path.name, "time"))
    name = output_name(path)
    flows = _Output(out / "flows" / name, flow_schema())
    answers = _Output(out / "dns" / name, answer_schema())
    try:
        for chunk in reader.read_logs(path, options):
            outcome.take(chunk)
            flows.write(chunk.flows)
            answers.write(chunk.answers)
            if reader.in_order:
                clocks[0].watch(chunk.flows)
                clocks[1].watch(chunk.answers)
            progress(path, chunk.progress)
    except BadInput as error:
        outcome.error = str(error)
    except BaseException:
        flows.drop()
        answers.drop()
        raise
    for clock in clocks:
        outcome.take(clock.found())
    for output in (flows, answers):
        output.finish(keep_earlier=outcome.error is not None)
    _note_empty(outcome)
    return outcome


def _note_empty(outcome: FileRead) -> None:
    """A log without one record is told: an exporter that writes nothing looks like silence."""
    rows = outcome.flows + outcome.answers
    if not (rows or outcome.damaged or outcome.passed or outcome.error):
        outcome.error = f"{outcome.path}: {EMPTY}; was there no traffic, or did the exporter stop?"


def output_name(path: Path) -> str:
    """Return the name of the output for an input: the same each time, another for each path.

    Packing a file changes nothing: `conn.log` and `conn.log.gz` have the same.
    """
    whole = os.fspath(path.resolve()).removesuffix(".gz")
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.removesuffix(".gz"))[:80].strip("-.")
    return f"{stem}-{hashlib.blake2b(whole.encode(), digest_size=6).hexdigest()}.parquet"


@dataclass(slots=True)
class _Output:
    """One Parquet file that appears under its name only when it is whole."""

    path: Path
    schema: pa.Schema
    writer: Any = None
    held: list[pa.Table] = field(default_factory=list)

    @property
    def unfinished(self) -> Path:
        return self.path.with_name(f".{self.path.name}.{os.getpid()}.part")

    def write(self, table: pa.Table | None) -> None:
        if table is not None and len(table):
            self.held.append(table)
        if sum(map(len, self.held)) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if not self.held:
            return
        if self.writer is None:
            self.writer = _writer(self.unfinished, self.schema)
        table, self.held = pa.concat_tables(self.held), []
        self.writer.write_table(table, row_group_size=len(table))

    def finish(self, *, keep_earlier: bool) -> None:
        """Put the file in its place; without rows an earlier one goes, unless it is to be kept."""
        self._flush()
        if self.writer is not None:
            self.writer.close()
            self.unfinished.replace(self.path)
        elif not keep_earlier:
            self.path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Forget what was written."""
        if self.writer is not None:
            with suppress(OSError):
                self.writer.close()
            self.unfinished.unlink(missing_ok=True)


def _writer(path: Path, schema: pa.Schema) -> Any:
    from pyarrow.parquet import ParquetWriter

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        spread = [name for name in schema.names if name in SPREAD]
        return ParquetWriter(
            path,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in SPREAD],
            column_encoding=dict.fromkeys(spread, "DELTA_BINARY_PACKED"),
        )
    except OSError as error:
        raise UsageError(
            f"--out: {path.parent} cannot be written ({error.strerror}); name a folder that can be"
        ) from error
