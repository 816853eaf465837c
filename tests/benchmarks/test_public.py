"""The public data's readers, what is scored on it, and the two programs, on made data."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.public import anomaly, causal, nab, rtt, segment, tcpd
from outage.errors import BadInput
from outage.words import Noise

ROOT = Path(__file__).parents[2]
START, STEP, DAY = 1_425_081_773, 600, 144  # not on a slot, as in the real files
ROWS = 6 * DAY


def counts(seed: int = 0, rows: int = ROWS) -> np.ndarray:
    """Return counts with a daily season."""
    clock = np.arange(rows) * 2 * np.pi / DAY
    return np.random.default_rng(seed).poisson(40 + 20 * np.sin(clock)).astype(np.float64)


def times(rows: int = ROWS) -> np.ndarray:
    """Return the rows' times, epoch seconds."""
    return START + STEP * np.arange(rows, dtype=np.int64)


def ours(values: np.ndarray) -> np.ndarray:
    return causal.ours(times(len(values)), values, probation=100)


def prophet(values: np.ndarray) -> np.ndarray:
    return anomaly.prophet(times(len(values)), values, since=4 * DAY, every=86_400)


@pytest.mark.parametrize(
    "detect", [ours, prophet, anomaly.windowed_gaussian, anomaly.is_down, anomaly.null]
)
def test_no_detector_looks_ahead(detect: Callable[[np.ndarray], np.ndarray]) -> None:
    values = counts()
    cut = 5 * DAY + 17
    other = values.copy()
    other[cut:] *= 9

    assert detect(other)[:cut] == pytest.approx(detect(values)[:cut], abs=1e-12)


def test_our_score_is_highest_where_the_series_breaks() -> None:
    values = counts()
    values[5 * DAY] = 400

    scores = ours(values)

    assert int(scores.argmax()) == 5 * DAY
    assert (scores >= 0).all()
    assert (scores < 1).all()


def test_a_season_is_not_surprising_but_its_absence_is() -> None:
    values = counts()
    night, noon = 5 * DAY + 3 * DAY // 4, 5 * DAY + DAY // 4
    absent = values.copy()
    absent[noon] = values[night]

    assert ours(absent)[noon] > ours(values)[night]


def test_a_still_series_has_nothing_rare() -> None:
    assert ours(np.full(ROWS, 45.0)).max() == 0


def test_a_grid_keeps_gaps_doubles_and_clocks_that_go_back() -> None:
    moments = np.array([0, 300, 300, 900, 600, 1200]) + 17

    grid = causal.Grid.of(moments, np.arange(6.0))

    assert (grid.start, grid.seconds) == (0, 300)
    assert grid.slot.tolist() == [0, 1, 1, 3, 3, 4]
    assert grid.values.tolist() == pytest.approx([0, 1, np.nan, 3, 5], nan_ok=True)


@pytest.mark.parametrize(
    ("values", "noise"),
    [([0, 3, 7], Noise.COUNT), ([0.5, 3], Noise.VOLUME), ([0.5, 0], Noise.SHARE)],
)
def test_the_noise_is_told_from_the_values(values: list[float], noise: Noise) -> None:
    assert causal.noise_of(np.array(values)) is noise


def test_the_windowed_gaussian_is_numentas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly, "GAUSSIAN_WINDOW", 30)
    monkeypatch.setattr(anomaly, "GAUSSIAN_STEP", 7)
    values = counts(rows=120)
    window: list[float] = []
    waiting: list[float] = []
    expected = []
    for value in values:  # the definition, a row at a time
        z = abs(value - np.mean(window)) / (np.std(window) or 1e-6) if window else 0.0
        expected.append(1 - 0.5 * anomaly_tail(z) if window else 0.0)
        if len(window) < 30:
            window.append(value)
            continue
        waiting.append(value)
        if len(waiting) == 7:
            window, waiting = [*window[7:], *waiting], []

    assert anomaly.windowed_gaussian(values) == pytest.approx(expected)


def anomaly_tail(z: float) -> float:
    """Return twice the normal tail beyond z."""
    from math import erfc, sqrt

    return erfc(z / sqrt(2))


def test_is_down_hears_rises_only() -> None:
    values = np.tile([9.0, 11.0], 50)
    up, down = values.copy(), values.copy()
    up[60], down[60] = 40, 0

    assert int(anomaly.is_down(up).argmax()) == 60
    assert anomaly.is_down(down)[60] == 0


def test_once_a_day_tells_only_what_beats_the_day_before() -> None:
    scores = np.array([0.5, 0.5, 0.4, 0.9, 0.6, 0.7, 0.1, 0.7])

    assert anomaly.once_a_day(scores, 2).tolist() == [0.5, 0, 0, 0.9, 0, 0, 0, 0]
    assert anomaly.once_a_day(scores, 1).tolist() == [0.5, 0, 0, 0.9, 0, 0.7, 0, 0.7]


@pytest.mark.parametrize(
    "find",
    [
        segment.ours,
        segment.pelt,
        segment.binary,
        lambda values: segment.kernel(values, "linear"),
        lambda values: segment.kernel(values, "rbf"),
    ],
)
def test_a_jump_is_found_beyond_a_gap(find: Callable[[np.ndarray], list[int]]) -> None:
    values = np.random.default_rng(1).normal(size=200)
    values[100:] += 6
    values[20:40] = np.nan

    (found,) = find(values)

    assert abs(found - 100) <= 5


def test_a_constant_series_has_no_change() -> None:
    assert segment.ours(np.full(50, 3.0)) == []


def test_prophet_names_a_bend() -> None:
    values = np.concatenate([np.zeros(100), np.arange(100.0)])

    found = segment.prophet(values, None)

    assert any(abs(one - 100) <= 10 for one in found)
    assert segment.prophet(np.full(60, 2.0), None) == []


