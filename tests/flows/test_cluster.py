"""Two real worker processes give exactly what one process gives, also when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from outage.errors import SourceError
from outage.flows import cluster
from outage.flows.cluster import Alone
from outage.flows.engine import Limits
from outage.flows.naming import Names, Share
from outage.flows.shares import Classified, Plan, classify_share
from tests.flows.made import classified, classify, made_answers, made_flows, samples

distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra: cluster)")

FLOWS, ANSWERS = made_flows(3_000, seed=7), made_answers(1_000, seed=8)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a scheduler as a process of its own and return its address."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
             "--scheduler-file", str(file)]  # fmt: skip
    process = dask(*words)
    try:
        while not file.exists():
            assert process.poll() is None
            time.sleep(0.05)
        with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
            address = str(client.scheduler.address)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def dask(*words: str) -> subprocess.Popen[bytes]:
    """Start a part of Dask as a process that imports what the tests import."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def workers(scheduler: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run two workers, each a process without a nanny, and return them."""
    words = ["worker", scheduler, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    found = [dask(*words) for _ in range(2)]
    try:
        with distributed.Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield found
    finally:
        for one in found:
            one.terminate()
        for one in found:
            one.wait(20)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a single process."""
    folder = tmp_path_factory.mktemp("alone")
    classify(folder, FLOWS, ANSWERS)
    return folder / "out"


def test_two_workers_give_what_one_process_gives(
    alone: Path, scheduler: str, workers: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    outcome = classify(tmp_path, FLOWS, ANSWERS, cluster=scheduler)

    assert outcome.flows == len(FLOWS)
    assert len(workers) == 2
    assert classified(tmp_path / "out") == classified(alone)
    assert samples(tmp_path / "out") == samples(alone)


def die_half_way(plan: Plan, share: Share) -> Classified:
    """Classify a share, but kill the worker that first comes to the second half of the clients,
    with an unfinished file of it in place."""
    mark = Path(plan.out).parent / "died"
    if share.bucket:
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            folder = Path(plan.out) / "flows"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ".part-001.parquet.half.tmp").write_bytes(b"PAR1 half a file")
            os.kill(os.getpid(), signal.SIGKILL)
    return classify_share(plan, share)


def test_a_worker_killed_half_way_changes_nothing(
    alone: Path,
    scheduler: str,
    workers: list[subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("outage.flows.classifying.classify_share", die_half_way)

    outcome = classify(tmp_path, FLOWS, ANSWERS, cluster=scheduler)

    assert (tmp_path / "died").exists()
    assert [one.poll() for one in workers].count(-signal.SIGKILL) == 1
    assert outcome.lines == []
    assert classified(tmp_path / "out") == classified(alone)
    assert samples(tmp_path / "out") == samples(alone)


def test_a_scheduler_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE_S", 1)

    with pytest.raises(SourceError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1 "):
        classify(tmp_path, FLOWS[:10], cluster="tcp://127.0.0.1:1")


def test_two_items_at_a_time_share_memory_and_threads(tmp_path: Path) -> None:
    seen: list[Limits] = []

    def step(plan: Plan, item: int) -> int:
        seen.append(plan.limits)
        return item

    def run(count: int, limits: Limits) -> list[int]:
        seen.clear()
        plan = Plan(str(tmp_path), (), (), Names(), 600, 300, "", 0, limits)
        return list(Alone().run(step, plan, range(count)))

    assert run(3, Limits("2GB", 4)) == [0, 1, 2]
    assert {(one.memory, one.threads) for one in seen} == {("1.000GB", 2)}
    assert run(2, Limits("2GB", 1)) == [0, 1]
    assert run(1, Limits("2GB")) == [0]
    assert seen == [Limits("2GB")]
