"""Measure how well posts are matched: precision and recall on the posts labelled by hand.

Judged per (post, service): is it named, and is it said to fail. None of the posts of `posts/held`
was looked at for the rules or the weights; from those of `posts/learned` they were made (so that
these are heard all too well). Intervals are Wilson's, 95 %. `--show` prints what is wrong there.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

from outage.catalogue import load_catalogue
from outage.posts import Matcher

POSTS = Path(__file__).parent / "posts"
HELD = tuple(POSTS / "held" / f"{name}.csv" for name in ("natural", "varied", "older"))
LEARNED = tuple(sorted((POSTS / "learned").glob("*.csv")))
ON_OPERATORS = tuple(sorted((POSTS / "operators").glob("*.csv")))


@dataclass(slots=True)
class Tally:
    """Right, wrong and missed answers."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def count(self, found: set[str], wanted: set[str]) -> None:
        """Count one post's subjects."""
        self.right += len(found & wanted)
        self.wrong += len(found - wanted)
        self.missed += len(wanted - found)

    def __str__(self) -> str:
        precision = share(self.right, self.right + self.wrong)
        return f"precision {precision}, recall {share(self.right, self.right + self.missed)}"


@dataclass(slots=True)
class Sheet:
    """The tallies of some posts: naming and failing, and posts whose language is right."""

    posts: int = 0
    named: Tally = field(default_factory=Tally)
    failing: Tally = field(default_factory=Tally)
    language: int = 0
    told: int = 0


def share(part: int, whole: int) -> str:
    """Return a share with Wilson's 95 % interval."""
    if not whole:
        return "none"
    z, p = 1.96, part / whole
    middle = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return f"{p:.3f} [{middle - half:.3f}, {min(1.0, middle + half):.3f}]"


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the labelled posts of a file."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def judge(matcher: Matcher, posts: Iterable[dict[str, str]], show: bool) -> dict[str, Sheet]:
    """Return a sheet for each language, and for all of them under the empty name."""
    sheets: defaultdict[str, Sheet] = defaultdict(Sheet)
    for post in posts:
        mentions = matcher.match(post["text"])
        named = {one.service for one in mentions}
        failing = {one.service for one in mentions if one.error}
        wanted, errors = set(post["services"].split()), set(post["errors"].split())
        for sheet in (sheets[""], sheets[post["language"]]):
            sheet.posts += 1
            sheet.named.count(named, wanted)
            sheet.failing.count(failing, errors)
            sheet.told += bool(mentions)
            sheet.language += any(one.language == post["language"] for one in mentions)
        if show and (named != wanted or failing != errors):
            print(f"{post['id']} {post['kind']}: {post['text']}")
            print(f"    named {' '.join(sorted(named))}, failing {' '.join(sorted(failing))}")
    return sheets


def report(name: str, sheets: dict[str, Sheet]) -> None:
    """Print a part's tallies, language by language."""
    for code, sheet in sorted(sheets.items()):
        print(f"{name:12} {code or 'all':4} {sheet.posts:4} posts  failing: {sheet.failing}")
    whole = sheets[""]
    print(f"{name:12} all  naming:  {whole.named}")
    print(f"{name:12} all  language right: {share(whole.language, whole.told)}")


def main() -> None:
    """Print a line per file and language, and the held-back totals last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="what is wrong with the learned")
    parser.add_argument("--fresh", type=Path, help="a file of labelled posts to judge instead")
    arguments = parser.parse_args()
    matcher = Matcher.of(load_catalogue())
    if arguments.fresh:
        report("fresh", judge(matcher, rows(arguments.fresh), arguments.show))
        return
    for path in LEARNED:
        report(path.stem, judge(matcher, rows(path), arguments.show))
    for path in HELD:
        report(f"held {path.stem}", judge(matcher, rows(path), False))


if __name__ == "__main__":
    main()
