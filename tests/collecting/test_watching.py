"""What collectors are told of the catalogue."""

from __future__ import annotations

from outage.catalogue import overlay
from outage.collecting.watching import watched
from outage.words import SubjectKind

TABLE = {
    "services": {
        "intranet": {
            "name": "Intranet",
            "keywords": ["intranet", "the portal"],
            "ambiguous": ["the portal"],
            "context": ["login"],
            "error_phrases": {"en": ["portal is shut"]},
            "domains": {"": ["intra.example.org"], "web": ["www*.intra.example.org"]},
        },
        "vague": {"name": "Vague", "keywords": ["vague"], "context": ["app"]},
        "tumblr": {"enabled": False},
    },
    "operators": {
        "isp-x": {
            "name": "ISP X",
            "timezone": "Europe/Vienna",
            "keywords": ["isp x", "x"],
            "ambiguous": ["x"],
            "context": ["net"],
            "asns": [64500],
            "country": "AT",
        }
    },
}


def test_services_and_operators_are_told_with_all_that_names_them() -> None:
    told = {one.slug: one for one in watched(overlay(TABLE))}

    intranet = told["intranet"]
    assert intranet.kind is SubjectKind.SERVICE
    assert intranet.keywords == ("intranet", "the portal")
    assert intranet.ambiguous == ("the portal",)
    assert intranet.error_phrases == {"en": ("portal is shut",)}
    assert set(intranet.domains) == {"intra.example.org", "www*.intra.example.org"}
    assert told["vague"].ambiguous == ("vague",)  # context without ambiguous: all need it
    operator = told["isp-x"]
    assert (operator.kind, operator.asns, operator.country) == (
        SubjectKind.OPERATOR,
        (64500,),
        "AT",
    )
    assert (operator.keywords, operator.ambiguous) == (("isp x", "x"), ("x",))
    assert "tumblr" not in told
    assert "whatsapp" in told
