"""The catalogue's names and phrases as patterns, each with what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

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
    SEEN = "seen"
    TRIED = "tried"
    SINCE = "since"
    ASKED = "asked"


TROUBLES: Final = (Kind.ERROR, Kind.NEAR)
#: What people say around a trouble: it makes what is `seen` one.
SUPPORT: Final = (Kind.TRIED, Kind.SINCE, Kind.ASKED)
_AROUND: Final = frozenset({Kind.NEAR, Kind.SEEN, *SUPPORT})


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

    `said` are phrases without a gap, each in all languages that have it (gathered in `whole`); a
    part of one with gaps is its number and the place there. All say whether a word may go on;
    `open` says whether it may for one of them.
    """

    names: list[Name] = field(default_factory=list)
    whole: dict[tuple[Phrase, bool], frozenset[str]] = field(default_factory=dict)
    parts: list[tuple[int, int, bool]] = field(default_factory=list)
    said: list[tuple[Phrase, bool]] = field(default_factory=list)
    open: bool = False
    context: set[str] = field(default_factory=set)
    unless: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Patterns (folded) with their roles, the phrases, and the words that all of them know.

    `roles` are names, their context and phrases of trouble, `around` short words of trouble and
    what is said around it, `turns` the phrases that turn trouble round; `spellings` are the
    names as a first glance sees them, folded or not.
    `tails` are error phrases that may be written onto a name (`whatsappdown`), with their language;
    `by_trouble` are subjects whose ambiguous names an error phrase beside them makes clear.
    """

    roles: Mapping[str, Roles]
    around: Mapping[str, Roles]
    turns: Mapping[str, Roles]
    phrases: tuple[Phrase, ...]
    words: frozenset[str]
    tails: Mapping[str, str]
    by_trouble: frozenset[str]
    spellings: frozenset[str]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Lexicon:
        """Return what a catalogue knows of names and phrases."""
        roles: dict[str, Roles] = {}
        around: dict[str, Roles] = {}
        turns: dict[str, Roles] = {}
        subjects: dict[str, Subject] = {**catalogue.services, **catalogue.operators}
        for slug, subject in subjects.items():
            _add_names(roles, slug, subject)
        phrases: list[Phrase] = []
        tails: dict[str, str] = {}
        for text, phrase in _phrases(catalogue, subjects):
            pattern = parse(fold(text))
            phrases.append(_placed(phrase, pattern))
            own = (
                roles if phrase.kind is Kind.ERROR else around if phrase.kind in _AROUND else turns
            )
            _add_parts(own, phrases, pattern)
            tails.update(_tails(phrases[-1], pattern))
        for role in (*roles.values(), *around.values(), *turns.values()):
            role.said = [
                (replace(phrase, languages=languages), is_open)
                for (phrase, is_open), languages in role.whole.items()
            ]
            role.open = any(is_open for *_, is_open in (*role.said, *role.parts))
        return cls(
            roles=roles,
            around=around,
            turns=turns,
            phrases=tuple(phrases),
            words=frozenset(
                word for text in (*roles, *around, *turns) for word in WORD.findall(text)
            ),
            tails=tails,
            by_trouble=frozenset(
                slug for slug, one in subjects.items() if TROUBLE & {*map(fold, one.context)}
            ),
            spellings=frozenset(
                spelling
                for one in subjects.values()
                for word in one.keywords
                for spelling in (fold(word), glance(word))
            ),
        )

    def said_in(self, language: str, turns: bool) -> dict[str, Roles]:
        """Return of `turns`, or else of what is said around trouble, the phrases of a language."""
        found = {}
        for text, role in (self.turns if turns else self.around).items():
            said = [one for one in role.said if language in one[0].languages]
            parts = [one for one in role.parts if language in self.phrases[one[0]].languages]
            if said or parts:
                found[text] = Roles(said=said, parts=parts, open=role.open)
        return found


def _add_names(roles: dict[str, Roles], slug: str, subject: Subject) -> None:
    needy = {fold(word) for word in subject.needs_context}
    keywords = {fold(word) for word in subject.keywords}
    for word in keywords:
        if word.removesuffix(_CLEAR_TAIL) in keywords - {word}:
            continue  # the name with a tail says the same, and what is wrong
        roles.setdefault(word, Roles()).names.append(Name(slug, word in needy))
    if needy:
        for word in {fold(word) for word in subject.context} - TROUBLE:
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
        Kind.SEEN: wording.seen,
        Kind.TRIED: wording.tried,
        Kind.SINCE: wording.since,
        Kind.ASKED: wording.asked,
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


def _add_parts(roles: dict[str, Roles], phrases: Sequence[Phrase], pattern: Pattern) -> None:
    phrase = phrases[-1]
    nobody_s = replace(phrase, languages=frozenset())
    for place, choices in enumerate(pattern.parts):
        for text, is_open in choices:
            role = roles.setdefault(text, Roles())
            if phrase.parts == 1:
                key = nobody_s, is_open
                role.whole[key] = role.whole.get(key, frozenset()) | phrase.languages
            else:
                role.parts.append((len(phrases) - 1, place, is_open))


def _tails(phrase: Phrase, pattern: Pattern) -> Iterator[tuple[str, str]]:
    if phrase.kind in (Kind.ERROR, Kind.NEAR) and phrase.parts == 1 and not phrase.before_name:
        for text, _ in pattern.parts[0]:
            tail = text.replace(" ", "")
            if len(tail) >= _TAIL_FROM and tail.isalpha():
                yield tail, min(phrase.languages)
