"""Hold pages and messages to the project: links, commands, options and make targets.

`python -m tools.docs_check` prints each fault as `page:line: what` and returns 1 if there is one.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.command_tree import CommandLine, command_tree

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
INLINE_CODE = re.compile(r"`([^`]+)`")
SHELLS = {"sh", "bash", "shell", "console"}
PLACEHOLDER = re.compile(r"[A-Z…<\[(|.]")  # METAVARS, "…" and alternatives are not commands


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: where it stands, and the language of the fence it is in, if any."""

    page: Path
    number: int
    text: str
    fence: str | None

    def fault(self, what: str) -> str:
        """Return a fault in the form `page:line: what`."""
        return f"{self.page.relative_to(ROOT)}:{self.number}: {what}"


def pages() -> list[Path]:
    """Return the Markdown pages that git knows or would add."""
    return _files("*.md")


def sources() -> list[Path]:
    """Return the modules, whose messages tell people what to run."""
    return _files("outage/*.py", "collectors/*.py", "detectors/*.py", "dashboard/*.py")


def _files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],  # noqa: S607 - from the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = (ROOT / name for name in sorted(set(listed.stdout.splitlines())))
    return [path for path in found if path.exists()]


def read(page: Path) -> Iterator[Line]:
    """Yield the lines of a page with the fence that each is in."""
    fence: str | None = None
    for number, text in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if text.lstrip().startswith("```"):
            fence = (text.strip().strip("`") or "text") if fence is None else None
        else:
            yield Line(page, number, text, fence)


def faults(page: Path) -> Iterator[str]:
    """Yield every fault of a page; of a module, only commands in it that do not exist."""
    for line in read(page):
        if line.fence is None and page.suffix == ".md":
            yield from _link_faults(line)
        for command in _commands_in(line):
            if problem := command_problem(command):
                yield line.fault(problem)


def _link_faults(line: Line) -> Iterator[str]:
    for target in LINK.findall(INLINE_CODE.sub("", line.text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        page = (line.page.parent / name).resolve() if name else line.page
        if not page.exists():
            yield line.fault(f"the link {target} leads nowhere")
        elif anchor and anchor not in anchors(page):
            yield line.fault(f"{page.name} has no heading #{anchor}")


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    titles = (line.text for line in read(page) if line.fence is None and line.text[:1] == "#")
    return frozenset(_anchor(title) for title in titles)


def _anchor(title: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", title.lstrip("#").strip().lower())
    return kept.replace(" ", "-")


def _commands_in(line: Line) -> Iterator[str]:
    candidates = [line.text] if line.fence in SHELLS else []
    if line.fence is None:
        candidates = INLINE_CODE.findall(line.text)
    for text in candidates:
        bare = text.strip().removeprefix("$ ").removeprefix(".venv/bin/")
        if bare.startswith(("outage ", "make ")):
            yield bare


def command_problem(text: str) -> str | None:
    """Return what is wrong with a command line of `outage` or `make`, or None."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    program, *rest = words
    return _make_problem(rest) if program == "make" else _outage_problem(rest)


def _make_problem(words: list[str]) -> str | None:
    rules = re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for word in words:
        known = any(re.fullmatch(rule.replace("%", ".+"), word) for rule in rules)
        if not known and "=" not in word and not PLACEHOLDER.match(word):
            return f"there is no make target {word!r}"
    return None


def _outage_problem(words: list[str]) -> str | None:
    command = _commands()[()]
    for position, word in enumerate(words):
        if PLACEHOLDER.match(word):
            return None
        if word.startswith("-"):
            option = word.partition("=")[0]
            if option not in command.options:
                return f"{command.name!r} has no option {option}"
        elif command.is_group:
            path = (*command.words, word)
            if path not in _commands():
                return f"there is no command {'outage ' + ' '.join(words[: position + 1])!r}"
            command = _commands()[path]
    return None


@cache
def _commands() -> dict[tuple[str, ...], CommandLine]:
    return {one.words: one for one in command_tree()}


def main() -> int:
    """Print the faults of all pages and modules; return 1 if there is one."""
    found = [fault for page in (*pages(), *sources()) for fault in faults(page)]
    for fault in found:
        print(fault, file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
