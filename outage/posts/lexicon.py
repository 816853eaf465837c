"""The catalogue's names and phrases as patterns, each with what it stands for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from outage.catalogue.notation import Pattern, parse
from outage.posts.edges import WORD
from outage.posts.folding import fold, glance

if TYPE_CHECKING:
    from outage.catalogue import Catalogue, Subject, Wording

#: Context words that are trouble themselves: an error phrase of any language does as well.
TROUBLE: Final = frozenset({"down", "outage"})
_CLEAR_TAIL: Final = "down"
_TAIL_FROM: Final = 4
_PLAIN: Final = re.compile(r"[()|*]")


class Kind(StrEnum):
    """What a phrase says."""

    ERROR = "error"
    NEAR = "near"
    DENIAL = "denial"
    RECOVERY = "recovery"
    MEMORY = "memory"
    ONGOING = "ongoing"
    WISH = "wish"
    ELSEWHERE = "elsewhere"


TROUBLES: Final = (Kind.ERROR, Kind.NEAR)
#: The number of a phrase, the place of a part there, and whether a word may go on after it.
Use: TypeAlias = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of as many `parts` (folded), between which a few words may stand.

    `after_name` and `before_name` say on which side of the name it must stand, `predicate` that it
    does so as a rule; `subject` is whose it is, empty for all.
    """

    kind: Kind
    languages: frozenset[str]
    parts: int = 1
    after_name: bool = False
    before_name: bool = False
    predicate: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A keyword of a subject; an `ambiguous` one needs more to name it."""

    subject: str
    ambiguous: bool


@dataclass(slots=True)
class Roles:
    """All that one pattern stands for: names, parts of phrases, words for or against a subject.

    `said` are phrases without a gap, each in all languages that have it; a part of one with gaps
    is its place there, by the number of the phrase. All say whether a word may go on; `open` says
    whether it may for one of them. `first` and `last` are the numbers of phrases that begin or end
    with this part.
    """

    names: list[Name] = field(default_factory=list)
    said: list[tuple[Phrase, bool]] = field(default_factory=list)
    parts: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)
    first: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)
    open: bool = False
    context: set[str] = field(default_factory=set)
    unless: set[str] = field(default_factory=set)

    def take(self, uses: Iterable[Use], phrases: Sequence[Phrase]) -> Roles:
        """Take up what a pattern is in some phrases."""
        whole: dict[tuple[Phrase, bool], frozenset[str]] = {}
        for number, place, is_open in uses:
            phrase = phrases[number]
            self.open |= is_open
            if phrase.parts == 1:
                key = replace(phrase, languages=frozenset()), is_open
                whole[key] = whole.get(key, frozenset()) | phrase.languages
                continue
            self.parts.setdefault(number, []).append((place, is_open))
            if not place:
                self.first.add(number)
            if place == phrase.parts - 1:
                self.last.add(number)
        self.said = [
            (replace(phrase, languages=languages), is_open)
            for (phrase, is_open), languages in whole.items()
        ]
        return self

    def only(self, languages: frozenset[str], phrases: Sequence[Phrase]) -> Roles | None:
        """Return what it stands for in the phrases of some languages, None if for nothing."""
        said = [one for one in self.said if languages & one[0].languages]
        own = {number for number in self.parts if languages & phrases[number].languages}
        if not said and not own:
            return None
        parts = {number: places for number, places in self.parts.items() if number in own}
        return Roles([], said, parts, self.first & own, self.last & own, self.open)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Patterns (folded) with their roles, the phrases, and the words that all of them know.

    `names` are names and their context, `said` the phrases of trouble and those that turn it round;
    `spellings` are the names as a first glance sees them, folded or not.
    `tails` are error phrases that may be written onto a name (`whatsappdown`), with their language;
    `by_trouble` are subjects whose ambiguous names an error phrase beside them makes clear,
    `everyday` the languages in which a subject's ambiguous names are everyday words, if not in all.
    """

    names: Mapping[str, Roles]
    said: Mapping[str, Roles]
    phrases: tuple[Phrase, ...]
    words: frozenset[str]
    tails: Mapping[str, str]
    by_trouble: frozenset[str]
    everyday: Mapping[str, frozenset[str]]
    operators: frozenset[str]
    spellings: frozenset[str]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Lexicon:
        """Return what a catalogue knows of names and phrases."""
        named: dict[str, Roles] = {}
        uses: defaultdict[str, list[Use]] = defaultdict(list)
        subjects: dict[str, Subject] = {**catalogue.services, **catalogue.operators}
        for slug, subject in subjects.items():
            _add_names(named, slug, subject)
        phrases: list[Phrase] = []
        tails: dict[str, str] = {}
        for text, phrase in _phrases(catalogue, subjects):
            pattern = parse(fold(text))
            phrases.append(_placed(phrase, pattern))
            _add_uses(uses, len(phrases) - 1, pattern)
            tails.update(_tails(phrases[-1], pattern))
        return cls(
            names=named,
            said=_roles(uses, phrases),
            phrases=tuple(phrases),
            words=frozenset(WORD.findall("\n".join((*named, *uses)))),
            tails=tails,
            by_trouble=frozenset(
                slug for slug, one in subjects.items() if TROUBLE & {*map(fold, one.context)}
            ),
            everyday={
                slug: frozenset(one.everyday) for slug, one in subjects.items() if one.everyday
            },
            operators=frozenset(catalogue.operators),
            spellings=frozenset(
                spelling
                for one in subjects.values()
                for word in one.keywords
                for spelling in (fold(word), glance(word))
                if fold(word)
            ),
        )

    def said_in(self, languages: frozenset[str]) -> Mapping[str, Roles]:
        """Return what is `said` in some languages."""
        shared = {id(role): role for role in self.said.values()}
        own = {number: role.only(languages, self.phrases) for number, role in shared.items()}
        return {text: found for text, role in self.said.items() if (found := own[id(role)])}


