"""The other reconstructions: each cause shows its own signature, and only where it should."""

from __future__ import annotations

import numpy as np
import pytest

from outage.scenarios import Expected
from outage.slots import parse_time
from outage.words import Cause
from tests.scenarios.built import Built, built

TRAFFIC = ("bytes_down", "bytes_up", "flows", "syn", "syn_ack")
DYN = built("dyn-2016").scenario.events


def per_syn(one: Built, event: Expected, subject: str, vantage: str) -> float:
    syn, answers = (
        one.values(subject, signal, vantage)[one.during(event)] for signal in ("syn", "syn_ack")
    )
    return float(answers.sum() / syn.sum())


def untouched(one: Built, event: Expected, subject: str, vantage: str) -> bool:
    falls = [one.fall(event, subject, signal, vantage) for signal in TRAFFIC]
    return all(0.85 < fall < 1.25 for fall in falls)


def test_dyn_fails_in_two_waves_for_three_services() -> None:
    assert {(event.subject, event.start) for event in DYN} == {
        (service, parse_time(f"2016-10-21T{time}:00Z"))
        for service in ("x", "github", "spotify")
        for time in ("11:10", "15:50")
    }
    assert {event.cause for event in DYN} == {Cause.DNS}


@pytest.mark.parametrize("vantage", ["operator-a", "operator-b"])
@pytest.mark.parametrize("event", DYN, ids=lambda event: event.name)
def test_dyn_names_fail_and_traffic_with_them(event: Expected, vantage: str) -> None:
    one = built("dyn-2016")
    falls = {
        signal: one.fall(event, event.subject, signal, vantage)
        for signal in (*TRAFFIC, "dns_queries", "dns_failures", "rtt_tcp_ms")
    }

    assert all(0.1 < falls[signal] < 0.6 for signal in TRAFFIC)
    assert falls["dns_queries"] > 1.8
    assert falls["dns_failures"] > 50
    assert falls["rtt_tcp_ms"] == pytest.approx(1, abs=0.15)
    assert per_syn(one, event, event.subject, vantage) > 0.95
    assert one.fall(event, event.subject, "error_posts") > 5


@pytest.mark.parametrize("service", ["youtube", "gmail"])
@pytest.mark.parametrize("vantage", ["operator-a", "operator-b"])
def test_dyn_spares_who_has_name_servers_of_his_own(service: str, vantage: str) -> None:
    one = built("dyn-2016")

    for event in DYN[:2]:
        assert untouched(one, event, service, vantage)
        assert one.fall(event, service, "dns_failures", vantage) < 1.3


FACEBOOK = built("facebook-2021").scenario.events


def test_facebook_loses_the_whole_platform_at_once() -> None:
    assert [event.subject for event in FACEBOOK] == [
        "facebook", "instagram", "whatsapp", "messenger",
    ]  # fmt: skip
    assert {event.start for event in FACEBOOK} == {parse_time("2021-10-04T15:40:00Z")}
    assert {event.cause for event in FACEBOOK} == {Cause.UNREACHABLE}


@pytest.mark.parametrize("vantage", ["operator-a", "operator-b"])
@pytest.mark.parametrize("event", FACEBOOK, ids=lambda event: event.name)
def test_facebook_is_tried_and_does_not_answer(event: Expected, vantage: str) -> None:
    one = built("facebook-2021")
    falls = {
        signal: one.fall(event, event.subject, signal, vantage)
        for signal in (*TRAFFIC, "rst", "dns_queries", "dns_failures")
    }
    silent = one.values(event.subject, "rtt_tcp_ms", vantage)[one.during(event)]

    assert falls["bytes_down"] < 0.05
    assert falls["bytes_up"] < 0.15
    assert 0.7 < falls["flows"] < 1.4
    assert falls["syn"] > 2
    assert falls["syn_ack"] < 0.05
    assert falls["rst"] < 0.5
    assert falls["dns_queries"] > 4
    assert falls["dns_failures"] > 100
    assert np.isnan(silent).all(), "a round trip that nobody measured is a gap"


@pytest.mark.parametrize("service", ["telegram", "youtube"])
def test_facebook_sends_people_elsewhere_at_most(service: str) -> None:
    one = built("facebook-2021")

    assert untouched(one, FACEBOOK[0], service, "operator-a")
    assert per_syn(one, FACEBOOK[0], service, "operator-a") > 0.95


@pytest.mark.parametrize("service", ["facebook", "netflix", "youtube", "gmail"])
def test_rogers_loses_everything_and_bell_nothing(service: str) -> None:
    one = built("rogers-2022")
    (event,) = one.scenario.events

    assert (event.subject, event.vantage, event.cause) == ("rogers", "rogers", Cause.OPERATOR)
    for signal in (*TRAFFIC, "dns_queries"):
        assert one.fall(event, service, signal, "rogers") < 0.12, signal
    assert untouched(one, event, service, "bell")
    assert one.fall(event, service, "error_posts") < 2


def test_rogers_begins_inside_a_slot() -> None:
    one = built("rogers-2022")
    flows = one.ratio("youtube", "flows", "rogers")
    before, across, after = flows[one.within("2022-07-08T08:30:00Z", "2022-07-08T09:00:00Z")]

    assert before > 0.8
    assert across == pytest.approx(0.52, abs=0.12)
    assert after < 0.1


def test_rogers_is_whom_people_complain_of() -> None:
    one = built("rogers-2022")
    (event,) = one.scenario.events

    assert one.fall(event, "rogers", "error_posts") > 30
    assert one.fall(event, "rogers", "posts") > 10
    assert one.fall(event, "bell", "error_posts") < 2


def test_verizon_slows_one_service_and_loses_no_flow() -> None:
    one = built("verizon-2017")
    (event,) = one.scenario.events
    falls = {
        signal: one.fall(event, "netflix", signal, "verizon")
        for signal in (*TRAFFIC, "rtt_tcp_ms", "throughput_bps", "dns_failures")
    }

    assert (event.subject, event.vantage, event.cause) == ("netflix", "verizon", Cause.THROTTLING)
    assert falls["throughput_bps"] < 0.35
    assert falls["bytes_down"] / falls["flows"] == pytest.approx(0.55, abs=0.05)
    assert falls["flows"] == pytest.approx(1.03, abs=0.1)
    assert 1.0 < falls["rtt_tcp_ms"] < 1.15
    assert falls["dns_failures"] == pytest.approx(1, abs=0.2)
    assert per_syn(one, event, "netflix", "verizon") > 0.95


def test_verizon_replays_differ_only_under_the_cap() -> None:
    one = built("verizon-2017")
    (event,) = one.scenario.events
    share = {
        (service, vantage): np.nanmean(
            one.values(service, "differentiation", vantage)[one.during(event)]
        )
        for service in one.scenario.services
        for vantage in one.scenario.operators
    }

    assert share.pop(("netflix", "verizon")) > 0.75
    assert max(share.values()) < 0.08


@pytest.mark.parametrize(
    ("service", "vantage"),
    [("netflix", "operator-b"), ("facebook", "verizon"), ("gmail", "verizon")],
)
def test_verizon_leaves_the_others_alone(service: str, vantage: str) -> None:
    one = built("verizon-2017")
    (event,) = one.scenario.events

    assert untouched(one, event, service, vantage)
    assert one.fall(event, service, "throughput_bps", vantage) == pytest.approx(1, abs=0.06)
