"""The entry of the pages: `outage dashboard` hands this script to Streamlit."""

from __future__ import annotations

import streamlit as st

from dashboard import incidents
from dashboard.cached import database_url
from dashboard.plain import plain
from outage.errors import OutageError

STYLE = """<style>
.stMainBlockContainer {padding: 2.4rem 3rem 3rem; max-width: 1680px}
[data-testid="stMetricValue"] {font-size: 1.5rem}
h1 {font-size: 1.9rem !important; padding-bottom: .5rem !important}
h2 {font-size: 1.5rem !important} h3 {font-size: 1.15rem !important}
</style>"""


def _incidents() -> None:
    # The one boundary of the pages: a fault is one line and what to do, never a traceback.
    try:
        incidents.show(database_url())
    except OutageError as error:
        st.error(plain(str(error)))


st.set_page_config(page_title="outage: incidents", layout="wide")
st.html(STYLE)
st.navigation([st.Page(_incidents, title="Incidents")], position="hidden").run()
