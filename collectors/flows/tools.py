"""Tools of others that read what no library does: run, their lines taken as they come."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from collectors.files.lines import Block, blocks_of, regular_file
from outage.errors import BadInput

PIECE_BYTES: Final = 4 << 20
SAID: Final = 300


def lines_of(command: Sequence[str], path: Path, complaint: str = "$^") -> Iterator[Block]:
    """Yield what a tool prints about a file, in UTC; raises BadInput if it is absent or fails.

    What it printed before it failed comes first. A tool that exits well has failed all the same
    if what it says on stderr has the pattern `complaint`.
    """
    regular_file(path)
    program = shutil.which(command[0])
    if program is None:
        raise BadInput(f"{path}: needs the tool {command[0]}, which is not installed; install it")
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - our own arguments
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
        ) as run,
    ):
        try:
            yield from blocks_of(_pieces(run))
        finally:
            if run.poll() is None:
                run.kill()
        code = run.wait()
        said.seek(0)
        told = said.read().decode("utf-8", "replace")
        if code != 0 or re.search(complaint, told):
            raise BadInput(_failure(path, command[0], code, told))


def _pieces(run: subprocess.Popen[bytes]) -> Iterator[tuple[bytes, float]]:
    if run.stdout is None:
        return
    while piece := run.stdout.read(PIECE_BYTES):
        yield piece, 0.5
    run.wait()


def _failure(path: Path, tool: str, code: int, said: str) -> str:
    lines = [line for line in said.splitlines() if "could be dangerous" not in line]
    reason = " ".join(" ".join(lines).split())[-SAID:] or f"exit code {code}"
    return f"{path}: {tool} cannot read it to its end ({reason}); what came before is kept"
