"""Sources that speak HTTP, collected again and again: what the store holds in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from outage.catalogue import Catalogue, Operator, Service, Source
from outage.collecting.jobs import Workshop, jobs
from outage.collecting.running import collect
from outage.settings import Settings
from outage.slots import HOUR, format_time, parse_time
from outage.store import Store
from tests.collectors.servers import Answer, Request, serving

START = parse_time("2026-01-05T10:00:00Z")
SLOT = 600
MOBILE = Operator(name="Mobile One", timezone="UTC", asns=(64500,))


def catalogue(plug: str, options: dict[str, Any], **others: Any) -> Catalogue:
    source = Source.model_validate({"plug": plug, "options": options, **others})
    return Catalogue(
        {"ex": Service(name="Ex")}, {"mobile-1": MOBILE}, {"it": source}, {}, {}, Settings()
    )


def collected(
    store: Store, known: Catalogue, moments: range, set_clock: Callable[[int], None]
) -> list[str]:
    """Collect at each moment, as a scheduler would; return the faults."""
    faults = []
    for now in moments:
        set_clock(now)
        found = jobs(store, known, (), now)
        for one in collect(store, Workshop(known, lambda: now), found, lambda: now):  # noqa: B023
            faults += [] if one.fault is None else [one.told()]
    return faults


def stored(store: Store, until: int) -> dict[tuple[str, str], dict[int, tuple[float, int]]]:
    """Return by subject and category: start of the slot -> value, when it was known."""
    batch = store.load(START - 86_400, until)
    found: dict[tuple[str, str], dict[int, tuple[float, int]]] = {}
    for at, index in enumerate(batch.series_index.tolist()):
        one = batch.series[index]
        values = found.setdefault((one.subject, one.category), {})
        values[int(batch.slot_start[at])] = (float(batch.value[at]), int(batch.known_at[at]))
    return found


@pytest.fixture
def opened(sqlite_store_url: str) -> Any:
    with Store.open(sqlite_store_url) as store:
        yield store


def test_a_page_that_is_read_each_slot_leaves_no_gap_but_that_of_its_own_fault(
    opened: Store,
) -> None:
    now = [START]

    def page(_: Request) -> Answer:
        number = (now[0] - START) // SLOT
        if number == 3:
            return Answer("<html>gone</html>", 404)
        return Answer({"status": {"indicator": "major" if number >= 5 else "none"}})

    with serving(page) as server:
        known = catalogue("statuspage", {"url": server.url, "service": "ex"})
        faults = collected(
            opened,
            known,
            range(START + 7, START + 7 + 8 * SLOT, SLOT),
            lambda at: now.insert(0, at),
        )
    levels = stored(opened, START + 9 * SLOT)["ex", ""]
    assert [(start - START) // SLOT for start in levels] == [0, 1, 2, 4, 5, 6, 7]
    assert [value for value, _ in levels.values()] == [0, 0, 0, 0, 2, 2, 2]
    assert {known_at - start for start, (_, known_at) in levels.items()} == {7}
    assert len(faults) == 1


def test_reports_of_a_quarter_of_an_hour_come_once_each_from_any_rhythm(opened: Store) -> None:
    now = [START]

    def reports(request: Request) -> Answer:
        first, last = (parse_time(request.one(key)) for key in ("startdate", "enddate"))
        starts = range(first - first % 900, last, 900)
        rows = [
            {
                "point_in_time": (format_time(at) or "").replace("Z", "+00:00"),
                "total": 40 if at + 900 <= now[0] - 600 else 1,  # it fills for ten minutes more
                "indicators": 1,
            }
            for at in starts
            if at <= now[0]
        ]
        return Answer(rows)

    with serving(reports) as server:
        options = {"url": server.url, "slugs": {"ex": "ex"}, "token": {"env": "DD_TOKEN"}}
        known = catalogue("downdetector", options, lag_seconds=900, look_back_seconds=HOUR)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DD_TOKEN", "dd-long-lived-token")
            moments = range(START + 11, START + 2 * HOUR, SLOT)
            assert collected(opened, known, moments, lambda at: now.insert(0, at)) == []
    found = stored(opened, START + 2 * HOUR)
    totals = found["ex", ""]
    starts = list(totals)
    assert starts == list(range(starts[0], starts[-1] + 1, 900)), "none is missing"
    assert starts[0] <= START - HOUR
    assert starts[-1] == START + 2 * HOUR - 3 * 900
    assert {value for value, _ in totals.values()} == {40}, "none was read while it filled"
    assert {known_at - start for start, (_, known_at) in totals.items()} == {1800}
    assert found["ex", "indicators"].keys() == totals.keys()


def test_what_comes_from_outside_is_known_no_later_than_its_slot_is_judged(opened: Store) -> None:
    now = [START]

    def ioda(request: Request) -> Answer:
        first, last = int(request.one("from")), min(int(request.one("until")), now[0])
        values = [100 if at + 1200 <= now[0] else 3 for at in range(first, last, SLOT)]
        one = {
            "entityType": "asn",
            "entityCode": 64500,
            "from": first,
            "step": SLOT,
            "nativeStep": SLOT,
            "values": values,
        }
        return Answer({"error": None, "data": [[one]]})

    with serving(ioda) as server:
        known = catalogue(
            "ioda",
            {"url": server.url},
            lag_seconds=1800,
            look_back_seconds=HOUR,
            timeout_seconds=60,
        )
        moments = range(START + 30, START + HOUR, SLOT)
        assert collected(opened, known, moments, lambda at: now.insert(0, at)) == []
    shares = stored(opened, START + 2 * HOUR)["mobile-1", ""]
    starts = list(shares)
    assert starts == list(range(starts[0], starts[-1] + 1, SLOT))
    assert {value for value, _ in shares.values()} == {1.0}, "the newest steps are no outage"
    assert {known_at - start for start, (_, known_at) in shares.items()} == {SLOT + 1800}
