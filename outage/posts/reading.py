"""Read one folded text: the names in it, the phrases, and where its sentences and clauses end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from outage.posts.edges import WORD, after, before
from outage.posts.lexicon import Kind, Lexicon, Name, Phrase, Roles

Span: TypeAlias = tuple[int, int]
Hit: TypeAlias = tuple[Roles, int, int, str]
Find: TypeAlias = Callable[[str], Sequence[Hit]]

GAP_WORDS: Final = 4
_SENTENCE: Final = re.compile(r"[!?…。！？\n؟۔।]+|\.(?=\s|$)")
_CLAUSE: Final = re.compile(r"[,;:،、；]|\s[-–—/|]+\s|…|\.\.")
_BREAK: Final = re.compile(f"{_SENTENCE.pattern}|{_CLAUSE.pattern}")
# What Arabic and Hebrew write onto a word: and, so, by, to, as, the.
_PREFIX: Final = re.compile(r"[وفبلك]?(?:ال|ل)?|[והבלשמכ]{1,2}")
_ARABIC_ENDING: Final = re.compile(r"ه|ا|ان|ين|ون|ت|ات|هم")
# Case endings and the like that people write onto a service's name.
_ENDINGS: Final = frozenset(
    "s a u e em ie owi ze om y i ami ach ta te da de tan ten dan den ya ye in un nin nun nya ku mu"
    " ban ben on en hoz ra re iin issa ista nak net а е у ы и ом ой ем ам ами ах ою".split()
)
_INFLECTED_FROM: Final = 5
_ASCII_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_rest: Final = re.compile(r"(?<=[a-z0-9_])[a-z0-9_]+").match


class Named(NamedTuple):
    """A name in the text: where it stands and whose it is."""

    start: int
    end: int
    subject: str
    ambiguous: bool


class Said(NamedTuple):
    """A phrase in the text, from its first part's start to its last part's end."""

    start: int
    end: int
    phrase: Phrase


@dataclass(slots=True)
class Reading:
    """What one text holds; positions are those of the folded text.

    `told` is its language, `short` says that it has hardly enough letters to tell it by, `unsure`
    that nothing else tells it.
    """

    text: str
    told: str = ""
    short: bool = False
    unsure: bool = False
    named: list[Named] = field(default_factory=list)
    said: dict[Kind, list[Said]] = field(default_factory=dict)
    context: set[str] = field(default_factory=set)
    unless: set[str] = field(default_factory=set)
    proper: set[str] = field(default_factory=set)

    def hear(self, said: Iterable[Said]) -> None:
        """Take up phrases."""
        for one in said:
            self.said.setdefault(one.phrase.kind, []).append(one)

    def kinds(self, *kinds: Kind) -> list[Said]:
        """Return the phrases of some kinds."""
        return [one for kind in kinds for one in self.said.get(kind, ())]

    def words(self, start: int, end: int) -> int:
        """Count the words between two places."""
        return len(WORD.findall(self.text, start, max(start, end)))

    def beyond(self, start: int, end: int, most: int) -> bool:
        """Tell whether more than so many words stand between two places, and read no more."""
        words = WORD.finditer(self.text, start, max(start, end))
        return next(islice(words, most, None), None) is not None

    def parted(self, start: int, end: int, by_clause: bool) -> bool:
        """Tell whether a sentence, or a clause, ends between two places."""
        ends = _BREAK if by_clause else _SENTENCE
        return ends.search(self.text, start, max(start, end)) is not None

    def sentences(self, start: int, end: int) -> int:
        """Count the ends of sentences between two places."""
        return len(_SENTENCE.findall(self.text, start, max(start, end)))

    def clauses(self, start: int, end: int) -> int:
        """Count the commas, colons and dashes between two places."""
        return len(_CLAUSE.findall(self.text, start, max(start, end)))

    def sentence(self, start: int, end: int) -> Span:
        """Return where the sentence begins and ends that holds a stretch of text."""
        first = max((one.end() for one in _SENTENCE.finditer(self.text, 0, start)), default=0)
        last = _SENTENCE.search(self.text, end)
        return first, last.start() if last else len(self.text)


def read(text: str, lexicon: Lexicon, find: Find) -> Reading | None:
    """Return the names in a folded text, None if it names nothing.

    `find` returns the `at_edges` of names and their context.
    """
    hits = find(text)
    reading = Reading(text)
    reading.named = _longest(_all_names(hits, text, lexicon))
    if not reading.named:
        return None
    for role, _, end, right in hits:
        if not right:
            reading.context |= role.context
            reading.unless |= role.unless
        elif role.names and right in lexicon.tails:
            reading.hear([_tail(end, right, lexicon)])
    return reading


def hear(reading: Reading, lexicon: Lexicon, find: Find) -> None:
    """Add the phrases of which `find` returns the `at_edges`."""
    reading.hear(_phrases(find(reading.text), lexicon, reading))


def _all_names(hits: Iterable[Hit], text: str, lexicon: Lexicon) -> Iterator[Named]:
    for role, start, end, right in hits:
        if role.names:
            yield from _names(role.names, (start, end), text, right, lexicon.tails)


def at_edges(text: str, found: Iterable[tuple[int, int, int]], roles: Sequence[Roles]) -> list[Hit]:
    """Return what begins where a word does, each with the rest of the word after it.

    `found` are (number of a role, start, end), overlaps included.
    """
    if not text.isascii():
        return [
            (roles[number], start, end, after(text, end))
            for number, start, end in found
            if (
                not start
                or text[start - 1] not in _ASCII_LETTERS
                or text[start] not in _ASCII_LETTERS
            )
            and (not (left := before(text, start)) or _PREFIX.fullmatch(left))
        ]
    return [
        (roles[number], start, end, rest[0] if (rest := _rest(text, end)) else "")
        for number, start, end in found
        if not start or text[start - 1] not in _ASCII_LETTERS or text[start] not in _ASCII_LETTERS
    ]


def _names(
    names: Iterable[Name], span: Span, text: str, right: str, tails: Container[str]
) -> Iterator[Named]:
    start, end = span
    for name in names:
        if not right:
            yield Named(start, end, name.subject, name.ambiguous)
        elif right in tails or (not name.ambiguous and _inflects(text[start:end], right)):
            yield Named(start, end + len(right), name.subject, False)


def _inflects(name: str, ending: str) -> bool:
    return len(name) >= _INFLECTED_FROM - (not name.isascii()) and ending in _ENDINGS


def _tail(start: int, tail: str, lexicon: Lexicon) -> Said:
    phrase = Phrase(Kind.ERROR, frozenset({lexicon.tails[tail]}), after_name=True)
    return Said(start, start + len(tail), phrase)


def _ends(right: str) -> bool:
    return _ARABIC_ENDING.fullmatch(right) is not None


def _longest(names: Iterable[Named]) -> list[Named]:
    """Return the names that stand in no longer one, in the order of the text."""
    kept: list[Named] = []
    for one in sorted(names, key=lambda name: (name.start, -name.end)):
        if not kept or one.start >= kept[-1].end or one[:2] == kept[-1][:2]:
            kept.append(one)
    return kept


def _phrases(hits: Iterable[Hit], lexicon: Lexicon, reading: Reading) -> Iterator[Said]:
    kept = _outside(hits, reading.named)
    for role, start, end, right in kept:
        for phrase, is_open in role.said:
            if is_open or not right or _ends(right):
                yield Said(start, end, phrase)
    yield from _with_gaps([hit for hit in kept if hit[0].parts], lexicon, reading)


def _with_gaps(hits: Sequence[Hit], lexicon: Lexicon, reading: Reading) -> Iterator[Said]:
    known: set[int] = set()
    known = known.union(*(hit[0].first for hit in hits)) & known.union(
        *(hit[0].last for hit in hits)
    )
    if not known:
        return
    parts: defaultdict[tuple[int, int], list[Span]] = defaultdict(list)
    for role, start, end, right in hits:
        may_end = not right or _ends(right)
        for number in role.parts.keys() & known:
            for place, is_open in role.parts[number]:
                if is_open or may_end:
                    parts[number, place].append((start, end))
    for number in dict.fromkeys(one for hit in hits for one in sorted(hit[0].first & known)):
        yield from _gapped(number, parts, lexicon, reading)


def _outside(hits: Iterable[Hit], names: Iterable[Named]) -> list[Hit]:
    """Return the hits that may be part of a phrase and stand in no name."""
    kept = [hit for hit in hits if not hit[3] or hit[0].open or _ends(hit[3])]
    for first, last, *_ in names:
        kept = [hit for hit in kept if hit[1] < first or hit[2] > last]
    return kept


def _gapped(
    number: int,
    parts: Mapping[tuple[int, int], list[Span]],
    lexicon: Lexicon,
    reading: Reading,
) -> Iterator[Said]:
    phrase = lexicon.phrases[number]
    for start, end in parts.get((number, 0), ()):
        last: int | None = end
        for later in range(1, phrase.parts):
            last = _next(parts.get((number, later), ()), last, reading)
        if last is not None and not _asks(start, last, phrase, reading):
            yield Said(start, last, phrase)


def _next(spans: Iterable[Span], end: int | None, reading: Reading) -> int | None:
    """Return where the part ends that follows within a gap's length, in the same sentence."""
    if end is None:
        return None
    for start, stop in spans:
        if (
            start >= end
            and not reading.beyond(end, start, GAP_WORDS)
            and not reading.parted(end, start, by_clause=False)
        ):
            return stop
    return None


def _asks(start: int, end: int, phrase: Phrase, reading: Reading) -> bool:
    """Tell whether a name stands within a denial (a question: "isn't X down") or the like."""
    return phrase.kind in (Kind.DENIAL, Kind.ELSEWHERE) and any(
        start < one.start and one.end < end for one in reading.named
    )
