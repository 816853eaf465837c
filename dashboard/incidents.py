"""The first page: every incident, and for the one chosen all that speaks for it."""

from __future__ import annotations

import streamlit as st

from dashboard import cached, incident, listings
from outage.queries import Listing, Standing, gravest
from outage.slots import format_time
from outage.words import Incident

RECONSTRUCTION = (
    "**Reconstruction made by code from published figures; not a measurement.**"
    " It is there to see the system at work without data of one's own."
)


def show(url: str) -> None:
    """Draw the page of the store at `url`; raises StoreError."""
    st.title("Incidents")
    held = cached.standing(url)
    if held.span is None:
        st.info(
            "The store holds no samples yet. Load the built-in blackout with `outage demo`, or"
            " your own data with `outage import samples FILE`, then `outage detect`."
        )
        return
    if held.judged_until is not None:
        moment = (format_time(held.judged_until) or "")[:16].replace("T", " ")
        st.caption(f"Judged up to {moment} UTC.")
    listing = _chosen(url, held)
    if _made_by_code(listing, held):
        st.warning(RECONSTRUCTION)
    if listing.incidents:
        incident.show(url, _pick(listing.incidents))
    else:
        st.info(_why_none(held))
    st.subheader("Seen, and not an outage", anchor=False)
    listings.draw_notices(listing.notices)


def _chosen(url: str, held: Standing) -> Listing:
    subject, states, since, until = listings.filters(held)
    return cached.listing(url, since, until, subject, states)


def _made_by_code(listing: Listing, held: Standing) -> bool:
    named = {one.subject for one in listing.incidents} | {one.subject for one in listing.notices}
    shown = named or set(held.subjects)
    return bool(shown & set(held.reconstructed))


def _why_none(held: Standing) -> str:
    if held.judged_until is None:
        return "Nothing was judged yet: run `outage detect`."
    return "No incident fits this choice."


def _pick(incidents: tuple[Incident, ...]) -> Incident:
    """Return the incident of the row chosen, else that of the address, else the gravest."""
    wanted = st.query_params.get("incident")
    by_address = next((one for one in incidents if one.id == wanted), None)
    first = by_address or gravest(incidents) or incidents[0]
    chosen = listings.draw_incidents(incidents, first)
    st.query_params["incident"] = chosen.id
    return chosen
