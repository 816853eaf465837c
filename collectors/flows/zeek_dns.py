"""Zeek's DNS transactions as canonical answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from collectors.files.rows import Faults
from collectors.flows.answers import answer_table, brought
from collectors.flows.columns import addresses, decimals, integers, moments, names
from outage.interfaces import LogOptions

if TYPE_CHECKING:
    import pyarrow as pa

REQUIRED: Final = ("ts", "id.orig_h", "query")
WANTED: Final = (*REQUIRED, "rcode", "answers", "TTLs", "rtt")


def answers(columns: Mapping[str, Any], options: LogOptions) -> tuple[pa.Table, Faults]:
    """Return one row for each address of each answer, and one without for answers that had none.

    `time` is when the answer came (the query's time plus `rtt`); a transaction without an rcode
    was never answered, one without a query is left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    faults = Faults.none(len(columns["ts"]))
    rtt = _decimals(columns, "rtt", faults)
    asked = moments(columns["ts"], options.timezone, faults)
    waited = 0 if rtt is None else np.rint(np.asarray(rtt.fill_null(0.0)) * 1e6).astype(np.int64)
    rcode = columns.get("rcode")
    made = {
        "client": addresses(columns["id.orig_h"], faults),
        "name": names(columns["query"]),
        "time": pa.array(asked + waited),
        "rcode": None if rcode is None else integers(rcode, "rcode", faults, most=65_535),
        "rtt_ms": None if rtt is None else pc.multiply(rtt, 1_000.0),
    }
    found = brought(_list(columns, "answers", faults), _list(columns, "TTLs", faults))
    return answer_table(made, found, faults, options), faults


def _list(columns: Mapping[str, Any], name: str, faults: Faults) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = columns[name] if name in columns else pa.nulls(len(faults.of_row), pa.string())
    return pc.split_pattern(column, ",")


def _decimals(columns: Mapping[str, Any], name: str, faults: Faults) -> Any:
    return decimals(columns[name], name, faults) if name in columns else None
