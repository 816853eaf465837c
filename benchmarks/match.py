"""Measure how many posts a second one core matches, for 1,000 services, beside Python's `re`.

The posts are made: words of 17 languages (those of the labelled posts that tell of no trouble) in
lengths of 80 to 140 characters, half of them English, 3 % naming a service, a third of those with
trouble, and 1 % an everyday word that is a service's name too. The rates are per second of CPU, and
each post says its language, as those of the stream do. The services are the built-in ones and
made-up ones with three keywords each; the phrases are all built-in ones, of which `re` gets 300.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from outage.catalogue import Catalogue, load_catalogue, overlay
from outage.posts import Matcher
from outage.posts.folding import fold

LABELLED = Path(__file__).parent / "posts" / "learned" / "labelled.csv"
GOAL = 100_000
STREAM = 100  # posts a second; an assumption of the order of Bluesky's whole stream, 50 to 100
SYLLABLES = "ba de fi go hu ka le mi no pu ra se ti vo wu ya ze cho shi tru".split()
NAMING, FAILING, EVERYDAY = 0.03, 0.01, 0.01
SHORT, LONG = 80, 140
ENOUGH = 20
CALM = ("other", "joke", "memory", "wish")
HOMONYMS = ("line", "signal", "teams", "zoom", "x", "steam", "slack", "threads")


def services(count: int, chance: random.Random) -> Catalogue:
    """Return the built-in catalogue with made-up services up to `count`."""
    made: dict[str, dict[str, object]] = {}
    own = len(load_catalogue().services)
    while len(made) + own < count:
        name = "".join(chance.choices(SYLLABLES, k=4))
        made[name] = {"name": name, "keywords": [name, f"{name} app", f"{name}gram"]}
    return overlay({"services": made}, "benchmark")


def words() -> dict[str, list[str]]:
    """Return the words of the labelled posts by language, names of services left out."""
    known = {fold(word) for one in load_catalogue().services.values() for word in one.keywords}
    found: defaultdict[str, list[str]] = defaultdict(list)
    with LABELLED.open(encoding="utf-8", newline="") as file:
        for post in csv.DictReader(file):
            if post["kind"] not in CALM:
                continue
            found[post["language"]].extend(
                word
                for word in post["text"].split()
                if not any(
                    name in fold(word) for name in known if len(name) > 2 or not name.isascii()
                )
                and fold(word) not in known
            )
    return {language: some for language, some in found.items() if len(some) > ENOUGH}


def posts(count: int, names: Sequence[str], chance: random.Random) -> tuple[list[str], list[str]]:
    """Return made posts, and for each the name that was put in, empty for most."""
    vocabulary = words()
    languages = list(vocabulary)
    texts, put_in = [], []
    for _ in range(count):
        language = "en" if chance.random() < 0.5 else chance.choice(languages)
        length, text = chance.randint(SHORT, LONG), ""
        while len(text) < length:
            text += chance.choice(vocabulary[language]) + " "
        draw, name = chance.random(), ""
        if draw < NAMING:
            name = chance.choice(names)
            text = f"{text[:40]} {name}{' is down' if draw < FAILING else ''} {text[40:]}"
        elif draw < NAMING + EVERYDAY:
            text = f"{text[:40]} {chance.choice(HOMONYMS)} {text[40:]}"
        texts.append(text)
        put_in.append(name)
    return texts, put_in


def rate(match: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return posts a second, the median of three rounds."""
    rounds = []
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            match(text)
        rounds.append(len(texts) / (time.process_time() - started))
    return sorted(rounds)[1]


def speak(matcher: Matcher) -> Callable[[str], object]:
    """Return the matcher of posts that say their language, as those of the stream do."""
    return lambda text: matcher.match(text, ("en",))


def alternation(catalogue: Catalogue, phrases: int) -> re.Pattern[str]:
    """Return all names and some phrases as one alternation with word edges."""
    names = {fold(word) for one in catalogue.services.values() for word in one.keywords}
    common = [fold(text) for texts in catalogue.error_phrases.values() for text in texts][:phrases]
    longest = sorted({*names, *common}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b")


def main() -> None:
    """Print a line a contender, and the summary last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--services", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    catalogue = services(arguments.services, chance)
    started = time.process_time()
    matcher = Matcher.of(catalogue)
    built = time.process_time() - started
    names = [one.keywords[0] for one in catalogue.services.values() if not one.ambiguous]
    texts, put_in = posts(arguments.posts, names, chance)
    matcher.match("whatsapp is down")  # loads the language model
    fast = rate(speak(matcher), texts)
    slow_texts, pattern = texts[:300], alternation(catalogue, 300)
    slow = rate(lambda text: pattern.search(fold(text)), slow_texts)
    pairs = list(zip(texts, put_in, strict=True))
    named = [(bool(name), bool(matcher.match(text))) for text, name in pairs]
    naming = [text for text, name in pairs if name]
    length = sum(map(len, texts)) / len(texts)
    print(f"{len(catalogue.services):,} services, built in {built:.2f} s of CPU")
    print(f"{len(texts):,} posts of {length:.0f} characters, {len(naming):,} naming a service,")
    print(
        f"    of which {named.count((True, True)):,} found,"
        f" and {named.count((False, True)):,} others"
    )
    print(f"matcher, all posts         {fast:>10,.0f} posts/s")
    print(f"matcher, those that name   {rate(speak(matcher), naming):>10,.0f} posts/s")
    print(f"re, names and 300 phrases  {slow:>10,.0f} posts/s ({len(slow_texts)} posts)")
    print(f"Bluesky's whole stream     {STREAM:>10,.0f} posts/s (assumed)")
    print(
        f"{fast:,.0f} posts/s on one core: {fast / GOAL:.2f} of the goal,"
        f" {fast / slow:,.0f} x re, {fast / STREAM:,.0f} x the stream"
    )


if __name__ == "__main__":
    main()
