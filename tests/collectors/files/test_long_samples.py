from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.files import lines
from collectors.files.long_samples import LongSamples
from outage.batches import Chunk
from outage.errors import BadInput, UsageError
from outage.interfaces import ReadOptions
from outage.words import Series
from tests.collectors.files.reading import HEADER, csv_file, plain, read

START = datetime(2014, 2, 22, 18, tzinfo=UTC)


def row(minute: int, rest: str = "whatsapp,op-1,chat,flows,12") -> str:
    return f"{(START + timedelta(minutes=minute)).strftime('%Y-%m-%dT%H:%M:%SZ')},{rest}"


def test_a_row_becomes_a_sample_known_at_the_end_of_its_slot(tmp_path: Path) -> None:
    samples, rejected = read(csv_file(tmp_path, row(0), row(10)))
    assert not rejected
    assert samples[0].series == Series("whatsapp", "flows", "chat", "op-1", "import", 600)
    assert samples[0].slot_start == int(START.timestamp())
    assert [one.known_at - one.slot_start for one in samples] == [600, 600]


def test_the_lag_of_its_source_delays_what_is_known(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, row(0) + ",slow", row(10) + ",slow", row(0) + ",fast", header=HEADER + ",source"
    )
    samples, _ = read(path, ReadOptions(lags={"slow": 90}))
    assert [one.known_at - one.slot_start for one in samples] == [690, 690, 600]


def test_a_weight_says_on_how_many_measurements_a_median_rests(tmp_path: Path) -> None:
    rows = [row(10 * n, f"whatsapp,op-1,,rtt_tcp_ms,20,{x}")
            for n, x in enumerate(("7", "", "0", "many", "-1", "2.5"))]  # fmt: skip
    samples, rejected = read(csv_file(tmp_path, *rows, header=HEADER + ",weight"))

    assert [one.weight for one in samples] == [7, None, None, 2.5]
    assert [(one.line, one.reason) for one in rejected] == [
        (5, "weight is no count of measurements"), (6, "weight is no count of measurements"),
    ]  # fmt: skip
    frame = pd.read_csv(csv_file(tmp_path, *rows[:3], header=HEADER + ",weight"))
    frame.to_parquet(tmp_path / "samples.parquet")
    found, _ = read(tmp_path / "samples.parquet")
    assert [one.weight for one in found] == [7, None, None]


