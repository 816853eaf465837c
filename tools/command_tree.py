"""The tree of commands of `outage`, as the command line itself has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from outage.cli.main import build

WIDTH = 90


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command or group: its words after `outage`, its help and the options it takes."""

    words: tuple[str, ...]
    help: str
    options: frozenset[str]
    is_group: bool

    @property
    def name(self) -> str:
        """Return the whole command, as one types it."""
        return " ".join(("outage", *self.words))


def command_tree() -> tuple[CommandLine, ...]:
    """Return every command and group, `outage` itself first, parents before children."""
    return tuple(_walk(typer.main.get_command(build()), (), None))


def _walk(command: Any, words: tuple[str, ...], parent: Any) -> Iterator[CommandLine]:
    name = words[-1] if words else "outage"
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **command.context_settings}
    context = command.context_class(command, info_name=name, parent=parent, **settings)
    children = getattr(command, "commands", {})
    named = [*command.params, command.get_help_option(context)]
    options = frozenset(text for one in named for text in (*one.opts, *one.secondary_opts))
    yield CommandLine(words, command.get_help(context), options, is_group=bool(children))
    for child, inner in children.items():
        yield from _walk(inner, (*words, child), context)
