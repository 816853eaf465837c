"""Decide what a text says of each subject it names: that it fails, or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from outage.posts.edges import WORD
from outage.posts.lexicon import TROUBLES, Kind
from outage.posts.reading import Named, Reading, Said

FAR_WORDS: Final = 10
FAR_LETTERS: Final = 500  # more than ten words have
NEAR_WORDS: Final = 3
CLAUSE_WORDS: Final = 3
SENTENCE_WORDS: Final = 4
OPENING_WORDS: Final = 2
CLEAR_WORDS: Final = 1
PREDICATE_WORDS: Final = 2
# Words that may stand between names of which the same is said.
_AND: Final = frozenset(
    "and & or plus also both the und oder y e o ou et en of ve veya ile dan sama atau और aur ya"
    " و и или a i oraz lub też och eller og ja si と も や の"
    " 和 跟 也 및 랑 하고 도 la il das noch weder bei beim in im nor"
    " n 'n ne u nem ani ni ни в на ولا".split()
)


def verdicts(reading: Reading, by_trouble: frozenset[str], told: str) -> dict[str, str | None]:
    """Return the language of the error phrase for each subject named, None if it has none.

    `told` is the language that the text seems to be in.
    """
    if not any(kind in reading.said for kind in TROUBLES):
        return dict.fromkeys(one.subject for one in clear(reading))
    turns = _Turns(reading, told)
    serious = [error for error in turns.errors if turns.leave(error)]
    names = clear(reading, [one for one in turns.errors if not turns.denied(one)], by_trouble)
    found: dict[str, str | None] = dict.fromkeys(one.subject for one in names)
    for error, subjects in _bound(reading, names, serious):
        for subject in subjects:
            found[subject] = _closer(found[subject], error.phrase.languages, told)
    for subject in _recovered(reading, names, turns):
        found[subject] = None
    return found


def _distinct(errors: Iterable[Said], told: str) -> list[Said]:
    """Return of several phrases in one stretch of text the one that reaches furthest.

    Those that may stand on either side of the name go before those of one side.
    """
    found: dict[tuple[int, int, str, bool, bool], Said] = {}
    for error in sorted(errors, key=lambda one: _reach(one, told)):
        span = *error[:2], error.phrase.subject
        sides = error.phrase.after_name, error.phrase.before_name
        if (*span, False, False) not in found:
            found.setdefault((*span, *sides), error)
    return list(found.values())


def _reach(error: Said, told: str) -> tuple[bool, int, bool]:
    phrase = error.phrase
    bounds = phrase.after_name + phrase.before_name + phrase.predicate
    return phrase.kind is Kind.NEAR, bounds, told not in phrase.languages


def _closer(language: str | None, others: frozenset[str], told: str) -> str:
    return told if told in others else language or min(others)


class _Turns:
    """What turns error phrases round, in the languages in which trouble is spoken of."""

    def __init__(self, reading: Reading, told: str) -> None:
        self._reading = reading
        self.errors = _distinct(reading.kinds(*TROUBLES), told)
        self._languages = {told}.union(*(one.phrase.languages for one in self.errors))
        ongoing = self.of(Kind.ONGOING)
        self._denials = self.of(Kind.DENIAL)
        memories = [one for one in self.of(Kind.MEMORY) if not _touches(one, ongoing)]
        self._elsewhere = memories + self.of(Kind.ELSEWHERE)
        self._wishes = self.of(Kind.WISH)

    def of(self, kind: Kind) -> list[Said]:
        """Return the phrases of a kind."""
        known = self._languages
        return [one for one in self._reading.kinds(kind) if one.phrase.languages & known]

    def leave(self, error: Said) -> bool:
        """Tell whether an error phrase is not denied, remembered, wished for or of another."""
        return (
            not self.denied(error)
            and not any(_same_sentence(self._reading, error, one) for one in self._elsewhere)
            and not any(_same_clause(self._reading, error, one) for one in self._wishes)
        )

    def denied(self, error: Said) -> bool:
        """Tell whether an error phrase is part of a denial, or of what only sounds like it."""
        return _touches(error, self._denials)


def _touches(one: Said, others: Iterable[Said]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def _same_sentence(reading: Reading, one: Said, other: Said) -> bool:
    return not reading.parted(*_between(one, other), by_clause=False)


def _same_clause(reading: Reading, one: Said, other: Said) -> bool:
    return not reading.parted(*_between(one, other), by_clause=True)


def _between(one: Said | Named, other: Said | Named) -> tuple[int, int]:
    first, second = sorted((one, other), key=lambda span: span.start)
    return first.end, max(first.end, second.start)


def clear(
    reading: Reading,
    errors: Sequence[Said] = (),
    by_trouble: frozenset[str] = frozenset(),
) -> list[Named]:
    """Return the names that are no everyday words here."""
    return [
        one
        for one in reading.named
        if not one.ambiguous
        or one.subject in reading.context
        or one.subject in reading.proper - reading.unless
        or (one.subject in by_trouble - reading.unless and _beside(reading, one, errors))
    ]


def _beside(reading: Reading, name: Named, errors: Iterable[Said]) -> bool:
    distances = (_distance(reading, error, name) for error in errors)
    return any(one is not None and one <= CLEAR_WORDS for one in distances)


def _bound(
    reading: Reading, names: Sequence[Named], phrases: Iterable[Said]
) -> Iterator[tuple[Said, set[str]]]:
    """Yield each phrase and the subjects of which it is said: the nearest, and all listed along."""
    groups = list(_groups(reading, names))
    for phrase in phrases:
        if distances := _distances(reading, phrase, groups):
            yield phrase, {one.subject for one in groups[min(distances)[1]]}


def _distances(
    reading: Reading, phrase: Said, groups: Iterable[Iterable[Named]]
) -> list[tuple[float, int]]:
    """Return the distance of a phrase from each name that it may speak of, and the name's group."""
    return [
        (distance, number)
        for number, group in enumerate(groups)
        for one in group
        if (distance := _distance(reading, phrase, one)) is not None
    ]


