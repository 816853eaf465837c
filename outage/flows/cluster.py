"""Where the steps are done: on this machine one after another, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from outage.errors import SourceError, UsageError
from outage.flows.shares import Plan

One = TypeVar("One")
Result = TypeVar("Result")

AT_ONCE: Final = 2
RETRIES: Final = 3
PATIENCE_S: Final = 10
SHARES_A_WORKER: Final = 2  # so that a quick worker takes over from a slow one


class Runner(Protocol):
    """Does a step for many items; each step may be done again."""

    workers: int

    def run(
        self, step: Callable[[Plan, One], Result], plan: Plan, items: Sequence[One]
    ) -> Iterator[Result]:
        """Yield the results as they come, in any order."""
        ...


class Alone:
    """Two items at a time, here: the engine itself uses every core, but not at every moment."""

    workers = 1

    def run(
        self, step: Callable[[Plan, One], Result], plan: Plan, items: Sequence[One]
    ) -> Iterator[Result]:
        """Yield the results in order."""
        at_once = min(AT_ONCE, len(items), plan.limits.threads or AT_ONCE)
        if at_once <= 1:
            yield from (step(plan, item) for item in items)
            return
        mine = replace(plan, limits=plan.limits.shared(at_once))
        with ThreadPoolExecutor(at_once) as pool:
            yield from pool.map(partial(step, mine), items)


class Cluster:
    """The workers of a Dask scheduler; what a lost worker was doing, another does again."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))

    def run(
        self, step: Callable[[Plan, One], Result], plan: Plan, items: Sequence[One]
    ) -> Iterator[Result]:
        """Yield the results as they come; raises what a step raised, after retries.

        Raises SourceError if workers keep dying of a step.
        """
        from distributed import KilledWorker, as_completed

        # A task, not scattered data: should the worker that holds it die, it is made anew.
        shared = self._client.submit(_same, plan, pure=False)
        futures = [
            self._client.submit(step, shared, item, pure=False, retries=RETRIES) for item in items
        ]
        try:
            for future in as_completed(futures, loop=self._client.loop):
                yield future.result()
        except KilledWorker as error:
            raise SourceError(
                f"--cluster: workers died of a step again and again ({error}); give them more"
                " memory, or lower --memory-limit"
            ) from error


def _same(plan: Plan) -> Plan:
    return plan


@contextmanager
def runner(address: str | None) -> Iterator[Runner]:
    """Open what does the steps; raises SourceError if the scheduler does not answer."""
    if address is None:
        yield Alone()
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError("--cluster needs Dask; install outage[cluster]") from error
    try:
        client = Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SourceError(
            f"--cluster: no scheduler answers at {address} ({error}); start one with"
            " `dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`"
        ) from error
    with client:
        yield Cluster(client)
