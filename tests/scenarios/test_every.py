"""What holds for every built-in reconstruction."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from outage import scenarios
from outage.catalogue import load_catalogue
from outage.errors import UsageError
from outage.slots import DAY, MINUTE
from outage.words import SIGNALS, SLUG, Cause
from tests.scenarios.built import built

SLUGS = scenarios.names()
every = pytest.mark.parametrize("slug", SLUGS)
NETWORK = {"bytes_down", "bytes_up", "flows", "syn", "syn_ack", "rst", "active_servers"}


def test_the_causes_are_five_and_differ() -> None:
    causes = {event.cause for slug in SLUGS for event in scenarios.describe(slug).events}

    assert causes == set(Cause) - {Cause.UNKNOWN, Cause.LATENCY}


def test_an_unknown_one_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="'nowhere'; known: whatsapp-2014, dyn-2016"):
        scenarios.build("nowhere")
    with pytest.raises(UsageError, match="no scenario"):
        scenarios.describe("")


@pytest.mark.parametrize("depth", [0.0, -1.0, 1.6, float("nan")])
def test_a_depth_out_of_range_is_refused(depth: float) -> None:
    with pytest.raises(UsageError, match=r"scenario\.depth"):
        scenarios.build("verizon-2017", depth=depth)


def test_a_seed_below_zero_is_refused() -> None:
    with pytest.raises(UsageError, match=r"scenario\.seed: -1"):
        scenarios.build("verizon-2017", seed=-1)


def test_the_names_load_nothing_heavy() -> None:
    code = "import sys, outage.scenarios as s; s.names(); print('numpy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout == "False\n"


@every
def test_it_says_what_it_is(slug: str) -> None:
    one = scenarios.describe(slug)

    assert one.slug == slug
    assert "reconstruction" in one.title
    assert one.sources
    assert len(one.assumptions) >= 5
    assert all(text.endswith(".") for text in (*one.sources, *one.assumptions))
    assert not any("//" in text for text in one.sources)


@every
def test_four_weeks_come_before_the_judged_days(slug: str) -> None:
    one = scenarios.describe(slug)

    assert one.judged_from - one.starts >= 28 * DAY
    assert one.starts % DAY == one.judged_from % DAY == one.ends % DAY == 0
    for event in one.events:
        assert one.judged_from < event.start < event.end < event.recovered < one.ends


@every
def test_the_subjects_are_its_own(slug: str) -> None:
    one = scenarios.describe(slug)
    subjects = {series.subject for series in built(slug).batch.series}
    hit = {event.subject for event in one.events}

    assert set(one.services) <= subjects <= {*one.services, *one.operators}
    assert hit <= subjects
    assert set(one.services) - hit, "a service without trouble"
    assert len(one.operators) == 2
    assert {event.vantage for event in one.events} <= {None, *one.operators}
    assert set(one.timezones) == set(one.operators)
    assert all(ZoneInfo(zone) for zone in one.timezones.values())


@every
def test_real_services_have_their_name_in_the_catalogue(slug: str) -> None:
    assert set(scenarios.describe(slug).services) - {"ordinary-app"} <= set(
        load_catalogue().services
    )


@every
def test_the_series_are_in_the_vocabulary(slug: str) -> None:
    batch = built(slug).batch

    assert len(set(batch.series)) == len(batch.series)
    for series in batch.series:
        assert series.signal in SIGNALS
        assert series.source == "reconstruction"
        for text in (series.subject, series.vantage, series.category):
            assert not text or SLUG.fullmatch(text)
        assert (series.vantage == "") == (series.signal in {"posts", "error_posts"})


@every
def test_each_service_is_seen_by_people_and_at_both_operators(slug: str) -> None:
    one, batch = scenarios.describe(slug), built(slug).batch
    for service in one.services:
        own = [series for series in batch.series if series.subject == service]
        for operator in one.operators:
            assert NETWORK <= {series.signal for series in own if series.vantage == operator}
        assert {"posts", "error_posts"} <= {series.signal for series in own}


@every
def test_the_samples_lie_on_the_grid_and_are_known_at_their_end(slug: str) -> None:
    one, batch = scenarios.describe(slug), built(slug).batch
    place = np.stack([batch.series_index, batch.slot_start])

    assert (batch.known_at == batch.slot_start + one.slot_seconds).all()
    assert ((batch.slot_start - one.starts) % one.slot_seconds == 0).all()
    assert (batch.slot_start.min(), batch.known_at.max()) == (one.starts, one.ends)
    assert np.unique(place, axis=1).shape == place.shape


@every
def test_the_values_are_possible(slug: str) -> None:
    batch = built(slug).batch
    noise = np.array([SIGNALS[series.signal].noise.value for series in batch.series])
    kind = noise[batch.series_index]

    assert np.isfinite(batch.value).all()
    assert (batch.value >= 0).all()
    assert (batch.value[kind == "count"] % 1 == 0).all()
    assert (batch.value[kind == "share"] <= 1).all()
    assert (batch.value[kind == "latency"] > 0).all()


@every
def test_what_is_measured_by_few_carries_their_number(slug: str) -> None:
    batch = built(slug).batch
    devices = np.array([SIGNALS[one.signal].witness.value == "devices" for one in batch.series])
    measured = devices[batch.series_index]

    assert (batch.weight[measured] >= 1).all()
    assert np.isnan(batch.weight[~measured]).all()


@every
def test_the_same_seed_gives_the_same_samples(slug: str) -> None:
    first, again = built(slug).batch, scenarios.build(slug, seed=0)
    other = scenarios.build(slug, seed=1)

    assert first.series == again.series == other.series
    np.testing.assert_array_equal(first.value, again.value)
    shared = min(len(first), len(other))
    assert (first.value[:shared] != other.value[:shared]).mean() > 0.5


@every
def test_depth_leaves_the_time_before_untouched(slug: str) -> None:
    one = scenarios.describe(slug)
    begin = min(event.start for event in one.events)
    half, whole = built(slug, depth=0.5).batch, built(slug).batch
    early = [batch.value[batch.slot_start + one.slot_seconds <= begin] for batch in (half, whole)]

    np.testing.assert_array_equal(*early)


@every
def test_depth_halves_every_departure(slug: str) -> None:
    none, half, whole = (built(slug, depth=depth) for depth in (1e-9, 0.5, 1.0))
    for event in whole.scenario.events:
        for series in whole.batch.series:
            if SIGNALS[series.signal].witness.value == "devices":
                continue  # gaps have no departure
            name = (series.subject, series.signal, series.vantage, series.category)
            ordinary, halved, full = (
                one.values(*name)[one.during(event)].sum() for one in (none, half, whole)
            )
            chance = 5 * np.sqrt(max(ordinary, full))
            assert halved - ordinary == pytest.approx((full - ordinary) / 2, rel=0.02, abs=chance)


@every
def test_no_syn_is_answered_twice(slug: str) -> None:
    one = built(slug)
    for series in one.batch.series:
        if series.signal == "syn":
            part = (series.vantage, series.category)
            syn, answers = (one.values(series.subject, name, *part) for name in ("syn", "syn_ack"))
            assert (answers <= syn).all(), series


@every
def test_the_counts_are_not_smooth(slug: str) -> None:
    one = built(slug)
    for service in one.scenario.services:
        flows = one.values(service, "posts")
        steps = np.diff(flows)[: 7 * 144]
        assert np.std(steps) > np.sqrt(np.mean(flows)), "no less than counting noise"


@every
def test_the_weeks_differ_by_more_than_counting_noise(slug: str) -> None:
    one = built(slug)
    operator = one.scenario.operators[0]
    service = one.scenario.services[-1]
    before = one.within(one.scenario.starts + 14 * DAY, one.scenario.judged_from)
    spread = np.std(np.log(one.ratio(service, "flows", operator)[before]))

    assert 0.025 < spread < 0.10


@every
def test_it_is_built_quickly(slug: str) -> None:
    begin = process_time()
    scenarios.build(slug, seed=3)

    assert process_time() - begin < 2.0


@every
def test_the_outages_of_one_subject_are_apart(slug: str) -> None:
    events = sorted(scenarios.describe(slug).events, key=lambda event: (event.subject, event.start))
    for one, following in pairwise(events):
        if one.subject == following.subject:
            assert following.start - one.recovered >= 90 * MINUTE
