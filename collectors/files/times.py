"""Times of long samples to microseconds, many at once, each of them only with a zone."""

from __future__ import annotations

from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from collectors.files.checks import as_text
from collectors.files.rows import Bools, Faults, Told
from outage.batches import Ints
from outage.errors import BadInput, UsageError

Moments: TypeAlias = tuple[Ints, Bools]

SHAPE: Final = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
ZONE: Final = r" ?([Zz]|[+-]\d{2}:?(\d{2})?)$"
EPOCH: Final = r"^\d{1,10}(\.0+)?$"
SECOND: Final = 1_000_000
BEFORE: Final = 7_258_118_400  # 2200-01-01T00:00Z; later times are typing errors

NO_ZONE = Told("time has no zone", "write it with Z or an offset, or give --timezone")
NOT_A_TIME = Told("time is not ISO 8601", "write it like 2014-02-22T18:00:00Z")
NO_SUCH_TIME = Told(
    "time does not exist, or is there twice, in the zone given", "write it with an offset"
)
OUT_OF_RANGE = Told("time is outside 1970 to 2199", "check the year, and that epochs are seconds")


def check_timezone(name: str | None) -> ZoneInfo | None:
    """Return the zone of an IANA name; raises UsageError."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"--timezone: {name[:40]!r} is not a time zone; write it like UTC or Europe/Berlin"
        ) from error


def moments(column: Any, zone: ZoneInfo | None, faults: Faults, where: str) -> Ints:
    """Return the moments in microseconds since 1970 UTC (0 where bad); marks the bad rows.

    Text is ISO 8601 or whole epoch seconds; timestamps without a zone need `zone`.
    """
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        micros, missing = _from_timestamps(column, zone, where)
        faults.mark(missing, NOT_A_TIME if column.type.tz else NO_SUCH_TIME)
    else:
        encoded = as_text(column).dictionary_encode()
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        of_code, told = _from_texts(encoded.dictionary, zone)
        faults.mark_words(codes, told)
        micros = of_code[codes]
    faults.mark((micros < 0) | (micros >= BEFORE * SECOND), OUT_OF_RANGE)
    return micros


def _from_timestamps(column: Any, zone: ZoneInfo | None, where: str) -> Moments:
    import pandas as pd
    import pyarrow as pa

    if column.type.tz is None and zone is None:
        raise BadInput(f"{where}: {NO_ZONE.reason}; give --timezone, for example UTC")
    if column.type.tz is None:
        naive = pd.Series(column.cast(pa.timestamp("us"), safe=False).to_pandas())
        return _micros(_localised(naive, zone))
    micros = column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
    missing = np.asarray(micros.is_null(), dtype=np.bool_)
    return np.asarray(micros.fill_null(0), dtype=np.int64), missing


def _from_texts(texts: Any, zone: ZoneInfo | None) -> tuple[Ints, dict[int, Told]]:
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(texts)
    epoch = _matches(texts, EPOCH)
    zoned = _matches(texts, SHAPE + ZONE)
    naive = _matches(texts, SHAPE + "$")
    micros = np.zeros(len(texts), dtype=np.int64)
    told = dict.fromkeys(np.flatnonzero(~(epoch | zoned | naive)).tolist(), NOT_A_TIME)
    micros[epoch] = [int(float(text)) * SECOND for text in texts.filter(epoch).to_pylist()]
    for chosen, fault in ((zoned, NOT_A_TIME), (naive, NO_SUCH_TIME)):
        if chosen is naive and zone is None:
            told |= dict.fromkeys(np.flatnonzero(naive).tolist(), NO_ZONE)
        elif chosen.any():
            micros[chosen], missing = _parsed(
                texts.filter(chosen), zone if chosen is naive else None
            )
            told |= dict.fromkeys(np.flatnonzero(chosen)[missing].tolist(), fault)
    return micros, told


def _parsed(texts: Any, zone: ZoneInfo | None) -> Moments:
    """Return the moments of ISO texts, all with a zone of their own or all in `zone`."""
    import pandas as pd

    series = pd.Series(texts.to_pylist(), dtype="str")
    parsed = pd.to_datetime(series, format="ISO8601", utc=zone is None, errors="coerce")
    return _micros(parsed if zone is None else _localised(parsed, zone))


def _localised(naive: Any, zone: ZoneInfo | None) -> Any:
    return naive.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")


def _micros(series: Any) -> Moments:
    missing = series.isna().to_numpy()
    micros = series.dt.as_unit("us").astype("int64").to_numpy()
    return np.where(missing, 0, micros).astype(np.int64), missing


def _matches(texts: Any, pattern: str) -> Bools:
    import pyarrow.compute as pc

    return np.asarray(pc.match_substring_regex(texts, pattern), dtype=np.bool_)
