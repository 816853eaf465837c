"""A report as text: figures as people write them, long names whole, no control characters."""

from __future__ import annotations

import pytest

from outage.reports.exhibits import Column, Report, Scope, Table, Unit, Value
from outage.reports.text import cell, print_report

SCOPE = Scope("whatsapp", None, ["north", ""], 1_392_681_600, 1_393_286_400, 150_000_000)


def printed(
    capsys: pytest.CaptureFixture[str], *tables: Table, remarks: tuple[str, ...] = ()
) -> str:
    print_report(Report("traffic", "Traffic", SCOPE, tables, remarks))
    return capsys.readouterr().out


def table(*rows: dict[str, Value], note: str = "") -> Table:
    columns = [Column("name", "name"), Column("count", "flows", "count"), Column("none", "gone")]
    return Table("t", "Things", "table 3", columns, rows, note)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1_364_480, "count", "1,364,480"),
        (2.5, "count", "2.5"),
        (0, "share", "0 %"),
        (0.0004, "share", "<0.1 %"),
        (0.8304, "share", "83.0 %"),
        (0, "bytes", "0 B"),
        (999, "bytes", "999 B"),
        (6_700, "bytes", "6.7 kB"),
        (225_000, "bytes", "225 kB"),
        (9.9e15, "bytes", "9,900 TB"),
        (1_500_000, "bit/s", "1.5 Mbit/s"),
        (0.25, "seconds", "0.25 s"),
        (59.97, "seconds", "1 min"),
        (600, "seconds", "10 min"),
        (108, "seconds", "1 min 48 s"),
        (3_599.9, "seconds", "1 h"),
        (223_200, "seconds", "62 h"),
        (106.04, "ms", "106.0 ms"),
        (3.14, "score", "3.1"),
        (None, "count", "-"),
        (True, "text", "yes"),
        (1_392_681_600, "time", "2014-02-18T00:00:00Z"),
    ],
)
def test_values_are_written_for_people(value: Value, unit: Unit, text: str) -> None:
    assert cell(value, unit) == text


def test_a_report_says_of_what_it_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    first = printed(capsys).splitlines()[0]

    assert first == (
        "Traffic: whatsapp from north, 2014-02-18T00:00:00Z to 2014-02-25T00:00:00Z,"
        " 150,000,000 flows"
    )


def test_a_table_stands_under_its_title_with_note_and_remark(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed(capsys, table({"name": "a", "count": 3}, note="A note."), remarks=("careful",))

    assert out.splitlines()[1:] == [
        "",
        "Things [table 3]",
        "  name  flows",
        "  a         3",
        "  A note.",
        "",
        "Remark: careful.",
    ]


def test_a_table_without_rows_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Things" not in printed(capsys, table())


def test_long_names_are_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a-very-long-autonomous-system-" * 9

    out = printed(capsys, table({"name": name, "count": 3}))

    rows = out.splitlines()[4:]
    assert "".join(row.split()[0] for row in rows) == name
    assert max(map(len, out.splitlines())) <= 160


def test_markup_and_control_characters_of_data_do_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed(capsys, table({"name": "[red]x[/red]\x1b[31m\r\n", "count": 1}))

    assert "[red]x[/red]" in out
    assert "\x1b" not in out
    assert "\r" not in out
