"""Weigh what a text says of a subject: what the rules found, and the letters around the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from outage.posts.reading import Reading

#: Of what weights were learned.
SERVICES: Final = "services"
OPERATORS: Final = "operators"
#: The clue that each case has.
ALWAYS: Final = "all"
#: The clue that the rules hear trouble of the subject.
FAILS: Final = "fails"
#: What stands for the name in question, and for all others; folded texts hold neither.
OWN: Final = "①"
OTHER: Final = "②"
GRAM: Final = 4
#: Letters before and after the name that are weighed; hardly a post of those learned from has more.
REACH: Final = 200
MOST_WORDS: Final = 3
#: The weights are written as whole thousandths.
THOUSANDTHS: Final = 1000
_DIGIT: Final = re.compile(r"\d")
_BREAK: Final = re.compile(r"[.,;:!?،、。！？…\-–—|]")
_WORD: Final = re.compile(r"\w+|[^\w\s]")


class Case(NamedTuple):
    """What is known of one subject that a text may name, before it is weighed.

    `clear` says that the name is no everyday word here; `text` is folded, with marks instead of
    names; `clues` are what the rules found.
    """

    subject: str
    clear: bool
    text: str
    clues: tuple[str, ...]


def cases(
    reading: Reading, texts: Mapping[str, str], found: Mapping[str, str | None]
) -> list[Case]:
    """Return a case for each subject, of whose `marked` texts these are.

    `found` are the rules' `verdicts`: they lack the subjects whose names may be everyday words.
    """
    failing = {subject for subject, language in found.items() if language}
    shared = (ALWAYS, *(f"has {kind}" for kind in reading.said))
    return [
        Case(
            subject,
            subject in found,
            text,
            (
                *shared,
                "unclear" if subject not in found else FAILS if subject in failing else "works",
                _others(texts.keys() - {subject}, failing),
            ),
        )
        for subject, text in texts.items()
    ]


def _others(others: Set[str], failing: Set[str]) -> str:
    if not others:
        return "alone"
    if others <= failing:
        return "all others fail"
    return "some others fail" if others & failing else "no others fail"


def marked(reading: Reading) -> dict[str, str]:
    """Return the words and signs around each subject, in the order of the text.

    Marks stand for names, and zeros for digits.
    """
    return {one.subject: _marked(reading, one.subject) for one in reading.named}


def _marked(reading: Reading, subject: str) -> str:
    own = {one[:2] for one in reading.named if one.subject == subject}
    parts, last = [""], 0
    for start, end in dict.fromkeys(one[:2] for one in reading.named):
        parts += reading.text[last:start], OWN if (start, end) in own else OTHER
        last = end
    words = _WORD.findall(_DIGIT.sub("0", " ".join((*parts, reading.text[last:]))))
    text = " ".join(words)
    at = text.find(OWN)
    return f" {text[max(0, at - REACH) : at + REACH].strip()} "


def features(case: Case) -> list[str]:
    """Return a case's clues and pieces of its text, each with a sign of where it stands.

    The pieces are letters by fours, the words, and these in twos and in threes (`=`); the letters
    of the name's clause come a second time (`<` before it, `>` after it). Letters serve all kinds
    of languages, with spaces and without (Cavnar and Trenkle, 1994).
    """
    text = case.text
    first, at, last = _clause(text)
    words = text.split()
    joined = (
        f"= {' '.join(words[start : start + length])} "
        for length in range(1, MOST_WORDS + 1)
        for start in range(len(words) - length + 1)
    )
    return [
        *case.clues,
        *[f"={text[i : i + GRAM]}" for i in range(len(text) - GRAM + 1)],
        *[f"<{text[i : i + GRAM]}" for i in range(first, at - GRAM + 1)],
        *[f">{text[i : i + GRAM]}" for i in range(at + 1, last - GRAM + 1)],
        *[piece for piece in joined if len(piece) > GRAM + 1],
    ]


def _clause(text: str) -> tuple[int, int, int]:
    """Return where the clause of the name begins, where the name stands, and where it ends."""
    at = text.find(OWN)
    first = max((one.end() for one in _BREAK.finditer(text, 0, at)), default=0)
    sign = _BREAK.search(text, at)
    return first, at, sign.start() if sign else len(text)


class Weights:
    """What each clue and each piece of text adds to the log odds that a subject fails."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._clues = {clue: weight for clue, weight in weights.items() if clue[0] not in "=<>"}
        #: What the clues come to at most.
        self.most = self._clues.get(ALWAYS, 0.0) + sum(
            weight for clue, weight in self._clues.items() if clue != ALWAYS and weight > 0
        )
        self._here, self._before, self._after = (_Pieces(weights, sign) for sign in "=<>")

    @classmethod
    @cache
    def learned(cls, kind: str = SERVICES) -> Weights:
        """Return the weights that `tools/learn_weights.py` wrote, which are in thousandths."""
        text = files("outage.posts").joinpath(f"weights-{kind}.tsv").read_text(encoding="utf-8")
        rows = (line.split("\t") for line in text.split("\n") if line)
        return cls({feature: int(weight) / THOUSANDTHS for weight, feature in rows})

    def log_odds(self, case: Case) -> float:
        """Return the log odds that the subject fails: the sum of its `features`, each once."""
        return self.of_clues(case.clues) + self.of_text(case.text)

    def of_clues(self, clues: Iterable[str]) -> float:
        """Return what clues add."""
        return sum([self._clues.get(clue, 0.0) for clue in clues])

    def of_text(self, text: str) -> float:
        """Return what the pieces of a marked text add."""
        first, at, last = _clause(text)
        return (
            self._here.weigh(text)
            + self._before.weigh(text[first:at])
            + self._after.weigh(text[at + 1 : last])
        )


class _Pieces:
    """Pieces of text of one sign, found all at once."""

    def __init__(self, weights: Mapping[str, float], sign: str) -> None:
        pieces = {feature[1:]: weight for feature, weight in weights.items() if feature[0] == sign}
        self._find = AhoCorasick(
            list(pieces), implementation=Implementation.ContiguousNFA
        ).find_matches_as_indexes
        self._weight = list(pieces.values()).__getitem__

    def weigh(self, text: str) -> float:
        return sum(map(self._weight, {hit[0] for hit in self._find(text, True)}))
