"""Counting posts: how many name each subject in a slot, and how many say that it fails."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from outage.errors import ConfigError
from outage.interfaces import Surroundings
from outage.slots import floor_slot
from outage.words import Sample, Series

SIGNALS: Final = ("posts", "error_posts")
OTHER: Final = "other"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")  # as matchers tell it: ISO 639, without a region


class Tally:
    """Counts of `posts` and `error_posts` by slot and subject, from posts one by one.

    With `languages` each of them is a source of its own, `SOURCE-LANGUAGE`, and what is written
    in none of them is `SOURCE-other`; without, all are one.
    """

    def __init__(self, surroundings: Surroundings, languages: Sequence[str] = ()) -> None:
        self._around = surroundings
        self._languages = languages
        self._matcher = surroundings.matcher()
        self._counts: Counter[tuple[int, str, str, str]] = Counter()

    def count(self, moment: int, text: str, langs: Sequence[str] = ()) -> None:
        """Count a post written at `moment` (epoch seconds); `langs` is what it says of itself."""
        slot = floor_slot(moment, self._around.slot_seconds)
        for mention in self._matcher.match(text, langs):
            source = self._source_of(mention.language)
            self._counts[slot, mention.service, source, "posts"] += 1
            if mention.error:
                self._counts[slot, mention.service, source, "error_posts"] += 1

    def samples(self, slot: int, subjects: Iterable[str]) -> Iterator[Sample]:
        """Yield the counts of a slot that was heard from end to end: who was not named has 0."""
        seconds, lag = self._around.slot_seconds, self._around.lag_seconds
        for subject in subjects:
            for source in self._sources():
                for signal in SIGNALS:
                    series = Series(subject, signal, source=source, slot_seconds=seconds)
                    value = self._counts[slot, subject, source, signal]
                    yield Sample(series, slot, float(value), slot + seconds + lag)

    def forget(self, slot: int) -> None:
        """Drop the counts of a slot."""
        for key in [key for key in self._counts if key[0] == slot]:
            del self._counts[key]

    def _sources(self) -> list[str]:
        name = self._around.source
        if not self._languages:
            return [name]
        return [f"{name}-{language}" for language in (*self._languages, OTHER)]

    def _source_of(self, language: str) -> str:
        if not self._languages:
            return self._around.source
        return f"{self._around.source}-{language if language in self._languages else OTHER}"


def check_languages(source: str, languages: Sequence[str]) -> None:
    """Raise ConfigError for what is no language, or stands there twice."""
    for place, language in enumerate(languages):
        key = f"sources.{source}.options.languages[{place}]"
        if not _LANGUAGE.fullmatch(language):
            raise ConfigError(f"{key}: {language!r} is no language of ISO 639; write it like en")
        if language in languages[:place]:
            raise ConfigError(f"{key}: {language!r} stands there twice; leave one out")
