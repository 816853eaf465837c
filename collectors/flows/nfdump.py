"""nfdump's flows: CSV of any version, JSON, or its binary files through the tool itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from collectors.files.lines import Block, blocks, regular_file
from collectors.flows.delimited import TOO_LONG, Records, records, runs
from collectors.flows.exports import Exports
from collectors.flows.json_lines import Assembler, records_of
from collectors.flows.tables import Damage
from collectors.flows.tools import lines_of
from outage.errors import BadInput
from outage.interfaces import LogChunk, LogOptions

MAGICS: Final = (b"\x0c\xa5", b"\xa5\x0c")
COMMAND: Final = ("nfdump", "-q", "-o", "json", "-r")

COMPLAINT: Final = r"(?i)error|corrupt|bad version"  # it exits with 0 all the same
NOTHING: Final = b"No matching flows"

#: What the columns of nfdump 1.6 and 1.7 and the keys of its JSON are called among ours.
NAMES: Final[Mapping[str, str]] = {
    "firstSeen": "start", "ts": "start", "tfs": "start", "tsr": "start", "first": "start",
    "lastSeen": "end", "te": "end", "ter": "end", "last": "end",
    "duration": "duration", "td": "duration",
    "proto": "protocol", "pr": "protocol",
    "srcAddr": "src", "sa": "src", "src4_addr": "src",
    "dstAddr": "dst", "da": "dst", "dst4_addr": "dst",
    "srcPort": "sport", "sp": "sport", "src_port": "sport",
    "dstPort": "dport", "dp": "dport", "dst_port": "dport",
    "flags": "flags", "flg": "flags", "tcp_flags": "flags",
    "packets": "packets", "inPackets": "packets", "pkt": "packets", "ipkt": "packets",
    "in_packets": "packets",
    "bytes": "bytes", "inBytes": "bytes", "byt": "bytes", "ibyt": "bytes", "in_bytes": "bytes",
    "outPackets": "rpackets", "opkt": "rpackets", "out_packets": "rpackets",
    "outBytes": "rbytes", "obyt": "rbytes", "out_bytes": "rbytes",
    "clientLatency": "client_ms", "cl": "client_ms", "cli_latency": "client_ms",
    "serverLatency": "server_ms", "sl": "server_ms", "srv_latency": "server_ms",
    "sniName": "server_name", "sni": "server_name",
}  # fmt: skip
REQUIRED: Final = ("start", "src", "dst", "sport", "dport", "protocol", "packets", "bytes")


class Nfdump:
    """Reads what nfdump writes: CSV by its header, JSON, or nfcapd files, and joins directions."""

    in_order = False

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the flows of a file; raises BadInput if it is none of nfdump's or is damaged.

        TCP flags are those of all packets of a record together: they say that there was a SYN,
        never how many.
        """
        binary = _is_binary(path)
        run = _Run(path, Exports(options), json=binary or None)
        command = (*COMMAND, str(path))
        for block in lines_of(command, path, COMPLAINT) if binary else blocks(path):
            if not block.text.startswith(NOTHING):
                yield run.chunk(block)
        yield run.last()


def _is_binary(path: Path) -> bool:
    regular_file(path)
    with path.open("rb") as stream:
        return stream.read(2) in MAGICS


@dataclass(slots=True)
class _Run:
    """One file while it is read."""

    path: Path
    exports: Exports
    assembler: Assembler = field(default_factory=Assembler)
    header: tuple[str, ...] = ()
    json: bool | None = None
    ended: bool = False

    def chunk(self, block: Block) -> LogChunk:
        import pyarrow as pa

        damage = Damage(self.path.name)
        damage.add_rows((number, TOO_LONG, "") for number in block.too_long)
        if self.json is None and len(block):
            self.json = block.text.lstrip()[:1] in (b"{", b"[")
        tables = [self.exports.flows(one, damage) for one in self._records(block, damage)]
        return damage.chunk(block.progress, pa.concat_tables(tables) if tables else None)

    def last(self) -> LogChunk:
        """Return what still waited for its other direction, and whether the file was cut."""
        damage = Damage(self.path.name)
        self.assembler.end(damage)
        return damage.chunk(1.0, self.exports.rest())

    def _records(self, block: Block, damage: Damage) -> Iterator[Records]:
        if self.json:
            found = self.assembler.objects(block, damage)
            renamed = [(position, _renamed(one)) for position, one in found]
            yield records_of(block, renamed, sorted(set(NAMES.values())))
            return
        for summary, body in runs(block, b"Summary"):
            self.ended = self.ended or bool(summary)
            if body is not None:
                yield from self._rows(body, damage)

    def _rows(self, block: Block, damage: Damage) -> Iterator[Records]:
        """Yield the rows below each header; a summary lasts to the next one."""
        first = _cells(block.line(0))
        if not self.header and not self._take_header(first):
            raise BadInput(
                f"{self.path}: the first line names no columns of nfdump; let it write its header"
                " (without -q), or read JSON"
            )
        for header, body in runs(block, f"{self.header[0]},".encode()):
            if body is None:
                self.ended = not self._take_header(_cells(header))
            elif not self.ended:
                yield self._split(body, damage)

    def _take_header(self, cells: tuple[str, ...]) -> bool:
        good = {NAMES[cell] for cell in cells if cell in NAMES} >= set(REQUIRED)
        if good:
            self.header = cells
        return good

    def _split(self, block: Block, damage: Damage) -> Records:
        wanted = [name for name in self.header if name in NAMES]
        found = records(block, self.header, wanted, damage, separator=",", unset=())
        columns: dict[str, Any] = {}
        for name, column in found.columns.items():
            columns.setdefault(NAMES[name], column)
        return Records(columns, found.lines, found.excerpt)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split(","))


def _renamed(one: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON record under our names; IPv6 stands under keys of its own, at times both do."""
    renamed = {NAMES[key]: value for key, value in one.items() if key in NAMES}
    for end in ("src", "dst"):
        if one.get(f"{end}4_addr") is None and f"{end}6_addr" in one:
            renamed[end] = one[f"{end}6_addr"]
    return renamed
