"""A first look at a post sees each name that a careful reading would."""

from __future__ import annotations

import pytest

from benchmarks.labelled_posts import LEARNED, rows
from outage.posts import Matcher
from outage.posts.glancing import Glance, Seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("is ig down", Seen.NAME),
        ("#ig!", Seen.NAME),
        ("igloo", Seen.NOTHING),
        ("big", Seen.NOTHING),
        ("whatsapps", Seen.NAME),
        ("mywhatsapp", Seen.NOTHING),
        ("落ちたigです", Seen.NAME),
        ("новый ватсапчик", Seen.NAME),
        ("whatsapp".replace("t", "t\u200b"), Seen.NAME),
        ("ıg çöktü", Seen.NAME),
        ("whatsaaapp", Seen.DRAWN_OUT),
        ("half \ud83d of a pair", Seen.NOTHING),
        ("", Seen.NOTHING),
    ],
)
def test_names_are_seen_where_words_begin_and_in_all_spellings(text: str, seen: Seen) -> None:
    assert Glance({"ig", "whatsapp", "ватсап"}).look(text) is seen


def test_hardly_a_name_that_reading_finds_goes_unseen(matcher: Matcher) -> None:
    posts = [post["text"] for path in LEARNED for post in rows(path)][::10]
    named = [text for text in posts if any(case.clear for case in matcher.cases(text))]
    assert len(named) > 2_000
    assert sum(not matcher.match(text) for text in named) <= len(named) / 1_000
