"""The command line as a whole: quick to start, helpful when wrong, quiet when interrupted."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tools.command_tree import CommandLine, command_tree

HEAVY = [
    "alembic",
    "duckdb",
    "numpy",
    "pandas",
    "plotly",
    "prophet",
    "psycopg",
    "pyarrow",
    "pydantic",
    "requests",
    "ruptures",
    "scipy",
    "sqlalchemy",
    "streamlit",
]
STARTS_WITHIN = 0.5  # seconds of CPU beyond the interpreter's own start
TREE = command_tree()


def outage(*words: str, code: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run `outage` in a process of its own, with `code` before it."""
    return subprocess.run(
        [sys.executable, "-c", f"{code}\nfrom outage.cli.main import run\nrun()", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def cpu_seconds(*command: str) -> float:
    """Return the least CPU time of three runs of a command."""
    return min(_cpu_once(command) for _ in range(3))


def _cpu_once(command: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_starts_quickly() -> None:
    bare = cpu_seconds(sys.executable, "-c", "pass")
    started = cpu_seconds(sys.executable, "-m", "outage", "--help")

    assert started - bare < STARTS_WITHIN


def test_no_heavy_library_loads_before_a_command_runs() -> None:
    code = "import sys; from outage.cli.main import build; build(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not set(HEAVY) & set(loaded), "import it inside the function that uses it"


@pytest.mark.parametrize("command", TREE, ids=lambda command: command.name)
def test_every_command_helps_with_an_example(command: CommandLine) -> None:
    _, _, example = command.help.partition("Example")

    assert f"{command.name}" in " ".join(example.split()), "give an example that uses the command"


def test_the_help_option_exists_everywhere() -> None:
    assert all("--help" in command.options for command in TREE)


def test_a_misspelt_command_is_wrong_use_and_suggested() -> None:
    answer = outage("ini")

    assert answer.returncode == 2
    assert "No such command 'ini'" in answer.stderr
    assert "'init'" in answer.stderr


def test_a_misspelt_option_is_wrong_use_and_suggested() -> None:
    answer = outage("--versoin")

    assert answer.returncode == 2
    assert "--version" in answer.stderr.partition("No such option")[2]


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_help_lists_every_command(words: tuple[str, ...]) -> None:
    answer = outage(*words)
    text = answer.stdout + answer.stderr

    assert all(f"  {one.words[0]} " in text for one in TREE if len(one.words) == 1)


def test_the_version_is_printed() -> None:
    assert outage("--version").stdout == "outage 0.1.0\n"


def failing(statement: str) -> str:
    """Return code that makes the command `fail` raise."""
    return (
        "import outage.cli.main as main\n"
        "from outage import errors\n"
        "main.build()\n"
        "@main.app.command()\n"
        f"def fail():\n    {statement}\n"
    )


@pytest.mark.parametrize(
    ("statement", "code", "line"),
    [
        ("raise errors.UsageError('say which')", 2, "outage: say which"),
        ("raise errors.ConfigError('services.x: no')", 2, "outage: services.x: no"),
        ("raise errors.StoreError('two\\nlines')", 1, "outage: two lines"),
        ("open('/nowhere/at/all')", 1, "outage: /nowhere/at/all: No such file or directory"),
        ("1 / 0", 1, "outage: internal error: ZeroDivisionError: division by zero"),
    ],
)
def test_a_fault_is_one_line_and_an_exit_code(statement: str, code: int, line: str) -> None:
    answer = outage("fail", code=failing(statement))

    assert answer.returncode == code
    assert answer.stdout == ""
    (printed,) = answer.stderr.splitlines()
    assert printed.startswith(line)


def test_the_traceback_of_an_internal_error_is_shown_on_demand() -> None:
    answer = outage("fail", code=failing("1 / 0"), OUTAGE_DEBUG="1")

    assert "Traceback" in answer.stderr
    assert answer.returncode == 1


# Whoever runs the tests in the background has interrupts ignored in all that it starts.
INTERRUPTED = (
    "import os, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    " os.kill(os.getpid(), signal.SIGINT)"
)


@pytest.mark.parametrize("where", ["raise KeyboardInterrupt", INTERRUPTED])
def test_an_interrupt_is_quiet(where: str) -> None:
    answer = outage("fail", code=failing(where))

    assert answer.returncode == 130
    assert answer.stderr == ""


def test_an_interrupt_while_modules_load_is_quiet() -> None:
    code = (
        "import outage.cli.main as main\ndef build(): raise KeyboardInterrupt\nmain.build = build"
    )

    answer = outage(code=code)

    assert answer.returncode == 130
    assert answer.stderr == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_has_gone_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    code = failing(f"[print('x' * 70) for _ in range({lines})]")
    script = tmp_path / "script.py"
    script.write_text(f"{code}\nmain.run()\n")
    errors = tmp_path / "errors"

    command = f"{sys.executable} {script} fail 2>{errors} | true"
    subprocess.run(["bash", "-c", command], check=True)

    assert errors.read_text() == ""
