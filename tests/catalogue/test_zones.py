"""Local clocks against the standard library, moment by moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from outage.batches import Ints
from outage.catalogue import overlay
from outage.catalogue.zones import utc_offsets
from outage.slots import parse_time

ZONES = (
    "Europe/Vienna",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # two changes more, around Ramadan
    "Pacific/Apia",  # left out a whole day in 2011
    "Etc/GMT-4",
    "UTC",
)


def _one_by_one(zone: str, moments: Ints) -> list[float]:
    clock = ZoneInfo(zone)
    offsets = (datetime.fromtimestamp(int(m), clock).utcoffset() for m in moments)
    return [offset.total_seconds() for offset in offsets if offset is not None]


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_those_of_the_standard_library(zone: str) -> None:
    random = np.random.default_rng(7)
    span = parse_time("2009-12-30T00:00:00Z"), parse_time("2027-01-02T00:00:00Z")
    moments = random.integers(*span, size=4000)
    assert utc_offsets(zone, moments).tolist() == _one_by_one(zone, moments)


def test_the_clock_changes_at_the_very_second() -> None:
    change = parse_time("2014-03-30T01:00:00Z")
    around = np.array([change - 1, change, change + 1])
    assert utc_offsets("Europe/Vienna", around).tolist() == [3600, 7200, 7200]
    back = parse_time("2014-10-26T01:00:00Z")
    assert utc_offsets("Europe/Vienna", np.array([back - 1, back])).tolist() == [7200, 3600]


def test_the_turn_of_the_year_is_no_gap() -> None:
    turn = parse_time("2015-01-01T00:00:00Z")
    moments = np.arange(turn - 7200, turn + 7200, 600)
    assert set(utc_offsets("America/New_York", moments).tolist()) == {-18000}


def test_shape_and_type_are_kept_and_empty_is_fine() -> None:
    moments = np.arange(12, dtype=np.int64).reshape(3, 4)
    assert utc_offsets("Asia/Tokyo", moments).shape == (3, 4)
    assert utc_offsets("Asia/Tokyo", moments).dtype == np.int64
    assert utc_offsets("Asia/Tokyo", np.array([], dtype=np.int64)).shape == (0,)


def test_the_vantage_goes_before_the_subject_and_utc_is_the_last_resort() -> None:
    catalogue = overlay(
        {
            "services": {"local": {"name": "Local", "timezone": "America/New_York"}},
            "operators": {"at-1": {"name": "AT", "timezone": "Europe/Vienna"}},
        }
    )
    winter = np.array([parse_time("2014-02-22T18:00:00Z")])
    assert catalogue.utc_offsets("local", "at-1", winter).tolist() == [3600]
    assert catalogue.utc_offsets("local", "", winter).tolist() == [-18000]
    assert catalogue.utc_offsets("local", "unknown", winter).tolist() == [-18000]
    assert catalogue.utc_offsets("at-1", "", winter).tolist() == [3600]
    assert catalogue.utc_offsets("whatsapp", "", winter).tolist() == [0]
    assert catalogue.utc_offsets("unheard-of", "unheard-of", winter).tolist() == [0]
