"""A process that has loaded everything, and forks one that runs a command when told to.

So a test can start, and kill, `outage` twenty times without loading its libraries twenty times.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

PARENT = """
import json, os, sys
from importlib import import_module
for name in {modules!r}:
    import_module(name)
from outage.cli.main import build, run
build()
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        sys.argv = ["outage", *json.loads(line)]
        out = os.open(os.devnull, os.O_WRONLY)
        os.dup2(out, 1)
        run()
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass(frozen=True)
class Forks:
    """Starts commands; one at a time."""

    said: IO[str]
    told: IO[str]

    def start(self, words: Sequence[str]) -> int:
        """Start a command and return its process number."""
        self.told.write(json.dumps(list(words)) + "\n")
        self.told.flush()
        return int(self.said.readline())

    def kill(self, process: int) -> None:
        """Kill a command at once, if it has not ended already."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the command to end and return its exit code; -9 if it was killed."""
        return int(self.said.readline())


@contextmanager
def forking(modules: Sequence[str], environment: Mapping[str, str]) -> Iterator[Forks]:
    """Load modules once, and yield what forks."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(modules=list(modules))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        yield Forks(process.stdout, process.stdin)
        process.stdin.close()
