"""The order, cutting and repetition of files change nothing in a run; damage is told."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from outage.canonical import flow_schema
from outage.errors import BadInput, UsageError
from outage.flows import classifying
from tests.flows.made import (
    classified,
    classify,
    flow,
    made_answers,
    made_flows,
    run,
    samples,
    write_answers,
    write_flows,
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of one run over one file of flows and one of answers."""
    folder = tmp_path_factory.mktemp("whole")
    classify(folder, FLOWS, ANSWERS)
    return folder / "out"


FLOWS, ANSWERS = made_flows(4_000, seed=5), made_answers(1_500, seed=6)


def same(one: Path, other: Path) -> bool:
    """Tell whether two runs named the same flows alike and made the same samples."""
    return classified(one) == classified(other) and samples(one) == samples(other)


def cut(folder: Path, seed: int, parts: int) -> tuple[list[str], list[str]]:
    """Write the made rows shuffled, in several files each, and return their paths."""
    chance = random.Random(seed)
    flows, answers = chance.sample(FLOWS, len(FLOWS)), chance.sample(ANSWERS, len(ANSWERS))
    return (
        [write_flows(folder / f"flows-{n}.parquet", flows[n::parts]) for n in range(parts)],
        [write_answers(folder / f"dns-{n}.parquet", answers[n::parts]) for n in range(parts)],
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_and_files_changes_nothing(
    whole: Path, tmp_path: Path, seed: int
) -> None:
    flows, answers = cut(tmp_path, seed, parts=3)

    run(flows[::-1], answers[::-1], tmp_path / "out")

    assert same(tmp_path / "out", whole)


def test_cutting_by_clients_changes_nothing(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifying, "ANSWERS_AT_ONCE", 300)

    classify(tmp_path, FLOWS, ANSWERS)

    assert len(list((tmp_path / "out" / "flows").glob("*/*"))) > 6
    assert same(tmp_path / "out", whole)


def test_the_same_files_again_change_nothing(whole: Path, tmp_path: Path) -> None:
    classify(tmp_path, FLOWS, ANSWERS)
    outcome = classify(tmp_path, FLOWS, ANSWERS)

    assert outcome.flows == len(FLOWS)
    assert same(tmp_path / "out", whole)


def test_late_files_correct_what_earlier_ones_said(whole: Path, tmp_path: Path) -> None:
    flows, answers = cut(tmp_path, 3, parts=3)

    run(flows[:1], answers[:2], tmp_path / "out")
    before = samples(tmp_path / "out")
    run(flows[1:], [], tmp_path / "out")
    run([], answers[2:], tmp_path / "out")

    assert samples(tmp_path / "out") != before
    assert same(tmp_path / "out", whole)


def test_days_come_one_by_one_as_logs_do(whole: Path, tmp_path: Path) -> None:
    cuts = sorted(FLOWS, key=lambda row: row["end"])  # as exporters write: at the end of a flow
    answers = [write_answers(tmp_path / "dns.parquet", ANSWERS)]
    for n in range(4):
        rows = cuts[n * 1_000 : (n + 1) * 1_000]
        run([write_flows(tmp_path / f"{n}.parquet", rows)], answers, tmp_path / "out")

    assert same(tmp_path / "out", whole)


def test_a_day_whose_earlier_log_is_gone_stays_as_it_was(tmp_path: Path) -> None:
    flows, answers = cut(tmp_path, 4, parts=2)
    run(flows[:1], answers, tmp_path / "out")
    before = classified(tmp_path / "out")
    Path(flows[0]).unlink()

    outcome = run(flows[1:], [], tmp_path / "out")

    assert classified(tmp_path / "out") == before
    assert "flows-0.parquet: cannot be read" in outcome.lines[0]
    assert "stays as it was" in outcome.lines[0]


def test_a_log_written_anew_leaves_nothing_of_what_it_said_before(tmp_path: Path) -> None:
    lasting = [flow("c", "203.0.113.1", 80_000 + n, end=90_000, bytes_down=9) for n in range(3)]
    log, other = tmp_path / "log.parquet", write_flows(tmp_path / "other.parquet", FLOWS[:400])
    answers = [write_answers(tmp_path / "dns.parquet", ANSWERS[:200])]
    later = [flow("c", "203.0.113.1", 200_000 + n) for n in range(5)]
    run([write_flows(log, [*lasting, *later, *FLOWS[400:600]]), other], answers, tmp_path / "out")

    write_flows(log, FLOWS[400:500])
    run([str(log)], [], tmp_path / "out")

    run([str(log), other], answers, tmp_path / "anew" / "out")
    assert same(tmp_path / "out", tmp_path / "anew" / "out")


def test_samples_that_are_no_longer_so_go(tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    run([write_flows(log, FLOWS[:100])], [], tmp_path / "out")

    outcome = run([write_flows(log, FLOWS[:1])], [], tmp_path / "out")

    assert outcome.samples == 0
    assert not (tmp_path / "out" / "samples.parquet").exists()


def test_names_of_files_and_folders_are_no_patterns(tmp_path: Path) -> None:
    for suffix in ("parquet", "csv"):
        folder = tmp_path / suffix
        folder.mkdir()
        rows = pa.Table.from_pylist(FLOWS[:2], schema=flow_schema())
        csv.write_csv(rows, folder / "a1.csv")
        parquet.write_table(rows, folder / "a1.parquet")
        csv.write_csv(rows.slice(0, 1), folder / "a[1].csv")
        parquet.write_table(rows.slice(0, 1), folder / "a[1].parquet")

        for name in ("a[1].", "a[[]1]."):
            outcome = run([str(folder / f"{name}{suffix}")], [], folder / "out[1]*'")

            assert (outcome.flows, outcome.lines) == (1, [])


def test_flows_past_midnight_reach_the_slots_of_the_next_day(tmp_path: Path) -> None:
    day = 86_400
    flows = [
        flow("c", "203.0.113.1", day - 300, end=day + 900, bytes_down=1_200),
        *(flow("x", "192.0.2.1", x, bytes_down=1) for x in range(day - 1_200, day + 3_601, 600)),
    ]
    first, second = flows[:3], flows[3:]

    run([write_flows(tmp_path / "1.parquet", first)], [], tmp_path / "out")
    run([write_flows(tmp_path / "2.parquet", second)], [], tmp_path / "out")

    found = samples(tmp_path / "out")
    got = [found["gamma", "", "", "bytes_down", day + x][0] for x in (-600, 0, 600, 1_200)]
    assert got == [300, 600, 300, 0]


def test_csv_is_read_like_parquet(whole: Path, tmp_path: Path) -> None:
    flows, answers = cut(tmp_path, 1, parts=1)
    for path in (*flows, *answers):
        csv.write_csv(parquet.read_table(path), path.replace(".parquet", ".csv"))
    packed = tmp_path / "dns-0.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "dns-0.csv").read_bytes()))

    run([str(tmp_path / "flows-0.csv")], [str(packed)], tmp_path / "out")

    assert same(tmp_path / "out", whole)


def test_folders_and_patterns_stand_for_their_files(whole: Path, tmp_path: Path) -> None:
    cut(tmp_path / "in", 1, parts=2)

    outcome = run([f"{tmp_path}/in/flows-*.parquet"], [f"{tmp_path}/in/dns-?.*"], tmp_path / "out")

    assert outcome.files == 4
    assert same(tmp_path / "out", whole)


def test_results_may_lie_where_only_fsspec_reaches(whole: Path, tmp_path: Path) -> None:
    flows, answers = cut(tmp_path, 1, parts=1)
    urls = [f"local://{path}" for path in (*flows, *answers)]

    outcome = classifying.classify_logs(
        urls[:1], urls[1:], f"local://{tmp_path}/out", made_catalogue(), classifying.Options()
    )

    assert outcome.lines == []
    assert same(tmp_path / "out", whole)


def made_catalogue() -> Any:
    from tests.flows.made import catalogue

    return catalogue()


def test_little_memory_is_enough(whole: Path, tmp_path: Path) -> None:
    from outage.flows.engine import Limits

    classify(tmp_path, FLOWS, ANSWERS, limits=Limits("100MB", 1))

    assert same(tmp_path / "out", whole)


def table(**changes: Any) -> pa.Table:
    """Return a table of ten good flows with some columns replaced, or left out (None)."""
    rows = [flow("c", "203.0.113.1", second) for second in range(10)]
    from outage.canonical import flow_schema

    made = pa.Table.from_pylist(rows, schema=flow_schema())
    for name, column in changes.items():
        place = made.column_names.index(name)
        made = made.remove_column(place)
        if column is not None:
            made = made.add_column(place, name, column)
    return made


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"server_ip": pa.array(range(10))}, "column 'server_ip' is BIGINT, not VARCHAR; write"),
        ({"start": pa.array(range(10))}, "column 'start' is BIGINT, not TIMESTAMP"),
        ({"bytes_up": pa.array(["x"] * 10)}, "column 'bytes_up' is VARCHAR, not BIGINT"),
        ({"client": None}, "flows need a column 'client'"),
    ],
)
def test_a_file_of_wrong_columns_is_told_and_left_out(
    tmp_path: Path, made: dict[str, Any], said: str
) -> None:
    good = write_flows(tmp_path / "good.parquet", [flow("c", "203.0.113.1", 0)])
    parquet.write_table(table(**made), tmp_path / "bad.parquet")

    outcome = run([str(tmp_path / "bad.parquet"), good], [], tmp_path / "out")

    (line,) = outcome.lines
    assert f"bad.parquet: {said}" in line
    assert (outcome.flows, outcome.files, outcome.files_failed) == (1, 2, 1)


