"""The catalogue: what is watched, how it is named, where it is seen from, who is told.

`load_catalogue(path)` lays a user's `outage.toml` over the built-in services and phrases.
"""

from outage.catalogue.catalogue import Catalogue
from outage.catalogue.faults import Fault
from outage.catalogue.load import check_catalogue, load_catalogue, overlay
from outage.catalogue.patterns import Part
from outage.catalogue.schema import Channel, Operator, Service, Source, Subject, Wording

__all__ = [
    "Catalogue",
    "Channel",
    "Fault",
    "Operator",
    "Part",
    "Service",
    "Source",
    "Subject",
    "Wording",
    "check_catalogue",
    "load_catalogue",
    "overlay",
]
