"""`outage flows read`: ten kinds of damage are each a clear line, and the rest is imported."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from pyarrow import parquet

from outage.cli.main import run
from tests.collectors.flows.made import CONN, CONNECTION, DNS, START, connection, zeek
from tests.collectors.flows.test_zeek import LOOKUP


class Shell:
    """The command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> tuple[int, str, str]:
        sys.argv = ["outage", "flows", "read", *map(str, words)]
        with pytest.raises(SystemExit) as caught:
            run()
        out, err = self._capsys.readouterr()
        return int(caught.value.code or 0), out, err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setenv("OUTAGE_CLIENT_KEY", "a key for tests only")
    return Shell(capsys)


ROW = "\t".join(CONNECTION[name] for name in CONN) + "\n"


def cut_line(folder: Path) -> None:
    whole = zeek("conn", CONN, CONNECTION, CONNECTION).rpartition("#close")[0]
    (folder / "conn.bad.log").write_text(whole + ROW[:40])


def wrong_order(folder: Path) -> None:
    """Rows whose columns are in another order than the header says; the header's own is right."""
    turned = "\t".join(CONNECTION[name] for name in reversed(CONN)) + "\n"
    (folder / "conn.bad.log").write_text(zeek("conn", CONN, CONNECTION) + turned)


def header_missing(folder: Path) -> None:
    (folder / "conn.bad.log").write_text(ROW * 2)


def mixed_rotation(folder: Path) -> None:
    (folder / "dns.10:00:00.log").write_text(zeek("dns", DNS, LOOKUP))
    (folder / "nfcapd.202601051000").write_bytes(b"\x0c\xa5" + bytes(100))


def clock_set_back(folder: Path) -> None:
    times = (START, START + 9_000, START + 10, START + 20)
    records = [connection(ts=f"{moment}.0") for moment in times]
    (folder / "conn.bad.log").write_text(zeek("conn", CONN, *records))


def damaged_archive(folder: Path) -> None:
    packed = gzip.compress(zeek("conn", CONN, *[CONNECTION] * 100).encode(), 0)
    (folder / "conn.bad.log.gz").write_bytes(packed[:-2_000])


def integer_addresses(folder: Path) -> None:
    records = [connection(orig_h="167772165"), connection(resp_h="3221225993"), CONNECTION]
    (folder / "conn.bad.log").write_text(zeek("conn", CONN, *records))


def empty_day(folder: Path) -> None:
    (folder / "conn.bad.log").write_text(zeek("conn", CONN))


def permission_denied(folder: Path) -> None:
    path = folder / "conn.bad.log"
    path.write_text(zeek("conn", CONN, CONNECTION))
    path.chmod(0)


def half_an_address(folder: Path) -> None:
    """IPv6 is read like IPv4; what is cut in the middle of one is told."""
    good = connection(orig_h="2001:db8::5", resp_h="2001:db8::9")
    (folder / "conn.bad.log").write_text(zeek("conn", CONN, good, connection(resp_h="2001:db8:")))


DAMAGE: list[tuple[Callable[[Path], None], str, int]] = [
    (cut_line, "conn.bad.log:10: another number of columns than the header names", 3),
    (wrong_order, "conn.bad.log:10: time is outside 1990 to 2199", 2),
    (header_missing, "has no #fields line and is no JSON", 1),
    (mixed_rotation, "nfcapd.202601051000: is not UTF-8 text but binary", 1),
    (clock_set_back, "the clock was set back; times are taken as written", 5),
    (damaged_archive, "conn.bad.log.gz: is damaged or cut off", 80),
    (integer_addresses, "conn.bad.log:8: address is an integer (2 times)", 2),
    (empty_day, "conn.bad.log: holds no record", 1),
    (permission_denied, "conn.bad.log: cannot be opened (Permission denied)", 1),
    (half_an_address, "conn.bad.log:9: address is not an IP address", 2),
]


NFDUMP = "firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,flags,packets,bytes\n"


