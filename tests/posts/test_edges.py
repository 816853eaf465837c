from __future__ import annotations

import pytest

from outage.posts.edges import WORD, after, before, joined


@pytest.mark.parametrize(
    ("left", "right", "one_word"),
    [("a", "b", True), ("a", " ", False), ("p", "落", False), ("落", "ち", False),
     ("ン", "ラ", True), ("하", "다", True), ("a", "_", True), ("#", "a", False),
     ("क", "ा", True), ("ล", "่", False)],
)  # fmt: skip
def test_what_stands_within_a_word(left: str, right: str, one_word: bool) -> None:
    assert joined(left, right) is one_word


def test_rests_of_words() -> None:
    assert before("online", 2) == "on"
    assert after("whatsappdown", 8) == "down"
    assert after("카톡이", 2) == ""
    assert before("オンライン", 2) == "オン"


def test_words_are_counted_in_every_script() -> None:
    assert WORD.findall("is it down") == ["is", "it", "down"]
    assert len(WORD.findall("今日は無理")) == 3
