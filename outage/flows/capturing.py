"""Capture live traffic in slices, each read like any other capture and then deleted."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from outage.errors import SourceError, UsageError
from outage.flows.reading import FileRead, LogsRead, read_files
from outage.interfaces import FlowReader, LogOptions

TOOL: Final = "dumpcap"
SLICE_SECONDS: Final = 600
PAUSE: Final = 0.2
SAID: Final = 300


def capture(
    reader: FlowReader,
    interface: str,
    seconds: int,
    options: LogOptions,
    out: Path,
    *,
    slice_seconds: int = SLICE_SECONDS,
    progress: Callable[[float], None] = lambda _share: None,
) -> LogsRead:
    """Write what passes an interface within `seconds` as canonical flows and DNS answers.

    Packets lie in a folder that only their owner can read, one slice at a time; a flow that lasts
    longer than a slice is cut there. An interrupt ends the capture early; what came is kept.
    Raises SourceError if the interface cannot be captured, UsageError if the tool is absent.
    """
    done: list[FileRead] = []
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".capture-") as folder:
        for path in _slices(interface, seconds, slice_seconds, Path(folder), progress):
            done += read_files(reader, [path], options, out).files
            path.unlink()
    return LogsRead(done)


def _slices(
    interface: str, seconds: int, length: int, folder: Path, progress: Callable[[float], None]
) -> Iterator[Path]:
    """Yield each slice when it is finished."""
    begun = time.monotonic()
    with _running(interface, seconds, length, folder) as run:
        while run.poll() is None:
            progress(min(1.0, (time.monotonic() - begun) / seconds))
            yield from sorted(folder.glob("*.pcapng"))[:-1]
            time.sleep(PAUSE)
    yield from sorted(folder.glob("*.pcapng"))


@contextmanager
def _running(
    interface: str, seconds: int, length: int, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the tool; an interrupt ends it, and is not passed on."""
    program = shutil.which(TOOL)
    if program is None:
        raise UsageError(f"capturing needs the tool {TOOL} (Debian: wireshark-common); install it")
    said = folder / "said"
    command = [program, "-q", "-i", interface, "-a", f"duration:{seconds}"]
    command += ["-b", f"duration:{length}", "-w", str(folder / f"{interface}.pcapng")]
    with said.open("wb") as errors, subprocess.Popen(command, stderr=errors) as run:  # noqa: S603
        try:
            yield run
        except KeyboardInterrupt:
            run.terminate()
        finally:
            if run.poll() is None:
                run.terminate()
            run.wait()
    if run.returncode and not list(folder.glob("*.pcapng")):
        told = said.read_text("utf-8", "replace").rpartition(f"{TOOL}:")[2]
        reason = " ".join(told.split())[-SAID:]
        raise SourceError(
            f"{interface}: cannot be captured ({reason}); name an interface of `ip link`, and run"
            " as root or give the tool the right to capture",
            permanent=True,
        )
