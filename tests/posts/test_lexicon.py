from __future__ import annotations

import pytest

from outage.catalogue import overlay
from outage.catalogue.notation import MOST, parse
from outage.errors import ConfigError
from outage.posts.lexicon import Kind, Lexicon


def test_alternatives_gaps_and_sides() -> None:
    pattern = parse("... (isn't|not) ... work*")
    assert pattern.parts == ((("isn't", False), ("not", False)), (("work", True),))
    assert pattern.after_name
    assert not pattern.before_name
    assert parse("outage at ...").before_name
    assert parse("a (b|) c").parts == ((("a b c", False), ("a c", False)),)


@pytest.mark.parametrize(
    ("text", "why"),
    [("(a|b", "without its fellow"), ("a|b", "without its fellow"), ("...", "holds no words"),
     ("(a*|b) c", "not the end of a part"), ("(a|b)" * 12, f"more than {MOST:,}")],
)  # fmt: skip
def test_a_faulty_notation_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("(", "\\(")):
        parse(text)


def test_a_faulty_phrase_of_a_file_names_its_key() -> None:
    with pytest.raises(ConfigError, match=r"wording\.near\.de\[0\]: '\(tot' has a bracket"):
        overlay({"wording": {"near": {"de": ["(tot"]}}})


def test_what_a_file_gives_replaces_that_kind_and_language_only() -> None:
    lexicon = Lexicon.of(overlay({"wording": {"near": {"de": ["... hinüber"]}}}))
    near = [min(one.languages) for one in lexicon.phrases if one.kind is Kind.NEAR]
    assert near.count("de") == 1
    assert near.count("es") >= 1


def test_patterns_used_alike_share_their_roles() -> None:
    table = {"wording": {"near": {"lo": ["... (kaput|hin)", "is ... (kaput|weg)"]}}}
    lexicon = Lexicon.of(overlay(table))
    said = lexicon.said_in(frozenset({"lo"}))
    kaput, hin, gone = (said[word] for word in ("kaput", "hin", "weg"))
    assert len(kaput.said) == len(hin.said) == 1
    assert kaput.last == gone.last != set()
    assert not hin.last | gone.first


def test_names_with_a_tail_are_left_to_the_tail() -> None:
    lexicon = Lexicon.of(overlay({}))
    assert "whatsappdown" not in lexicon.names
    assert "whatsapp" in lexicon.names
    assert "down" in lexicon.tails
