"""Archived user-report counts: `{"counts": [{"x": time with offset, "y": reports}, …]}`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from collectors.files.lines import regular_file
from collectors.files.rows import printable
from outage.batches import Chunk, SampleBatch
from outage.errors import BadInput, UsageError
from outage.interfaces import ReadOptions
from outage.slots import check_slot_seconds, floor_slot, parse_time
from outage.words import RejectedRow, Sample, Series, check_slug

SLOT_SECONDS: Final = 900
DEFAULT_SOURCE: Final = "reports"
MAX_BYTES: Final = 64 << 20
MOST: Final = 1e15
BEFORE: Final = 7_258_118_400  # 2200-01-01T00:00Z


@dataclass(frozen=True, slots=True)
class ReportArchive:
    """Reads counts whose times are not aligned to slots; the higher count of a slot wins."""

    keep_highest = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[Chunk]:
        """Yield one chunk: the highest count of each slot (900 s unless options say otherwise).

        The line of a rejected row is its place in `counts`, from 1. Raises BadInput if the file
        is no such archive, UsageError if the service is not given.
        """
        series = _series(options)
        entries = _entries(path)
        highest: dict[int, float] = {}
        rejected: list[RejectedRow] = []
        for place, entry in enumerate(entries, start=1):
            try:
                moment, count = _moment(entry), _count(entry)
            except BadInput as error:
                reason, _, remedy = str(error).partition("; ")
                rejected.append(RejectedRow(path.name, place, reason, remedy, _excerpt(entry)))
            else:
                slot = floor_slot(moment, series.slot_seconds)
                highest[slot] = max(count, highest.get(slot, 0.0))
        yield Chunk(_batch(series, highest, options.lags.get(series.source, 0)), rejected, 1.0)


def _series(options: ReadOptions) -> Series:
    if options.service is None:
        raise UsageError("--service: name the service that the reports are about")
    try:
        return Series(
            subject=check_slug(options.service, "--service"),
            signal=options.signal or "user_reports",
            source=check_slug(options.source or DEFAULT_SOURCE, "--source"),
            slot_seconds=check_slot_seconds(options.slot_seconds or SLOT_SECONDS),
        )
    except BadInput as error:
        raise UsageError(str(error)) from error


def _entries(path: Path) -> Sequence[Any]:
    size = regular_file(path)
    if size > MAX_BYTES:
        raise BadInput(f"{path}: {size:,} bytes of JSON; at most {MAX_BYTES:,}: split the file")
    if not size:
        raise BadInput(f'{path}: is empty; it must hold {{"counts": [{{"x": time, "y": count}}]}}')
    try:
        document = json.loads(path.read_bytes())
    except RecursionError as error:
        raise BadInput(f"{path}: JSON nested too deeply; is it an archive of counts?") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        why = printable(" ".join(str(error).split()))
        raise BadInput(f"{path}: is not JSON ({why}); fetch it again") from error
    except ValueError as error:
        raise BadInput(f"{path}: holds a number of thousands of digits; fetch it again") from error
    counts = document.get("counts") if isinstance(document, dict) else None
    if not isinstance(counts, list):
        raise BadInput(
            f'{path}: has no list "counts"; it must hold {{"counts": [{{"x": time, "y": count}}]}}'
        )
    return counts


def _moment(entry: Any) -> int:
    if not isinstance(entry, dict) or not isinstance(entry.get("x"), str):
        raise BadInput('count has no time "x"; write it like 2018-01-04T05:31:11-05:00')
    moment = parse_time(entry["x"])
    if not 0 <= moment < BEFORE:
        raise BadInput("time is outside 1970 to 2199; check the year")
    return moment


def _count(entry: dict[str, Any]) -> float:
    count = entry.get("y")
    if count is None:
        raise BadInput('count "y" is missing; leave the entry out')
    if isinstance(count, bool) or not isinstance(count, int | float):
        raise BadInput('count "y" is not a number; write it like 12')
    if not 0 <= count <= MOST:
        raise BadInput('count "y" is negative, NaN or beyond 1e15; leave the entry out')
    return float(count)


def _excerpt(entry: Any) -> str:
    try:
        return printable(json.dumps(entry))
    except RecursionError:
        return ""


def _batch(series: Series, highest: dict[int, float], lag: int) -> SampleBatch:
    end = series.slot_seconds + lag
    return SampleBatch.of(
        Sample(series, slot, count, slot + end) for slot, count in sorted(highest.items())
    )