def test_files_that_are_no_logs_are_told_and_left_out(tmp_path: Path) -> None:
    good = write_flows(tmp_path / "good.parquet", [flow("c", "203.0.113.1", 0)])
    write_flows(tmp_path / "none.parquet", [])
    (tmp_path / "empty.parquet").touch()
    (tmp_path / "half.parquet").write_bytes(Path(good).read_bytes()[:-40])
    (tmp_path / "text.csv").write_text("this is, no log\n1,2\n")
    (tmp_path / "bytes.csv").write_bytes(b"\x00\xff\xfe" * 40)
    names = ("none.parquet", "empty.parquet", "half.parquet", "text.csv", "bytes.csv", "gone.csv")

    outcome = run([good, *(str(tmp_path / name) for name in names)], [], tmp_path / "out")

    assert (outcome.flows, outcome.files_failed) == (1, 6)
    reasons = {Path(line.split(": ")[0]).name: line for line in outcome.lines}
    assert "holds no row" in reasons["none.parquet"]
    assert "is empty" in reasons["empty.parquet"]
    assert "fetch or write it again" in reasons["half.parquet"]
    assert "need a column 'client'" in reasons["text.csv"]
    assert "neither Parquet nor CSV" in reasons["bytes.csv"]
    assert "No such file" in reasons["gone.csv"]


