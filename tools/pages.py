"""Write the pages that are made from the code: commands, plugs and scenarios, in `docs/`.

`python -m tools.pages` writes them; with `--check` it only says which are out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from outage import plugs
from tools.command_tree import CommandLine, command_tree
from tools.scenarios_page import scenarios_page

ROOT = Path(__file__).parent.parent
MADE = "<!-- Made by `make docs`; edit the code, not this page. -->"


def commands_page() -> str:
    """Return the page of all commands: what `--help` says of each."""
    tree = command_tree()
    contents = [f"- [`{one.name}`](#{_anchor(one.name)})" for one in tree]
    sections = [line for one in tree for line in _section(one)]
    lines = [
        "# Commands",
        "",
        MADE,
        "",
        "Exit codes everywhere: 0 done; 1 nothing lost, but something was rejected or failed"
        " (said on stderr, one line each); 2 wrong use; 130 interrupted."
        " `OUTAGE_DEBUG=1` shows tracebacks of internal errors.",
        "",
        *contents,
        *sections,
    ]
    return "\n".join(lines) + "\n"


def _section(one: CommandLine) -> list[str]:
    return ["", f"## `{one.name}`", "", "```text", *_trimmed(one.help), "```"]


def _trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def plugs_page() -> str:
    """Return the page of all plugs that the project itself brings, by group."""
    lines = ["# Plugs", "", MADE, "", PLUGS_INTRODUCTION]
    for group in plugs.GROUPS:
        lines += ["", f"## `{group}`", "", *_plug_rows(group)]
    return "\n".join(lines) + "\n"


PLUGS_INTRODUCTION = """\
A plug is a class named by an entry point; your own package can add one (see
[CONTRIBUTING](../CONTRIBUTING.md)). What each kind must offer is in `outage/interfaces.py`."""


def _plug_rows(group: str) -> list[str]:
    rows = list(_own_plugs(group))
    return ["| name | what it does | class |", "|---|---|---|", *rows] if rows else ["None yet."]


def _own_plugs(group: str) -> Iterator[str]:
    for name, point in plugs.available(group).items():
        if point.dist is not None and point.dist.name == "outage":
            summary = (plugs.load(group, name).__doc__ or "").strip().split("\n\n")[0]
            yield f"| `{name}` | {' '.join(summary.split())} | `{point.value}` |"


PAGES = {
    "docs/commands.md": commands_page,
    "docs/plugs.md": plugs_page,
    "docs/scenarios.md": scenarios_page,
}


def outdated() -> list[str]:
    """Return the pages whose text is not what the code says now."""
    return [name for name, make in PAGES.items() if _read(ROOT / name) != make()]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` return 1 if one is out of date."""
    stale = outdated()
    if arguments == ["--check"]:
        for name in stale:
            print(f"{name}: out of date; run `make docs` and commit it", file=sys.stderr)
        return bool(stale)
    for name in stale:
        (ROOT / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
