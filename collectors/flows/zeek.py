"""Zeek's conn, dns and ssl logs: tab-separated or JSON, plain or gzipped, rotated or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from collectors.files.lines import Block, blocks
from collectors.flows import zeek_conn, zeek_dns
from collectors.flows.delimited import Records
from collectors.flows.tables import Damage
from collectors.flows.zeek_log import ZeekLog
from collectors.flows.zeek_ssl import Names, names_beside
from outage.errors import BadInput
from outage.interfaces import LogChunk, LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

WANTED: Final = {"conn": zeek_conn.WANTED, "dns": zeek_dns.WANTED}
REQUIRED: Final = {"conn": zeek_conn.REQUIRED, "dns": zeek_dns.REQUIRED}
JOINED: Final = {
    "ssl": "records of an ssl log, which names the connections beside it",
    "x509": "records of an x509 log, which names the certificates of the ssl log",
}


class Zeek:
    """Reads Zeek's conn and dns logs, with the names that the ssl log beside them holds."""

    in_order = True

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the flows of a conn log or the answers of a dns log, block by block.

        Server and certificate names come from the ssl log of the same rotation and the one
        before it in the same folder. Raises BadInput if the file is no Zeek log, or is damaged,
        after the blocks before the damage.
        """
        run = _Run(path, options, ZeekLog(path, WANTED), names_beside(path, options.timezone))
        for block in blocks(path):
            yield run.chunk(block)
        if not run.log.known:
            raise BadInput(
                f"{path}: has no #fields line and is no JSON, so its columns cannot be told;"
                " put Zeek's header lines back in front"
            )


@dataclass(slots=True)
class _Run:
    """One file while it is read, and the names beside it."""

    path: Path
    options: LogOptions
    log: ZeekLog
    names: Names

    def chunk(self, block: Block) -> LogChunk:
        import pyarrow as pa

        damage, passed = Damage(self.path.name), Counter[str]()
        tables: dict[str, list[pa.Table]] = {"conn": [], "dns": []}
        for kind, found in self.log.records(block, damage):
            if kind in WANTED:
                tables[kind].append(self._table(kind, found, damage))
            else:
                passed[JOINED.get(kind, f"records of Zeek's {kind or 'unknown'} log")] += len(found)
        if self.names.fault is not None:
            damage.add(self.names.fault, 0, "")
            self.names.fault = None
        flows, answers = (pa.concat_tables(one) if one else None for one in tables.values())
        return damage.chunk(block.progress, flows, answers, passed)

    def _table(self, kind: str, found: Records, damage: Damage) -> pa.Table:
        missing = [name for name in REQUIRED[kind] if name not in found.columns]
        if missing:
            raise BadInput(
                f"{self.path}: the #fields line names no {', '.join(missing)}; a {kind} log needs"
                " them: do not cut them off"
            )
        if kind == "conn":
            table, faults = zeek_conn.connections(found.columns, self.options, self.names)
        else:
            table, faults = zeek_dns.answers(found.columns, self.options)
        damage.add_faults(faults, found.lines, found.excerpt)
        return table