def test_a_file_damaged_in_its_middle_is_left_out_and_the_rest_done(tmp_path: Path) -> None:
    good = write_flows(tmp_path / "good.parquet", FLOWS[:2_000])
    bad = Path(write_flows(tmp_path / "bad.parquet", FLOWS[2_000:]))
    content = bytearray(bad.read_bytes())
    column = parquet.ParquetFile(bad).metadata.row_group(0).column(6)  # bytes_down
    at = column.data_page_offset
    content[at : at + 400] = b"\xff" * 400
    bad.write_bytes(content)

    outcome = run([good, str(bad)], [], tmp_path / "out")

    assert outcome.flows == 2_000
    assert "bad.parquet: " in outcome.lines[0]


def test_bad_rows_of_a_csv_file_are_counted_and_left_out(tmp_path: Path) -> None:
    head = "client,server_ip,server_port,protocol,start,end,bytes_down"
    good = "c,203.0.113.1,443,tcp,2026-02-16T00:00:0{}Z,2026-02-16T00:00:09Z,7"
    lines = [head, *(good.format(n) for n in range(5)), "c,203.0.113.1,443,tcp,yesterday,,7", "c,2"]
    (tmp_path / "flows.csv").write_text("\n".join(lines) + "\n")

    outcome = run([str(tmp_path / "flows.csv")], [], tmp_path / "out")

    assert outcome.flows == 5
    (line,) = outcome.lines
    assert "flows.csv:7: " in line
    assert "2 such rows are left out" in line


def test_rows_of_a_clock_that_was_never_set_are_counted_and_left_out(tmp_path: Path) -> None:
    micros = (-(10**18), 7_258_118_400 * 10**6, None)
    wrong = [FLOWS[0] | {"start": at, "end": at} for at in micros]
    schema = pa.schema([one.with_nullable(True) for one in flow_schema()])
    rows = pa.Table.from_pylist([*FLOWS[:50], *wrong], schema=schema)
    parquet.write_table(rows, tmp_path / "flows.parquet")

    outcome = run([str(tmp_path / "flows.parquet")], [], tmp_path / "out")

    assert outcome.flows == 50
    (line,) = outcome.lines
    assert "flows.parquet: 3 rows have a 'start' outside 1990 to 2199" in line


