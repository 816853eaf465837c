"""Flows and DNS answers that are in the canonical form already, as Parquet or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from collectors.files.lines import blocks, regular_file
from collectors.files.rows import Faults, Told
from collectors.flows.answers import Brought, answer_table
from collectors.flows.columns import (
    addresses,
    are_addresses,
    decimals,
    integers,
    moments,
    names,
    protocols,
)
from collectors.flows.delimited import TOO_LONG, Records, records
from collectors.flows.tables import Damage, flow_table
from outage.canonical import ANSWER_COLUMNS, ANSWER_KEYS, FLOW_COLUMNS, FLOW_KEYS
from outage.errors import BadInput
from outage.interfaces import LogChunk, LogOptions
from outage.words import SLUG

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC: Final = b"PAR1"
COLUMNS: Final = {"flows": tuple(FLOW_COLUMNS), "answers": tuple(ANSWER_COLUMNS)}
COUNTS: Final = (
    "bytes_down", "bytes_up", "packets_down", "packets_up", "syn", "syn_ack", "rst", "fin",
)  # fmt: skip
NO_SLUG: Final = Told("vantage is no slug", "use a-z, 0-9, '.', '_' and '-', at most 64")
ROWS: Final = 100_000
UNSET: Final = ("", "null", "NULL")


class Canonical:
    """Reads flows or DNS answers whose columns are canonical already, as Parquet or CSV."""

    in_order = False

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the flows or answers of a file, told apart by its columns.

        Clients and devices are hashed here as everywhere: a file written by `flows read` would
        be hashed again. Raises BadInput if columns are missing or the file cannot be read.
        """
        if _is_parquet(path):
            yield from _from_parquet(path, options)
        else:
            yield from _from_csv(path, options)


def _is_parquet(path: Path) -> bool:
    regular_file(path)
    with path.open("rb") as stream:
        return stream.read(4) == MAGIC


def _kind(names_: list[str], where: Path) -> str:
    """Return whether columns are those of flows or of answers; raises BadInput."""
    missing = {
        kind: [key for key in keys if key not in names_]
        for kind, keys in (("flows", FLOW_KEYS), ("answers", (*ANSWER_KEYS, "address")))
    }
    for kind, absent in missing.items():
        if not absent:
            return kind
    kind = min(missing, key=lambda one: len(missing[one]))
    raise BadInput(
        f"{where}: column {', '.join(missing[kind])} missing (found:"
        f" {', '.join(names_[:12])[:200] or 'none'}); {kind} need them, see docs/flows-read.md"
    )


def _from_csv(path: Path, options: LogOptions) -> Iterator[LogChunk]:
    header: list[str] = []
    kind = ""
    for block in blocks(path):
        damage, body = Damage(path.name), block
        damage.add_rows((number, TOO_LONG, "") for number in block.too_long)
        if not header and len(block):
            header = [cell.strip() for cell in block.line(0).split(",")]
            kind = _kind(header, path)
            body = block.after(0)
        if len(body):
            cells = records(body, header, COLUMNS[kind], damage, separator=",", unset=UNSET)
            yield _chunk(cells, kind, options, damage, block.progress)
        else:
            yield damage.chunk(block.progress)


def _from_parquet(path: Path, options: LogOptions) -> Iterator[LogChunk]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            held = file.schema_arrow.names
            kind = _kind(held, path)
            wanted = [name for name in COLUMNS[kind] if name in held]
            total, done = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=ROWS, columns=wanted):
                rows = np.arange(done + 1, done + 1 + len(batch), dtype=np.int64)
                columns = {name: _as_text(batch.column(name)) for name in batch.schema.names}
                done += len(batch)
                found = Records(columns, rows, lambda _row: "")
                yield _chunk(found, kind, options, Damage(path.name), done / total)
    except (pa.ArrowException, OSError) as error:
        why = " ".join(str(error).split())[:200]
        raise BadInput(f"{path}: is damaged or no Parquet file ({why}); fetch it again") from error


def _as_text(column: Any) -> Any:
    """Return a column of any type as text, null where empty; moments as epochs, or ISO if naive."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        micros = column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if column.type.tz is None:
            return pc.strftime(micros, "%Y-%m-%dT%H:%M:%S")
        return micros.cast(pa.int64()).cast(pa.string())
    texts = column.cast(pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _chunk(
    found: Records, kind: str, options: LogOptions, damage: Damage, progress: float
) -> LogChunk:
    faults = Faults.none(len(found))
    if kind == "flows":
        flows = flow_table(_flow_columns(found.columns, options, faults), faults, options)
        damage.add_faults(faults, found.lines, found.excerpt)
        return damage.chunk(progress, flows)
    answers = _answers(found.columns, options, faults)
    damage.add_faults(faults, found.lines, found.excerpt)
    return damage.chunk(progress, None, answers)


def _flow_columns(
    text: Mapping[str, Any], options: LogOptions, faults: Faults
) -> Mapping[str, Any]:
    zone = options.timezone
    columns: dict[str, Any] = {
        "client": _identity(text["client"]),
        "server_ip": addresses(text["server_ip"], faults),
        "server_port": integers(text["server_port"], "port", faults, most=65_535),
        "protocol": protocols(text["protocol"]),
        "start": moments(text["start"], zone, faults),
        "end": moments(text["end"], zone, faults),
        "vantage": _vantages(text.get("vantage"), options.vantage, faults),
        "device": text.get("device"),
    }
    for name in COUNTS:
        columns[name] = integers(text[name], name, faults) if name in text else None
    for name in ("server_name", "certificate_name"):
        columns[name] = names(text[name]) if name in text else None
    columns["rtt_ms"] = decimals(text["rtt_ms"], "rtt_ms", faults) if "rtt_ms" in text else None
    return columns


def _answers(text: Mapping[str, Any], options: LogOptions, faults: Faults) -> pa.Table:
    import pyarrow as pa

    absent = pa.nulls(len(faults.of_row), pa.string())
    columns = {
        "client": _identity(text["client"]),
        "name": names(text["name"]),
        "time": pa.array(moments(text["time"], options.timezone, faults)),
        "rcode": integers(text.get("rcode", absent), "rcode", faults, most=65_535),
        "rtt_ms": decimals(text.get("rtt_ms", absent), "rtt_ms", faults),
    }
    ttl = integers(text.get("ttl", absent), "ttl", faults)
    found = Brought.single(addresses(text["address"], faults), ttl)
    return answer_table(columns, found, faults, options)


def _identity(column: Any) -> Any:
    """Return identifiers; addresses in their one text, so that all sources hash them alike."""
    import pyarrow.compute as pc

    return pc.coalesce(are_addresses(column)[0], column)


def _vantages(column: Any, given: str | None, faults: Faults) -> Any:
    import pyarrow.compute as pc

    if column is None:
        return given
    good = pc.fill_null(pc.match_substring_regex(column, f"^{SLUG.pattern}$"), True)
    faults.mark(~np.asarray(good, dtype=np.bool_), NO_SLUG)
    return column if given is None else pc.fill_null(column, given)
