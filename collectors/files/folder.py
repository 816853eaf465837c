"""A push folder: others put files of long samples into it, complete ones are collected."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from collectors.files.long_samples import LongSamples
from outage.batches import SampleBatch
from outage.errors import BadInput, SourceError
from outage.interfaces import ReadOptions
from outage.words import Sample

UNFINISHED: Final = (".tmp", ".part")
NAMES: Final = ("*.csv", "*.csv.gz", "*.parquet")

log = logging.getLogger(__name__)


class Folder:
    """Collects the samples of the complete files in a folder (not of those below it).

    A file is complete when its name neither starts with a dot nor ends in .tmp or .part: write
    it under such a name, then rename it.
    """

    def __init__(
        self,
        path: str | Path,
        pattern: str | None = None,
        source: str | None = None,
        lag_seconds: int = 0,
    ) -> None:
        self._path = Path(path)
        self._patterns = NAMES if pattern is None else (pattern,)
        self._lag = lag_seconds
        self._options = ReadOptions(source=source)

    def collect(self, since: int, until: int) -> Iterator[Sample]:
        """Yield the samples of the slots in `[since, until)`, file by file in order of name.

        A file that cannot be read and rows that are wrong are logged and passed over; raises
        SourceError if the folder itself cannot be read.
        """
        for file in self._files():
            try:
                yield from self._samples(file, since, until)
            except BadInput as error:
                log.warning("%s", error)

    def _files(self) -> list[Path]:
        try:
            return sorted(file for file in self._path.iterdir() if self._complete(file))
        except OSError as error:
            raise SourceError(
                f"{self._path}: cannot be read ({error.strerror}); make the folder, or correct"
                " the path of the source",
            ) from error

    def _complete(self, file: Path) -> bool:
        name = file.name
        hidden = name.startswith(".") or name.endswith(UNFINISHED)
        return not hidden and any(fnmatch(name, pattern) for pattern in self._patterns)

    def _samples(self, file: Path, since: int, until: int) -> Iterator[Sample]:
        for chunk in LongSamples().read(file, self._options):
            if chunk.rejected:
                first = chunk.rejected[0]
                log.warning(
                    "%s: %d rows rejected, the first on line %d: %s; %s",
                    *(file, len(chunk.rejected), first.line, first.reason, first.remedy),
                )
            batch = chunk.batch
            inside = (batch.slot_start >= since) & (batch.slot_start < until)
            yield from self._rows(batch.take(inside))

    def _rows(self, batch: SampleBatch) -> Iterator[Sample]:
        columns = (batch.series_index, batch.slot_start, batch.value, batch.known_at)
        for index, start, value, known_at in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            yield Sample(batch.series[index], start, value, known_at + self._lag)
