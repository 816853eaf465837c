"""Suricata's eve.json: flow events, with the names of tls events, and dns events of any version."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from collectors.files.lines import Block, blocks
from collectors.flows import suricata_dns
from collectors.flows.delimited import TOO_LONG
from collectors.flows.json_lines import objects
from collectors.flows.suricata_flow import flows_of
from collectors.flows.tables import Damage
from collectors.flows.transactions import Transactions
from outage.interfaces import LogChunk, LogOptions

Event: TypeAlias = dict[str, Any]

MOST_NAMES: Final = 200_000  # TLS handshakes whose flow has not ended yet


class Suricata:
    """Reads Suricata's eve.json: flows, the TLS names seen in them, DNS answers."""

    in_order = True

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        """Yield the flows and answers of a file; raises BadInput if it cannot be read.

        TLS and flow events are joined by `flow_id`; DNS queries and answers too, so that
        queries without an answer are known.
        """
        run = _Run(path, options)
        for block in blocks(path):
            yield run.chunk(block)
        yield run.last()


@dataclass(slots=True)
class _Run:
    """One file while it is read: names that wait for their flow, queries for their answer."""

    path: Path
    options: LogOptions
    names: OrderedDict[str, Event] = field(default_factory=OrderedDict)
    transactions: Transactions = field(default_factory=Transactions)

    def chunk(self, block: Block) -> LogChunk:
        damage, passed = Damage(self.path.name), Counter[str]()
        damage.add_rows((number, TOO_LONG, "") for number in block.too_long)
        flows: list[tuple[int, Event]] = []
        for position, one in objects(block, damage):
            match one.get("event_type"):
                case "flow":
                    flows.append(
                        (position, {**one, "tls": self.names.pop(str(one.get("flow_id")), {})})
                    )
                case "dns":
                    suricata_dns.take(self.transactions, int(block.numbers[position]), one)
                case "tls":
                    self._keep(one)
                    passed["tls events, which name their flows"] += 1
                case kind:
                    passed[f"{kind or 'unknown'} events of Suricata"] += 1
        table = flows_of(block, flows, self.options, damage) if flows else None
        answers = self.transactions.answers(self.options, damage)
        return damage.chunk(block.progress, table, answers, passed)

    def last(self) -> LogChunk:
        """Return the queries that were never answered."""
        damage = Damage(self.path.name)
        self.transactions.give_up()
        return damage.chunk(1.0, None, self.transactions.answers(self.options, damage))

    def _keep(self, one: Event) -> None:
        tls = one.get("tls")
        if isinstance(tls, dict):
            self.names[str(one.get("flow_id"))] = tls
        if len(self.names) > MOST_NAMES:
            self.names.popitem(last=False)
