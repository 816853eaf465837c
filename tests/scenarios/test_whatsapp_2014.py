"""The blackout shows what the paper's text says of it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from outage.batches import Floats
from outage.scenarios import Expected
from outage.slots import MINUTE, from_epoch, parse_time
from tests.scenarios.built import Built, built

CATEGORIES = ("chat", "mmi", "mms", "mmv", "mm_other")
OPERATORS = ("operator-a", "operator-b")
TABLE_3 = {
    "bytes_down": {"chat": 16.6, "mmv": 38.8, "mmi": 12.8, "mms": 29.8},
    "bytes_up": {"chat": 29.5, "mmv": 35.2, "mmi": 15.0, "mms": 17.9},
    "flows": {"chat": 93.4, "mmv": 0.3, "mmi": 2.9, "mms": 2.9},
}
FLAGS = ("flows", "syn", "syn_ack", "rst")


@pytest.fixture(scope="module", params=[0, 1, 2])
def blackout(request: pytest.FixtureRequest) -> Built:
    return built("whatsapp-2014", seed=request.param)


def event(name: str) -> Expected:
    return next(one for one in built("whatsapp-2014").scenario.events if one.name == name)


def whole(one: Built, signal: str, operator: str = "operator-a") -> Floats:
    total: Floats = np.sum(
        [one.values("whatsapp", signal, operator, category) for category in CATEGORIES], axis=0
    )
    return total


def at(one: Built, time: str) -> int:
    return (parse_time(f"2014-02-{time}Z") - one.scenario.starts) // one.scenario.slot_seconds


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("signal", TABLE_3)
def test_ordinary_weeks_have_the_shares_of_table_3(
    blackout: Built, operator: str, signal: str
) -> None:
    weeks = blackout.within(blackout.scenario.starts, blackout.scenario.judged_from)
    total = whole(blackout, signal, operator)[weeks].sum()
    for category, share in TABLE_3[signal].items():
        seen = blackout.values("whatsapp", signal, operator, category)[weeks].sum() / total
        assert 100 * seen == pytest.approx(share, rel=0.01), category


def test_the_down_to_up_ratio_is_that_of_table_3(blackout: Built) -> None:
    down, up = (blackout.values("whatsapp", f"bytes_{way}", "operator-a", "chat")[:4032].sum()
                for way in ("down", "up"))  # fmt: skip

    assert down / (down + up) == pytest.approx(0.606, abs=0.006)


def test_the_operator_of_the_paper_has_150_million_flows_a_week(blackout: Built) -> None:
    weeks = whole(blackout, "flows")[:4032].reshape(4, 1008).sum(axis=1)

    assert weeks == pytest.approx(np.full(4, 150e6), rel=0.06)
    assert whole(blackout, "flows", "operator-b")[:4032].sum() < weeks.sum() / 3


def test_chat_flows_are_small_and_media_flows_heavy(blackout: Built) -> None:
    sizes = {}
    for category in CATEGORIES:
        bytes_, flows = (
            sum(blackout.values("whatsapp", one, "operator-a", category)[:4032].sum() for one in of)
            for of in (("bytes_down", "bytes_up"), ("flows",))
        )
        sizes[category] = bytes_ / flows

    assert 3_800 < sizes["chat"] < 6_700
    assert sizes["mmv"] > sizes["mms"] > sizes["mmi"] > 100_000


def test_the_day_peaks_at_noon_and_at_eight_in_the_evening(blackout: Built) -> None:
    days = whole(blackout, "bytes_down")[6 : 6 + 27 * 144].reshape(27, 144).mean(axis=0)
    local = from_epoch(blackout.scenario.starts + 6 * 600).astimezone(ZoneInfo("Europe/Vienna"))
    hours = (local.hour + local.minute / 60 + np.arange(144) / 6) % 24
    days = np.convolve(np.tile(days, 3), np.ones(7) / 7, "same")[144:288]
    noon, evening, night = (
        hours[part][np.argmax(sign * days[part])]
        for part, sign in (
            ((hours > 9) & (hours < 15), 1),
            ((hours > 16.5), 1),
            ((hours < 9), -1),
        )
    )

    assert noon == pytest.approx(12, abs=1)
    assert evening == pytest.approx(20, abs=1)
    assert night == pytest.approx(4, abs=1)
    assert days.min() < 0.35 * days.max()


def test_between_200_and_more_than_350_addresses_are_active(blackout: Built) -> None:
    seen = blackout.values("whatsapp", "active_servers", "operator-a")
    daily = seen.reshape(-1, 144)

    assert seen.min() >= 200
    assert np.median(daily.max(axis=1)) > 350
    assert seen.max() <= 386
    assert np.median(daily.min(axis=1)) < 235


def test_the_parts_addresses_do_not_add_up_to_the_whole(blackout: Built) -> None:
    parts = whole(blackout, "active_servers")

    assert (parts > blackout.values("whatsapp", "active_servers", "operator-a")).all()


def test_event_b_begins_at_seven_in_the_evening_local() -> None:
    start = from_epoch(event("B").start)

    assert start == datetime(2014, 2, 22, 18, tzinfo=UTC)
    assert start.astimezone(ZoneInfo("Europe/Vienna")).hour == 19


@pytest.mark.parametrize("operator", OPERATORS)
class TestEventB:
    def test_chat_stops(self, blackout: Built, operator: str) -> None:
        down = blackout.ratio("whatsapp", "bytes_down", operator, "chat")

        assert down[at(blackout, "22T17:50:00")] > 0.8
        assert (down[blackout.during(event("B"))] < 0.06).all()

    def test_chat_uplink_fades_slowly(self, blackout: Built, operator: str) -> None:
        up = blackout.ratio("whatsapp", "bytes_up", operator, "chat")
        first, two_hours, last = (up[at(blackout, t)] for t in ("22T18:00:00", "22T20:00:00",
                                                                "22T22:50:00"))  # fmt: skip

        assert 0.5 < first < 0.9
        assert 0.1 < two_hours < 0.45
        assert 0.02 < last < 0.2

    @pytest.mark.parametrize("category", ["mmi", "mms", "mmv"])
    def test_media_run_out_over_an_hour(
        self, blackout: Built, operator: str, category: str
    ) -> None:
        down = blackout.ratio("whatsapp", "bytes_down", operator, category)

        assert down[at(blackout, "22T18:00:00")] > 0.6
        assert 0.1 < down[at(blackout, "22T19:00:00")] < 0.35
        assert 0.02 < down[at(blackout, "22T21:00:00")] < 0.12

    def test_all_bytes_fall_far_but_not_to_nothing(self, blackout: Built, operator: str) -> None:
        total, week = whole(blackout, "bytes_down", operator), 1008
        ratio = total[2 * week :] / ((total[week:-week] + total[: -2 * week]) / 2)
        late = ratio[blackout.within("2014-02-22T19:30:00Z", "2014-02-22T23:00:00Z")[2 * week :]]

        assert (late < 0.2).all()
        assert (late > 0.02).all()

    def test_flows_climb(self, blackout: Built, operator: str) -> None:
        flows = blackout.ratio("whatsapp", "flows", operator, "chat")

        assert flows[at(blackout, "22T18:00:00")] > 1.8
        assert (flows[blackout.during(event("B"))] > 1.2).all()

    def test_syn_rise_steeply_and_ebb(self, blackout: Built, operator: str) -> None:
        syn = blackout.ratio("whatsapp", "syn", operator, "chat")

        assert syn[at(blackout, "22T18:00:00")] > 5
        assert 1.5 < syn[at(blackout, "22T22:50:00")] < syn[at(blackout, "22T20:00:00")] < 5

    def test_the_servers_still_answer(self, blackout: Built, operator: str) -> None:
        syn, answers = (
            blackout.values("whatsapp", one, operator, "chat")[blackout.during(event("B"))]
            for one in ("syn", "syn_ack")
        )

        assert answers.sum() / syn.sum() > 0.9

    def test_resets_burst_at_the_start(self, blackout: Built, operator: str) -> None:
        rst = blackout.ratio("whatsapp", "rst", operator, "chat")
        first, second, hour, late = (
            rst[at(blackout, t)] for t in ("22T18:00:00", "22T18:30:00", "22T19:30:00",
                                           "22T22:00:00")
        )  # fmt: skip

        assert first > 15
        assert first > second > hour > late > 1.5

    def test_it_recovers_in_an_hour_after_midnight(self, blackout: Built, operator: str) -> None:
        down = blackout.ratio("whatsapp", "bytes_down", operator, "chat")

        assert down[at(blackout, "22T22:50:00")] < 0.06
        assert 0.3 < down[at(blackout, "22T23:20:00")] < 0.6
        assert down[at(blackout, "23T00:00:00")] > 0.85

    def test_every_address_stays_in_use_and_names_resolve(
        self, blackout: Built, operator: str
    ) -> None:
        for signal in ("active_servers", "dns_queries"):
            assert blackout.fall(event("B"), "whatsapp", signal, operator) == pytest.approx(
                1, abs=0.12
            )
        failed = blackout.fall(event("B"), "whatsapp", "dns_failures", operator)
        assert failed == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("name", list("ABCD"))
@pytest.mark.parametrize("operator", OPERATORS)
def test_all_events_have_one_signature(blackout: Built, name: str, operator: str) -> None:
    def fell(signal: str, category: str = "chat") -> float:
        return blackout.fall(event(name), "whatsapp", signal, operator, category)

    assert fell("bytes_down") < 0.06
    assert 0.1 < fell("bytes_up") < 0.85
    assert fell("bytes_down", "mms") < 0.75
    assert fell("flows") > 1.5
    assert fell("syn") > 3
    assert fell("syn_ack") / fell("syn") > 0.9
    assert fell("rst") > 5
    assert blackout.fall(event(name), "whatsapp", "error_posts") > 10
    assert blackout.fall(event(name), "whatsapp", "posts") > 2


@pytest.mark.parametrize("name", list("ABCD"))
def test_traffic_is_ordinary_for_90_minutes_after_each(blackout: Built, name: str) -> None:
    back = event(name).recovered
    calm = blackout.within(back, back + 90 * MINUTE)
    for signal in ("bytes_down", "bytes_up", *FLAGS):
        after = blackout.ratio("whatsapp", signal, "operator-a", "chat")[calm].mean()
        assert after == pytest.approx(1, abs=0.25 if signal == "rst" else 0.15), signal


def test_people_complain_at_once_and_most_an_hour_later(blackout: Built) -> None:
    errors = blackout.values("whatsapp", "error_posts")
    quiet = errors[blackout.within("2014-02-22T15:00:00Z", "2014-02-22T18:00:00Z")]
    smooth = np.convolve(errors, np.ones(3) / 3, "same")
    heard = blackout.within("2014-02-22T18:00:00Z", "2014-02-22T23:00:00Z")
    top = blackout.slots()[heard][np.argmax(smooth[heard])]

    assert errors[at(blackout, "22T18:00:00")] > 20 * quiet.mean()
    assert abs(top - parse_time("2014-02-22T19:00:00Z")) <= 20 * MINUTE
    assert errors[at(blackout, "23T01:00:00")] < errors[heard].max() / 20


def test_all_posts_rise_by_more_than_the_error_posts(blackout: Built) -> None:
    heard = blackout.during(event("B"))
    errors, posts = (blackout.values("whatsapp", one)[heard] for one in ("error_posts", "posts"))

    assert (posts > errors).all()


@pytest.mark.parametrize("depth", [1.0, 0.5])
def test_the_ordinary_service_shows_nothing(depth: float) -> None:
    one = built("whatsapp-2014", depth=depth)
    calm = one.within(one.scenario.starts + 15 * 86_400, one.scenario.judged_from)
    lines = [series for series in one.batch.series if series.subject == "ordinary-app"]
    for series in lines:
        name = ("ordinary-app", series.signal, series.vantage)
        surprise = np.log((one.values(*name) + 1) / (one.before(*name) + 1))
        usual, spread = surprise[calm].mean(), surprise[calm].std()
        for letter in "ABCD":
            shift = surprise[one.during(event(letter))].mean() - usual
            assert abs(shift) < 3 * spread, (series, letter)
