"""Suricata's dns events, of version 2 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from collectors.flows.json_lines import text
from collectors.flows.transactions import Transaction, Transactions

Event: TypeAlias = Mapping[str, Any]

DNS_PORTS: Final = frozenset({"53", "853", "5353"})
RCODES: Final[Mapping[str, str]] = {
    "NOERROR": "0", "FORMERR": "1", "SERVFAIL": "2", "NXDOMAIN": "3", "NOTIMP": "4",
    "REFUSED": "5", "YXDOMAIN": "6", "YXRRSET": "7", "NXRRSET": "8", "NOTAUTH": "9",
    "NOTZONE": "10",
}  # fmt: skip


def take(transactions: Transactions, line: int, event: Event) -> None:
    """Take one dns event, a query or an answer."""
    dns = event.get("dns")
    if not isinstance(dns, dict):
        return
    name = _name(dns)
    key = (str(event.get("flow_id")), str(dns.get("id")), name)
    seen = Transaction(line, _client(event), name, text(event.get("timestamp")))
    if dns.get("type") in ("query", "request"):
        transactions.query(key, seen)
        return
    found = [one for one in _listed(dns, "answers") if one.get("rrtype") in ("A", "AAAA")]
    rcode = str(dns.get("rcode", "NOERROR"))
    transactions.answer(
        key,
        Transaction(
            *(line, seen.client, name, seen.time),
            rcode=RCODES.get(rcode, rcode),
            addresses=tuple(str(one.get("rdata")) for one in found),
            ttls=tuple(str(one.get("ttl")) for one in found),
        ),
    )


def _client(event: Event) -> str | None:
    """Return who asked: not the end with the DNS port, whatever way the packet went."""
    sport, dport = (str(event.get(f"{end}_port")) for end in ("src", "dest"))
    if sport in DNS_PORTS and dport not in DNS_PORTS:
        return text(event.get("dest_ip"))
    return text(event.get("src_ip"))


def _name(dns: Event) -> str | None:
    queries = _listed(dns, "queries") or _listed(dns, "query")
    name = queries[0].get("rrname") if queries else dns.get("rrname")
    return None if name is None else str(name)


def _listed(dns: Event, key: str) -> list[Event]:
    found = dns.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
