"""On which line of a TOML text each key stands, which the standard reader does not tell.

Only texts that `tomllib` has read are scanned, so the scanner need not check anything
(grammar: TOML 1.0).
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')[ \t]*""")
_STRING: Final = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\'''', re.DOTALL
)
_PLAIN: Final = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, on which each key, table and list element first stands."""
    return _Scan(text.replace("\r\n", "\n")).run()


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of `path`, or of the nearest table around it; None if none is there."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}

    def run(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip()
        return self.lines

    def skip(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def note(self, path: KeyPath) -> None:
        line = bisect_left(self.ends, self.at) + 1
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                break
            self.lines[path[:length]] = line

    def key(self) -> tuple[str, ...]:
        parts = []
        while match := _KEY.match(self.text, self.at):
            parts.append(_unquoted(match[1]))
            self.at = match.end()
            if self.text[self.at] != ".":
                break
            self.at += 1
        return tuple(parts)

    def header(self) -> KeyPath:
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        *above, last = self.key()
        path: KeyPath = ()
        for part in above:
            path = self.current((*path, part))
        path = (*path, last)
        if repeated:
            self.lengths[path] = self.lengths.get(path, 0) + 1
            path = self.current(path)
        self.note(path)
        self.at += 2 if repeated else 1
        return path

    def current(self, path: KeyPath) -> KeyPath:
        """Return the path of the last element, where `path` is an array of tables."""
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        path = (*table, *self.key())
        end, self.at = self.at, start
        self.note(path)
        self.at = end + 1
        self.skip()
        self.value(path)

    def value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first == "[":
            self.array(path)
        elif first == "{":
            self.inline_table(path)
        else:
            match = (_STRING if first in "\"'" else _PLAIN).match(self.text, self.at)
            assert match is not None
            self.at = match.end()

    def array(self, path: KeyPath) -> None:
        count = 0
        self.at += 1
        while self.another("]"):
            self.note((*path, count))
            self.value((*path, count))
            count += 1

    def inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self.another("}"):
            self.pair(path)

    def another(self, closing: str) -> bool:
        """Move to the next element; say whether there is one before `closing`."""
        self.skip()
        if self.text[self.at] == ",":
            self.at += 1
            self.skip()
        done = self.text[self.at] == closing
        self.at += done
        return not done


def _unquoted(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    return str(tomllib.loads(f"k={key}")["k"]) if key[0] == '"' else key
