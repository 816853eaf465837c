"""Results of RIPE Atlas as the service hands them out: pings, -1 and all, and DNS answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from outage.errors import BadInput
from outage.reports.addresses import Address, parse
from outage.reports.measurements import read_answers, read_pings
from tests.reports.made_dns import answer, result


def ping(address: str | None, least: float, *rtts: float, probe: int = 1) -> dict[str, Any]:
    packets: list[dict[str, Any]] = [{"rtt": one} for one in rtts] or [{"x": "*"}]
    about = {"type": "ping", "prb_id": probe, "dst_addr": address, "min": least}
    return about | {"result": packets}


def lines(path: Path, *results: Any) -> Path:
    path.write_text("\n".join(json.dumps(one) for one in results) + "\n")
    return path


def known(text: str) -> Address:
    found = parse(text)
    assert found is not None
    return found


def test_the_smallest_time_counts_and_minus_one_is_none(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "pings",
        ping("192.0.2.1", 20.5, 20.5, 21),
        ping("192.0.2.1", -1),
        ping("192.0.2.1", 19.5, 30, 19.5, probe=2),
        ping("192.0.2.2", -1),
        ping("2001:db8::1", 5, 5),
    )

    pings = read_pings([file])

    assert pings.smallest == {known("192.0.2.1"): 19.5, known("2001:db8::1"): 5}
    assert pings.silent == {known("192.0.2.2")}
    assert pings.probes == {1, 2}


def test_a_result_without_its_least_is_read_by_its_packets(tmp_path: Path) -> None:
    one = ping("192.0.2.1", 0, 31, 30)
    del one["min"]

    assert read_pings([lines(tmp_path / "pings", one)]).smallest == {known("192.0.2.1"): 30}


def test_a_name_that_was_not_resolved_is_counted(tmp_path: Path) -> None:
    pings = read_pings([lines(tmp_path / "pings", ping(None, -1), ping("192.0.2.1", 3, 3))])

    assert (pings.damaged, len(pings.smallest)) == (1, 1)


def test_several_files_are_one(tmp_path: Path) -> None:
    files = [lines(tmp_path / str(rtt), ping("192.0.2.1", rtt, rtt)) for rtt in (9, 7, 8)]

    assert read_pings(files).smallest == {known("192.0.2.1"): 7}


def test_real_results_are_read(shared: Path) -> None:
    pings = read_pings([shared / "data" / "atlas" / "1042404_6098.ndjson"])

    ((address, least),) = pings.smallest.items()
    assert address == known("213.225.160.239")
    assert 10 < least < 14.66
    assert pings.probes == {6098}


@pytest.mark.parametrize("form", ["array", "indented", "commas", "gzip"])
def test_every_form_of_the_file_is_read(tmp_path: Path, form: str) -> None:
    results = [ping("192.0.2.1", 4, 4), ping("192.0.2.2", 5, 5)]
    text = {
        "array": json.dumps(results),
        "indented": json.dumps(results, indent=1),
        "commas": ",\n".join(map(json.dumps, results)),
        "gzip": "\n".join(map(json.dumps, results)),
    }[form]
    file = tmp_path / ("pings.gz" if form == "gzip" else "pings.json")
    file.write_bytes(gzip.compress(text.encode()) if form == "gzip" else text.encode())

    assert len(read_pings([file]).smallest) == 2


def test_answers_are_gathered_by_name_and_probe(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "dns",
        result(1, answer("e1.whatsapp.net", ["192.0.2.1"])),
        result(1, answer("E1.whatsapp.net", ["192.0.2.2"])),
        result(2, answer("e1.whatsapp.net", ["192.0.2.1"])),
        result(2, answer("mmv1.whatsapp.net", ["2001:db8::1"])),
    )

    assert {name: dict(one) for name, one in read_answers([file]).names.items()} == {
        "e1.whatsapp.net": {1: {"192.0.2.1", "192.0.2.2"}, 2: {"192.0.2.1"}},
        "mmv1.whatsapp.net": {2: {"2001:db8::1"}},
    }


def test_every_resolver_of_a_probe_is_heard(tmp_path: Path) -> None:
    messages = [answer("e1.whatsapp.net", [one]) for one in ("192.0.2.1", "192.0.2.2")]
    results = [result(1, message) for message in messages]
    file = lines(tmp_path / "dns", {"type": "dns", "prb_id": 1, "resultset": results})

    assert dict(read_answers([file]).names["e1.whatsapp.net"]) == {1: {"192.0.2.1", "192.0.2.2"}}


def test_failures_and_damage_are_counted(tmp_path: Path) -> None:
    broken = result(1, b"torn")
    not_base64 = {**broken, "result": {"abuf": "%%%"}}
    nothing = result(1, answer("e1.whatsapp.net", []))
    file = lines(tmp_path / "dns", broken, not_base64, nothing, result(1, None))

    answers = read_answers([file])

    assert (answers.damaged, answers.failed, answers.names) == (2, 2, {})


def test_fields_of_other_types_are_passed_over(tmp_path: Path) -> None:
    strange = [{"dst_addr": "192.0.2.1", "prb_id": "x", "min": "1", "result": 3}]
    strange += [{"dst_addr": 7, "result": [4, {"rtt": None}]}]
    answers = [{"prb_id": [], "resultset": 3}, {"result": 5}, {"resultset": [1, {"result": []}]}]

    pings = read_pings([lines(tmp_path / "pings", *strange)])

    assert (pings.smallest, pings.silent, pings.damaged) == ({}, {known("192.0.2.1")}, 1)
    assert read_answers([lines(tmp_path / "dns", *answers)]).failed == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "holds no result"),
        ("[]", "holds no result"),
        ("{torn", "not JSON as RIPE Atlas"),
        ("[1, 2]", "no RIPE Atlas result"),
        (
            '{"type": "dns"}',
            "a result of type dns, not of type ping; dns results belong to --atlas",
        ),
        ('{"type": "traceroute"}', "a result of type traceroute, not of type ping"),
    ],
)
def test_another_file_is_told(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "pings").write_text(text)

    with pytest.raises(BadInput, match=line) as raised:
        read_pings([tmp_path / "pings"])
    assert str(raised.value).startswith(str(tmp_path / "pings"))
