"""Logs become Parquet files: whole, replaced when read again, with what is wrong counted."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from collectors.flows.zeek import Zeek
from outage.canonical import answer_schema, flow_schema
from outage.errors import UsageError
from outage.flows.hiding import ClientKey
from outage.flows.reading import (
    GROUP_ROWS,
    LogsRead,
    checked_options,
    log_files,
    output_name,
    read_files,
)
from outage.interfaces import LogChunk, LogOptions
from tests.collectors.flows.made import CONN, CONNECTION, DNS, connection, zeek
from tests.collectors.flows.test_zeek import LOOKUP

OPTIONS = LogOptions(hide=ClientKey(b"a key for tests only").hider())


def log(path: Path, *records: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(zeek("conn", CONN, *records))
    return path


def taken(paths: list[Path], out: Path) -> LogsRead:
    return read_files(Zeek(), log_files(paths), OPTIONS, out)


def rows(out: Path, kind: str = "flows") -> int:
    return sum(parquet.read_metadata(one).num_rows for one in (out / kind).glob("*.parquet"))


def test_flows_and_answers_are_written_in_canonical_columns(tmp_path: Path) -> None:
    logs, out = tmp_path / "logs", tmp_path / "out"
    log(logs / "conn.log", CONNECTION)
    (logs / "dns.log").write_text(zeek("dns", DNS, LOOKUP))

    outcome = taken([logs], out)

    assert (outcome.total("flows"), outcome.total("answers")) == (1, 2)
    (flows,), (answers,) = (list((out / kind).glob("*.parquet")) for kind in ("flows", "dns"))
    assert parquet.read_schema(flows).equals(flow_schema())
    assert parquet.read_schema(answers).equals(answer_schema())


def test_numbers_that_hardly_repeat_are_written_as_differences(tmp_path: Path) -> None:
    log(tmp_path / "logs" / "conn.log", CONNECTION)

    taken([tmp_path / "logs"], tmp_path / "out")

    (flows,) = (tmp_path / "out" / "flows").glob("*.parquet")
    group = parquet.read_metadata(flows).row_group(0)
    encodings = {one.path_in_schema: one.encodings for one in map(group.column, range(19))}
    assert "DELTA_BINARY_PACKED" in encodings["start"]
    assert "DELTA_BINARY_PACKED" in encodings["bytes_up"]
    assert "DELTA_BINARY_PACKED" not in encodings["syn"]


def test_the_same_client_has_the_same_hash_in_flows_and_answers(tmp_path: Path) -> None:
    logs, out = tmp_path / "logs", tmp_path / "out"
    log(logs / "conn.log", CONNECTION)
    (logs / "dns.log").write_text(zeek("dns", DNS, LOOKUP))
    taken([logs], out)

    clients = {
        client
        for kind in ("flows", "dns")
        for one in (out / kind).iterdir()
        for client in parquet.read_table(one)["client"].to_pylist()
    }

    assert len(clients) == 1
    assert "10.0.0.5" not in clients


def test_reading_again_replaces_and_packing_changes_nothing(tmp_path: Path) -> None:
    out, path = tmp_path / "out", log(tmp_path / "conn.log", CONNECTION)
    taken([path], out)
    log(path, CONNECTION, connection(uid="C2"))
    taken([path], out)
    packed = tmp_path / "conn.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    taken([packed], out)

    assert (rows(out), len(list((out / "flows").iterdir()))) == (2, 1)


def test_files_of_one_name_in_several_folders_stay_apart(tmp_path: Path) -> None:
    for day in ("2026-01-05", "2026-01-06"):
        log(tmp_path / "logs" / day / "conn.10:00:00-11:00:00.log", CONNECTION)

    taken([tmp_path / "logs"], tmp_path / "out")

    assert rows(tmp_path / "out") == 2
    names = {one.name for one in (tmp_path / "out" / "flows").iterdir()}
    assert all(name.startswith("conn.10-00-00-11-00-00.log-") for name in names)


def test_the_name_of_an_output_does_not_depend_on_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = log(tmp_path / "conn.log", CONNECTION)
    monkeypatch.chdir(tmp_path)

    assert output_name(Path("conn.log")) == output_name(path)


def test_a_file_that_is_empty_now_loses_its_earlier_output(tmp_path: Path) -> None:
    out, path = tmp_path / "out", log(tmp_path / "conn.log", CONNECTION)
    taken([path], out)
    log(path)

    outcome = taken([path], out)

    assert rows(out) == 0
    assert "holds no record" in str(outcome.files[0].error)


def test_a_file_that_cannot_be_read_keeps_its_earlier_output(tmp_path: Path) -> None:
    out, path = tmp_path / "out", log(tmp_path / "conn.log", CONNECTION)
    taken([path], out)
    path.unlink()

    assert taken([path], out).failed == 1
    assert rows(out) == 1


def test_what_came_before_the_damage_is_kept(tmp_path: Path) -> None:
    packed = gzip.compress(zeek("conn", CONN, *[CONNECTION] * 5_000).encode(), 0)
    path, out = tmp_path / "conn.log.gz", tmp_path / "out"
    path.write_bytes(packed[: len(packed) // 2])

    outcome = taken([path], out)

    assert "damaged or cut off" in str(outcome.files[0].error)
    assert 2_000 < rows(out) < 3_000


class Failing:
    """A reader that breaks after one chunk."""

    in_order = True

    def read_logs(self, path: Path, options: LogOptions) -> Iterator[LogChunk]:
        yield next(Zeek().read_logs(path, options))
        raise RuntimeError("a fault of ours")


def test_an_interrupted_reading_leaves_the_earlier_output_and_no_rubbish(tmp_path: Path) -> None:
    out, path = tmp_path / "out", log(tmp_path / "conn.log", CONNECTION)
    taken([path], out)
    log(path, CONNECTION, CONNECTION)

    with pytest.raises(RuntimeError):
        read_files(Failing(), [path], OPTIONS, out)

    assert rows(out) == 1
    assert [one.suffix for one in (out / "flows").iterdir()] == [".parquet"]


def test_folders_are_read_in_order_without_what_is_no_log(tmp_path: Path) -> None:
    kept = ["a/conn.log", "a/dns.log.gz", "b/nfcapd.202601051000", "c"]
    aside = ["LICENSE", "README", "a/.conn.log", ".git/conn.log", "a/conn.log.tmp", "client.key"]
    for name in kept + aside:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert log_files([tmp_path]) == [tmp_path / name for name in kept]


def test_a_file_is_read_once_and_our_own_output_never(tmp_path: Path) -> None:
    path, out = log(tmp_path / "conn.log", CONNECTION), tmp_path / "out"
    taken([path], out)

    assert log_files([tmp_path, path, tmp_path / "out" / ".." / "conn.log"], out) == [path]
    assert log_files([tmp_path], tmp_path)[0] == path


@pytest.mark.parametrize(
    ("vantage", "timezone", "said"),
    [("No Slug", "UTC", "--vantage 'No Slug' is not a slug"), (None, "Vienna", "is no time zone")],
)
def test_wrong_options_are_refused(vantage: str | None, timezone: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked_options(ClientKey(b"any"), vantage, timezone)


def test_an_output_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(UsageError, match=r"--out: .* cannot be written"):
        taken([log(tmp_path / "conn.log", CONNECTION)], tmp_path / "out")


GROWTH = """
import resource, sys
from pathlib import Path
from collectors.flows.zeek import Zeek
from outage.flows.reading import read_files
from outage.interfaces import LogOptions
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
path, out = Path(sys.argv[1]), Path(sys.argv[2])
outcome = read_files(Zeek(), [path], LogOptions(hide=lambda text: text), out)
# Not ru_maxrss, which a process inherits from the one that started it.
(peak,) = (one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one)
print(outcome.total("flows"), peak.split()[1])
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Beyond what a row group holds no more is taken, under a limit of 2 GB of addresses."""
    body = "\t".join(CONNECTION[name] for name in CONN) + "\n"
    header = zeek("conn", CONN).rpartition("#close")[0]
    peaks = []
    for copies in (GROUP_ROWS, 2 * GROUP_ROWS):
        path = tmp_path / f"{copies}" / "conn.log"
        path.parent.mkdir()
        with path.open("w") as stream:
            stream.write(header)
            for _ in range(copies // 10_000):
                stream.write(body * 10_000)
        command = [sys.executable, "-c", GROWTH, path, tmp_path / "out", str(2 << 30)]
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        flows, peak = map(int, answer.stdout.split())
        assert flows == copies
        peaks.append(peak / 1024)

    assert peaks[1] - peaks[0] < 64
    assert peaks[1] < 400
