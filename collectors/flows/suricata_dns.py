"""Suricata's dns events, of version 2 and 3, as canonical answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from collectors.files.rows import Faults
from collectors.flows.answers import answer_table, brought
from collectors.flows.columns import addresses, integers, moments, names, nulls
from collectors.flows.tables import Damage
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

Event: TypeAlias = Mapping[str, Any]

MOST_WAITING: Final = 100_000  # queries without an answer so far
PATIENCE: Final = 30.0  # seconds after which a query counts as unanswered
DNS_PORTS: Final = (53, 853, 5353)
RCODES: Final[Mapping[str, str]] = {
    "NOERROR": "0", "FORMERR": "1", "SERVFAIL": "2", "NXDOMAIN": "3", "NOTIMP": "4",
    "REFUSED": "5", "YXDOMAIN": "6", "YXRRSET": "7", "NXRRSET": "8", "NOTAUTH": "9",
    "NOTZONE": "10",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transaction:
    """A query and its answer, where one came, as text."""

    line: int
    client: str | None
    name: str | None
    time: str | None
    asked: str | None = None
    rcode: str | None = None
    addresses: tuple[str, ...] = ()
    ttls: tuple[str, ...] = ()


@dataclass(slots=True)
class Transactions:
    """Queries that wait for their answer, and transactions that are done."""

    waiting: OrderedDict[tuple[Any, ...], tuple[float, Transaction]] = field(
        default_factory=OrderedDict
    )
    done: list[Transaction] = field(default_factory=list)

    def take(self, line: int, event: Event) -> None:
        """Take one dns event."""
        dns = event.get("dns")
        if not isinstance(dns, dict):
            return
        client, name = _client(event), _name(dns)
        key = (event.get("flow_id"), dns.get("id"), name)
        if dns.get("type") in ("query", "request"):
            asked = Transaction(line, client, name, event.get("timestamp"))
            self.waiting[key] = (_seconds(asked.time), asked)
            self._expire(_seconds(asked.time) - PATIENCE)
            return
        _, query = self.waiting.pop(key, (0.0, None))
        found = [one for one in _listed(dns, "answers") if one.get("rrtype") in ("A", "AAAA")]
        self.done.append(
            Transaction(
                line,
                client,
                name,
                event.get("timestamp"),
                asked=None if query is None else query.time,
                rcode=RCODES.get(str(dns.get("rcode")), str(dns.get("rcode"))),
                addresses=tuple(str(one.get("rdata")) for one in found),
                ttls=tuple(str(one.get("ttl")) for one in found),
            )
        )

    def _expire(self, before: float) -> None:
        while self.waiting:
            since, query = next(iter(self.waiting.values()))
            if since >= before and len(self.waiting) <= MOST_WAITING:
                return
            self.waiting.popitem(last=False)
            self.done.append(query)

    def give_up(self) -> None:
        """Take the queries that still wait for unanswered."""
        self.done += [query for _, query in self.waiting.values()]
        self.waiting.clear()

    def answers(self, options: LogOptions, damage: Damage) -> pa.Table | None:
        """Return the transactions done so far as canonical answers, and forget them."""
        import pyarrow as pa

        done, self.done = self.done, []
        if not done:
            return None
        text = {
            name: pa.array([getattr(one, name) for one in done], pa.string())
            for name in ("client", "name", "time", "asked", "rcode")
        }
        faults = Faults.none(len(done))
        time = moments(text["time"], options.timezone, faults)
        asked = moments(text["asked"], options.timezone, Faults.none(len(done)))
        columns = {
            "client": addresses(text["client"], faults),
            "name": names(text["name"]),
            "time": pa.array(time),
            "rcode": integers(text["rcode"], "rcode", faults, most=65_535),
            "rtt_ms": pa.array((time - asked) / 1e3, mask=nulls(text["asked"]) | (time < asked)),
        }
        lists = (
            pa.array([getattr(one, name) for one in done], pa.list_(pa.string()))
            for name in ("addresses", "ttls")
        )
        table = answer_table(columns, brought(*lists), faults, options)
        lines = np.array([one.line for one in done], dtype=np.int64)
        damage.add_faults(faults, lines, lambda row: str(done[row].name))
        return table


def _client(event: Event) -> Any:
    """Return who asked: not the end with the DNS port, whatever way the packet went."""
    if event.get("src_port") in DNS_PORTS and event.get("dest_port") not in DNS_PORTS:
        return event.get("dest_ip")
    return event.get("src_ip")


def _name(dns: Event) -> str | None:
    queries = _listed(dns, "queries") or _listed(dns, "query")
    name = queries[0].get("rrname") if queries else dns.get("rrname")
    return None if name is None else str(name)


def _listed(dns: Event, key: str) -> list[Event]:
    found = dns.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _seconds(time: str | None) -> float:
    """Return a moment for comparison, 0 where the text is none: it is told elsewhere."""
    try:
        return datetime.fromisoformat(time or "").timestamp()
    except ValueError:
        return 0.0
