"""What tests of the readers share: reading a file whole, and made logs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from outage.interfaces import FlowReader, LogOptions
from outage.words import RejectedRow

START = 1_767_607_200  # 2026-01-05T10:00:00Z
MICROS = 1_000_000


def hidden(identifier: str) -> str:
    """Return an identifier as hidden as a test can still read it."""
    return f"#{identifier}"


@dataclass
class Read:
    """All that a reader made of one file, rows as dictionaries, times as microseconds."""

    flows: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    damaged: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    rejected: list[RejectedRow] = field(default_factory=list)


def read(reader: FlowReader, path: Path, vantage: str | None = None, timezone: str = "UTC") -> Read:
    """Read a file to its end."""
    options = LogOptions(hide=hidden, vantage=vantage, timezone=timezone)
    outcome = Read()
    for chunk in reader.read_logs(path, options):
        outcome.flows += _rows(chunk.flows)
        outcome.answers += _rows(chunk.answers)
        outcome.damaged.update(chunk.damaged)
        outcome.passed.update(chunk.passed)
        outcome.rejected += chunk.rejected
        assert sum(chunk.damaged.values()) >= len(chunk.rejected)
    return outcome


def _rows(table: Any) -> list[dict[str, Any]]:
    import pyarrow as pa

    if table is None:
        return []
    plain = [
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    rows: list[dict[str, Any]] = pa.table(plain, names=table.column_names).to_pylist()
    return rows


CONN = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes"
    " conn_state history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes"
).split()
CONNECTION = {
    "ts": f"{START}.250000", "uid": "C1", "id.orig_h": "10.0.0.5", "id.orig_p": "40000",
    "id.resp_h": "192.0.2.9", "id.resp_p": "443", "proto": "tcp", "service": "ssl",
    "duration": "2.500000", "orig_bytes": "100", "resp_bytes": "2000", "conn_state": "SF",
    "history": "ShADadFf", "orig_pkts": "6", "orig_ip_bytes": "400", "resp_pkts": "7",
    "resp_ip_bytes": "2300",
}  # fmt: skip
DNS = "ts uid id.orig_h id.resp_h proto rtt query qtype_name rcode answers TTLs".split()
SSL = "ts uid server_name subject".split()


def zeek(kind: str, fields: list[str], *records: dict[str, str]) -> str:
    """Return a log as Zeek writes it; what a record leaves out is unset."""
    header = (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{kind}\n#open\t2026-01-05-10-00-00\n#fields\t" + "\t".join(fields) + "\n"
    )
    lines = ["\t".join(one.get(name, "-") for name in fields) for one in records]
    return header + "".join(f"{line}\n" for line in lines) + "#close\t2026-01-05-11-00-00\n"


def connection(**changes: str) -> dict[str, str]:
    """Return a connection; `orig_h="..."` stands for `id.orig_h`."""
    renamed = {f"id.{key}" if f"id.{key}" in CONNECTION else key: changes[key] for key in changes}
    return {**CONNECTION, **renamed}