def _add_names(roles: dict[str, Roles], slug: str, subject: Subject) -> None:
    needy = {fold(word) for word in subject.needs_context}
    keywords = {fold(word) for word in subject.keywords} - {""}
    for word in keywords:
        if word.removesuffix(_CLEAR_TAIL) in keywords - {word}:
            continue  # the name with a tail says the same, and what is wrong
        roles.setdefault(word, Roles()).names.append(Name(slug, word in needy))
    if needy:
        for word in {fold(word) for word in subject.context} - TROUBLE - needy:
            roles.setdefault(word, Roles()).context.add(slug)
        for word in map(fold, subject.unless):
            roles.setdefault(word, Roles()).unless.add(slug)


def _phrases(catalogue: Catalogue, subjects: Mapping[str, Subject]) -> Iterator[tuple[str, Phrase]]:
    wording = catalogue.wording
    for slug, table in {"": catalogue.error_phrases, **_own(subjects)}.items():
        for language, texts in table.items():
            starts = tuple(f"{fold(word)} " for word in wording.predicates.get(language, ()))
            for text in texts:
                predicate = bool(starts) and f"{fold(text)} ".startswith(starts)
                yield (
                    _PLAIN.sub(" ", text),
                    Phrase(Kind.ERROR, frozenset({language}), predicate=predicate, subject=slug),
                )
    for kind, table in _kinds(wording).items():
        for language, texts in table.items():
            yield from ((text, Phrase(kind, frozenset({language}))) for text in texts)


def _kinds(wording: Wording) -> dict[Kind, Mapping[str, tuple[str, ...]]]:
    return {
        Kind.ERROR: wording.errors,
        Kind.NEAR: wording.near,
        Kind.DENIAL: wording.denials,
        Kind.RECOVERY: wording.recoveries,
        Kind.MEMORY: wording.memories,
        Kind.ONGOING: wording.ongoing,
        Kind.WISH: wording.wishes,
        Kind.ELSEWHERE: wording.elsewhere,
    }


def _own(subjects: Mapping[str, Subject]) -> dict[str, Mapping[str, tuple[str, ...]]]:
    return {slug: one.error_phrases for slug, one in subjects.items() if one.error_phrases}


def _placed(phrase: Phrase, pattern: Pattern) -> Phrase:
    return replace(
        phrase,
        parts=len(pattern.parts),
        after_name=pattern.after_name,
        before_name=pattern.before_name,
    )


def _add_uses(uses: Mapping[str, list[Use]], number: int, pattern: Pattern) -> None:
    for place, choices in enumerate(pattern.parts):
        closed, going_on = (number, place, False), (number, place, True)
        for text, is_open in choices:
            uses[text].append(going_on if is_open else closed)


def _roles(uses: Mapping[str, list[Use]], phrases: Sequence[Phrase]) -> dict[str, Roles]:
    """Return the roles of patterns: one for all that are used alike."""
    shared = {key: Roles().take(key, phrases) for key in {*map(tuple, uses.values())}}
    return {text: shared[tuple(found)] for text, found in uses.items()}


def _tails(phrase: Phrase, pattern: Pattern) -> Iterator[tuple[str, str]]:
    if phrase.kind in (Kind.ERROR, Kind.NEAR) and phrase.parts == 1 and not phrase.before_name:
        for text, _ in pattern.parts[0]:
            tail = text.replace(" ", "")
            if len(tail) >= _TAIL_FROM and tail.isalpha():
                yield tail, min(phrase.languages)
