"""Bluesky: the whole public stream of posts, matched and counted as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from collectors.fields import text
from collectors.people.jetstream import MICRO, Event, Jetstream, Key
from collectors.tally import Tally, check_languages
from outage.errors import ConfigError
from outage.interfaces import Surroundings
from outage.slots import HOUR
from outage.words import Sample

URL: Final = "wss://jetstream.us-east.bsky.network"
LOOK_BACK_SECONDS: Final = 36 * HOUR
LONGEST_SILENCE: Final = 60 * MICRO
REACHED: Final = "reached"


class Bluesky:
    """Counts the posts of Bluesky that name each subject, and those that say that it fails.

    The stream is read again from where the window begins: it keeps 36 hours. A slot counts only
    if the stream was heard from end to end, without a silence of over a minute. `url` and
    `version` (1 or 2) choose the server; `languages` splits the counts into sources of their own.
    """

    needs = ()
    cost = "free, no account; about 10 GB a day"
    limits = "the stream keeps 36 hours; one connection while it is read"

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        url: str = URL,
        version: int = 2,
        languages: Sequence[str] = (),
        look_back_seconds: int = LOOK_BACK_SECONDS,
    ) -> None:
        if look_back_seconds < surroundings.slot_seconds:
            key = f"sources.{surroundings.source}.options.look_back_seconds"
            raise ConfigError(f"{key}: {look_back_seconds} is less than a slot; leave it out")
        self._around = surroundings
        self._stream = Jetstream(surroundings, url, version)
        check_languages(surroundings.source, languages)
        self._languages = tuple(languages)
        self._look_back = look_back_seconds

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the counts of the complete slots in `[since, until)`; raises SourceError.

        How far it has come is kept with the samples, so that a run that was cut short goes on.
        """
        first = self._resumed(since, until)
        if first >= until:
            return
        tally = Tally(self._around, self._languages)
        named = [one.slug for one in self._around.watched if one.keywords]
        for slot in self._heard(tally, first, until):
            yield from tally.samples(slot, named)
            reached = {"since": since, "until": slot + self._around.slot_seconds}
            self._around.memory.put(REACHED, json.dumps(reached))
        self._around.memory.put(REACHED, "{}")  # all of it: who asks again is answered again

    def _resumed(self, since: int, until: int) -> int:
        """Return where to begin: what the stream still keeps, and a run cut short did not reach."""
        seconds = self._around.slot_seconds
        oldest = self._around.clock() - self._look_back
        kept = json.loads(self._around.memory.get(REACHED) or "{}")
        again = kept.get("since") == since and kept.get("until", 0) <= until
        first = kept["until"] if again else since
        return max(first, -(-oldest // seconds) * seconds)

    def _heard(self, tally: Tally, first: int, until: int) -> Iterator[int]:
        """Count the posts up to `until`; yield each slot that was heard from end to end."""
        seconds = self._around.slot_seconds
        slot, latest, post, whole = first, first * MICRO, first * MICRO, True
        with closing(self._stream.events(first * MICRO)) as events:
            for event in _once(events):
                latest = max(latest, event.time)
                # Of posts, not of events: a server that shows others only is no quiet hour.
                lost = event.lossy or latest - post > LONGEST_SILENCE
                while slot < until and latest >= (slot + seconds) * MICRO:
                    if whole and not lost:
                        yield slot
                    tally.forget(slot)
                    slot, whole = slot + seconds, True
                if slot >= until:
                    return
                whole = whole and not lost
                if event.record is not None:
                    post = max(post, event.time)
                    if event.time >= slot * MICRO:
                        _count(tally, event.time, event.record)


def _once(events: Iterator[Event], most: int = 200_000) -> Iterator[Event]:
    """Yield each post once; the keys that a rewind of seconds cannot bring again are forgotten."""
    seen: dict[Key, None] = {}
    for event in events:
        if event.key in seen:
            continue
        if event.key is not None:
            seen[event.key] = None
        if len(seen) > most:
            del seen[next(iter(seen))]
        yield event


def _count(tally: Tally, time: int, record: Mapping[str, Any]) -> None:
    langs = record.get("langs")
    named = [text(one) for one in langs] if isinstance(langs, list) else []
    tally.count(time // MICRO, text(record.get("text")), [one for one in named if one])
