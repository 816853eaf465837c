"""The store: samples in, idempotently; samples, incidents and the fold's state out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from outage.batches import Floats, Ints, SampleBatch
from outage.store import margins, readmitting, registry, samples, standings, verdicts
from outage.store.database import Database
from outage.store.judged import Judged, Terms
from outage.store.margins import Freshness
from outage.store.rows import Added, check_batch
from outage.store.schema import check_current
from outage.store.standings import Standing
from outage.words import Incident, Notice, RejectedRow, Series, SubjectKind

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Store:
    """One open store; every method is one transaction and raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: Mapping[Series, int] = {}

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store at `url` (sqlite:///FILE or postgresql://…); raises StoreError.

        A store that is not there, or whose schema is not this program's, is refused.
        """
        database = Database(url)
        try:
            check_current(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @property
    def url(self) -> str:
        """Return the URL as it may be printed, without its password."""
        return self._database.shown

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, batch: SampleBatch, now: int, *, keep_highest: bool = False) -> Added:
        """Take samples in; the same sample twice is one sample.

        A slot that was not judged yet takes a new value; one that was judged keeps the value
        it was judged by, and a different one becomes a correction known at `now`. So is the
        first value of a slot that was judged without; history from before judging began is known
        when it says. With `keep_highest` only a higher value counts as different (archived
        report counts).
        Raises BadInput for a value that is not finite, a slot off its grid, a bad name.
        """
        if not len(batch):
            return Added(0, 0, 0, 0)
        check_batch(batch)
        with self._database.writing() as connection:
            added, numbers = self._add(connection, batch, now, keep_highest=keep_highest)
        # Only now are the numbers of new series certain: the transaction has been committed.
        self._numbers = numbers
        return added

    def add_collected(
        self, source: str, batch: SampleBatch, notes: Mapping[str, str], now: int
    ) -> Added:
        """Take in what a source delivered and what it wants remembered, all or nothing.

        Samples are treated as by `add`; `notes` are texts by key, for `remembered`.
        """
        added, numbers = Added(0, 0, 0, 0), self._numbers
        check_batch(batch)
        with self._database.writing() as connection:
            if len(batch):
                added, numbers = self._add(connection, batch, now)
                end = max(samples.ends_by_source(batch).values())
                margins.note_success(connection, {source: end}, now)
            standings.remember(connection, source, notes)
        self._numbers = numbers
        return added

    def _add(
        self, connection: Connection, batch: SampleBatch, now: int, *, keep_highest: bool = False
    ) -> tuple[Added, Mapping[Series, int]]:
        used = samples.series_used(batch)
        numbers = registry.register(connection, used, self._numbers)
        judged = verdicts.judged(connection)
        added = samples.add(
            connection, batch, numbers, now, judged=judged, keep_highest=keep_highest
        )
        margins.note_success(connection, samples.ends_by_source(batch), now)
        return added, numbers

    def remembered(self, source: str, key: str) -> str | None:
        """Return the text that a source keeps under a key, None if there is none."""
        with self._database.reading() as connection:
            return standings.remembered(connection, source, key)

    def swap(self, source: str, key: str, before: str | None, text: str) -> bool:
        """Keep a text of a source if what is kept is still `before`; return whether it was."""
        with self._database.writing() as connection:
            return standings.swap(connection, source, key, before, text)

    def standings(self) -> dict[str, Standing]:
        """Return how the collection of each source stands, by its name."""
        with self._database.reading() as connection:
            return standings.standings(connection)

    def save_standing(self, standing: Standing) -> None:
        """Keep how the collection of a source stands."""
        with self._database.writing() as connection:
            standings.save_standing(connection, standing)

    def load(
        self,
        since: int,
        until: int,
        *,
        subjects: Collection[str] | None = None,
        corrected: bool = False,
    ) -> SampleBatch:
        """Return the samples with a slot start in `[since, until)`, by series and slot.

        Values are those the slots were judged by; `corrected` gives the latest ones instead
        (`known_at` stays). `series` holds, sorted, only those that have samples there.
        """
        with self._database.reading() as connection:
            numbers = samples.chosen(registry.numbers(connection), subjects)
            return samples.load(connection, numbers, since, until, corrected=corrected)

    def load_as(
        self, numbers: Mapping[Series, int], since: int, until: int, *, corrected: bool = False
    ) -> SampleBatch:
        """Return samples as `load` does, of the series `numbers` (see there), in any order.

        `series` are all of them, in their order, whether they have samples there or not.
        """
        with self._database.reading() as connection:
            return samples.load_as(connection, numbers, since, until, corrected=corrected)

    def last_before(self, numbers: Mapping[Series, int], before: int) -> Ints:
        """Return the start of the last slot of each series before a moment, -1 if none."""
        with self._database.reading() as connection:
            return samples.last_before(connection, numbers, before)

    def numbers(self) -> dict[Series, int]:
        """Return the number of every series, by which the store knows it for ever."""
        with self._database.reading() as connection:
            return registry.numbers(connection)

    def joined(self) -> dict[Series, int]:
        """Return since when each series that has samples is known, epoch seconds."""
        with self._database.reading() as connection:
            return registry.joined(connection)

    def count_series(self) -> int:
        """Return how many series there are; they only ever grow in number."""
        with self._database.reading() as connection:
            return registry.count(connection)

    def span(self) -> tuple[int, int] | None:
        """Return the start of the first slot and the end of the last, None if there is none."""
        with self._database.reading() as connection:
            return samples.span(connection)

    def series(self) -> list[Series]:
        """Return every series, sorted."""
        with self._database.reading() as connection:
            return sorted(registry.numbers(connection))

    def subjects(self) -> dict[str, SubjectKind]:
        """Return the kind of every subject, in order of their slugs."""
        with self._database.reading() as connection:
            return registry.subjects(connection)

    def reject(self, rows: Sequence[RejectedRow], now: int) -> int:
        """Keep rejected rows; return how many were not known yet (origin, line, reason)."""
        if not rows:
            return 0
        with self._database.writing() as connection:
            return margins.reject(connection, rows, now)

    def rejected(self, limit: int = 100) -> list[RejectedRow]:
        """Return the rejected rows, the latest first."""
        with self._database.reading() as connection:
            return margins.rejected(connection, limit)

    def note_failure(self, source: str, error: str, now: int) -> None:
        """Note what went wrong with a source last."""
        with self._database.writing() as connection:
            margins.note_failure(connection, source, error, now)

    def freshness(self) -> list[Freshness]:
        """Return the freshness of every source, in order of their names."""
        with self._database.reading() as connection:
            return margins.freshness(connection)

    def judgement(self) -> tuple[int, dict[str, Any]] | None:
        """Return how far was judged (epoch s) and the fold's state, None before the first time."""
        with self._database.reading() as connection:
            return verdicts.judgement(connection)

    def judged_until(self) -> int | None:
        """Return how far was judged (epoch s), None before the first time."""
        with self._database.reading() as connection:
            return verdicts.judged_until(connection)

    def judged(self) -> Judged | None:
        """Return which slots were judged, None before the first time."""
        with self._database.reading() as connection:
            return verdicts.judged(connection)

    def readmit(self, moment: int) -> int:
        """Count what came late for slots complete after `moment` as having come in time.

        For a rewind: these slots are judged again, and by then it was there. Corrections stay
        aside. Returns how many samples that were.
        """
        with self._database.writing() as connection:
            judged = verdicts.judged(connection)
            return 0 if judged is None else readmitting.readmit(connection, moment, judged.terms)

    def save_judgement(
        self,
        judged_until: int,
        document: Mapping[str, Any],
        incidents: Sequence[Incident],
        notices: Sequence[Notice],
        *,
        rewind_to: int | None = None,
        begun: int | None = None,
        terms: Terms | None = None,
    ) -> None:
        """Keep the outcome of a fold: its state, and the incidents and notices that changed.

        With `rewind_to`, what was opened after that moment and is not given is removed first.
        `begun` is from when on was judged, `terms` when slots were complete; without them what
        was noted before stays.
        """
        with self._database.writing() as connection:
            if rewind_to is not None:
                verdicts.forget_after(connection, rewind_to, incidents, notices)
            verdicts.save_incidents(connection, incidents)
            verdicts.save_notices(connection, notices)
            verdicts.save_judgement(connection, judged_until, document, begun, terms)

    def incidents(
        self, since: int | None = None, until: int | None = None, subject: str | None = None
    ) -> list[Incident]:
        """Return the incidents that touch `[since, until)`, by opened_at and id."""
        with self._database.reading() as connection:
            return verdicts.incidents(connection, since, until, subject)

    def notices(
        self, since: int | None = None, until: int | None = None, subject: str | None = None
    ) -> list[Notice]:
        """Return the notices that touch `[since, until)`, by start, subject, kind and vantage."""
        with self._database.reading() as connection:
            return verdicts.notices(connection, since, until, subject)

    def save_baselines(
        self, day: int, slot_seconds: int, keys: Sequence[str], location: Floats, spread: Floats
    ) -> None:
        """Keep baselines of a day in place of those of the same keys; shapes (slots, keys)."""
        with self._database.writing() as connection:
            margins.save_baselines(
                connection, day, slot_seconds, keys, location=location, spread=spread
            )

    def baselines(
        self, day: int, slot_seconds: int, keys: Sequence[str] | None = None
    ) -> tuple[tuple[str, ...], Floats, Floats] | None:
        """Return the sorted keys and their location and spread, shape (slots, keys), or None.

        With `keys`, those of them that are there, in their order.
        """
        with self._database.reading() as connection:
            return margins.baselines(connection, day, slot_seconds, keys)

    def drop_baselines_from(self, since: int) -> None:
        """Remove the baselines of the days from a moment on: they are fitted anew."""
        with self._database.writing() as connection:
            margins.drop_baselines_from(connection, since)

    def drop_baselines(self, before: int) -> None:
        """Remove the baselines of the days before a moment."""
        with self._database.writing() as connection:
            margins.drop_baselines(connection, before)
