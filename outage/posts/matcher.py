"""Match posts: a quick look for names in all, a careful reading of the few that hold one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ahocorasick_rs import AhoCorasick, Implementation

from outage.posts.deciding import may_bind, spoken, troubles, verdicts
from outage.posts.folding import (
    DRAWN_OUT,
    VARYING,
    capitals,
    fold,
    glance,
    shorten,
    spaced,
    without_addresses,
)
from outage.posts.languages import Languages, is_short
from outage.posts.lexicon import Lexicon, Roles
from outage.posts.reading import Find, Hit, Reading, at_edges, hear, read

if TYPE_CHECKING:
    from outage.catalogue import Catalogue

# A post is at most a few thousand characters; what is longer is no post, and read in part.
LONGEST: Final = 10_000
_EXACT_UP_TO: Final = 4
# Short words of trouble are heard in the post's language and in this one.
_EVERYWHERE: Final = "en"
# Languages that capitalise everyday words.
_CAPITALS: Final = frozenset({"de"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A subject that a post names: whether it is said not to work, and the post's language.

    `language` is of ISO 639-1, empty where it cannot be told.
    """

    service: str
    error: bool
    language: str


class Matcher:
    """Finds the services and operators that a post names, and those it says are failing.

    Builds its automata once, in about a second for 1,000 services; it pickles as its lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._find = _finder(lexicon.roles)
        self._said: dict[tuple[str, bool], Find] = {}
        names = list(lexicon.spellings)
        varying = [text for text in VARYING if text not in lexicon.spellings]
        self._names, self._drawn_out = len(names), len(names) + len(varying)
        self._ascii = [text.isascii() for text in names]
        self._short = [len(text) <= _EXACT_UP_TO for text in names]
        quick = [*names, *varying, *DRAWN_OUT]
        self._quick = AhoCorasick(quick, implementation=Implementation.DFA)
        self._languages = Languages(
            {language for phrase in lexicon.phrases for language in phrase.languages}
        )

    @classmethod
    def of(cls, catalogue: Catalogue) -> Matcher:
        """Return the matcher of a catalogue's services, operators and phrases."""
        return cls(Lexicon.of(catalogue))

    def __reduce__(self) -> tuple[Any, ...]:
        return Matcher, (self._lexicon,)

    def match(self, text: str, langs: Sequence[str] = ()) -> tuple[Mention, ...]:
        """Return a mention for each subject that the post names, in the order of the text.

        `langs` are the languages that the post says it is in (BCP 47), the first one counts.
        """
        glanced = glance(text)
        hits = self._quick.find_matches_as_indexes(glanced, True)
        if not hits:
            return ()
        if self._promising(glanced, hits) or self._varies(text, hits):
            return self._read(self._folded(text), text[:LONGEST], langs)
        return ()

    def _promising(self, text: str, hits: Sequence[tuple[int, int, int]]) -> bool:
        """Tell whether a hit may be a name: not one in the middle of a word."""
        for number, start, end in hits:
            if number >= self._names:
                continue
            if not self._ascii[number]:
                return True
            if start and text[start - 1].isascii() and text[start - 1].isalnum():
                continue
            if not self._short[number] or not text[end : end + 1].isalnum():
                return True
            if not text[end].isascii():
                return True
        return False

    def _varies(self, text: str, hits: Sequence[tuple[int, int, int]]) -> bool:
        """Tell whether a name may be hidden by spelling: look again at the folded text."""
        last = max(hits)[0]
        if last < self._names:
            return False
        folded = self._folded(text) if last >= self._drawn_out else fold(text)
        return self._promising(folded, self._quick.find_matches_as_indexes(folded, True))

    def _folded(self, text: str) -> str:
        return shorten(spaced(without_addresses(fold(text[:LONGEST]))), self._lexicon.words)

    def _read(self, folded: str, text: str, langs: Sequence[str]) -> tuple[Mention, ...]:
        reading = read(folded, self._lexicon, self._find)
        if reading is None:
            return ()
        told = self._languages.tell(text, langs)
        if told not in _CAPITALS:
            reading.proper = self._proper(reading, text)
        if not (text.isascii() and is_short(text)):
            reading.proper |= self._foreign(reading, told)
        for language in {told, _EVERYWHERE}:
            hear(reading, self._lexicon, self._finder(language, turns=False))
        errors = troubles(reading)
        errors = errors if may_bind(reading, errors) else []
        for language in spoken(errors, told) if errors else ():
            hear(reading, self._lexicon, self._finder(language, turns=True))
        found = verdicts(reading, errors, self._lexicon.by_trouble, told)
        heard = next((language for language in found.values() if language), "")
        language = heard if heard and not langs and is_short(text) else told
        return tuple(
            Mention(subject, error is not None, language) for subject, error in found.items()
        )

    def _finder(self, language: str, turns: bool) -> Find:
        if (language, turns) not in self._said:
            self._said[language, turns] = _finder(self._lexicon.said_in(language, turns))
        return self._said[language, turns]

    def _foreign(self, reading: Reading, told: str) -> set[str]:
        """Return the subjects with a name that is no everyday word in the language of the text."""
        everyday = self._lexicon.everyday
        return {
            one.subject
            for one in reading.named
            if one.ambiguous and told not in everyday.get(one.subject, (told,))
        }

    def _proper(self, reading: Reading, text: str) -> set[str]:
        """Return the subjects with an everyday name that is capitalised amid small letters."""
        return {
            one.subject
            for one in reading.named
            if one.ambiguous
            and one.subject in self._lexicon.by_trouble
            and (name := reading.text[one.start : one.end].capitalize()) in text
            and re.search(rf"(?<![^\s])[a-z']+,? {re.escape(name)}\b", text)
        }


def _finder(roles: Mapping[str, Roles]) -> Find:
    # The states are too many for a full table (a DFA) to fit into a processor's cache.
    patterns = [capitals(text) for text in roles]
    automaton = AhoCorasick(patterns, implementation=Implementation.ContiguousNFA)
    numbered = list(roles.values())

    def find(text: str) -> list[Hit]:
        return at_edges(text, automaton.find_matches_as_indexes(capitals(text), True), numbered)

    return find
