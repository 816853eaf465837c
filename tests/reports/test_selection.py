"""Which flows a report is about, and one clear line where there are none."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Timer

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from outage.errors import BadInput, UsageError
from outage.reports.selection import Selection, flow_files, open_flows
from tests.reports.conftest import NOON, SECOND, Write, flow

DAY = 86_400


def chosen(selection: Selection) -> list[str]:
    """Return the addresses of the chosen flows, ascending."""
    with open_flows(selection) as flows:
        return [str(row[0]) for row in flows.rows("SELECT address FROM chosen ORDER BY address")]


def complaint(selection: Selection, kind: type[Exception] = BadInput) -> str:
    with pytest.raises(kind) as raised, open_flows(selection):
        pass
    (line,) = str(raised.value).splitlines()
    return line


def test_the_only_service_need_not_be_named(write: Write) -> None:
    file = write(flow("192.0.2.1"), flow("192.0.2.2"))

    with open_flows(Selection([file])) as flows:
        assert (flows.scope.service, flows.scope.flows) == ("whatsapp", 2)


def test_of_several_services_one_must_be_chosen(write: Write) -> None:
    file = write(flow(), flow(service="signal"), flow(service="signal"), flow(service=None))  # type: ignore[arg-type]

    line = complaint(Selection([file]), UsageError)

    assert line.endswith("choose one: --service signal, whatsapp"), "the one with most flows first"


def test_only_the_service_is_chosen(write: Write) -> None:
    file = write(flow("192.0.2.1"), flow("192.0.2.2", service="signal"))

    assert chosen(Selection([file], "signal")) == ["192.0.2.2"]


def test_an_unknown_service_is_suggested_and_the_others_are_listed(write: Write) -> None:
    line = complaint(Selection([write(flow(), flow(service="signal"))], "whatsap"))

    assert "do you mean whatsapp?" in line
    assert "signal" in line


def test_a_flow_belongs_where_it_starts(write: Write) -> None:
    file = write(
        flow("192.0.2.1", at=-1, lasting=5),
        flow("192.0.2.2", at=0),
        flow("192.0.2.3", at=59),
        flow("192.0.2.4", at=60),
    )

    assert chosen(Selection([file], since=NOON, until=NOON + 60)) == ["192.0.2.2", "192.0.2.3"]


def test_a_time_without_flows_is_told_with_what_there_is(write: Write) -> None:
    line = complaint(Selection([write(flow(at=5))], since=NOON + DAY))

    assert line.endswith("between 2014-02-18T12:00:05Z and 2014-02-18T12:00:05Z")


def test_one_vantage_is_chosen(write: Write) -> None:
    file = write(flow("192.0.2.1", vantage="north"), flow("192.0.2.2", vantage="south"))

    assert chosen(Selection([file], vantage="south")) == ["192.0.2.2"]
    assert complaint(Selection([file], vantage="west")).endswith("there are north, south")


def test_the_scope_names_all_vantages_and_the_time_asked_for(write: Write) -> None:
    file = write(flow(vantage="north", lasting=0.5), flow(vantage="south", at=30, lasting=0.5))

    with open_flows(Selection([file])) as flows:
        assert flows.scope.vantages == ["north", "south"]
        assert (flows.scope.since, flows.scope.until) == (NOON, NOON + 31)
    with open_flows(Selection([file], since=NOON - 600, until=NOON + 600)) as flows:
        assert (flows.scope.since, flows.scope.until) == (NOON - 600, NOON + 600)


def test_files_without_vantage_and_device_are_read(tmp_path: Path) -> None:
    columns = {
        "server_ip": ["192.0.2.1"],
        "start": pa.array([NOON * SECOND], pa.timestamp("us")),
        "end": pa.array([NOON * SECOND], pa.timestamp("us")),
        "bytes_down": [1],
        "bytes_up": [1],
        "service": ["whatsapp"],
        "category": pa.array([None], pa.string()),
    }
    pq.write_table(pa.table(columns), tmp_path / "old.parquet")

    with open_flows(Selection([tmp_path], since=NOON)) as flows:
        assert flows.rows("SELECT category, device, vantage FROM chosen") == [("", None, None)]
    assert "there are (none)" in complaint(Selection([tmp_path], vantage="north"))


def test_a_wrong_clock_is_taken_to_end_where_it_starts(write: Write) -> None:
    file = write(
        flow(lasting=-5), flow(lasting=7 * DAY), flow(lasting=7 * DAY + 1), flow(down=None)
    )

    with open_flows(Selection([file])) as flows:
        lasting = [row[0] for row in flows.rows("SELECT ended - began FROM chosen ORDER BY 1")]

    assert lasting == [0, 0, 10 * SECOND, 7 * DAY * SECOND]
    assert (flows.untimed, flows.unmeasured) == (2, 1)


def test_names_of_files_are_no_patterns(write: Write, tmp_path: Path) -> None:
    write(flow("192.0.2.1"), name="a[1]*?'.parquet")
    write(flow("192.0.2.2"), name="a1xx'.parquet")

    assert chosen(Selection([tmp_path / "a[1]*?'.parquet"])) == ["192.0.2.1"]


def test_of_the_folder_of_a_classification_only_the_flows_are_read(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "flows" / "day=1").mkdir(parents=True)
    write(flow(), name="flows/day=1/a.parquet")
    (tmp_path / "samples.parquet").write_text("other columns")

    assert [file.name for file in flow_files([tmp_path])] == ["a.parquet"]
    assert chosen(Selection([tmp_path])) == ["192.0.2.1"]


def test_a_file_that_is_named_twice_is_read_once(write: Write, tmp_path: Path) -> None:
    file = write(flow())

    assert chosen(Selection([file, file, tmp_path])) == ["192.0.2.1"]


@pytest.mark.parametrize("service", ["what'sapp", 'x" OR 1=1 --'])
def test_a_service_is_text(write: Write, service: str) -> None:
    file = write(flow("192.0.2.1", service=service), flow("192.0.2.2"))

    assert chosen(Selection([file], service, vantage=None)) == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (["service", "category"], "run `outage flows classify` first"),
        (["bytes_up"], "has no column bytes_up"),
    ],
)
def test_missing_columns_are_named_with_the_file(
    write: Write, tmp_path: Path, columns: list[str], line: str
) -> None:
    table = pq.read_table(write(flow())).drop_columns(columns)
    pq.write_table(table, tmp_path / "flows.parquet")

    found = complaint(Selection([tmp_path]))

    assert "flows.parquet: has no column" in found
    assert line in found


def test_a_time_that_is_none_is_told(tmp_path: Path, write: Write) -> None:
    table = pq.read_table(write(flow()))
    pq.write_table(
        table.set_column(table.column_names.index("start"), "start", pa.array([1])),
        tmp_path / "flows.parquet",
    )

    assert "column start is BIGINT; write it as timestamp[us, tz=UTC]" in complaint(
        Selection([tmp_path])
    )


def test_a_broken_file_is_named(write: Write, tmp_path: Path) -> None:
    write(flow())
    (tmp_path / "torn.parquet").write_bytes(b"PAR1" + b"x" * 20)

    assert "torn.parquet: not readable as Parquet" in complaint(Selection([tmp_path]))


def test_a_wrong_type_is_told_with_its_file(write: Write, tmp_path: Path) -> None:
    write(flow(), name="a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    other = table.set_column(table.column_names.index("bytes_up"), "bytes_up", pa.array(["many"]))
    pq.write_table(other, tmp_path / "b.parquet")

    line = complaint(Selection([tmp_path]))

    assert line.endswith("b.parquet: column bytes_up is VARCHAR; write it as int64")


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_path_without_flows_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    assert name in complaint(Selection([tmp_path / name]))


def test_flows_without_any_service_are_told(write: Write) -> None:
    line = complaint(Selection([write(flow(service=None, category=None))]))  # type: ignore[arg-type]

    assert "no flow has a service" in line


def test_an_interrupt_is_one(write: Write) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted(Selection([write(flow())]))
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted(selection: Selection) -> None:
    """Ask what takes long, and interrupt it as one does at a terminal."""
    with open_flows(selection) as flows:
        Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        flows.rows("SELECT count(*) FROM range(300_000_000) WHERE range % 7 = 3")


def test_the_database_reaches_for_nothing_and_has_bounds(write: Write) -> None:
    with open_flows(Selection([write(flow())])) as flows:
        ((limit,),) = flows.rows("SELECT current_setting('memory_limit')")
        with pytest.raises(duckdb.Error):
            flows.rows("INSTALL httpfs FROM 'https://nowhere.invalid'")

    assert limit == "1.8 GiB"
