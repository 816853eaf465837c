"""Host name patterns: which service, and which part of it, a host name belongs to.

A pattern without a wildcard (`whatsapp.net`) covers the name and every name below it. In a
pattern with wildcards `*` stands for any characters, dots too, `?` for one and `[0-9]` for one
of a set; it covers the whole name. Where several patterns cover a name the most specific wins:
the one with more literal characters, then with more single-character wildcards, then with fewer
`*`, then the first in the alphabet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Final, NamedTuple

_ALLOWED: Final = re.compile(r"[a-z0-9._*?\[\]!-]+")
_ONE_OF: Final = re.compile(r"\[!?[a-z0-9_-]+\]")
_WILD: Final = re.compile(r"[*?\[\]!]")
_REMEMBERED: Final = 65_536


class Part(NamedTuple):
    """A part of a service: the category is empty for the whole."""

    service: str
    category: str


@dataclass(frozen=True, slots=True)
class HostPattern:
    """One pattern, ready to be compared: `tail` is its literal end, whole labels only."""

    text: str
    tail: str
    expression: re.Pattern[str] | None
    rank: tuple[int, int, int]

    @classmethod
    def of(cls, text: str) -> HostPattern:
        """Return the pattern of a text that `fault_in` finds nothing wrong with."""
        bare = _ONE_OF.sub("?", text)
        literal = len(bare.replace("*", "").replace("?", ""))
        rank = (literal, bare.count("?"), -bare.count("*"))
        if bare == text and literal == len(text):
            return cls(text, text, None, rank)
        tail = re.split(r"[*?][^.*?]*", bare)[-1].lstrip(".")
        return cls(text, tail, re.compile(translate(text)), rank)

    def covers(self, host: str) -> bool:
        """Tell whether a host name that ends in `tail` is covered."""
        return self.expression is None or self.expression.fullmatch(host) is not None


def fault_in(text: str) -> tuple[str, str] | None:
    """Return reason and remedy if `text` cannot be a host name pattern, else None."""
    if not text.isascii():
        return "is not as host names travel", f"write {_punycode(text)}"
    if "/" in text or ":" in text:
        return "is an address of a page, not a host name", "leave out scheme, port and path"
    if not _ALLOWED.fullmatch(text):
        return "has characters that no host name has", "use a-z, 0-9, '-', '_', '.', '*', '?', '[]'"
    return _fault_in_labels(_ONE_OF.sub("?", text))


def _fault_in_labels(bare: str) -> tuple[str, str] | None:
    labels = bare.split(".")
    if re.search(r"[\[\]!]", bare):
        return "has an unclosed or empty set", "write a set like [0-9] or [!a]"
    if "" in labels:
        return "has an empty label", "leave out leading, trailing and doubled dots"
    if len(labels) < 2 or _WILD.search(".".join(labels[-2:])):
        return "would cover far too much", "spell out the last two labels, as in *.example.org"
    return None


def _punycode(text: str) -> str:
    try:
        return text.encode("idna").decode()
    except UnicodeError:
        return "its punycode form (xn--…)"


def suffixes(host: str) -> Iterator[str]:
    """Yield the host name and every name above it, the longest first.

    >>> list(suffixes("a.b.c"))
    ['a.b.c', 'b.c', 'c']
    """
    yield host
    while "." in host:
        host = host.partition(".")[2]
        yield host


class HostIndex:
    """Finds the part a host name belongs to: a dictionary of tails first, then expressions."""

    def __init__(self, patterns: Iterable[tuple[str, Part]]) -> None:
        """Index `(pattern text, part)` pairs."""
        by_tail: defaultdict[str, list[tuple[HostPattern, Part]]] = defaultdict(list)
        for text, part in patterns:
            pattern = HostPattern.of(text)
            by_tail[pattern.tail].append((pattern, part))
        self._by_tail = dict(by_tail)
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._search)

    def find(self, host: str) -> Part | None:
        """Return the part of the most specific pattern that covers `host`, or None."""
        return self._remembered(host.strip().rstrip(".").lower())

    def _search(self, host: str) -> Part | None:
        covering = [
            (pattern, part)
            for tail in suffixes(host)
            for pattern, part in self._by_tail.get(tail, ())
            if pattern.covers(host)
        ]
        if not covering:
            return None
        best = max(pattern.rank for pattern, _ in covering)
        return min((p.text, part) for p, part in covering if p.rank == best)[1]
