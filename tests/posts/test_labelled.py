"""The posts labelled by hand: the half that no rule was tuned on meets its targets."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from benchmarks.labelled_posts import LABELLED, held_back, judge, rows
from outage.catalogue import load_catalogue
from outage.posts import Matcher


def test_the_labelled_posts_are_many_and_of_every_kind() -> None:
    posts = list(rows(LABELLED))
    slugs = load_catalogue().services
    assert len(posts) >= 600
    assert len({post["text"] for post in posts}) == len(posts)
    assert sum(count >= 30 for count in Counter(post["language"] for post in posts).values()) >= 14
    for post in posts:
        assert {*post["services"].split()} <= slugs.keys(), post["id"]
        assert {*post["errors"].split()} <= {*post["services"].split()}, post["id"]


def test_the_held_back_half_meets_its_targets(matcher: Matcher) -> None:
    held = [post for post in rows(LABELLED) if held_back(post["text"])]
    failing = judge(matcher, held, False)[""].failing
    assert failing.right / (failing.right + failing.wrong) >= 0.95
    assert failing.right / (failing.right + failing.missed) >= 0.90


def test_files_of_posts_are_plain_tables() -> None:
    for path in Path(LABELLED).parent.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert all(len(row) == 6 for row in csv.reader(file)), path