def _groups(reading: Reading, names: Sequence[Named]) -> Iterator[list[Named]]:
    """Yield names that are listed together: nothing but `and`, commas and signs between them."""
    group = list(names[:1])
    for left, right in pairwise(names):
        if not set(WORD.findall(reading.text, left.end, right.start)) <= _AND:
            yield group
            group = []
        group.append(right)
    if group:
        yield group


def _distance(reading: Reading, said: Said, name: Named) -> float | None:
    """Return how far a phrase is from a name, in words; None if it does not speak of it."""
    phrase = said.phrase
    if phrase.subject not in ("", name.subject):
        return None
    if said.start < name.end and name.start < said.end:
        return 0.0
    follows = said.start >= name.end
    if (phrase.after_name and not follows) or (phrase.before_name and follows):
        return None
    gap = _between(said, name)
    if gap[1] - gap[0] > FAR_LETTERS or reading.beyond(*gap, FAR_WORDS):
        return None  # no phrase reaches farther
    words = reading.words(*gap) + CLAUSE_WORDS * reading.clauses(*gap)
    if sentences := reading.sentences(*gap):
        if not _crosses(reading, said, name):
            return None
        words += SENTENCE_WORDS * sentences
    reach = (
        FAR_WORDS
        if phrase.kind is not Kind.NEAR
        else NEAR_WORDS
        + CLAUSE_WORDS * bool(reading.clauses(*gap))
        + SENTENCE_WORDS * bool(sentences)
    )
    if phrase.predicate and not follows:
        reach = PREDICATE_WORDS
    return None if words > reach else words + (0.0 if follows else 0.5)


def _crosses(reading: Reading, said: Said, name: Named) -> bool:
    """Tell whether a phrase may speak of a name in another sentence.

    It may where it opens its sentence, after the name's, or where that holds the name alone.
    """
    start, end = reading.sentence(name.start, name.end)
    alone = reading.words(start, name.start) + reading.words(name.end, end) <= 1
    opens = reading.words(reading.sentence(said.start, said.end)[0], said.start) <= OPENING_WORDS
    return alone or (opens and said.start > name.start)


def _recovered(reading: Reading, names: Sequence[Named], turns: _Turns) -> set[str]:
    errors = [error for error in turns.errors if not turns.denied(error)]
    recoveries = [
        one
        for one in turns.of(Kind.RECOVERY)
        if not any(_touches(error, [one]) and not _within(error, one) for error in errors)
    ]
    back = {one for _, subjects in _bound(reading, names, recoveries) for one in subjects}
    subjects = {one.subject for one in names}
    return subjects if recoveries and len(subjects) == 1 else back


def _within(one: Said, other: Said) -> bool:
    return other.start <= one.start and one.end <= other.end
