"""Import files: each chunk one transaction, what is wrong named, the rest taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from outage.batches import Chunk, SampleBatch
from outage.errors import BadInput
from outage.interfaces import Reader, ReadOptions
from outage.words import RejectedRow

if TYPE_CHECKING:
    from outage.store.judged import Judged
    from outage.store.store import Store

KEPT: Final = 10_000  # rejected rows of one file that the store keeps
SHOWN: Final = 10
HOPELESS: Final = 200_000  # rejected rows, and not one good: a small archive can hold billions

Progress: TypeAlias = Callable[[Path, float], None]


@dataclass(slots=True)
class FileImport:
    """What became of one file.

    `judged` rows are new or changed in slots that were already judged, the first of which
    starts at `judged_since`; `first` are its first ten rejected rows; `error` says why reading
    stopped.
    """

    path: Path
    rows: int = 0
    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    corrected: int = 0
    rejected: int = 0
    judged: int = 0
    judged_since: int | None = None
    first: list[RejectedRow] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of all files of one import, and each of them."""

    files: Sequence[FileImport]

    @property
    def rows(self) -> int:
        """Return the samples read."""
        return sum(one.rows for one in self.files)

    @property
    def new(self) -> int:
        """Return the samples that the store had not."""
        return sum(one.new for one in self.files)

    @property
    def replaced(self) -> int:
        """Return the samples of slots not yet judged that took another value."""
        return sum(one.replaced for one in self.files)

    @property
    def unchanged(self) -> int:
        """Return the samples that the store had already."""
        return sum(one.unchanged for one in self.files)

    @property
    def corrected(self) -> int:
        """Return the samples of judged slots that got another version."""
        return sum(one.corrected for one in self.files)

    @property
    def rejected(self) -> int:
        """Return the rows that were not taken."""
        return sum(one.rejected for one in self.files)

    @property
    def files_failed(self) -> int:
        """Return the files that could not be read to their end."""
        return sum(one.error is not None for one in self.files)

    @property
    def judged(self) -> int:
        """Return the new or changed samples of slots already judged."""
        return sum(one.judged for one in self.files)

    @property
    def judged_since(self) -> int | None:
        """Return the start of the first slot already judged that changed, epoch seconds."""
        starts = (one.judged_since for one in self.files)
        return min((start for start in starts if start is not None), default=None)


def import_files(
    store: Store,
    reader: Reader,
    paths: Iterable[Path],
    options: ReadOptions,
    now: int,
    *,
    progress: Progress = lambda _path, _share: None,
) -> Imported:
    """Take every file as far as it is good; one that fails does not stop the others.

    Each chunk is one transaction and taken idempotently, so that an import that was
    interrupted is repaired by repeating it. Raises UsageError if an option is wrong and
    StoreError if the store fails.
    """
    run = _Run(store, reader, options, now, store.judged(), progress)
    return Imported([run.take(path) for path in paths])


@dataclass(frozen=True, slots=True)
class _Run:
    """One import: where to, by which reader, how, and what was judged before."""

    store: Store
    reader: Reader
    options: ReadOptions
    now: int
    judged: Judged | None
    progress: Progress

    def take(self, path: Path) -> FileImport:
        outcome = FileImport(path)
        self.progress(path, 0.0)
        try:
            for chunk in self.reader.read(path, self.options):
                self._keep(chunk, outcome)
                self.progress(path, chunk.progress)
                _give_up_if_hopeless(outcome)
        except BadInput as error:
            outcome.error = str(error)
        return outcome

    def _keep(self, chunk: Chunk, outcome: FileImport) -> None:
        highest = self.reader.keep_highest
        added = self.store.add(chunk.batch, self.now, keep_highest=highest)
        self.store.reject(chunk.rejected[: max(0, KEPT - outcome.rejected)], self.now)
        outcome.first += chunk.rejected[: SHOWN - len(outcome.first)]
        outcome.rejected += len(chunk.rejected)
        outcome.rows += len(chunk.batch)
        outcome.new += added.new
        outcome.replaced += added.replaced
        outcome.unchanged += added.unchanged
        outcome.corrected += added.corrected
        if self.judged is not None:
            _note_judged(chunk.batch, added.new + added.corrected, outcome, self.judged)


def _give_up_if_hopeless(outcome: FileImport) -> None:
    if outcome.rejected >= HOPELESS and not outcome.rows:
        raise BadInput(
            f"{outcome.path}: none of the first {outcome.rejected:,} rows is good and the rest is"
            " not read; correct what is said of the first ones"
        )


def _note_judged(batch: SampleBatch, changed: int, outcome: FileImport, judged: Judged) -> None:
    if not changed or not len(batch):
        return
    starts = batch.slot_start[judged.has(batch)]
    if not len(starts):
        return
    # The store does not say which rows of a chunk changed: this may count some too many.
    outcome.judged += min(len(starts), changed)
    start, since = int(starts.min()), outcome.judged_since
    outcome.judged_since = start if since is None else min(start, since)
