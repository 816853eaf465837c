"""Which pattern covers which host name, and which of several wins."""

from __future__ import annotations

import pytest

from outage.catalogue.patterns import HostIndex, HostPattern, Part, fault_in


def _winner(host: str, *patterns: str) -> str | None:
    found = HostIndex((text, Part("s", text)) for text in patterns).find(host)
    return None if found is None else found.category


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("whatsapp.net", "whatsapp.net", True),
        ("whatsapp.net", "a.b.whatsapp.net", True),
        ("whatsapp.net", "notwhatsapp.net", False),
        ("whatsapp.net", "whatsapp.net.example.org", False),
        ("*.whatsapp.net", "a.b.whatsapp.net", True),
        ("*.whatsapp.net", "whatsapp.net", False),
        ("c[0-9]*.whatsapp.net", "c12.whatsapp.net", True),
        ("c[0-9]*.whatsapp.net", "cdn.whatsapp.net", False),
        ("c[!0-9]*.whatsapp.net", "cdn.whatsapp.net", True),
        ("d?.whatsapp.net", "d3.whatsapp.net", True),
        ("d?.whatsapp.net", "d33.whatsapp.net", False),
        ("a.*.cdn.example.org", "a.vie1.cdn.example.org", True),
        ("*-chat.example.org", "edge-chat.example.org", True),
    ],
)
def test_what_a_pattern_covers(pattern: str, host: str, covered: bool) -> None:
    assert (_winner(host, pattern) is not None) is covered


@pytest.mark.parametrize(
    ("host", "patterns", "winner"),
    [
        ("mmi1.w.net", ("w.net", "mm*.w.net", "mmi*.w.net"), "mmi*.w.net"),
        ("mmg.w.net", ("w.net", "mm*.w.net", "mmi*.w.net"), "mm*.w.net"),
        ("x.w.net", ("w.net", "mm*.w.net", "*.w.net"), "*.w.net"),
        ("c1.w.net", ("c*.w.net", "c[0-9]*.w.net"), "c[0-9]*.w.net"),
        ("ab.w.net", ("a*.w.net", "*b.w.net"), "*b.w.net"),
        ("abc.w.net", ("a*c.w.net", "a*c*.w.net"), "a*c.w.net"),
        ("api.w.net", ("api.w.net", "a?i.w.net", "ap*.w.net"), "api.w.net"),
    ],
)
def test_the_most_specific_wins_whatever_the_order(
    host: str, patterns: tuple[str, ...], winner: str
) -> None:
    assert _winner(host, *patterns) == winner
    assert _winner(host, *reversed(patterns)) == winner


def test_hosts_are_compared_without_case_and_trailing_dot() -> None:
    assert _winner(" MMV1.WhatsApp.NET. ", "mmv*.whatsapp.net") == "mmv*.whatsapp.net"


@pytest.mark.parametrize("host", ["", ".", "..", "net", "a" * 300, "10.0.0.1"])
def test_odd_hosts_belong_to_nobody(host: str) -> None:
    assert _winner(host, "whatsapp.net", "*.whatsapp.net") is None


def test_the_tail_is_literal_and_made_of_whole_labels() -> None:
    assert HostPattern.of("a-*-b.cdn.example.org").tail == "cdn.example.org"
    assert HostPattern.of("c[0-9].x?.example.org").tail == "example.org"
    assert HostPattern.of("example.org").tail == "example.org"


@pytest.mark.parametrize(
    "text",
    [
        "*.com",
        "*",
        "com",
        "a.*",
        "www.google.*",
        "a..b",
        ".a.b",
        "a.b.",
        "a.[b",
        "a].b.c",
        "a[].b.c",
        "https://a.b",
        "a.b/c",
        "a.b:443",
        "münchen.example.org",
        "a b.c",
        "",
        "{a,b}.c.d",
        "!a.b.c",
    ],
)
def test_bad_patterns_are_refused_with_reason_and_remedy(text: str) -> None:
    fault = fault_in(text)
    assert fault is not None
    assert all(fault)


def test_a_name_in_another_script_is_answered_with_its_punycode() -> None:
    fault = fault_in("münchen.example.org")
    assert fault is not None
    assert "xn--mnchen-3ya.example.org" in fault[1]
