"""Zeek's two forms of a log: tab-separated under a header, or one JSON object a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from collectors.files.lines import Block
from collectors.files.rows import Told
from collectors.flows.delimited import TOO_LONG, Records, records, runs
from collectors.flows.json_lines import objects, records_of
from collectors.flows.tables import Damage

Wanted: TypeAlias = Mapping[str, Sequence[str]]

DAY: Final = r"\d{4}-?\d{2}-?\d{2}"
KNOWN: Final = ("conn", "dns", "ssl", "x509")
SIGNS: Final[Mapping[str, str]] = {
    "conn_state": "conn",
    "trans_id": "dns",
    "ssl_history": "ssl",
    "cipher": "ssl",
}
NO_HEADER = Told("no #fields line above the record", "put Zeek's header lines back in front")


@dataclass(slots=True)
class Header:
    """What the lines beginning with # have said so far."""

    path: str = ""
    fields: tuple[str, ...] = ()
    separator: str = "\t"
    unset: tuple[str, ...] = ("-", "(empty)")

    def take(self, line: str) -> None:
        """Learn from one line; a header in the middle of a file begins another log."""
        word, _, rest = line.replace(self.separator, " ").partition(" ")
        match word:
            case "#separator":
                self.separator = _separator(rest.strip())
            case "#unset_field" | "#empty_field":
                self.unset = tuple({*self.unset, rest.strip()})
            case "#path":
                self.path = rest.strip()
            case "#fields":
                self.fields = tuple(line.rstrip().split(self.separator)[1:])


def _separator(text: str) -> str:
    """Return the character that `\\x09` or itself stands for; a tab where it is neither."""
    code = re.fullmatch(r"\\x([0-7][0-9a-fA-F])", text)
    sign = chr(int(code[1], 16)) if code else text
    return sign if len(sign) == 1 and sign.isascii() and sign not in "\r\n\0" else "\t"


@dataclass(slots=True)
class ZeekLog:
    """One file while it is read; `known` says whether anything of Zeek was seen in it."""

    path: Path
    wanted: Wanted
    header: Header = field(default_factory=Header)
    known: bool = False

    def records(self, block: Block, damage: Damage) -> Iterator[tuple[str, Records]]:
        """Yield a block's records by kind of log; those of unwanted kinds have no columns."""
        damage.add_rows((number, TOO_LONG, "") for number in block.too_long)
        for line, body in runs(block, b"#"):
            if body is None:
                self.header.take(line)
                self.known = self.known or bool(self.header.fields)
                continue
            for kind, found in self._split(body, damage):
                self.known = True
                yield kind, found

    def _split(self, body: Block, damage: Damage) -> Iterator[tuple[str, Records]]:
        header = self.header
        if body.text.lstrip()[:1] == b"{":
            yield from self._by_kind(body, damage)
        elif not header.fields:
            damage.add(NO_HEADER, int(body.numbers[0]), body.line(0), len(body))
        else:
            wanted = self.wanted.get(header.path, ())
            cells = (body, header.fields, wanted, damage)
            yield (
                header.path,
                records(*cells, separator=header.separator, unset=header.unset),
            )

    def _by_kind(self, body: Block, damage: Damage) -> Iterator[tuple[str, Records]]:
        """Yield JSON records by kind: what `_path` says, else the file's name, else their keys."""
        named = self.path.name.partition(".")[0]
        kinds: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for position, one in objects(body, damage):
            kind = str(one.get("_path") or (named if named in KNOWN else _guessed(one)))
            kinds.setdefault(kind, []).append((position, one))
        for name, found in kinds.items():
            yield name, records_of(body, found, self.wanted.get(name, ()))


def _guessed(one: dict[str, Any]) -> str:
    return next((kind for key, kind in SIGNS.items() if key in one), "")


def companions(path: Path, kind: str) -> list[Path]:
    """Return the logs of another kind of the rotation before a conn log's and of the same one.

    Names of rotations are compared without `.gz`, so that it does not matter which are packed;
    the rotation before the first of a folder is the last of the folder before it.
    """
    if not path.name.startswith("conn."):
        return []
    rotation = _rotation(path, "conn")
    known = {_rotation(one, kind): one for one in path.parent.glob(f"{kind}.*")}
    found = [known[name] for name in sorted(known) if name <= rotation][-2:]
    return found if len(found) > 1 else [*_last_before(path.resolve().parent, kind), *found]


def _rotation(path: Path, kind: str) -> str:
    return path.name.removeprefix(kind).removesuffix(".gz")


def _last_before(folder: Path, kind: str) -> list[Path]:
    """Return the last log in the folder of the day before, where folders are named by day."""
    if not re.fullmatch(DAY, folder.name):
        return []
    days = [one for one in folder.parent.iterdir() if re.fullmatch(DAY, one.name)]
    before = max((one for one in days if one.name < folder.name), default=None)
    return [] if before is None else sorted(before.glob(f"{kind}.*"))[-1:]