def test_the_wrong_reader_is_told_in_few_lines_with_the_right_one(
    shell: Shell, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for number in range(9):
        flow = f"{START}.250,{START + 2}.750,TCP,10.0.0.5,4000{number},192.0.2.9,443,.AP.SF,6,400"
        (logs / f"{number}.csv").write_text(f"{NFDUMP}{flow}\n")
    code, _, err = shell("zeek", logs, "--out", tmp_path / "out")
    assert code == 1
    assert err.count("0.csv:1: no #fields line above the record (2 times)") == 1
    assert err.count("2.csv: has no #fields line and is no JSON") == 1
    assert err.count("... and 6 more like these\n") == 2
    assert err.endswith(f"{logs}/0.csv is in the form of nfdump; give that in place of zeek\n")
    assert len(err.splitlines()) == 9
    code, out, err = shell("nfdump", logs, "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert out.startswith("9 files: 9 flows")


def test_what_no_reader_knows_gets_no_advice(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nothing,of,the,kind\n")
    code, _, err = shell("zeek", tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "out")
    assert code == 1
    assert "in the form of" not in err
    assert "b.csv: no such file" in err


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Let root be somebody else for a while: root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65_534
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody, nobody)
    closed = [(parent, parent.stat().st_mode) for parent in folder.parents[:-2]]
    for parent, _ in closed:
        parent.chmod(0o755)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)
        for parent, mode in closed:
            parent.chmod(mode)


@pytest.mark.parametrize(
    ("spoil", "said", "flows"), DAMAGE, ids=lambda one: getattr(one, "__name__", "")
)
def test_damage_is_a_clear_line_and_the_rest_is_imported(
    shell: Shell, tmp_path: Path, spoil: Callable[[Path], None], said: str, flows: int
) -> None:
    logs, out = tmp_path / "logs", tmp_path / "out"
    logs.mkdir()
    out.mkdir()
    (logs / "conn.10:00:00.log").write_text(zeek("conn", CONN, CONNECTION))
    spoil(logs)

    # Read once before, so that whoever may not read Python's own folders has it in memory.
    shell("zeek", logs, "--out", tmp_path / "before")
    with unprivileged(tmp_path) if spoil is permission_denied else nullcontext():
        code, printed, told = shell("zeek", logs, "--out", out, "--json")

    assert code == 1
    (line,) = (one for one in told.splitlines() if said in one)
    assert "Traceback" not in told
    assert ";" in line
    summary = json.loads(printed)
    assert summary["flows"] >= flows
    assert sum(summary["skipped"].values()) + summary["files_failed"] >= 1
    written = sum(parquet.read_metadata(one).num_rows for one in (out / "flows").iterdir())
    assert written == summary["flows"]


def test_a_good_folder_is_said_in_a_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "conn.log").write_text(zeek("conn", CONN, CONNECTION))
    (tmp_path / "dns.log").write_text(zeek("dns", DNS, LOOKUP))
    (tmp_path / "http.log").write_text(zeek("http", ["ts", "uid"], {"ts": "1", "uid": "C1"}))

    code, printed, told = shell("zeek", tmp_path, "--out", tmp_path / "out", "--vantage", "op-1")

    assert (code, told) == (0, "")
    assert printed.splitlines() == [
        "3 files: 1 flow, 2 DNS answers",
        "  passed over: records of Zeek's http log: 1",
    ]


def test_a_key_that_had_to_be_made_is_said_once(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OUTAGE_CLIENT_KEY")
    path, out = tmp_path / "conn.log", tmp_path / "out"
    path.write_text(zeek("conn", CONN, CONNECTION))

    first, second = (shell("zeek", path, "--out", out) for _ in range(2))

    assert "client.key: new key under which clients are hashed" in first[2]
    assert (first[0], second[0], second[2]) == (0, 0, "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["zeeek", "."], 2, "did you mean 'zeek'"),
        (["zeek", "nowhere.log"], 1, "nowhere.log: no such file"),
        (["zeek", ".", "--vantage", "No Slug"], 2, "--vantage 'No Slug' is not a slug"),
        (["zeek", ".", "--timezone", "Vienna"], 2, "--timezone: 'Vienna' is no time zone"),
        (["zeek", ".", "--key-file", "none.key"], 2, "none.key cannot be read"),
    ],
)
def test_wrong_use_is_one_line(
    shell: Shell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    answer = shell(*words, "--out", tmp_path / "out")

    assert answer[0] == code
    assert said in answer[2]
    assert len(answer[2].splitlines()) == 1


def test_nothing_to_read_is_no_success(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()

    code, printed, _ = shell("zeek", tmp_path / "logs", "--out", tmp_path / "out")

    assert (code, printed) == (1, "0 files: 0 flows, 0 DNS answers\n")
