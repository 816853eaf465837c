"""Read made files in tests, and say what came of them in plain tuples."""

from __future__ import annotations

from math import isnan
from pathlib import Path

from collectors.files.long_samples import LongSamples
from outage.interfaces import Reader, ReadOptions
from outage.slots import format_time
from outage.words import RejectedRow, Sample

HEADER = "slot_start,service,vantage,category,signal,value"
NOTHING = ReadOptions()


def read(
    path: Path, options: ReadOptions = NOTHING, reader: Reader | None = None
) -> tuple[list[Sample], list[RejectedRow]]:
    """Return every sample and every rejected row of a file."""
    samples: list[Sample] = []
    rejected: list[RejectedRow] = []
    for chunk in (reader or LongSamples()).read(path, options):
        batch = chunk.batch
        for row in range(len(batch)):
            series = batch.series[batch.series_index[row]]
            start, known_at = int(batch.slot_start[row]), int(batch.known_at[row])
            weight = None if isnan(batch.weight[row]) else float(batch.weight[row])
            samples.append(Sample(series, start, float(batch.value[row]), known_at, weight))
        rejected += chunk.rejected
    return samples, rejected


def csv_file(folder: Path, *rows: str, header: str = HEADER, name: str = "made.csv") -> Path:
    """Write a CSV file."""
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def plain(samples: list[Sample]) -> list[tuple[str | None, str, str, float]]:
    """Return time, subject, signal and value of each sample."""
    return [
        (format_time(one.slot_start), one.series.subject, one.series.signal, one.value)
        for one in samples
    ]
