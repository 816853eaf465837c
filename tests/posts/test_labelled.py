"""The posts labelled by hand are many and of every kind, and most are heard."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from benchmarks.labelled_posts import HELD, LEARNED, POSTS, judge, rows
from outage.catalogue import load_catalogue
from outage.posts import Matcher


def test_the_labelled_posts_are_many_and_of_every_kind() -> None:
    posts = [post for path in (*LEARNED, *HELD) for post in rows(path)]
    slugs = load_catalogue().services
    assert len(posts) >= 600
    assert len({post["text"] for post in posts}) == len(posts)
    assert sum(count >= 30 for count in Counter(post["language"] for post in posts).values()) >= 14
    for post in posts:
        assert {*post["services"].split()} <= slugs.keys(), post["id"]
        assert {*post["errors"].split()} <= {*post["services"].split()}, post["id"]


@pytest.mark.parametrize(("name", "least"), [("natural", 0.93), ("varied", 0.83)])
def test_posts_that_nobody_looked_at_are_heard(matcher: Matcher, name: str, least: float) -> None:
    (path,) = (path for path in HELD if path.stem == name)
    failing = judge(matcher, rows(path), False)[""].failing
    assert failing.right / (failing.right + failing.wrong) >= 0.92
    assert failing.right / (failing.right + failing.missed) >= least


def test_files_of_posts_are_plain_tables() -> None:
    for path in POSTS.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert all(len(row) == 6 for row in csv.reader(file)), path