def test_a_slot_in_the_future_is_rejected(tmp_path: Path) -> None:
    path = csv_file(tmp_path, row(0), row(10), "2114-02-22T18:00:00Z,whatsapp,op-1,chat,flows,12")
    samples, (wrong,) = read(path, ReadOptions(not_after=int(START.timestamp()) + 86_400))
    assert len(samples) == 2
    assert (wrong.line, wrong.reason) == (4, "slot_start lies in the future")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("yesterday,whatsapp,op-1,,flows,12", "not ISO 8601"),
        ("2014-02-30T18:00:00Z,whatsapp,op-1,,flows,12", "not ISO 8601"),
        ("2014-02-22T18:00:00,whatsapp,op-1,,flows,12", "no zone"),
        ("2014-02-22T18:05:00Z,whatsapp,op-1,,flows,12", "not the start of a slot of 600 s"),
        ("2914-02-22T18:00:00Z,whatsapp,op-1,,flows,12", "outside 1970 to 2199"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,NaN", "missing"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,", "missing"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,-1", "negative"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,-inf", "infinite"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,1e999", "infinite"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,many", "not a number"),
        ('2014-02-22T18:00:00Z,whatsapp,op-1,,flows,"1,000"', "not a number"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,reachability,97", "share is above 1"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flow,12", "unknown signal 'flow'"),
        ("2014-02-22T18:00:00Z,Whats App,op-1,,flows,12", "'Whats App' is not a slug"),
        ("2014-02-22T18:00:00Z,,op-1,,flows,12", "service is empty"),
        ("2014-02-22T18:00:00Z,whatsapp,Op 1,,flows,12", "vantage 'Op 1' is not a slug"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows", "5 columns where the first line names 6"),
        ("2014-02-22T18:00:00Z,whatsapp,op-1,,flows,1,2", "7 columns where the first line"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_are_taken(
    tmp_path: Path, cells: str, reason: str
) -> None:
    samples, rejected = read(csv_file(tmp_path, row(0), cells, "", row(10), row(20)))
    assert [one.slot_start for one in samples] == [
        int(START.timestamp()) + 600 * step for step in range(3)
    ]
    assert [(one.origin, one.line) for one in rejected] == [("made.csv", 3)]
    assert reason in rejected[0].reason
    assert rejected[0].remedy
    assert rejected[0].excerpt == cells


def test_remedies_say_the_word_that_was_meant(tmp_path: Path) -> None:
    wrong = (row(0, "whatsapp,,,error_post,1"), row(0, "Whats App,,,posts,1"))
    _, (signal, service) = read(csv_file(tmp_path, *wrong))
    assert "did you mean 'error_posts'?" in signal.remedy
    assert "'whats-app'" in service.remedy


def test_bad_bytes_spoil_their_own_row_only(tmp_path: Path) -> None:
    path = csv_file(tmp_path, row(0), row(10, "caf\xe9,,,posts,1"), row(20))
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    samples, rejected = read(path)
    assert len(samples) == 2
    assert [one.line for one in rejected] == [3]


def test_an_open_quote_spoils_its_own_row_only(tmp_path: Path) -> None:
    rows = (row(0) + ",ok", row(10) + ',"said ""a, b"""', row(20) + ',"open', row(30) + ",ok")
    samples, rejected = read(csv_file(tmp_path, *rows, header=HEADER + ",note"))
    assert len(samples) + len(rejected) == 4
    assert len(samples) >= 3


def test_times_in_several_zones_are_one_moment(tmp_path: Path) -> None:
    rows = (
        "2014-02-22T19:00:00+01:00,a,,,posts,1",
        "2014-02-22 18:10:00Z,a,,,posts,2",
        "2014-02-22 13:20:00-0500,a,,,posts,3",
        "1393093800,a,,,posts,4",
    )
    samples, rejected = read(csv_file(tmp_path, *rows))
    assert not rejected
    assert [(one.slot_start - int(START.timestamp())) // 600 for one in samples] == [0, 1, 2, 3]


def test_a_zone_given_reads_times_without_one_but_not_the_hour_there_twice(tmp_path: Path) -> None:
    rows = (
        "2014-10-26 01:50:00,a,,,posts,1",
        "2014-10-26 02:30:00,a,,,posts,2",
        "2014-10-26 03:00:00,a,,,posts,3",
        "2014-10-26T02:10:00Z,a,,,posts,4",
    )
    options = ReadOptions(timezone="Europe/Berlin", slot_seconds=600)
    samples, rejected = read(csv_file(tmp_path, *rows), options)
    assert [one[0] for one in plain(samples)] == [
        "2014-10-25T23:50:00Z",
        "2014-10-26T02:00:00Z",
        "2014-10-26T02:10:00Z",
    ]
    assert [one.line for one in rejected] == [3]
    assert "twice" in rejected[0].reason


def test_two_columns_and_options_make_samples_whose_moments_are_floored(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "2015-02-26 21:42:53,104", "2015-02-26 21:47:53,100", header="timestamp,value"
    )
    options = ReadOptions(service="aapl", signal="posts", timezone="UTC", slot_seconds=300)
    samples, rejected = read(path, options)
    assert not rejected
    assert plain(samples) == [
        ("2015-02-26T21:40:00Z", "aapl", "posts", 104.0),
        ("2015-02-26T21:45:00Z", "aapl", "posts", 100.0),
    ]


def test_repeated_rows_count_once_and_of_rows_that_disagree_the_last_is_taken(
    tmp_path: Path,
) -> None:
    other = "whatsapp,op-1,chat,flows,99"
    rows = (row(0), row(0), row(10, other), row(10), row(10), row(20))
    samples, rejected = read(csv_file(tmp_path, *rows))
    assert [one.value for one in samples] == [12.0, 12.0, 12.0]
    assert [one.line for one in rejected] == [4]
    assert "another value" in rejected[0].reason


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("time,svc,val", "column slot_start, service, signal, value missing (found: time, svc"),
        ("slot_start,service,signal", "column value missing"),
        ("created_at,text,likes", "(found: created_at, text, likes), and no samples; count them"),
        ("slot_start,service,vantge,signal,value", "did you mean 'vantage'"),
        ("slot_start,service,signal,value,value", "value is there twice"),
        ("slot_start;service;signal;value", "separated by commas"),
        (",".join(f"c{number}" for number in range(2_000)), "2,000 columns"),
    ],
)
def test_wrong_columns_are_one_line_that_names_them(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(csv_file(tmp_path, "1,2,3", header=header))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        ReadOptions(slot_seconds=7),
        ReadOptions(timezone="Mars/Olympus"),
        ReadOptions(source="Not a slug"),
    ],
)
def test_a_wrong_option_is_wrong_use(tmp_path: Path, options: ReadOptions) -> None:
    with pytest.raises(UsageError):
        read(csv_file(tmp_path, row(0)), options)


