"""What holds for every reader of flow logs that is registered, on whatever it is given."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outage.canonical import answer_schema, flow_schema
from outage.errors import BadInput
from outage.interfaces import FlowReader, LogOptions
from outage.plugs import available, load
from tests.collectors.flows.made import CONNECTION
from tests.collectors.flows.test_nfdump import record as nfdump_record
from tests.collectors.flows.test_oneway import back, goflow, there
from tests.collectors.flows.test_suricata import VERSIONS, event, flow
from tests.collectors.flows.test_zeek import LOOKUP

READERS = sorted(available("outage.flow_readers"))
OPTIONS = LogOptions(hide=lambda text: text[:4])

WORDS = [
    "10.0.0.5", "2001:db8::9", "443", "-1", "tcp", "query", "answer", "flow", "dns", "tls", "conn",
    "2026-01-05T10:00:00Z", "1767607200.5", "1b", "...A..S.", "ShADadFf", "NOERROR", "", "-", "NaN",
    "9" * 19, "9" * 30, "1e999", " 12 ", "A", "IPv4", "\u0000", "ü,\t\"",
]  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(WORDS) | st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner),
    max_leaves=8,
)


def assert_borne(name: str, content: bytes) -> int:
    """Read a file of this content; return its rows. Nothing but BadInput may come of it."""
    reader: FlowReader = load("outage.flow_readers", name)()
    rows, fault = 0, None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.log"
        path.write_bytes(content)
        try:
            for chunk in reader.read_logs(path, OPTIONS):
                for table, schema in (
                    (chunk.flows, flow_schema()),
                    (chunk.answers, answer_schema()),
                ):
                    if table is not None:
                        assert table.schema.equals(schema)
                        table.validate(full=True)
                        rows += len(table)
                assert 0.0 <= chunk.progress <= 1.0
                assert {row.reason for row in chunk.rejected} == set(chunk.damaged)
        except BadInput as error:
            fault = str(error)
        assert fault is None or (str(path) in fault and ";" in fault)
    return rows


@pytest.mark.parametrize("name", READERS)
def test_a_reader_offers_what_the_interface_says(name: str) -> None:
    reader = load("outage.flow_readers", name)()

    assert isinstance(reader, FlowReader)
    assert isinstance(reader.in_order, bool)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\0" * 100, b"{", b"[", b"a,b\n1,2\n", b"#"])
def test_what_is_no_log_is_refused_or_empty(name: str, content: bytes) -> None:
    assert assert_borne(name, content) == 0


RECORDS: dict[str, list[dict[str, Any]]] = {
    "goflow2": [goflow()],
    "nfdump": [nfdump_record()],
    "pmacct": [there(), back()],
    "suricata": [flow(), *VERSIONS["2"], *VERSIONS["3"], event("tls", 1, tls={"sni": "a.example"})],
    "zeek": [{"_path": "conn", **CONNECTION}, {"_path": "dns", **LOOKUP}, {"_path": "ssl"}],
}


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_json_of_any_kind_breaks_nothing(name: str, data: st.DataObject) -> None:
    """Whatever stands in the place of some values, up to whole parts, is told or passed over."""
    records = copy.deepcopy(RECORDS[name])
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt: Any = data.draw(st.sampled_from(records))
        key = data.draw(st.sampled_from(sorted(spoilt)))
        if isinstance(spoilt[key], dict) and spoilt[key] and data.draw(st.booleans()):
            spoilt, key = spoilt[key], data.draw(st.sampled_from(sorted(spoilt[key])))
        spoilt[key] = data.draw(VALUES)

    assert_borne(name, "\n".join(json.dumps(one) for one in records).encode())


HEADERS = {
    "zeek": "#fields\tts\tuid\tid.orig_h\tid.resp_h\tid.resp_p\tproto\tduration\n#path\tconn\n",
    "nfdump": "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt\n",
    "canonical": "client,server_ip,server_port,protocol,start,end,bytes_up,rtt_ms,server_name\n",
}


@pytest.mark.parametrize("name", HEADERS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_cells_of_any_kind_break_nothing(name: str, data: st.DataObject) -> None:
    separator = "\t" if name == "zeek" else ","
    width = len(HEADERS[name].splitlines()[0].split(separator)) - (name == "zeek")
    row = st.lists(st.sampled_from(WORDS), min_size=width, max_size=width).map(separator.join)
    lines = data.draw(st.lists(row | st.text(max_size=40), max_size=6))

    assert_borne(name, (HEADERS[name] + "\n".join(lines)).encode("utf-8", "replace"))