def test_what_is_no_measurement_is_not_known(tmp_path: Path) -> None:
    rows = pa.Table.from_pylist([flow("c", "203.0.113.1", 60 * n) for n in range(40)])
    values = pa.array([float("nan"), float("inf"), -5.0, 1e30] + [2.0] * 36, pa.float64())
    for name in ("bytes_down", "rtt_ms"):
        rows = rows.set_column(rows.column_names.index(name), name, values)
    for name in ("start", "end"):
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, rows.column(name).cast(pa.timestamp("us", "UTC")))
    parquet.write_table(rows, tmp_path / "flows.parquet")

    run([str(tmp_path / "flows.parquet")], [], tmp_path / "out")

    found = samples(tmp_path / "out")
    assert found["gamma", "", "", "bytes_down", 0] == (12, None)
    assert found["gamma", "", "", "rtt_tcp_ms", 0] == (2, 7)  # 1e30 ms is a number


def test_a_csv_file_that_loses_every_row_says_why(tmp_path: Path) -> None:
    head = "client,server_ip,server_port,protocol,start,end"
    bad = [head, "c,203.0.113.1,443,tcp,yesterday,yesterday"]
    (tmp_path / "bad.csv").write_text("\n".join(bad) + "\n")
    (tmp_path / "twice.csv").write_text(f"{head},client\nc,1.1.1.1,1,tcp,,,c\n")

    with pytest.raises(BadInput, match=r"bad\.csv:2: .*1 such rows"):
        run([str(tmp_path / "bad.csv")], [], tmp_path / "out")
    with pytest.raises(BadInput, match=r"twice\.csv: has the column 'client' more than once"):
        run([str(tmp_path / "twice.csv")], [], tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("inputs.json", '{"slot_seconds": 600, "flows": [], "dns": []}', "inputs.json: is damaged"),
        ("addresses.parquet", "x", "addresses.parquet: .*; remove it"),
    ],
)
def test_results_that_were_damaged_are_told(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    classify(tmp_path, FLOWS[:10])
    (tmp_path / "out" / name).write_text(content)

    with pytest.raises(BadInput, match=said):
        classify(tmp_path, FLOWS[:10])


def test_a_span_and_a_folder_that_cannot_be_are_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(UsageError, match="--until: is not after --since"):
        classify(tmp_path, FLOWS[:10], since=5, until=5)
    with pytest.raises(UsageError, match=r"--out: .*out cannot be made"):
        classify(tmp_path, FLOWS[:10])


def test_nothing_usable_is_an_error_that_names_the_first_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.parquet: cannot be read"):
        run([str(tmp_path / "gone.parquet")], [], tmp_path / "out")


def test_inputs_within_the_results_are_refused(tmp_path: Path) -> None:
    inside = write_flows(tmp_path / "out" / "flows" / "mine.parquet", [flow("c", "192.0.2.1", 0)])

    with pytest.raises(UsageError, match="lies in --out"):
        run([inside], [], tmp_path / "out")


def test_another_slot_length_over_old_results_is_refused(whole: Path, tmp_path: Path) -> None:
    classify(tmp_path, FLOWS[:10])

    with pytest.raises(UsageError, match="holds slots of 600 s, not 300 s"):
        classify(tmp_path, FLOWS[:10], slot_seconds=300)


def test_what_was_learned_of_addresses_is_kept_for_later_runs(tmp_path: Path) -> None:
    named = [flow("c", "198.51.100.1", 0, server_name="c1.alpha.example")]
    run([write_flows(tmp_path / "1.parquet", named)], [], tmp_path / "out")
    later = [flow("d", "198.51.100.1", 200_000)]
    run([write_flows(tmp_path / "2.parquet", later)], [], tmp_path / "out")

    rows = {
        row["client"]: (row["service"], row["named_by"]) for row in classified(tmp_path / "out")
    }
    assert rows == {"c": ("alpha", "sni"), "d": ("alpha", "address")}
    kept = parquet.read_table(tmp_path / "out" / "addresses.parquet").to_pylist()
    assert [(row["address"], row["service"]) for row in kept] == [("198.51.100.1", "alpha")]


def test_the_folder_remembers_what_it_was_made_from(whole: Path) -> None:
    kept = json.loads((whole / "inputs.json").read_text())

    assert [Path(name).name for name in (*kept["flows"], *kept["dns"])] == [
        "flows.parquet", "dns.parquet",
    ]  # fmt: skip
    assert not list(whole.glob(".*"))
