"""Queries for X that count the posts naming a service, and those that hold an error phrase too.

Operators: a space is AND and binds tighter than OR; groups are not negated; retweets are always
left out, since the search index dropped them on 2026-05-04: so old and new counts agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Final

from outage.errors import ConfigError

NO_RETWEETS: Final = "-is:retweet"
CONTEXT_WORDS: Final = 12
NAMES_AT_ONCE: Final = 4
_BARE: Final = re.compile(r"\w+")
_OPERATORS: Final = frozenset({"or", "and", "not"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a query may be, in characters, and how many terms and operators it may hold."""

    length: int
    operators: int

    def allow(self, query: str) -> bool:
        """Tell whether a query keeps to the limits."""
        return len(query) <= self.length and operators(query) <= self.operators


def operators(query: str) -> int:
    """Return how many terms and operators a query holds.

    >>> operators('(whatsapp OR "whats app") -is:retweet')
    4
    """
    return len(re.findall(r'"[^"]*"|[^\s()]+', query))


def naming(clear: Sequence[str], ambiguous: Sequence[str], context: Sequence[str]) -> list[str]:
    """Return the alternatives that name a service: clear names, and others with their context.

    >>> naming(["signal app"], ["signal"], ["chat", "app"])
    ['"signal app"', '(signal (chat OR app))']
    """
    plain, doubtful = [term(name) for name in clear], [term(name) for name in ambiguous]
    around = [term(word) for word in context[:CONTEXT_WORDS]]
    some = (doubtful[at : at + NAMES_AT_ONCE] for at in range(0, len(doubtful), NAMES_AT_ONCE))
    return plain + [f"({group(names)} {group(around)})" for names in some if around]


def leading(names: Sequence[str], limits: Limits) -> list[str]:
    """Return the first names, as many as fit into half a query: each query more costs as much.

    The other half is left to the phrases. Raises ConfigError if not even one name fits.
    """
    half = Limits(limits.length // 2, limits.operators // 2)
    fitting = takewhile(lambda count: half.allow(group(names[:count])), range(1, len(names) + 1))
    most = max(fitting, default=0)
    if names and not most:
        raise _too_long(names[0], half)
    return list(names[:most])


def term(text: str) -> str:
    """Return a word, or a phrase in quotes.

    >>> term("isn't working"), term("WhatsApp")
    ('"isn\\'t working"', 'WhatsApp')
    """
    cleaned = " ".join(text.replace('"', " ").split())
    bare = _BARE.fullmatch(cleaned) and cleaned.casefold() not in _OPERATORS
    return cleaned if bare else f'"{cleaned}"'


def group(terms: Sequence[str]) -> str:
    """Return alternatives as one operand."""
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def shortest(phrases: Iterable[str]) -> list[str]:
    """Return the phrases without those that hold another one: they would add nothing.

    >>> shortest(["down again", "is down", "is down right now", "IS DOWN"])
    ['down again', 'is down']
    """
    words = {tuple(phrase.casefold().split()): phrase for phrase in reversed(list(phrases))}
    kept = [key for key in words if not any(_within(other, key) for other in words)]
    return [words[key] for key in reversed(kept)]


def _within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    if len(part) >= len(whole):
        return False
    starts = range(len(whole) - len(part) + 1)
    return any(whole[at : at + len(part)] == part for at in starts)


def posts_query(names: Sequence[str], limits: Limits) -> str:
    """Return the query for the posts with any of `names` (see `naming`); raises ConfigError."""
    return f"{group(leading(names, limits))} {NO_RETWEETS}"


def error_queries(names: Sequence[str], phrases: Iterable[str], limits: Limits) -> tuple[str, ...]:
    """Return the queries whose counts add up to the posts that hold an error phrase too.

    A post that holds phrases of two queries counts in both. Raises ConfigError.
    """
    terms = [term(phrase) for phrase in shortest(phrases)]
    named = group(leading(names, limits))
    return tuple(_packed(terms, partial(_troubled, named), limits))


def _troubled(named: str, part: Sequence[str]) -> str:
    return f"{named} {group(part)} {NO_RETWEETS}"


def _packed(
    terms: Sequence[str], query: Callable[[Sequence[str]], str], limits: Limits
) -> Iterator[str]:
    """Yield queries that hold all terms in their order, each as many as fit."""
    part: list[str] = []
    for one in terms:
        if part and not limits.allow(query([*part, one])):
            yield query(part)
            part = []
        part.append(one)
        if len(part) == 1 and not limits.allow(query(part)):
            raise _too_long(query(part), limits)
    if part:
        yield query(part)


def _too_long(query: str, limits: Limits) -> ConfigError:
    return ConfigError(
        f"the query {query[:80]!r}… is over {limits.length} characters or"
        f" {limits.operators} operators; raise query_length or query_operators, or"
        " shorten the keywords and context words"
    )
