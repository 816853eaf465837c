"""The panels around an incident: what was seen, nothing added that is not known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from outage.catalogue import load_catalogue
from outage.live import detect
from outage.queries import Panels, Plot, incident_panels, only, open_store, telling
from outage.settings import Settings
from outage.slots import HOUR, parse_time
from outage.store import Store
from outage.words import Incident, Series
from tests.queries.made import (
    START,
    batch,
    blackout,
    days_of,
    evidence,
    filled,
    incident,
    series,
)

GAP = np.nan


def stored(tmp_path: Path, lines: dict[Series, list[float]], *incidents: Incident) -> Store:
    return open_store(filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines), incidents))


def plot(panels: Panels, key: str) -> Plot:
    return next(one for one in panels.plots if one.key == key)


def line(panels: Panels, key: str, name: str) -> np.ndarray:
    return next(one.values for one in plot(panels, key).traces if one.name == name)


@pytest.fixture(scope="module")
def whatsapp(tmp_path_factory: pytest.TempPathFactory) -> Store:
    samples = days_of("whatsapp-2014", "2014-02-21T00:00:00Z", "2014-02-24T00:00:00Z")
    url = f"sqlite:///{tmp_path_factory.mktemp('panels') / 'outage.db'}"
    return open_store(filled(url, samples, blackout()))


def test_the_blackout_shows_figure_8(whatsapp: Store) -> None:
    panels = incident_panels(whatsapp, blackout()[1])

    assert telling(panels) == ["bytes_down", "bytes_up", "flows", "flags", "people"]
    names = [one.name for one in plot(panels, "bytes_down").traces]
    assert names == ["all", "chat", "mmi", "mms", "mmv", "mm_other"]
    assert [one.name for one in plot(panels, "flows").traces] == ["all", "chat", "all others"]
    assert [one.name for one in plot(panels, "flags").traces] == ["syn", "syn_ack", "rst"]
    assert panels.vantages == ("operator-a", "operator-b")
    assert [one.id[0] for one in panels.marks] == ["a", "b"]


def test_shares_are_of_the_wholes_maximum_and_add_up_to_it(whatsapp: Store) -> None:
    panels = incident_panels(whatsapp, blackout()[1])

    whole = line(panels, "bytes_down", "all")
    parts = [one.values for one in plot(panels, "bytes_down").traces if one.name != "all"]
    assert whole.max() == 1.0
    np.testing.assert_allclose(sum(parts), whole)


def test_the_vantages_add_up_and_one_can_be_chosen(whatsapp: Store) -> None:
    one = blackout()[1]
    together = line(incident_panels(whatsapp, one), "flows", "all")
    apart = [
        line(incident_panels(whatsapp, one, vantage=name), "flows", "all")
        for name in ("operator-a", "operator-b")
    ]

    np.testing.assert_allclose(sum(apart), together)


def test_times_are_naive_utc_and_the_window_is_as_asked(whatsapp: Store) -> None:
    one = blackout()[1]
    panels = incident_panels(whatsapp, one, before_s=2 * HOUR, after_s=HOUR)

    times = plot(panels, "flows").traces[0].times
    assert times.dtype == np.dtype("datetime64[s]")
    assert (panels.since, panels.until) == (one.start - 2 * HOUR, one.end + HOUR)
    assert str(times[0]) == "2014-02-22T16:00:00"
    assert str(times[-1]) == "2014-02-23T00:40:00"


def test_the_window_ends_where_the_samples_do(whatsapp: Store) -> None:
    panels = incident_panels(whatsapp, replace(blackout()[1], end=None))

    assert panels.until == parse_time("2014-02-24T00:00:00Z")


def test_servers_are_never_added_up(whatsapp: Store) -> None:
    traces = plot(incident_panels(whatsapp, blackout()[1]), "servers").traces

    assert [one.name for one in traces] == ["whatsapp at operator-a", "whatsapp at operator-b"]


def test_a_vantage_that_falls_silent_makes_the_sum_a_gap(tmp_path: Path) -> None:
    silent = [5.0] * 15 + [GAP] * 9
    store = stored(
        tmp_path, {series("flows"): [10.0] * 24, series("flows", vantage="south"): silent}
    )

    everywhere = line(incident_panels(store, incident()), "flows", "all")
    north = line(incident_panels(store, incident(), vantage="north"), "flows", "all")

    assert everywhere[:15].tolist() == [15.0] * 15
    assert np.isnan(everywhere[15:]).all()
    assert north.tolist() == [10.0] * 24


def test_who_sent_before_the_window_is_missed_in_it(tmp_path: Path) -> None:
    store = stored(
        tmp_path, {series("flows"): [10.0] * 24, series("flows", vantage="south"): [5.0] * 6}
    )

    seen = line(incident_panels(store, incident(), before_s=0), "flows", "all")

    assert np.isnan(seen).all()


def test_an_operators_parts_are_the_services_seen_from_it(tmp_path: Path) -> None:
    lines = {
        series("flows"): [10.0] * 24,
        series("flows", subject="tube"): [30.0] * 24,
        series("flows", vantage="south"): [99.0] * 24,
        series("posts", subject="north", vantage=""): [1.0] * 24,
        series("posts", vantage=""): [7.0] * 24,
    }
    panels = incident_panels(stored(tmp_path, lines), incident(subject="north", vantage="north"))

    flows = {one.name: one.values[0] for one in plot(panels, "flows").traces}
    assert flows == {"all": 40.0, "tube": 30.0, "all others": 10.0}
    assert line(panels, "people", "posts")[0] == 1.0


def test_reports_have_slots_of_their_own(tmp_path: Path) -> None:
    lines = {
        series("posts", vantage=""): [1.0] * 24,
        series("user_reports", vantage="", slot_seconds=900): [2.0] * 16,
    }
    traces = plot(incident_panels(stored(tmp_path, lines), incident()), "people").traces

    assert [(one.name, one.slot_seconds, len(one.values)) for one in traces] == [
        ("posts", 600, 24),
        ("user_reports", 900, 16),
    ]


def test_reports_alone_are_not_called_posts(tmp_path: Path) -> None:
    reports = series("user_reports", vantage="", slot_seconds=900)
    panels = incident_panels(stored(tmp_path, {reports: [2.0] * 16}), incident())

    assert plot(panels, "people").unit == "reports"


@pytest.mark.parametrize("name", ["all", "expected"])
def test_a_category_may_have_any_name(tmp_path: Path, name: str) -> None:
    lines = {series("bytes_down", name): [1.0] * 24, series("bytes_down", "chat"): [3.0] * 24}
    traces = plot(incident_panels(stored(tmp_path, lines), incident()), "bytes_down").traces

    assert sorted((one.name, one.values[0]) for one in traces) == sorted(
        [("all", 1.0), (name, 0.25), ("chat", 0.75)]
    )
    assert not any(one.expected for one in traces)


def test_long_windows_are_thinned(tmp_path: Path) -> None:
    fine = series("flows", slot_seconds=60)
    seen = np.ones(6_000)
    seen[3_000] = 9.0
    store = stored(tmp_path, {fine: seen.tolist()})
    panels = incident_panels(store, incident(end=START + 80 * HOUR), after_s=0)

    values = line(panels, "flows", "all")

    assert len(values) <= 2_000
    assert values.max() == 9.0


def test_samples_that_are_gone_leave_no_panel(tmp_path: Path) -> None:
    store = stored(tmp_path, {series("flows"): [1.0] * 24})
    late = incident(start=START + 90 * 86_400, end=START + 91 * 86_400)

    assert incident_panels(store, late).plots == ()


def test_a_store_without_samples_leaves_no_panel(tmp_path: Path) -> None:
    assert incident_panels(stored(tmp_path, {}), incident()).plots == ()


def test_evidence_brings_its_panel_to_the_front(tmp_path: Path) -> None:
    store = stored(
        tmp_path, {series(name): [1.0] * 24 for name in ("flows", "dns_failures", "syn")}
    )
    plain = incident_panels(store, incident())
    told = incident_panels(store, incident(evidence=(evidence("dns_failures"),)))

    assert telling(plain) == ["flows", "flags"]
    assert telling(told) == ["flows", "flags", "names"]
    assert [one.key for one in only(told, ["names"]).plots] == ["names"]


def test_what_judging_expected_is_a_line(tmp_path: Path) -> None:
    samples = days_of("whatsapp-2014", "2014-02-10T00:00:00Z", "2014-02-23T00:00:00Z")
    chosen = [one.subject == "whatsapp" and one.signal == "flows" for one in samples.series]
    url = filled(
        f"sqlite:///{tmp_path / 'outage.db'}", samples.take(np.array(chosen)[samples.series_index])
    )
    with open_store(url) as store:
        since = parse_time("2014-02-22T00:00:00Z")
        detect(store, Settings(), load_catalogue(), since + 86_400, since=since)
        panels = incident_panels(store, blackout()[1])

    traces = plot(panels, "flows").traces
    (expected,) = [one.values for one in traces if one.expected]
    seen = line(panels, "flows", "all")
    before = slice(12, 42)  # from event A's end to B's start
    assert np.nanmedian(np.abs(seen[before] / expected[before] - 1)) < 0.15
    assert (seen[49:60] > 1.5 * expected[49:60]).all()
