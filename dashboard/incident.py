"""One incident: what it is in sentences, what speaks for it, and the panels of figure 8."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard import cached
from dashboard.plain import plain
from outage.charts import incident_figure
from outage.queries import (
    Panels,
    account,
    amount,
    change,
    duration,
    headline,
    only,
    reconstruction_of,
    share,
    telling,
)
from outage.slots import DAY, HOUR
from outage.words import Evidence, Incident

AROUND: Final = {"8 hours": 8 * HOUR, "3 hours": 3 * HOUR, "1 day": DAY, "3 days": 3 * DAY}
EVERYWHERE: Final = "all together"
EVIDENCE_ROW_PIXELS: Final = 33
EVIDENCE_ROWS: Final = 8  # as high as the sentences beside them; more rows scroll
MODE_BAR: Final = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


def show(url: str, one: Incident) -> None:
    """Draw an incident of the store at `url`; raises StoreError."""
    st.header(plain(headline(one)), anchor=False)
    words, numbers = st.columns([1, 1], gap="large")
    with words:
        _draw_words(one)
    with numbers:
        _draw_evidence(one.evidence)
    _draw_panels(url, one)


def _draw_words(one: Incident) -> None:
    figures = {
        "missing": share(one.severity) if one.vantages else "not measured",
        "how sure": share(one.confidence),
        "opened after": duration(max(0, one.opened_at - one.start)),
        "lasted": "open" if one.end is None else duration(one.end - one.start),
    }
    for place, (label, value) in zip(st.columns(4), figures.items(), strict=True):
        place.metric(label, value)
    for sentence in account(one, cached.local_zone(one)):
        st.markdown(plain(sentence))


def _draw_evidence(evidence: tuple[Evidence, ...]) -> None:
    if not evidence:
        st.caption("No single signal tells; the evidence is in their sum.")
        return
    right = st.column_config.TextColumn(alignment="right")
    st.dataframe(
        pd.DataFrame([_row(one) for one in evidence]),
        hide_index=True,
        height=(min(len(evidence), EVIDENCE_ROWS) + 1) * EVIDENCE_ROW_PIXELS + 3,
        row_height=EVIDENCE_ROW_PIXELS,
        column_config={
            "Change": right,
            "Seen": right,
            "Expected": right,
            "Sigma": st.column_config.NumberColumn(format="%+.0f"),
        },
    )


def _row(one: Evidence) -> dict[str, Any]:
    return {
        "What speaks for it": " ".join(part for part in (one.signal, one.category) if part),
        "Where": one.vantage or "people",
        "Change": change(one.seen, one.expected),
        "Seen": amount(one.seen),
        "Expected": amount(one.expected),
        "Unit": one.unit,
        "Sigma": one.score,
    }


def _draw_panels(url: str, one: Incident) -> None:
    where, around, which = st.columns([2, 2, 7])
    span = around.selectbox("Hours around it", list(AROUND))
    whole = cached.panels(url, one, AROUND[span], None)
    places = [EVERYWHERE, *whole.vantages]
    first = places.index(one.vantage) if one.vantage in places else 0
    vantage = where.selectbox("Vantage", places, first, key=f"vantage-{one.id}")
    seen = whole if vantage == EVERYWHERE else cached.panels(url, one, AROUND[span], vantage)
    titles = {plot.key: plot.title for plot in seen.plots}
    keys = which.multiselect("Panels", list(titles), telling(seen), format_func=titles.__getitem__)
    if not titles:
        st.info("The samples of that time are no longer in the store.")
    elif keys:
        figure = incident_figure(only(seen, keys))
        st.plotly_chart(figure, width="stretch", theme=None, config=MODE_BAR, key="panels")
    _draw_origin(seen, one)


def _draw_origin(panels: Panels, one: Incident) -> None:
    st.caption(plain(f"Sources: {', '.join(panels.sources) or 'none'}. {_reading()}"))
    scenario = reconstruction_of(one) if "reconstruction" in panels.sources else None
    if scenario is None:
        return
    with st.expander(f"What this reconstruction stands on: {plain(scenario.title)}"):
        for heading, lines in (("Sources", scenario.sources), ("Assumed", scenario.assumptions)):
            st.markdown(f"**{heading}**")
            st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def _reading() -> str:
    return (
        "Shaded: incidents of this subject. Dashed line: when it was opened. Dotted curve:"
        " what was expected. A break in a curve is a gap: nothing is known there."
    )
