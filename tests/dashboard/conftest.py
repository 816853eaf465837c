"""What tests of the pages share: a store with the blackout, and the pages run without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboard
from tests.queries.made import blackout, days_of, filled, notice

APP = Path(dashboard.__path__[0]) / "app.py"
PATIENCE = 60  # seconds, on a machine that has much else to do

Run = Callable[..., AppTest]


@pytest.fixture(scope="session")
def blackout_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the URL of a store with three days of the blackout, events A and B found."""
    samples = days_of("whatsapp-2014", "2014-02-21T00:00:00Z", "2014-02-24T00:00:00Z")
    _, b = blackout()
    joke = notice(subject="whatsapp", start=b.start - 86_400, end=b.start - 80_000, text="*a* joke")
    url = f"sqlite:///{tmp_path_factory.mktemp('page') / 'outage.db'}"
    return filled(url, samples, blackout(), [joke])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the pages over a store, with query parameters of the address."""

    def _run(url: str, **query: str) -> AppTest:
        st.cache_data.clear()
        monkeypatch.setenv("OUTAGE_DATABASE_URL", url)
        page = AppTest.from_file(str(APP), default_timeout=PATIENCE)
        for name, value in query.items():
            page.query_params[name] = value
        return page.run()

    return _run
