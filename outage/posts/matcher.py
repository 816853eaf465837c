"""Match posts: a quick look for names in all, a careful reading of the few that hold one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ahocorasick_rs import AhoCorasick, Implementation

from outage.posts.deciding import clear, verdicts
from outage.posts.folding import (
    capitals,
    fold,
    glance,
    shorten,
    spaced,
    without_addresses,
)
from outage.posts.glancing import Glance, Seen
from outage.posts.languages import Languages, is_short
from outage.posts.lexicon import Lexicon, Roles
from outage.posts.reading import Find, Hit, Reading, at_edges, hear, read
from outage.posts.weighing import OPERATORS, SERVICES, Case, Weights, cases, marked

if TYPE_CHECKING:
    from outage.catalogue import Catalogue

# What is longer is hardly a post, and read in part.
LONGEST: Final = 3_000
# The language of trouble that is heard in posts of all others.
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
        self._find = _finder(lexicon.names)
        self._said: dict[str, Find] = {}
        self._glance = Glance(lexicon.spellings)
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
        seen = self._glance.look(glance(text[:LONGEST]))
        if seen is Seen.DRAWN_OUT:
            seen = self._glance.look(self._folded(text))
        if seen is not Seen.NAME:
            return ()
        reading = self._read(text, langs)
        if reading is None:
            return ()
        texts = marked(reading)
        odds = {subject: self._weights(subject).of_text(text) for subject, text in texts.items()}
        if self._settled(reading, odds):
            return tuple(Mention(subject, False, reading.told) for subject in texts)
        language, found = self._judged(reading, texts)
        failing = [
            odds[case.subject] + self._weights(case.subject).of_clues(case.clues) > 0
            for case in found
        ]
        return tuple(
            Mention(case.subject, fails, language)
            for case, fails in zip(found, failing, strict=True)
            if fails or case.clear
        )

    def cases(self, text: str, langs: Sequence[str] = ()) -> list[Case]:
        """Return what is known of each subject that a post may name, before it is weighed."""
        reading = self._read(text, langs)
        return self._judged(reading, marked(reading))[1] if reading else []

    def _weights(self, subject: str) -> Weights:
        # A slow line at home is no trouble of a service, and all that operators are blamed for.
        return Weights.learned(OPERATORS if subject in self._lexicon.operators else SERVICES)

    def _settled(self, reading: Reading, odds: Mapping[str, float]) -> bool:
        """Tell whether nothing that the rules may find could change what is said of the post."""
        return (
            not reading.short
            and all(one + self._weights(subject).most <= 0 for subject, one in odds.items())
            and odds.keys() == {one.subject for one in clear(reading)}
        )

    def _folded(self, text: str) -> str:
        return shorten(spaced(without_addresses(fold(text[:LONGEST]))), self._lexicon.words)

    def _read(self, text: str, langs: Sequence[str]) -> Reading | None:
        """Return the names in a post, None if there are none."""
        text = text[:LONGEST].encode(errors="replace").decode()  # half a pair is no letter
        reading = read(self._folded(text), self._lexicon, self._find)
        if reading is None:
            return None
        reading.told, reading.short = self._languages.tell(text, langs), is_short(text)
        reading.unsure = reading.short and not langs
        if reading.told not in _CAPITALS:
            reading.proper = self._proper(reading, text)
        if not (reading.short and text.isascii()):
            reading.proper |= self._foreign(reading, reading.told)
        return reading

    def _judged(self, reading: Reading, texts: Mapping[str, str]) -> tuple[str, list[Case]]:
        """Return the post's language, and a case for each subject, by the rules."""
        told = reading.told
        hear(reading, self._lexicon, self._said_in("" if reading.short else told))
        found = verdicts(reading, self._lexicon.by_trouble, told)
        heard = next((language for language in found.values() if language), "")
        return heard if heard and reading.unsure else told, cases(reading, texts, found)

    def _said_in(self, language: str) -> Find:
        """Return what finds the phrases of a language and of English; of all languages for none."""
        if language not in {"", *self._languages.known}:  # a post may say anything
            language = _EVERYWHERE
        if language not in self._said:
            heard = {language, _EVERYWHERE} if language else self._languages.known
            self._said[language] = _finder(self._lexicon.said_in(frozenset(heard)))
        return self._said[language]

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
