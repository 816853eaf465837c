"""A budget a day: exact, over restarts, days, clocks that go back, and beside other processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collectors.budgets import Budget, Spent
from outage.collecting.delivery import Delivery
from outage.errors import SourceError
from outage.slots import DAY
from outage.store import Store
from tests.collectors.servers import Notes, Time

MORNING = 1_790_000_400
TODAY = MORNING - MORNING % DAY


def budget(
    time: Time, memory: Notes, dollars: float | None = None, requests: int | None = None
) -> Budget:
    return Budget("x", memory, time.clock, dollars, requests)


def test_money_is_counted_exactly() -> None:
    time, memory = Time(MORNING), Notes()
    for _ in range(1000):
        budget(time, memory, 5.0).spend(0.005)
    with pytest.raises(
        SourceError, match=r"x: the budget's \$5.00 a day are spent; .*09-22T00:0"
    ) as e:
        budget(time, memory, 5.0).spend(0.005)
    assert e.value.wait_seconds == TODAY + DAY - MORNING
    assert budget(time, memory).today() == Spent(TODAY, 1000, 5_000_000)


def test_a_new_day_has_a_new_budget_and_an_old_one_does_not_come_back() -> None:
    time, memory = Time(MORNING), Notes()
    budget(time, memory, requests=1).spend(1.0)
    time.now += DAY
    budget(time, memory, requests=1).spend(1.0)
    time.now -= DAY
    with pytest.raises(SourceError, match="1 requests a day are spent"):
        budget(time, memory, requests=1).spend(1.0)


def test_no_budget_allows_nothing_and_none_is_no_bound() -> None:
    time, memory = Time(MORNING), Notes()
    with pytest.raises(SourceError):
        budget(time, memory, 0.0).spend(0.01)
    assert memory == {}
    budget(time, memory).spend(1e9)


def test_processes_side_by_side_share_a_budget(sqlite_store_url: str, tmp_path: Path) -> None:
    def spend(_: int) -> int:
        with Store.open(sqlite_store_url) as store:
            delivery, spent = Delivery(store, "x", lambda: MORNING), 0
            mine = Budget("x", delivery, delivery.clock, None, 40)
            try:
                for _ in range(20):
                    mine.spend(0.01)
                    spent += 1
            except SourceError:
                pass
            return spent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, range(4))) == 40
