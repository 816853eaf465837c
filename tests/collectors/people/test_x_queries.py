"""Queries for X: what they ask, how they are cut to the limits, and that no phrase is lost."""

from __future__ import annotations

import pytest

from collectors.people.x_queries import (
    Limits,
    error_queries,
    group,
    naming,
    operators,
    posts_query,
    shortest,
    term,
)
from outage.catalogue import load_catalogue
from outage.collecting.watching import watched
from outage.errors import ConfigError

WIDE = Limits(4096, 1000)
TIGHT = Limits(512, 100)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("WhatsApp", "WhatsApp"),
        ("ライン", "ライン"),
        ("whats app", '"whats app"'),
        ("isn't working", '"isn\'t working"'),
        ("t-mobile", '"t-mobile"'),
        ('say "down"', '"say down"'),
        ("OR", '"OR"'),
        ("x.com", '"x.com"'),
    ],
)
def test_what_is_no_plain_word_is_quoted(text: str, asked: str) -> None:
    assert term(text) == asked


def test_alternatives_are_one_operand() -> None:
    assert group(["a"]) == "a"
    assert group(["a", "b"]) == "(a OR b)"


def test_a_phrase_within_another_makes_that_one_superfluous() -> None:
    phrases = ["is down again", "Is Down", "down", "won't load", "countdown", "it won't load now"]
    assert shortest(phrases) == ["down", "won't load", "countdown"]
    assert shortest(["a b", "A B", "b a"]) in (["a b", "b a"], ["A B", "b a"])


def test_doubtful_names_share_their_first_context_words() -> None:
    context = [f"word{number}" for number in range(30)]
    clear, around = naming(["line app"], ["line", "ライン"], context)
    assert clear == '"line app"'
    assert around.startswith("((line OR ライン) (word0 OR ")
    assert around.endswith(" OR word11))")
    assert naming(["a"], [], context) == ["a"]
    assert naming(["a"], ["b"], []) == ["a"]


def test_without_phrases_there_is_nothing_to_ask() -> None:
    assert error_queries(["a"], [], WIDE) == ()


def test_the_first_names_are_asked_for_and_leave_half_a_query_to_phrases() -> None:
    names = [f"n{number}" for number in range(10)]
    assert operators("(a OR b) -is:retweet") == 4
    assert posts_query(names, WIDE).count("n") == 10
    assert posts_query(names, Limits(4096, 8)) == "(n0 OR n1) -is:retweet"
    assert posts_query(names, Limits(24, 100)) == "(n0 OR n1) -is:retweet"
    for query in error_queries(names, ["down", "broken", "dead"], Limits(4096, 8)):
        assert query.startswith("(n0 OR n1) ")
        assert operators(query) <= 8


def test_the_whole_catalogue_can_be_asked_within_the_limits() -> None:
    catalogue = load_catalogue()
    phrases = catalogue.error_phrases["en"]
    for one in watched(catalogue):
        clear = [word for word in one.keywords if word not in one.ambiguous]
        names = naming(clear, one.ambiguous, one.context)
        if not names:
            continue
        queries = (posts_query(names, TIGHT), *error_queries(names, phrases, TIGHT))
        assert all(TIGHT.allow(query) for query in queries), one.slug
        assert all(query.endswith(" -is:retweet") for query in queries)
        assert all(query.startswith(queries[0].removesuffix("-is:retweet")) for query in queries)
        for text in shortest(phrases):
            assert any(term(text) in query for query in queries), (one.slug, text)
        assert term([*clear, *one.ambiguous][0]) in queries[0], one.slug


def test_a_term_that_is_longer_than_a_query_is_wrong_use() -> None:
    with pytest.raises(ConfigError, match="query_length"):
        posts_query(["a" * 60], Limits(64, 100))