# -- reading, and the programs as they are called ---------------------------------------------


def make_nab(folder: Path) -> Path:
    """Write a corpus of one file whose one window holds a burst."""
    values = counts()
    values[5 * DAY + 10] = 500
    stamps = times().astype("datetime64[s]").astype(str)
    rows = [
        f"{stamp.replace('T', ' ')},{value:.0f}"
        for stamp, value in zip(stamps, values, strict=True)
    ]
    (folder / "data" / "made").mkdir(parents=True)
    (folder / "data" / "made" / "one.csv").write_text("\n".join(["timestamp,value", *rows]))
    window = [f"{stamps[5 * DAY + at].replace('T', ' ')}.000000" for at in (5, 25)]
    labels = {"made/one.csv": [window], "made/absent.csv": []}
    (folder / "combined_windows.json").write_text(json.dumps(labels))
    weights = {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11, "tnWeight": 1.0}
    names = ("standard", "reward_low_FP_rate", "reward_low_FN_rate")
    (folder / "config").mkdir()
    profiles = json.dumps({name: {"CostMatrix": weights} for name in names})
    (folder / "config" / "profiles.json").write_text(profiles)
    return folder


def program(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a benchmark as make does."""
    return subprocess.run(
        [sys.executable, "-W", "error", f"benchmarks/{name}.py", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_corpus_is_read_with_its_windows(tmp_path: Path) -> None:
    (file,) = nab.read_corpus(make_nab(tmp_path))

    assert file.name == "made/one.csv"
    assert file.spans == ((5 * DAY + 5, 5 * DAY + 25),)
    assert file.times[[0, -1]].tolist() == [START, START + STEP * (ROWS - 1)]


def test_nab_runs_on_any_corpus(tmp_path: Path) -> None:
    answer = program("nab", "--data", make_nab(tmp_path), "--no-prophet", "--processes", 1)

    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    (mine,) = (line for line in lines if line.startswith("ours, once"))
    assert float(mine.split()[2]) > 80
    assert lines[-1].startswith("nab: 1 files, 1 windows; standard score of ours ")


@pytest.mark.parametrize("name", ["nab", "changepoints"])
def test_a_folder_without_data_is_one_clear_line(tmp_path: Path, name: str) -> None:
    answer = program(name, "--data", tmp_path)

    assert answer.returncode == 2
    assert answer.stderr.startswith(f"{name}: {tmp_path}")
    assert "--data" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def make_changepoints(folder: Path) -> Path:
    """Write one Turing series and one trace, each with one jump."""
    rng = np.random.default_rng(2)
    level = np.repeat([0.0, 6.0], 60)
    table = {
        "name": "made",
        "time": {"format": "%Y", "raw": [str(1900 + year) for year in range(120)]},
        "series": [{"raw": [None, *(level + rng.normal(size=120)).tolist()[1:]]}],
    }
    (folder / "tcpd" / "datasets").mkdir(parents=True)
    (folder / "tcpd" / "datasets" / "made.json").write_text(json.dumps(table))
    (folder / "tcpd" / "annotations.json").write_text(json.dumps({"made": {"1": [60], "2": [61]}}))
    rows = ["epoch;rtt;cp", "14/10/2016 21:17;-3;0"]
    rows += [
        f"2016-10-14 21:{at % 60:02}:00;{100 + 20 * (at >= 60) + rng.normal()};{int(at == 60)}"
        for at in range(1, 120)
    ]
    (folder / "rtt_changepoints").mkdir()
    with gzip.open(folder / "rtt_changepoints" / "7.csv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(rows))
    return folder


def test_series_and_traces_are_read(tmp_path: Path) -> None:
    folder = make_changepoints(tmp_path)

    (series,) = tcpd.read_series(folder / "tcpd")
    (trace,) = rtt.read_traces(folder / "rtt_changepoints")

    assert series.annotations == ((60,), (61,))
    assert series.values.shape == (120, 1)
    assert np.isnan(series.values[0, 0])
    assert series.times is not None
    assert str(series.times[0]) == "1900-01-01T00:00:00"
    assert np.isnan(trace.rtt_ms[0])
    assert (trace.name, trace.labels) == ("7", (60,))


def test_change_points_run_where_nothing_was_published(tmp_path: Path) -> None:
    answer = program("changepoints", "--data", make_changepoints(tmp_path), "--no-prophet")

    assert answer.returncode == 0, answer.stderr
    last = answer.stdout.splitlines()[-1]
    assert last.startswith("changepoints: Turing cover 0.99")
    assert "RTT precision 1.000, recall 1.000, F2 1.000" in last


def test_a_published_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    row = r"\verb+one+ & \textbf{0.967} & F \\" + "\n" + r"\verb+two_2+ & 0.5 & M\\"
    head = r"Dataset & \textsc{amoc} & \textsc{pelt}\\"
    (tmp_path / "published" / "default_f1_combined_full.tex").write_text(f"{head}\n{row}\n")

    scores = tcpd.read_published(tmp_path, "default_f1")

    assert scores == {"amoc": {"one": 0.967, "two_2": 0.5}, "pelt": {}}
    assert tcpd.read_published(tmp_path, "oracle_f1") == {}


def test_a_window_that_no_row_begins_is_named(tmp_path: Path) -> None:
    folder = make_nab(tmp_path)
    labels = {"made/one.csv": [["2001-01-01 00:00:00", "2001-01-01 00:05:00"]]}
    (folder / "combined_windows.json").write_text(json.dumps(labels))

    with pytest.raises(BadInput, match=r"one\.csv: the labelled time 2001-01-01 00:00:00"):
        nab.read_corpus(folder)
