"""Operators that few services tell of, and services that stand on one platform."""

from __future__ import annotations

import pytest

from outage.batches import SampleBatch
from outage.catalogue import load_catalogue
from outage.judging.engine import Engine
from outage.judging.kin import Kin
from outage.judging.outlook import no_offsets
from outage.judging.run import run
from outage.judging.sources import MemorySource
from outage.settings import Settings
from outage.slots import HOUR
from outage.words import Cause
from tests.judging.made import (
    ALARM,
    APPLICATION,
    DNS,
    ENDS,
    GONE,
    JUDGED,
    Change,
    Judged,
    at,
    where,
    world,
)

NOON, TWO = at(12), at(14)
ONE = ("alpha",)


def judge(batch: SampleBatch, kin: Kin) -> Judged:
    engine = Engine(MemorySource(batch), Settings(), no_offsets, kin=kin)
    return Judged(*run(engine, engine.start(JUDGED), ENDS))


def test_an_operator_that_only_the_catalogue_knows_has_an_outage_of_its_own() -> None:
    said = world(Change(NOON, TWO, ALARM, "op-b", ""), operators=("op-a", "op-b"))
    unseen = where(said, lambda one: one.vantage != "op-b")

    (one,) = judge(unseen, Kin(frozenset({"op-b"}))).incidents

    assert (one.subject, one.vantage, one.cause) == ("op-b", "op-b", Cause.OPERATOR)
    assert one.start == NOON
    assert one.end is not None
    assert abs(one.end - TWO) <= HOUR / 3


def test_an_operator_is_out_where_its_only_service_falls_and_people_blame_it() -> None:
    falls = Change(NOON, TWO, GONE, None, "op-a")
    batch = world(falls, Change(NOON, TWO, ALARM, "op-a", ""), services=ONE)

    (one,) = judge(batch, Kin()).incidents

    assert (one.subject, one.cause) == ("op-a", Cause.OPERATOR)


@pytest.mark.parametrize("blamed", ["alpha", None])
def test_the_only_service_of_an_operator_is_blamed_where_people_do_not_blame_the_operator(
    blamed: str | None,
) -> None:
    changes = [Change(NOON, TWO, APPLICATION, "alpha", "op-a")]
    changes += [Change(NOON, TWO, ALARM, blamed, "")] if blamed else []

    judged = judge(world(*changes, services=ONE, operators=("op-a",)), Kin())

    assert [one.subject for one in judged.incidents] == ["alpha"]


def test_people_who_blame_an_operator_whose_traffic_is_calm_open_nothing() -> None:
    batch = world(Change(NOON, TWO, ALARM, "op-a", ""), services=ONE)

    assert judge(batch, Kin(frozenset({"op-a"}))).incidents == []


def test_services_of_one_platform_that_fail_together_are_one_event() -> None:
    batch = world(
        Change(NOON, TWO, APPLICATION, "alpha"),
        Change(NOON, TWO, DNS, "beta"),
        services=("alpha", "beta", "gamma"),
    )

    apart = judge(batch, Kin()).incidents
    together = judge(batch, Kin(platforms={"alpha": "cloud", "beta": "cloud"})).incidents

    assert [(one.subject, one.cause) for one in together] == [
        ("alpha", Cause.APPLICATION),
        ("beta", Cause.DNS),
    ]
    assert len({one.event for one in apart}) == 2
    assert len({one.event for one in together}) == 1


def test_the_catalogue_tells_operators_and_platforms() -> None:
    kin = Kin.of(load_catalogue(None))

    assert kin.related("instagram", "whatsapp")
    assert kin.related("instagram", "meta")
    assert not kin.related("instagram", "netflix")
