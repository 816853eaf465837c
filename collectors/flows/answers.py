"""DNS answers: what one transaction brought becomes one row an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from collectors.files.rows import Faults, Told
from collectors.flows.columns import are_addresses, decimals, nulls
from collectors.flows.tables import table
from outage.batches import Ints
from outage.canonical import ANSWER_KEYS, answer_schema
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

MISSING: Final = Told("a DNS record lacks its client or time", "correct or leave out the record")


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """The addresses that transactions brought: row `of[k]` got `address[k]` for `ttl[k]` seconds.

    A transaction without any has one row of nulls.
    """

    of: Ints
    address: Any
    ttl: Any

    @classmethod
    def single(cls, address: Any, ttl: Any) -> Brought:
        """Return what transactions brought of which each has one address or null."""
        return cls(np.arange(len(address), dtype=np.int64), address, ttl)


def brought(answers: Any, ttls: Any) -> Brought:
    """Return what transactions brought, from two Arrow lists of text, each list as long as rows.

    What is no address (the CNAMEs on the way, texts) is left out. A TTL is that of the address's
    own record; it is null where a transaction has not one for each answer.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = len(answers)
    parents = np.asarray(pc.list_parent_indices(answers), dtype=np.int64)
    texts, good = are_addresses(pc.list_flatten(answers))
    paired = np.asarray(pc.equal(_lengths(answers), _lengths(ttls)), dtype=np.bool_)
    seconds = pa.nulls(len(texts), pa.int64())
    if paired.any():
        told = pc.list_flatten(ttls.filter(pa.array(paired)))
        whole = pc.floor(decimals(told, "ttl", Faults.none(len(told)))).cast(pa.int64())
        seconds = pc.replace_with_mask(seconds, pa.array(paired[parents]), whole)
    bare = np.setdiff1d(np.arange(rows), parents[good])
    of = np.concatenate([parents[good], bare]).astype(np.int64)
    order = np.argsort(of, kind="stable")
    address = pa.concat_arrays([texts.filter(pa.array(good)), pa.nulls(len(bare), pa.string())])
    ttl = pa.concat_arrays([seconds.filter(pa.array(good)), pa.nulls(len(bare), pa.int64())])
    return Brought(of[order], address.take(order), ttl.take(order))


def _lengths(lists: Any) -> Any:
    import pyarrow.compute as pc

    return pc.fill_null(pc.list_value_length(lists), 0)


def answer_table(
    columns: Mapping[str, Any], found: Brought, faults: Faults, options: LogOptions
) -> pa.Table:
    """Return the good transactions as canonical answers; columns that are not given are null.

    `time` is microseconds since 1970 UTC. Marks the transactions without a client.
    """
    faults.mark(nulls(columns["client"]), MISSING)
    named = ~nulls(columns["name"]) & faults.good
    kept = np.flatnonzero(named[found.of])
    rows = found.of[kept]
    spread = {
        name: values if values is None else values.take(rows) for name, values in columns.items()
    }
    spread |= {"address": found.address.take(kept), "ttl": found.ttl.take(kept)}
    every = Faults.none(len(rows))
    return table(spread, answer_schema(), ANSWER_KEYS, every, options)
