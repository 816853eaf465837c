"""DNS queries and answers that come one by one: joined, and the unanswered known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from collectors.files.rows import Faults
from collectors.flows.answers import answer_table, brought
from collectors.flows.columns import addresses, integers, moments, names, nulls
from collectors.flows.tables import Damage
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

MOST_WAITING: Final = 100_000  # queries without an answer so far
PATIENCE: Final = 30.0  # seconds after which a query counts as unanswered
PARTS: Final = ("addresses", "ttls")
DNS_PORTS: Final = frozenset({53, 853, 5353})


@dataclass(frozen=True, slots=True)
class Transaction:
    """A query and its answer, where one came, as text; `asked` is when the query was seen."""

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

    waiting: OrderedDict[Hashable, tuple[float, Transaction]] = field(default_factory=OrderedDict)
    done: list[Transaction] = field(default_factory=list)

    def query(self, key: Hashable, one: Transaction) -> None:
        """Take a query; those that waited for 30 s by now are done without an answer."""
        now = _seconds(one.time)
        self.waiting[key] = (now, one)
        while self.waiting:
            since, oldest = next(iter(self.waiting.values()))
            if since >= now - PATIENCE and len(self.waiting) <= MOST_WAITING:
                return
            self.waiting.popitem(last=False)
            self.done.append(oldest)

    def answer(self, key: Hashable, one: Transaction) -> None:
        """Take an answer, to its query where that was seen."""
        _, query = self.waiting.pop(key, (0.0, None))
        self.done.append(one if query is None else replace(one, asked=query.time))

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
        texts = pa.list_(pa.string())
        lists = [pa.array([getattr(one, part) for one in done], texts) for part in PARTS]
        table = answer_table(columns, brought(*lists), faults, options)
        lines = np.array([one.line for one in done], dtype=np.int64)
        damage.add_faults(faults, lines, lambda row: str(done[row].name))
        return table


def _seconds(time: str | None) -> float:
    """Return a moment for comparison, 0 where the text is none: it is told elsewhere."""
    try:
        return float(time or 0)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(time or "").timestamp()
    except ValueError:
        return 0.0
