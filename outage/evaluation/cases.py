"""Labelled cases as they lie on disk (design, "Labelled cases")."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from outage.batches import SampleBatch
from outage.errors import BadInput, OutageError
from outage.slots import check_slot_seconds, parse_time
from outage.words import SIGNALS, Series

if TYPE_CHECKING:
    import pandas as pd

MOST_JSON_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Label:
    """A labelled outage or nuisance; moments are epoch seconds."""

    kind: str
    start: int
    end: int
    recovered: int
    service: str | None
    vantage: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with samples, what they are, and the labels where known."""

    name: str
    slot_seconds: int
    services: tuple[str, ...]
    operators: tuple[str, ...]
    judged_from: int
    ends: int
    batch: SampleBatch
    outages: tuple[Label, ...] = ()
    nuisances: tuple[Label, ...] = ()
    labelled: bool = True


def read_case(folder: Path) -> Case:
    """Read a labelled case; raises BadInput naming the file and what is wrong with it."""
    about = _read_json(folder / "case.json")
    labels = folder / "labels.json"
    table = _read_json(labels) if labels.exists() else {}
    try:
        return Case(
            name=folder.name,
            slot_seconds=check_slot_seconds(int(about["slot_seconds"])),
            services=tuple(about["services"]),
            operators=tuple(about["operators"]),
            judged_from=parse_time(about["judged_from"]),
            ends=parse_time(about["ends"]),
            batch=_read_samples(folder, int(about["slot_seconds"])),
            outages=tuple(_label(row, "cause") for row in table.get("outages", ())),
            nuisances=tuple(_label(row, "kind") for row in table.get("nuisances", ())),
            labelled=labels.exists(),
        )
    except KeyError as error:
        raise BadInput(
            f"{folder.name}: {error.args[0]!r} is missing; see `Labelled cases`"
        ) from None
    except (AttributeError, TypeError, ValueError, OutageError) as error:
        where = "" if folder.name in str(error) else f"{folder.name}: "
        raise BadInput(f"{where}{error}; see `Labelled cases`") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MOST_JSON_BYTES:
            raise BadInput(f"{path}: larger than 16 MiB; a case describes itself in a few lines")
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path}: not there; a case needs case.json and samples.parquet") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not JSON ({error})") from error
    if not isinstance(document, dict):
        raise BadInput(f"{path}: not a JSON object")
    return document


def _label(row: dict[str, Any], kind: str) -> Label:
    end = parse_time(row["end"])
    recovered = parse_time(row["recovered"]) if row.get("recovered") else end
    return Label(
        row[kind],
        parse_time(row["start"]),
        end,
        recovered,
        row.get("service"),
        row.get("vantage"),
    )


def _read_samples(folder: Path, slot_seconds: int) -> SampleBatch:
    import pandas as pd

    parquet, text = folder / "samples.parquet", folder / "samples.csv"
    try:
        frame = pd.read_parquet(parquet) if parquet.exists() else pd.read_csv(text)
        moments = pd.to_datetime(frame["slot_start"], utc=True).astype("datetime64[s, UTC]")
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{folder}: samples cannot be read ({error})") from error
    _check_columns(folder, frame)
    names = [
        frame[name].astype(object).fillna("").astype(str)
        if name in frame
        else pd.Series("", index=frame.index)
        for name in ("service", "signal", "category", "vantage", "source")
    ]
    codes, keys = pd.MultiIndex.from_arrays(names).factorize()
    series = tuple(
        Series(subject, signal, category, vantage, source, slot_seconds)
        for subject, signal, category, vantage, source in keys
    )
    starts = np.asarray(moments.astype("int64"), dtype=np.int64)
    return SampleBatch(
        series,
        np.asarray(codes, dtype=np.int64),
        starts,
        np.asarray(frame["value"], dtype=np.float64),
        starts + slot_seconds,
        np.full(len(frame), np.nan),
    )


def _check_columns(folder: Path, frame: pd.DataFrame) -> None:
    missing = {"service", "signal", "value"} - set(frame)
    unknown = set() if missing else set(frame["signal"].unique()) - set(SIGNALS)
    if missing or unknown:
        names = ", ".join(sorted(map(str, missing or unknown)))
        fault = "columns missing" if missing else "signals not known"
        raise BadInput(f"{folder}: samples have {fault}: {names}; see `Long samples`")
