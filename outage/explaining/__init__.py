"""Say for any moment why an incident did, or did not, open, from what the store holds.

The same engine as live judging, rewound to days before and read-only.
"""

from outage.explaining.lines import page, warming_page
from outage.explaining.moment import explain, warming_up
from outage.explaining.record import Explanation, Warming, as_document

__all__ = ["Explanation", "Warming", "as_document", "explain", "page", "warming_page", "warming_up"]
