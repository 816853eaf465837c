from __future__ import annotations

import pyarrow as pa

from outage.flows.clocks import ClockWatch

HOUR = 3_600 * 1_000_000
START = 1_767_607_200 * 1_000_000


def watched(*chunks: list[int]) -> ClockWatch:
    watch = ClockWatch("conn.log", "end")
    for times in chunks:
        watch.watch(pa.table({"end": pa.array([START + one for one in times], pa.int64())}))
    return watch


def test_late_records_are_no_jump() -> None:
    assert watched([0, 2 * HOUR, HOUR + 1], [HOUR, 2 * HOUR]).found().damaged == {}


def test_each_jump_is_counted_once_and_the_first_is_shown() -> None:
    watch = watched([0, 5 * HOUR, HOUR, HOUR + 1], [HOUR + 2, 6 * HOUR, 0], [1])

    found = watch.found()

    assert found.damaged == {"the clock was set back": 2}
    (row,) = found.rejected
    assert row.excerpt == "record 3: 2026-01-05T11:00:00Z after 2026-01-05T15:00:00Z"


def test_where_chunks_are_cut_does_not_matter() -> None:
    times = [0, 5 * HOUR, HOUR, 6 * HOUR, 2 * HOUR, 9 * HOUR]

    whole, apart = watched(times).found(), watched(*([one] for one in times)).found()

    assert (whole.damaged, whole.rejected) == (apart.damaged, apart.rejected)
    assert whole.damaged == {"the clock was set back": 2}


def test_nothing_to_watch_is_no_jump() -> None:
    watch = ClockWatch("conn.log", "end")
    watch.watch(None)
    assert watch.found().damaged == {}
