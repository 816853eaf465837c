from __future__ import annotations

import pytest

from outage.catalogue import overlay
from outage.posts import Matcher

BIZNET = {"name": "Biznet", "timezone": "Asia/Jakarta", "keywords": ["biznet"]}


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return Matcher.of(overlay({"operators": {"biznet": BIZNET}}))
