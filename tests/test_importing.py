from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.files import lines
from collectors.files.long_samples import LongSamples
from collectors.files.report_archive import ReportArchive
from outage import importing
from outage.importing import Imported, import_files
from outage.interfaces import Reader, ReadOptions
from outage.slots import parse_time
from outage.store.schema import upgrade
from outage.store.store import Store

NOW = parse_time("2026-01-01T00:00:00Z")
HEADER = "slot_start,service,vantage,signal,value\n"
FOREVER = (0, 2**40)

KILLED_HALF_WAY = """
import os, signal, sys
from pathlib import Path
from collectors.files import lines
from collectors.files.long_samples import LongSamples
from outage.importing import import_files
from outage.interfaces import ReadOptions
from outage.store.store import Store

def kill(_path, share):
    if share > 0.5:
        os.kill(os.getpid(), signal.SIGKILL)

lines.PIECE_BYTES = 50_000
with Store.open(sys.argv[1]) as store:
    import_files(store, LongSamples(), [Path(sys.argv[2])], ReadOptions(), 0, progress=kill)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with made(tmp_path, "store") as opened:
        yield opened


def made(folder: Path, name: str) -> Store:
    url = f"sqlite:///{folder / name}.db"
    upgrade(url)
    return Store.open(url)


def content(store: Store) -> list[tuple[object, ...]]:
    batch = store.load(*FOREVER)
    return [
        (batch.series[place], start, value, known_at)
        for place, start, value, known_at in zip(
            *(
                column.tolist()
                for column in (batch.series_index, batch.slot_start, batch.value, batch.known_at)
            ),
            strict=True,
        )
    ]


def taken(
    store: Store, *paths: Path, reader: Reader | None = None, service: str | None = None
) -> Imported:
    options = ReadOptions(service=service)
    return import_files(store, reader or LongSamples(), paths, options, NOW)


def samples_file(folder: Path, rows: int = 3, name: str = "made.csv", bad: int = 0) -> Path:
    path = folder / name
    start = parse_time("2014-02-01T00:00:00Z")
    text = [f"{start + 600 * step},whatsapp,op-1,flows,{step}\n" for step in range(rows)]
    text += ["yesterday,whatsapp,op-1,flows,1\n"] * bad
    path.write_text(HEADER + "".join(text))
    return path


def test_the_same_file_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = samples_file(tmp_path, rows=500, bad=3)
    first = taken(store, path)
    before, rejected = content(store), store.rejected()
    again = taken(store, path)
    assert (first.rows, first.new, first.rejected) == (500, 500, 3)
    assert (again.new, again.replaced, again.corrected, again.unchanged) == (0, 0, 0, 500)
    assert content(store) == before
    assert store.rejected() == rejected
    assert len(rejected) == 3


def test_a_file_that_fails_does_not_stop_the_others(store: Store, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("a,b\n1,2\n")
    outcome = taken(store, broken, samples_file(tmp_path), tmp_path / "none.csv")
    assert outcome.files_failed == 2
    assert outcome.new == 3
    assert "missing" in str(outcome.files[0].error)


def test_of_many_bad_rows_the_first_are_shown_and_ten_thousand_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PIECE_BYTES", 60_000)
    outcome = taken(store, samples_file(tmp_path, bad=10_050))
    assert outcome.rejected == 10_050
    assert [row.line for row in outcome.files[0].first] == list(range(5, 15))
    assert len(store.rejected(limit=20_000)) == 10_000


def test_a_file_without_one_good_row_is_given_up(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "HOPELESS", 500)
    monkeypatch.setattr(lines, "MAX_LINES", 100)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(HEADER.encode() + b"x\n" * 2_000))
    outcome = taken(store, path, samples_file(tmp_path, bad=600))
    assert outcome.files[0].rejected == 599  # 99 below the header, then hundreds
    assert "none of the first 599 rows is good" in str(outcome.files[0].error)
    assert (outcome.files[1].rejected, outcome.files[1].error) == (600, None)


def test_killed_half_way_and_repeated_the_store_is_as_if_never_killed(tmp_path: Path) -> None:
    path = samples_file(tmp_path, rows=8_000)
    with made(tmp_path, "killed") as store, made(tmp_path, "whole") as whole:
        url = f"sqlite:///{tmp_path / 'killed'}.db"
        done = subprocess.run(
            [sys.executable, "-c", KILLED_HALF_WAY, url, str(path)], check=False, timeout=60
        )
        assert done.returncode == -9
        assert 0 < len(content(store)) < 8_000
        taken(store, path)
        taken(whole, path)
        assert len(content(whole)) == 8_000
        assert content(store) == content(whole)


def test_of_two_archives_the_higher_count_wins_whatever_their_order(tmp_path: Path) -> None:
    rng = random.Random(7)
    paths = []
    for name in ("one", "two"):
        counts = [
            {"x": f"2018-01-04T{hour:02}:31:11-05:00", "y": rng.randrange(50)} for hour in range(24)
        ]
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps({"counts": counts}))
    with made(tmp_path, "there") as there, made(tmp_path, "back") as back:
        taken(there, *paths, reader=ReportArchive(), service="aws")
        taken(back, *reversed(paths), reader=ReportArchive(), service="aws")
        assert len(content(there)) == 24
        assert content(there) == content(back)
        again = taken(back, *paths, reader=ReportArchive(), service="aws")
        assert (again.new, again.replaced, again.unchanged) == (0, 0, 48)


def test_samples_of_slots_already_judged_are_counted(store: Store, tmp_path: Path) -> None:
    start = parse_time("2014-02-01T00:00:00Z")
    store.save_judgement(start + 1_200, {}, [], [])
    outcome = taken(store, samples_file(tmp_path, rows=5))
    assert (outcome.judged, outcome.judged_since) == (2, start)
    assert taken(store, samples_file(tmp_path, rows=5)).judged == 0


def test_a_changed_value_of_a_judged_slot_is_a_correction(store: Store, tmp_path: Path) -> None:
    path = samples_file(tmp_path)
    taken(store, path)
    store.save_judgement(NOW, {}, [], [])
    path.write_text(path.read_text().replace("flows,2", "flows,20"))
    outcome = taken(store, path)
    assert (outcome.corrected, outcome.replaced, outcome.judged) == (1, 0, 1)


def test_progress_runs_from_nothing_to_all(store: Store, tmp_path: Path) -> None:
    seen: list[float] = []
    import_files(
        store,
        LongSamples(),
        [samples_file(tmp_path)],
        ReadOptions(),
        NOW,
        progress=lambda _path, share: seen.append(share),
    )
    assert seen[0] == 0.0
    assert seen[-1] == 1.0
    assert seen == sorted(seen)


def test_every_archived_file_imports(store: Store, shared: Path) -> None:
    files = sorted((shared / "data" / "downdetector").glob("*.json"))
    first = taken(store, *files, reader=ReportArchive(), service="aws")
    assert (len(files), first.rejected, first.files_failed) == (69, 0, 0)
    before = content(store)
    taken(store, *reversed(files), reader=ReportArchive(), service="aws")
    assert content(store) == before


def test_the_ten_series_of_posts_import(store: Store, shared: Path) -> None:
    files = sorted((shared / "data" / "nab" / "data" / "realTweets").glob("*.csv"))
    assert len(files) == 10
    for number, file in enumerate(files):
        options = ReadOptions(
            service=f"company-{number}", signal="posts", timezone="UTC", slot_seconds=300
        )
        outcome = import_files(store, LongSamples(), [file], options, NOW)
        assert outcome.new == len(file.read_text().splitlines()) - 1
        assert not outcome.rejected
