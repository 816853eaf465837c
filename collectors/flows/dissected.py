"""What tshark reads out of a capture beside flows: DNS, TLS names, handshake round trips."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from collectors.flows.tools import lines_of
from collectors.flows.transactions import DNS_PORTS, Transaction, Transactions
from outage.errors import BadInput

Row: TypeAlias = Mapping[str, str]
Ends: TypeAlias = tuple[str, int, str, int]

FIELDS: Final[Mapping[str, str]] = {
    "time": "frame.time_epoch", "src4": "ip.src", "src6": "ipv6.src", "dst4": "ip.dst",
    "dst6": "ipv6.dst", "usport": "udp.srcport", "udport": "udp.dstport", "tsport": "tcp.srcport",
    "tdport": "tcp.dstport", "id": "dns.id", "response": "dns.flags.response",
    "rcode": "dns.flags.rcode", "query": "dns.qry.name", "count": "dns.count.answers",
    "types": "dns.resp.type", "ttls": "dns.resp.ttl", "a": "dns.a", "aaaa": "dns.aaaa",
    "sni": "tls.handshake.extensions_server_name", "san": "x509ce.dNSName",
    "rtt": "tcp.analysis.initial_rtt",
}  # fmt: skip
#: DNS, client hellos, certificates, and the packet that ends each TCP handshake.
FILTER: Final = (
    "(dns && !icmp && !icmpv6) || tls.handshake.type == 1 || tls.handshake.type == 11 ||"
    " (tcp.analysis.initial_rtt && tcp.seq == 1 && tcp.ack == 1 && tcp.len == 0)"
)
COMMAND: Final = (
    "tshark", "-n", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a",
    "-E", "aggregator=,", *(part for name in FIELDS.values() for part in ("-e", name)),
    "-Y", FILTER,
)  # fmt: skip
MOST_SEEN: Final = 500_000  # connections of which something is known and that have not ended
A, AAAA = "1", "28"
AHEAD: Final = 5.0  # seconds that are read beyond the end of a flow


@dataclass(slots=True)
class Seen:
    """What is known of one connection beside its packets."""

    time: float
    rtt_ms: float | None = None
    server_name: str | None = None
    certificate_name: str | None = None


@dataclass(slots=True, eq=False)
class Dissection:
    """Reads on in a capture as far as flows have come; raises nothing, `fault` says what failed."""

    path: Path
    transactions: Transactions = field(default_factory=Transactions)
    seen: OrderedDict[Ends, Seen] = field(default_factory=OrderedDict)
    latest: float = 0.0
    fault: str | None = None
    _rows: Iterator[Row] | None = None

    def of(self, ends: Ends, end: float) -> Seen | None:
        """Return what was seen of a connection that ended at `end` (epoch seconds), once."""
        self.advance(end + AHEAD)
        there = self.seen.pop(ends, None)
        back = self.seen.pop((*ends[2:], *ends[:2]), None)
        return there or back

    def advance(self, until: float) -> None:
        """Read on up to a moment."""
        if self._rows is None:
            self._rows = _rows(self.path)
        try:
            while self.latest <= until and (row := next(self._rows, None)) is not None:
                self._take(row)
        except BadInput as error:
            self.fault, self._rows = str(error), iter(())

    def close(self) -> None:
        """Read to the end."""
        self.advance(float("inf"))
        self.transactions.give_up()

    def _take(self, row: Row) -> None:
        time = float(row["time"])
        self.latest = max(self.latest, time)
        ends = _ends(row)
        if ends is None:
            return
        if row["id"]:
            self._take_dns(row, ends)
        else:
            self._take_connection(row, ends, time)

    def _take_connection(self, row: Row, ends: Ends, time: float) -> None:
        back = (*ends[2:], *ends[:2])
        seen = self.seen.get(ends) or self.seen.get(back) or Seen(time)
        seen.rtt_ms = seen.rtt_ms or (float(row["rtt"]) * 1e3 if row["rtt"] else None)
        seen.server_name = seen.server_name or _first(row["sni"])
        seen.certificate_name = seen.certificate_name or _first(row["san"])
        self.seen[ends if back not in self.seen else back] = seen
        if len(self.seen) > MOST_SEEN:
            self.seen.popitem(last=False)

    def _take_dns(self, row: Row, ends: Ends) -> None:
        """Take the DNS message of a packet; the client is not the end with the DNS port."""
        source, sport, target, dport = ends
        answered = row["response"] in ("1", "True")
        client = target if answered else source
        if dport in DNS_PORTS and sport not in DNS_PORTS:
            client = source
        name = _first(row["query"])
        key = (client, row["id"], name)
        seen = Transaction(0, client, name, row["time"])
        if not answered:
            self.transactions.query(key, seen)
            return
        addresses, ttls = _addresses(row)
        rcode = _first(row["rcode"])
        self.transactions.answer(
            key, Transaction(*(0, client, name, row["time"]), None, rcode, addresses, ttls)
        )


def _rows(path: Path) -> Iterator[Row]:
    for block in lines_of((*COMMAND, "-r", str(path)), path):
        for position in range(len(block)):
            cells = block.line(position).split("\t")
            if len(cells) == len(FIELDS):
                yield dict(zip(FIELDS, cells, strict=True))


def _ends(row: Row) -> Ends | None:
    """Return both ends of a packet, the innermost where it is tunnelled."""
    source, target = (_last(row[f"{end}4"]) or _last(row[f"{end}6"]) for end in ("src", "dst"))
    sport, dport = (_last(row[f"u{end}"]) or _last(row[f"t{end}"]) for end in ("sport", "dport"))
    if not (source and target and sport and dport):
        return None
    return source, int(sport), target, int(dport)


def _addresses(row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses among the answers proper, and their TTLs.

    tshark lists the records of all sections in one row: answers first, as many as counted.
    """
    count = int(_first(row["count"]) or 0)
    four, six = iter(row["a"].split(",")), iter(row["aaaa"].split(","))
    found: list[str] = []
    lived: list[str] = []
    for kind, ttl in list(zip(row["types"].split(","), row["ttls"].split(","), strict=False))[
        :count
    ]:
        address = next(four, "") if kind == A else next(six, "") if kind == AAAA else ""
        if address:
            found.append(address)
            lived.append(ttl)
    return tuple(found), tuple(lived)


def _first(cell: str) -> str | None:
    return cell.partition(",")[0] or None


def _last(cell: str) -> str:
    return cell.rpartition(",")[2]
