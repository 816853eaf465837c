"""What is learned from labelled posts: pieces of text, their weights, and where they come from."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.labelled_posts import HELD, rows
from outage.posts import Matcher
from outage.posts.weighing import OTHER, OWN, Case, Weights, features


def case(text: str, *clues: str) -> Case:
    return Case("whatsapp", clear=True, text=text, clues=clues)


def test_names_are_marked_and_digits_made_one(matcher: Matcher) -> None:
    whatsapp, telegram = matcher.cases("WhatsApp stuck at 99%, Telegram isn't")
    assert whatsapp.text == f" {OWN} stuck at 00 % , {OTHER} isnt "
    assert telegram.text == f" {OTHER} stuck at 00 % , {OWN} isnt "


def test_clues_say_what_the_rules_found(matcher: Matcher) -> None:
    whatsapp, telegram = matcher.cases("whatsapp is down, using telegram")
    assert {"fails", "no others fail"} < {*whatsapp.clues}
    assert {"works", "all others fail"} < {*telegram.clues}
    (line,) = matcher.cases("the line is long")
    assert {"unclear", "alone"} < {*line.clues}


def test_pieces_beside_the_name_come_a_second_time_within_its_clause() -> None:
    found = features(case(f" oh no , my {OWN} died ; help "))
    assert {"= oh ", "= oh no ", "= oh no , ", "< my ", "> die", ">died", "=help"} <= {*found}
    assert not {"<no ,", ">help", f"> {OWN} d"} & {*found}


@given(st.text("ab ,.①②", max_size=60), st.randoms())
def test_a_case_weighs_what_its_features_do(text: str, chance: Random) -> None:
    one = case(f" {' '.join(f'{text} {OWN}'.split())} ", "fails")
    known = {feature: chance.uniform(-5, 5) for feature in features(one)[::2]}
    expected = sum(known.get(feature, 0.0) for feature in {*features(one)})
    assert Weights(known).log_odds(one) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        ("my whatsapp messages have been on one tick since noon, wifi is fine", True),
        ("he left me on one tick on whatsapp, guess i'm blocked", False),
        ("gmail spins and spins, anyone else?", True),
        ("added my gmail to my cv", False),
        ("netflix se queda cargando al 25 % desde hace una hora", True),
        ("viendo netflix con mi gato", False),
    ],
)
def test_what_no_rule_knows_is_weighed(matcher: Matcher, text: str, failing: bool) -> None:
    assert [one.error for one in matcher.match(text)] == [failing]


def test_a_language_of_which_nothing_was_learned_is_left_to_the_rules() -> None:
    assert abs(Weights.learned().log_odds(case(f" {OWN} ᎠᏂᏍᎬᏗ ᎤᏂᎩᎸᏅ "))) == pytest.approx(
        abs(Weights.learned().log_odds(case(f" {OWN} ᏗᎧᎿᎭᏩᏛᏍᏗ ")))
    )


@pytest.mark.parametrize("path", HELD, ids=lambda path: path.stem)
def test_what_no_clue_can_turn_is_not_read_further_and_said_alike(
    matcher: Matcher, path: Path
) -> None:
    unseen = 0
    for post in rows(path):
        whole = [(one, Weights.learned().log_odds(one) > 0) for one in matcher.cases(post["text"])]
        expected = {one.subject: fails for one, fails in whole if fails or one.clear}
        found = {one.service: one.error for one in matcher.match(post["text"])}
        assert found in ({}, expected)
        unseen += found != expected  # spelt so oddly that a first look sees no name
    assert unseen < 5
