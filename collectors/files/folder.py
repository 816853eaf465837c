"""A push folder: others put files of long samples into it, complete ones are collected."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from collectors.files.long_samples import DEFAULT_SOURCE, LongSamples
from outage.batches import SampleBatch
from outage.errors import BadInput, SourceError
from outage.interfaces import ReadOptions, Surroundings
from outage.slots import DAY
from outage.words import Sample, Series, counted

UNFINISHED: Final = (".tmp", ".part")
NAMES: Final = ("*.csv", "*.csv.gz", "*.parquet")

log = logging.getLogger(__name__)


class Folder:
    """Collects the samples of the complete files in a folder (not of those below it).

    A file is complete when its name neither starts with a dot nor ends in .tmp or .part: write
    it under such a name, then rename it. Rows that name no source carry the name of this one;
    `source` names all of them.
    """

    needs: Final = ("path",)
    cost: Final = "none"
    limits: Final = "none; every complete file is read again each time"
    overlap_seconds: Final = 7 * DAY  # files may come late

    def __init__(
        self,
        surroundings: Surroundings,
        path: str | Path,
        pattern: str | None = None,
        source: str | None = None,
    ) -> None:
        self._surroundings = surroundings
        self._path = Path(path)
        self._patterns = NAMES if pattern is None else (pattern,)
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
                    "%s: %s rejected, the first on line %d: %s; %s",
                    *(file, counted(len(chunk.rejected), "row")),
                    *(first.line, first.reason, first.remedy),
                )
            batch = chunk.batch
            inside = (batch.slot_start >= since) & (batch.slot_start < until)
            yield from self._rows(batch.take(inside))

    def _rows(self, batch: SampleBatch) -> Iterator[Sample]:
        columns = (batch.series_index, batch.slot_start, batch.value, batch.known_at)
        series, lag = [self._named(one) for one in batch.series], self._surroundings.lag_seconds
        for index, start, value, known_at in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            yield Sample(series[index], start, value, known_at + lag)

    def _named(self, series: Series) -> Series:
        if series.source != DEFAULT_SOURCE:
            return series
        return replace(series, source=self._surroundings.source)
