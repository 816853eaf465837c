"""Count matched posts into slots: the samples `posts` and `error_posts` of each subject."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from outage.errors import BadInput
from outage.slots import check_slot_seconds, floor_slot, from_epoch, parse_time, to_epoch

if TYPE_CHECKING:
    from outage.posts.matcher import Mention

SIGNALS: Final = ("posts", "error_posts")


@dataclass(slots=True)
class Counts:
    """How many posts name each subject, slot by slot, and how many of them speak of trouble.

    `column` holds a post's time; one without a zone is of `timezone`, or refused. The posts are
    taken as all there were: a slot without any, between the first and the last post, counts 0.
    `subjects`, if given, are the only ones counted: posts that were searched for by one name are
    not all posts of another.
    """

    column: str = "created_at"
    slot_seconds: int = 600
    timezone: ZoneInfo | None = None
    source: str = "posts"
    signals: Sequence[str] = SIGNALS
    subjects: Sequence[str] = ()
    _first: int | None = None
    _last: int = 0
    _posts: Counter[tuple[str, int]] = field(default_factory=Counter)
    _errors: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        check_slot_seconds(self.slot_seconds)

    def add(self, time: str, mentions: Iterable[Mention]) -> None:
        """Count one post; raises BadInput if its time cannot be read."""
        slot = floor_slot(self._moment(time), self.slot_seconds)
        self._first = slot if self._first is None else min(self._first, slot)
        self._last = max(self._last, slot)
        for one in mentions:
            if self.subjects and one.service not in self.subjects:
                continue
            self._posts[one.service, slot] += 1
            self._errors[one.service, slot] += one.error

    def _moment(self, text: str) -> int:
        if self.timezone is None:
            return parse_time(text)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return parse_time(text)  # refuses it, saying how to write it
        return to_epoch(moment if moment.tzinfo else moment.replace(tzinfo=self.timezone))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield long samples (docs/import.md), subject by subject, slots in order."""
        if self._first is None:
            return
        slots = range(self._first, self._last + 1, self.slot_seconds)
        for subject in sorted({subject for subject, _ in self._posts}):
            for signal in self.signals:
                counted = self._posts if signal == "posts" else self._errors
                for slot in slots:
                    yield {
                        "slot_start": from_epoch(slot),
                        "service": subject,
                        "vantage": "",
                        "category": "",
                        "signal": signal,
                        "value": float(counted[subject, slot]),
                        "source": self.source,
                        "slot_seconds": self.slot_seconds,
                    }

    def write(self, path: Path) -> int:
        """Write the samples as Parquet, ready to import, and return how many there are."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = list(self.rows())
        if not rows:
            raise BadInput(f"{path}: no post names a subject of the catalogue; there is no sample")
        pq.write_table(pa.Table.from_pylist(rows), path)
        return len(rows)
