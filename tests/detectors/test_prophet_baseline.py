"""Prophet behind the same two steps; few fits, since each takes a fifth of a second."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from detectors.prophet_baseline import ProphetBaseline
from outage.errors import SourceError
from outage.words import Noise
from tests.detectors.made import made, with_outages


def test_it_forecasts_the_next_day_and_is_not_spoilt_by_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kinds = (Noise.COUNT, Noise.VOLUME, Noise.COUNT)
    one = with_outages(made(noises=kinds, levels=(300.0, 1e6, 4.0)), hours=8, share=1.0, seed=1)
    baseline = ProphetBaseline().fit(one.history)
    answer = baseline.expect(one.next_starts, one.next_offsets)
    error = np.median(np.abs(answer.location / one.next_truth - 1), axis=0)
    assert (error < [0.03, 0.03, 0.08]).all()
    np.testing.assert_allclose(answer.spread[0, :2], 0.05, rtol=0.4)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == []


def test_minutes_are_fitted_as_ten_minutes_and_expected_as_minutes() -> None:
    one = made(days=15, noises=(Noise.COUNT,), levels=(20.0,), slot_seconds=60)
    answer = ProphetBaseline().fit(one.history).expect(one.next_starts, one.next_offsets)
    assert np.median(np.abs(answer.location / one.next_truth - 1)) < 0.04


def test_a_sparse_count_keeps_its_mean() -> None:
    one = made(noises=(Noise.COUNT,), levels=(0.2,), spread=0.0)
    answer = ProphetBaseline().fit(one.history).expect(one.next_starts, one.next_offsets)
    assert answer.location.mean() == pytest.approx(one.next_truth.mean(), rel=0.3)


def test_a_cluster_of_two_workers_gives_the_same_result() -> None:
    from distributed import LocalCluster

    one = made(days=6, noises=(Noise.COUNT, Noise.VOLUME), levels=(30.0, 1e6))
    here = ProphetBaseline().fit(one.history)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        there = ProphetBaseline(cluster=cluster.scheduler_address).fit(one.history)
    np.testing.assert_array_equal(there.week, here.week)
    np.testing.assert_array_equal(there.slope, here.slope)
    np.testing.assert_array_equal(there.spread.constant, here.spread.constant)


def test_a_cluster_that_does_not_answer_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectors.prophet_baseline.CONNECT_SECONDS", 0.2)
    one = made(days=3, noises=(Noise.COUNT,), levels=(30.0,))
    with pytest.raises(SourceError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:1'"):
        ProphetBaseline(cluster="tcp://127.0.0.1:1").fit(one.history)
