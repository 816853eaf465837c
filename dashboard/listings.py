"""The tables of incidents and notices, and what chooses among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pandas as pd
import streamlit as st

from outage.queries import Standing, duration, share
from outage.slots import from_epoch, to_epoch
from outage.words import Incident, Notice, State

ANY: Final = "all"
STATES: Final = {"open": (State.POSSIBLE, State.CONFIRMED), "closed": (State.CLOSED,)}
EARLIEST, LATEST = date(1990, 1, 1), date(2099, 12, 31)  # else ten years about today
MOMENT: Final = "ddd D MMM YYYY, HH:mm"
ROW_PIXELS: Final = 36
MOST_ROWS: Final = 9  # higher tables scroll

Filters = tuple[str | None, tuple[State, ...], int | None, int | None]


def filters(held: Standing) -> Filters:
    """Draw the filters in a row; return subject, states, and the span in epoch seconds."""
    about, state, span, _ = st.columns([2, 2, 2, 3])
    subject = about.selectbox("Subject", [ANY, *held.subjects])
    standing = state.selectbox("State", [ANY, *STATES])
    whole = _days(held)
    days = span.date_input("Days (UTC)", whole, min_value=EARLIEST, max_value=LATEST)
    chosen = days if isinstance(days, tuple) else (days,)
    # Incidents outlive samples: the whole span, as it is at first, chooses nothing.
    since, until = (None, None) if chosen == whole else _bounds(chosen)
    return None if subject == ANY else subject, STATES.get(standing, ()), since, until


def _days(held: Standing) -> tuple[date, date]:
    begin, end = held.span or (0, 1)
    return from_epoch(begin).date(), from_epoch(max(begin, end - 1)).date()


def _bounds(days: Sequence[date]) -> tuple[int | None, int | None]:
    """Return the span of whole days; while only its first day is chosen it has no end."""
    moments = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
    since = to_epoch(moments[0]) if moments else None
    until = to_epoch(moments[1] + timedelta(days=1)) if len(moments) > 1 else None
    return since, until


def draw_incidents(incidents: Sequence[Incident], first: Incident) -> Incident:
    """Draw the table with the row of `first` chosen; return the incident of the chosen row."""
    answer = st.dataframe(
        pd.DataFrame([_row(one) for one in incidents]),
        hide_index=True,
        height=_height(len(incidents)),
        row_height=ROW_PIXELS,
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [incidents.index(first)]}},
        key=f"incidents-{hash(tuple(one.id for one in incidents))}",
    )
    rows: list[int] = answer["selection"]["rows"]
    return incidents[rows[0]] if rows else first


def _row(one: Incident) -> dict[str, Any]:
    return {
        "Subject": one.subject,
        "Cause": one.cause.value,
        "Since (UTC)": from_epoch(one.start),
        "Until (UTC)": None if one.end is None else from_epoch(one.end),
        "Opened after": duration(max(0, one.opened_at - one.start)),
        "Confirmed": None if one.confirmed_at is None else from_epoch(one.confirmed_at),
        "State": one.state.value,
        "Missing": 100 * one.severity if one.vantages else None,  # people count no traffic
        "How sure": share(one.confidence),
        "Where": one.vantage or ", ".join(one.vantages) or "people only",
    }


def _columns() -> dict[str, Any]:
    moment = st.column_config.DatetimeColumn(format=MOMENT, timezone="UTC")
    missing = st.column_config.ProgressColumn(format="%.0f %%", min_value=0.0, max_value=100.0)
    time = st.column_config.DatetimeColumn(format="HH:mm", timezone="UTC")
    return {
        "Since (UTC)": moment,
        "Until (UTC)": moment,
        "Confirmed": time,
        "Missing": missing,
    }


def draw_notices(notices: Sequence[Notice]) -> None:
    """Draw the table of what was seen and is no outage; says so when there is none."""
    if not notices:
        st.caption("Nothing.")
        return
    moment = st.column_config.DatetimeColumn(format=MOMENT, timezone="UTC")
    st.dataframe(
        pd.DataFrame([_notice_row(one) for one in notices]),
        hide_index=True,
        height=_height(len(notices)),
        row_height=ROW_PIXELS,
        column_config={
            "Since (UTC)": moment,
            "Until (UTC)": moment,
            "What": st.column_config.TextColumn(width="large"),
        },
    )


def _notice_row(one: Notice) -> dict[str, Any]:
    return {
        "Kind": one.kind.replace("_", " "),
        "Subject": one.subject,
        "Since (UTC)": from_epoch(one.start),
        "Until (UTC)": None if one.end is None else from_epoch(one.end),
        "What": one.text,
    }


def _height(rows: int) -> int:
    return (min(rows, MOST_ROWS) + 1) * ROW_PIXELS + 3