def test_an_option_may_not_contradict_a_column(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="leave --service out"):
        read(csv_file(tmp_path, row(0)), ReadOptions(service="other"))


def test_parquet_and_gzip_say_the_same_as_csv(tmp_path: Path) -> None:
    rows = [row(10 * step, f"svc-{step % 3},op-1,,flows,{step}") for step in range(50)]
    path = csv_file(tmp_path, *rows)
    packed = tmp_path / "made.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    frame = pd.read_csv(path, parse_dates=["slot_start"], keep_default_na=False)
    frame["service"] = frame["service"].astype("category")
    frame.to_parquet(tmp_path / "made.parquet")
    expected = read(path)
    assert len(expected[0]) == 50
    assert read(packed) == expected
    assert read(tmp_path / "made.parquet") == expected


def test_parquet_rows_are_checked_and_named_by_their_number(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "slot_start": pd.to_datetime([START, START, None, START], utc=True),
            "service": ["a", None, "a", "b"],
            "signal": ["posts"] * 4,
            "value": [1.0, 2.0, 3.0, float("nan")],
        }
    )
    frame.to_parquet(tmp_path / "made.parquet")
    samples, rejected = read(tmp_path / "made.parquet")
    assert len(samples) == 1
    assert [one.line for one in rejected] == [2, 3, 4]
    assert "service=b" in rejected[2].excerpt


def test_parquet_times_without_a_zone_need_one(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "slot_start": [START.replace(tzinfo=None)],
            "service": ["a"],
            "signal": ["posts"],
            "value": [1],
        }
    )
    frame.to_parquet(tmp_path / "made.parquet")
    with pytest.raises(BadInput, match="--timezone"):
        read(tmp_path / "made.parquet")
    samples, _ = read(tmp_path / "made.parquet", ReadOptions(timezone="Europe/Berlin"))
    assert plain(samples)[0][0] == "2014-02-22T17:00:00Z"


def test_a_truncated_parquet_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"value": range(10_000)})
    path = tmp_path / "cut.parquet"
    frame.to_parquet(path)
    path.write_bytes(path.read_bytes()[:3_000])
    with pytest.raises(BadInput, match="not a whole Parquet file"):
        read(path)


def test_of_a_truncated_gzip_what_can_be_read_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PIECE_BYTES", 4_000)
    rows = [row(10 * step, f"whatsapp,,,flows,{step * 7919 % 1009}") for step in range(2_000)]
    packed = gzip.compress(csv_file(tmp_path, *rows).read_bytes())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    chunks: list[Chunk] = []
    with pytest.raises(BadInput, match="cut off"):
        chunks.extend(LongSamples().read(path, ReadOptions()))
    assert 500 < sum(len(chunk.batch) for chunk in chunks) < 2_000
    assert not any(chunk.rejected for chunk in chunks)


def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(5 * step, f"svc-{step % 2},op-{step % 3},,flows,{step}") for step in range(400)]
    rows[100] = row(3)
    rows[200] = row(4) + ',"'
    path = csv_file(tmp_path, *rows)
    whole = read(path)
    monkeypatch.setattr(lines, "PIECE_BYTES", 257)
    assert read(path) == whole
    assert {one.series.slot_seconds for one in whole[0]} <= {600, 1800}


CELLS = st.sampled_from(
    ["2014-02-22T18:00:00Z", "whatsapp", "", "flows", "12", "nan", '"', "1e5", "\x00", "é", "," * 9]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=st.lists(st.lists(CELLS, min_size=1, max_size=8), max_size=12),
    junk=st.binary(max_size=80),
)
def test_whatever_a_file_holds_it_is_read_or_refused(
    tmp_path: Path, table: list[list[str]], junk: bytes
) -> None:
    path = tmp_path / "any.csv"
    body = "\n".join(",".join(cells) for cells in table).encode()
    for content in (junk, HEADER.encode() + b"\n" + body + b"\n" + junk, b"\x1f\x8b" + junk):
        path.write_bytes(content)
        try:
            samples, _ = read(path)
        except BadInput:
            continue
        assert all(one.value >= 0 for one in samples)


@pytest.mark.parametrize("case", ["case-000", "case-040"])
def test_a_labelled_case_is_read_whole(shared: Path, case: str) -> None:
    path = shared / "cases" / case / "samples.parquet"
    chunks = list(LongSamples().read(path, ReadOptions()))
    assert sum(len(chunk.batch) for chunk in chunks) == len(pd.read_parquet(path))
    assert not any(chunk.rejected for chunk in chunks)
    described = json.loads((path.parent / "case.json").read_text())
    lengths = {one.slot_seconds for chunk in chunks for one in chunk.batch.series}
    assert lengths == {described["slot_seconds"]}
