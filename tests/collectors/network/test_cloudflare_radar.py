from __future__ import annotations

from typing import Any

import pytest

from collectors.network.cloudflare_radar import CloudflareRadar, board, parse
from outage.errors import BadInput, ConfigError, SourceError
from outage.interfaces import Surroundings, Watched
from outage.words import SubjectKind
from tests.collectors.servers import Answer, Request, Server, Time, serving, surroundings

NOW = 1_767_607_512  # 2026-01-05T10:05:12Z
SLOT = 1_767_607_200
OPERATORS = tuple(
    Watched(f"mobile-{n}", SubjectKind.OPERATOR, f"Mobile {n}", asns=(64500 + n,)) for n in range(4)
)
BEGUN = "2026-01-05T08:00:00Z"

ANNOTATION: dict[str, Any] = {
    "id": "1",
    "dataSource": "ALL",
    "eventType": "OUTAGE",
    "startDate": BEGUN,
    "endDate": None,
    "asns": [64500],
    "asnsDetails": [{"asn": "64500", "name": "EX", "locations": {"code": "XX", "name": "X"}}],
    "locations": ["XX"],
    "locationsDetails": [{"code": "XX", "name": "X"}],
    "outage": {"outageCause": "POWER_OUTAGE", "outageType": "NATIONWIDE"},
    "scope": None,
    "description": None,
    "linkedUrl": None,
}
ANOMALY: dict[str, Any] = {
    "uuid": "u1",
    "type": "AS",
    "status": "VERIFIED",
    "startDate": BEGUN,
    "asnDetails": {"asn": "64501", "name": "EY"},
    "visibleInDataSources": ["NETFLOWS"],
}


def page(key: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "errors": [], "messages": [], "result": {key: list(entries)}}


class Radar:
    """Both lists, page by page; the token is asked for."""

    def __init__(self, annotations: list[Any], anomalies: list[Any]) -> None:
        self.lists = {"annotations": annotations, "trafficAnomalies": anomalies}

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Bearer radar-token":
            told = {"success": False, "errors": [{"code": 10000, "message": "Authentication"}]}
            return Answer(told, 403)
        key = "annotations" if request.path.endswith("annotations/outages") else "trafficAnomalies"
        first, count = int(request.one("offset")), int(request.one("limit"))
        return Answer(page(key, *self.lists[key][first : first + count]))


def around() -> Surroundings:
    return surroundings("radar", time=Time(NOW), watched=OPERATORS)


def read(server: Server, token: str = "radar-token", **options: Any) -> dict[str, float]:
    radar = CloudflareRadar(around(), token=token, url=f"{server.url}/client/v4", **options)
    samples = list(radar.collect(SLOT - 600, SLOT))
    assert {(one.slot_start, one.known_at) for one in samples} == {(SLOT, NOW)}
    return {one.series.subject: one.value for one in samples}


def test_outages_and_anomalies_become_levels_of_operators() -> None:
    unverified = {**ANOMALY, "status": "UNVERIFIED", "asnDetails": {"asn": 64502}}
    with serving(Radar([ANNOTATION], [ANOMALY, unverified])) as server:
        found = read(server, countries={"exland": "xx"})
    assert found == {"mobile-0": 3, "mobile-1": 2, "mobile-2": 1, "mobile-3": 0, "exland": 0}
    assert server.paths == [
        "/client/v4/radar/annotations/outages",
        "/client/v4/radar/traffic_anomalies",
    ]
    assert server.requests[0].one("dateRange") == "7d"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"asns": [64500], "asnsDetails": None}, {"as64500"}),
        ({"asns": ["64500"], "asnsDetails": []}, {"as64500"}),
        ({"asns": None}, {"as64500"}),
        ({"asns": [], "asnsDetails": []}, {"xx"}),
        ({"asns": [], "asnsDetails": [], "locations": None}, {"xx"}),
        ({"endDate": "2026-01-05T09:00:00Z"}, set()),
        ({"endDate": "2026-01-05T11:00:00Z"}, {"as64500"}),
        ({"startDate": "2026-01-06T00:00:00Z"}, set()),
    ],
)
def test_whom_it_is_about_and_whether_it_goes_on(changes: dict[str, Any], names: set[str]) -> None:
    assert set(board([{**ANNOTATION, **changes}], NOW).parts) == names


def test_an_outage_of_a_country_is_not_one_of_each_network_there() -> None:
    whole = {**ANNOTATION, "asns": [], "asnsDetails": []}
    with serving(Radar([whole], [])) as server:
        assert read(server, countries={"exland": "XX"})["exland"] == 3
        assert read(server)["mobile-0"] == 0


def test_another_kind_of_event_is_minor() -> None:
    assert board([{**ANNOTATION, "eventType": "PIPELINE"}], NOW).parts == {"as64500": 1}


def test_all_pages_are_read() -> None:
    others = [{**ANOMALY, "asnDetails": {"asn": str(n)}} for n in range(100)]
    with serving(Radar([], [*others, ANOMALY])) as server:
        assert read(server)["mobile-1"] == 2
    assert [one.one("offset") for one in server.requests] == ["0", "0", "100"]


def test_a_refused_token_is_a_permanent_fault_without_the_token() -> None:
    with (
        serving(Radar([], [])) as server,
        pytest.raises(SourceError, match=r"403 .*Authentication") as caught,
    ):
        read(server, token="wrong-radar-token")
    assert caught.value.permanent
    assert "wrong-radar-token" not in str(caught.value)


def test_the_limit_is_waited_out() -> None:
    time = Time(NOW)
    busy = Answer("{}", 429, {"retry-after": "7", "Ratelimit": '"default";r=0;t=7'})
    answers = iter([busy])
    radar = Radar([ANNOTATION], [])
    with serving(lambda one: next(answers, None) or radar(one)) as server:
        surrounded = surroundings("radar", time=time, watched=OPERATORS)
        source = CloudflareRadar(surrounded, token="radar-token", url=server.url)
        assert list(source.collect(SLOT - 600, SLOT))
    assert sum(time.slept) >= 7


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"success": False, "errors": [{"message": "why"}], "result": None},
        {"success": True, "result": None},
        {"success": True, "result": {"annotations": {}}},
    ],
)
def test_what_is_no_success_is_unknown(payload: Any) -> None:
    with pytest.raises(BadInput):
        parse(payload, "annotations")


def test_somebody_must_be_watched() -> None:
    with pytest.raises(ConfigError, match="no operator has asns"):
        CloudflareRadar(surroundings("radar"), token="radar-token")
    assert list(CloudflareRadar(around(), token="radar-token").collect(0, 600)) == []
