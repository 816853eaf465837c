"""Each rival's rule on counts made by hand, and what becomes of its scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rivals import ioda, prophet_alone
from benchmarks.rivals.downdetector import Downdetector
from benchmarks.rivals.ewma import Ewma
from benchmarks.rivals.families import FAMILIES, ON_NETWORK, ON_PEOPLE, PAIRS
from benchmarks.rivals.prophet_alone import ProphetAlone
from benchmarks.rivals.rule import (
    Scores,
    Setting,
    Spell,
    harmful,
    incidents,
    open_flags,
    spells,
    together,
)
from benchmarks.rivals.sheet import Sheet, sheet_of
from benchmarks.rivals.shesd import Shesd
from benchmarks.rivals.tally import Tally, added, best
from outage.batches import SampleBatch
from outage.evaluation import Case, Label, compare, read_case
from outage.slots import DAY, HOUR
from outage.words import Cause, Sample, Series

START = 1_767_571_200  # a Monday
NAN = float("nan")


def sheet(values: np.ndarray, signals: list[str], step: int = HOUR, days: int = 1) -> Sheet:
    """Return a sheet of one service of which the last `days` are judged."""
    columns = tuple(Series("chat", signal, "", "", "", step) for signal in signals)
    table = np.asarray(values, dtype=np.float64).reshape(-1, len(signals))
    return Sheet(columns, START, step, len(table) - days * DAY // step, table)


def flat(days: int, value: float, step: int = HOUR) -> np.ndarray:
    """Return whole days of one value."""
    return np.full(days * DAY // step, value)


def scored(values: list[float], columns: tuple[Series, ...] | None = None) -> Scores:
    """Return scores in slots of 600 s."""
    columns = columns or (Series("chat", "flows", "", "op-1"),)
    table = np.array(values, dtype=np.float64).reshape(-1, len(columns))
    starts = START + 600 * np.arange(len(table), dtype=np.int64)
    return Scores(columns, starts, 600, table)


# -- from scores to incidents ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("least", "clear", "seen"),
    [
        (1, 1, [0, 1, 0, 1, 1, 1, 0, 0, 0]),
        (2, 1, [0, 0, 0, 0, 1, 1, 0, 0, 0]),
        (1, 2, [0, 1, 1, 1, 1, 1, 1, 0, 0]),
        (2, 2, [0, 0, 0, 0, 1, 1, 1, 0, 0]),
    ],
)
def test_a_rule_opens_and_closes_after_so_many_slots(
    least: int, clear: int, seen: list[int]
) -> None:
    values = np.array([[0, 5, 0, 5, 5, 5, 0, 0, 0]], dtype=np.float64).T

    assert open_flags(values, 5.0, least, clear)[:, 0].tolist() == [bool(one) for one in seen]


def test_a_gap_neither_opens_nor_closes() -> None:
    values = np.array([[NAN, 0, NAN, 5, NAN, NAN, 5, 0, NAN]]).T

    assert open_flags(values, 5.0, 1, 1)[:, 0].nonzero()[0].tolist() == [3, 4, 5, 6]


def test_a_spell_is_known_at_the_end_of_the_slot_that_opens_it() -> None:
    (one,) = spells(scored([0, 5, 5, 5, 0, 0, 0]), Setting(5.0, least=2, clear=2))

    assert one == Spell("chat", "op-1", START + 600, START + 1800, START + 2400)


def test_a_spell_at_the_end_stays_open() -> None:
    (one,) = spells(scored([0, 0, 5]), Setting(5.0))

    assert (one.opened_at, one.end) == (START + 1800, None)


def test_vantages_are_one_incident_unless_apart() -> None:
    columns = tuple(Series("chat", "flows", "", vantage) for vantage in ("op-1", "op-2"))
    scores = scored([0, 0, 5, 0, 5, 5, 0, 5, 0, 0], columns)

    (whole,) = spells(scores, Setting(5.0))
    first, second = spells(scores, Setting(5.0, apart=True))

    assert (whole.vantage, whole.opened_at, whole.end) == (None, START + 1200, START + 2400)
    assert (first.vantage, second.vantage) == ("op-1", "op-2")


def test_only_the_named_signals_count() -> None:
    columns = (Series("chat", "flows"), Series("chat", "posts"))
    scores = scored([0, 9, 0, 9], columns)

    assert spells(scores, Setting(5.0, signals=("flows",))) == []
    assert len(spells(scores, Setting(5.0))) == 1


def test_two_rules_speak_together_when_the_second_does() -> None:
    network = [Spell("chat", "op-1", 0, 600, 1200), Spell("mail", None, 0, 600, 1200)]
    near, far = Spell("chat", None, 1800, 2400, 6000), Spell("mail", None, 1800, 3001, 6000)

    assert together(network, [near, far], 1800) == [Spell("chat", "op-1", 0, 2400, 6000)]


def test_what_overlaps_is_said_once() -> None:
    network = [Spell("chat", None, 0, 600, 1200), Spell("chat", None, 1800, 2400, None)]

    met = together(network, [Spell("chat", None, 0, 600, 5000)], 0)

    assert met == [Spell("chat", None, 0, 600, None)]


def test_rivals_name_no_cause() -> None:
    (one,) = incidents([Spell("chat", None, START, START + 600, None)])

    assert one.cause is Cause.UNKNOWN
    assert (one.start, one.opened_at, one.end) == (START, START + 600, None)


# -- the rules ------------------------------------------------------------------------------


def test_ioda_reports_the_share_that_is_missing() -> None:
    values = flat(15, 100.0)
    values[-3:] = [40.0, NAN, 100.0]

    scores = ioda.Ioda(HOUR).score(sheet(values, ["flows"]))

    assert scores.values[-4:, 0] == pytest.approx([0.0, 0.6, NAN, 0.0], nan_ok=True)


def test_ioda_is_silent_where_little_is_expected() -> None:
    values = flat(15, 19.0)
    values[-1] = 0.0

    assert np.isnan(ioda.Ioda(HOUR).score(sheet(values, ["flows"])).values).all()


def test_ioda_takes_the_nearest_rank() -> None:
    ranks = np.array([[4.0, 1.0, 3.0, 2.0], [5.0, NAN, 1.0, 3.0], [NAN, NAN, NAN, NAN]])

    assert ioda.nearest_rank_median(ranks) == pytest.approx([2.0, 3.0, NAN], nan_ok=True)


def test_ioda_keeps_a_long_outage_out_of_its_history() -> None:
    values = flat(22, 100.0)
    values[-6 * 24 :] = 50.0  # most of the window

    assert ioda.sliding(sheet(values, ["flows"], days=7))[-1, 0] == 100.0


def test_ioda_learns_a_modest_change() -> None:
    values = flat(22, 100.0)
    values[-6 * 24 :] = 85.0

    assert ioda.sliding(sheet(values, ["flows"], days=7))[-1, 0] == 85.0


def test_a_sliding_median_is_that_of_the_window_before() -> None:
    rng = np.random.default_rng(3)
    values = rng.uniform(90, 110, 16 * 24)  # nothing is inpainted
    values[rng.integers(0, len(values), 40)] = NAN
    window = 7 * 24

    expected = ioda.sliding(sheet(values, ["flows"], days=2))[:, 0]

    for row in range(len(values) - 48, len(values)):
        assert expected[row] == ioda.nearest_rank_median(values[row - window : row])


def test_ioda_at_the_same_hour_knows_the_night() -> None:
    day = np.where(np.arange(24) < 6, 30.0, 100.0)
    values = np.tile(day, 15)

    plain = ioda.Ioda(HOUR).score(sheet(values, ["flows"])).values
    hourly = ioda.IodaSameHour(HOUR).score(sheet(values, ["flows"])).values

    assert plain[:6, 0] == pytest.approx(0.7)
    assert hourly == pytest.approx(0.0)


def test_ioda_at_the_same_hour_takes_the_days_before() -> None:
    values = np.repeat(100 + 2.0 * np.arange(15), 24)

    assert ioda.same_hour(sheet(values, ["flows"]))[-1, 0] == 112.0  # the 7th of 14


def test_downdetector_divides_by_the_mean_of_that_time_of_day() -> None:
    values = np.tile(np.where(np.arange(24) < 12, 2.0, 8.0), 4)
    values[-1], values[-24] = 32.0, 9.0  # four times as many; more, but fewer than ten

    scores = Downdetector().score(sheet(values, ["user_reports"])).values[:, 0]

    assert scores[-1] == pytest.approx(4.0)
    assert scores[0] == 0.0
    assert Downdetector(3).score(sheet(values, ["user_reports"])).values[0, 0] == pytest.approx(4.5)


def test_downdetector_adds_up_to_its_buckets() -> None:
    values = flat(3, 4.0, step=300)
    values[-1] = NAN

    scores = Downdetector().score(sheet(values, ["posts"], step=300))

    assert scores.slot_seconds == 900
    assert scores.values[:-1, 0] == pytest.approx(1.0)
    assert np.isnan(scores.values[-1, 0])


def test_the_ewma_measures_in_sigmas_of_what_came_before() -> None:
    values = flat(3, 4.0)
    values[:24] += np.tile([1.0, -1.0], 12)  # the first day sets the start: mean 4, sigma 1
    values[24] = 10.0

    scores = Ewma(DAY, HOUR).score(sheet(values, ["error_posts"], days=2)).values[:, 0]

    share = 2 / 25
    mean, variance = 4 + share * 6, (1 - share) * (1 + share * 36)
    assert scores[0] == pytest.approx(6.0)
    assert scores[1] == pytest.approx((4 - mean) / np.sqrt(variance))


def test_a_gap_leaves_the_ewma_alone() -> None:
    values = flat(3, 4.0)
    values[:24] += np.tile([1.0, -1.0], 12)
    values[24:30], values[30] = NAN, 10.0

    scores = Ewma(DAY, HOUR).score(sheet(values, ["error_posts"], days=2)).values[:, 0]

    assert scores[:7] == pytest.approx([NAN] * 6 + [6.0], nan_ok=True)


def test_shesd_measures_residuals_of_the_season() -> None:
    noise = np.where(np.arange(15) % 2, 2.0, -2.0)[:, None]
    values = (100 + 20 * np.sin(np.arange(24) / 24 * 2 * np.pi) + noise).ravel()
    values[-1] += 30
    laid = sheet(values, ["error_posts"])

    scores = Shesd(slot_seconds=HOUR).score(laid).values[:, 0]

    assert scores[-1] > 8
    assert np.abs(scores[:-1]).max() < 1


def test_shesd_says_nothing_of_a_series_without_variation() -> None:
    scores = Shesd().score(sheet(flat(15, 7.0), ["flows"])).values

    assert np.isnan(scores).all()


def test_falls_of_traffic_and_rises_of_complaints_harm() -> None:
    columns = [Series("chat", signal) for signal in ("bytes_down", "flows", "error_posts")]

    turned = harmful(columns, np.array([[-2.0, 3.0, 4.0]]))

    assert turned.tolist() == [[2.0, -3.0, 4.0]]


@pytest.mark.parametrize("family", ["s-h-esd", "prophet"])
def test_either_way_a_rise_of_traffic_counts_too(family: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(1000, 10, 15 * 144)
    values[-2:] = 1500.0
    laid = sheet(values, ["flows"], step=600)
    one_way, either = (FAMILIES[family][name].score(laid).values for name in ("", "either way"))

    assert one_way[-1, 0] < -1
    assert either[-1, 0] == -one_way[-1, 0]


def test_the_interval_s_edge_is_a_distance_of_one() -> None:
    seen = np.array([10.0, 4.0, 14.0, 1.0])

    far = prophet_alone.distances(seen, np.full(4, 10.0), np.full(4, 4.0), np.full(4, 14.0))

    assert far == pytest.approx([0.0, -1.0, 1.0, -1.5])


def test_prophet_finds_a_day_without_traffic() -> None:
    rng = np.random.default_rng(0)
    day = 1000 + 400 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    values = np.tile(day, 15) * rng.normal(1, 0.02, 15 * 24)
    values[-12:] = 100.0

    scores = ProphetAlone(slot_seconds=HOUR).score(sheet(values, ["flows"])).values[:, 0]

    assert scores[-12:].min() > 2
    assert np.median(scores[:12]) < 1


def test_prophet_knows_nothing_of_nothing() -> None:
    values = flat(3, NAN)

    scores = ProphetAlone(slot_seconds=HOUR).score(sheet(values, ["flows"])).values

    assert np.isnan(scores).all()


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "prophet"])
def test_no_rule_looks_ahead(family: str) -> None:
    rng = np.random.default_rng(1)
    signals = ["bytes_down", "error_posts", "flows", "posts", "user_reports"]
    values = rng.poisson(50, (16 * 144, len(signals))).astype(np.float64)
    whole = sheet(values, signals, step=600, days=2)
    changed = replace(whole, values=np.vstack([values[:-30], values[-30:] * 9]))
    rival = FAMILIES[family][""]

    before, after = rival.score(whole), rival.score(changed)

    cut = 30 * 600 // before.slot_seconds
    assert np.array_equal(before.values[:-cut], after.values[:-cut], equal_nan=True)
    assert not np.array_equal(before.values[-cut:], after.values[-cut:], equal_nan=True)


# -- cases and counts -----------------------------------------------------------------------


def made_case() -> Case:
    """Return two services seen at one operator for 16 days; the last two are judged."""
    moments = range(START, START + 16 * DAY, HOUR)
    samples = [
        Sample(Series(service, "flows", "", "op-1", "", HOUR), moment, count, moment + HOUR)
        for service, count in (("chat", 100.0), ("mail", 300.0))
        for moment in moments
        if (service, moment) != ("mail", START)
    ]
    judged = START + 14 * DAY
    hit = Label("application", judged + HOUR, judged + 3 * HOUR, judged + 3 * HOUR, "chat", None)
    batch = SampleBatch.of(samples)
    return Case("made", HOUR, ("chat", "mail"), ("op-1",), judged, START + 16 * DAY, batch, (hit,))


def test_an_operator_s_traffic_is_the_sum_and_a_gap_where_a_part_is_one() -> None:
    laid = sheet_of(made_case())
    place = [one.subject for one in laid.columns].index("op-1")

    assert len(laid.columns) == 3
    assert np.isnan(laid.values[0, place])
    assert laid.values[1:, place].tolist() == [400.0] * (16 * 24 - 1)
    assert laid.judged == 14 * 24


def test_a_rival_is_counted_by_our_rules() -> None:
    case = made_case()
    right = Spell("chat", None, case.judged_from, case.judged_from + 2 * HOUR, case.ends)
    wrong = Spell("mail", None, case.judged_from, case.judged_from + HOUR, case.ends)

    one = Tally.of(compare(case, incidents([right, wrong]), []), case.slot_seconds)

    assert (one.recall, one.precision, one.false_alarms) == (1.0, 0.5, 1)
    assert (one.slots, one.minutes, one.cause_accuracy) == ((1.0,), (60.0,), 0.0)
    assert one.rate == pytest.approx(1 / (3 * 2 / 7))


def test_counts_add_up_by_setting() -> None:
    parts = [{"a": Tally(2, 1, 3, 1.0)}, {"a": Tally(4, 2, 0, 2.0), "b": Tally(1)}]

    assert added(parts) == {"a": Tally(6, 3, 3, 3.0), "b": Tally(1)}


def test_the_best_setting_has_no_more_false_alarms_than_allowed() -> None:
    tried = {
        "loud": Tally(10, 9, 10, 10.0),
        "fair": Tally(10, 6, 1, 10.0),
        "same recall, louder": Tally(10, 6, 2, 10.0),
        "quiet": Tally(10, 2, 0, 10.0),
    }

    assert best(tried, 0.2) == ("fair", tried["fair"])
    assert best(tried, 0.0) == ("quiet", tried["quiet"])
    assert best({"loud": tried["loud"]}, 0.5) is None


def test_pairs_are_of_families_and_settings_have_names_of_their_own() -> None:
    for network, people in PAIRS:
        assert {network, people} <= set(FAMILIES)
        assert ON_NETWORK[network]
        assert ON_PEOPLE[people]
    for members in FAMILIES.values():
        assert "" in members
        names = [f"{one} {name}" for name, rival in members.items() for one in rival.sweep]
        assert len(set(names)) == len(names)


def test_a_real_case_can_be_laid_out_and_judged(shared: Path) -> None:
    case = read_case(shared / "cases" / "case-000")
    scores = FAMILIES["ioda same hour"][""].score(sheet_of(case))

    found = spells(scores, Setting(0.5))

    assert {one.subject for one in scores.columns} == {*case.services, *case.operators}
    assert all(case.judged_from < one.opened_at <= case.ends for one in found)
    assert compare(case, incidents(found), []).detections
