"""Built-in reconstructions of past outages, made by code from published figures.

None of them is a measurement; each says so in its title and lists what is assumed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from outage.errors import UsageError
from outage.scenarios.record import Expected, Scenario

if TYPE_CHECKING:
    from outage.batches import SampleBatch

__all__ = ["Expected", "Scenario", "build", "describe", "names"]

MODULES: Final = {
    "whatsapp-2014": "whatsapp_2014",
    "dyn-2016": "dyn_2016",
    "facebook-2021": "facebook_2021",
    "rogers-2022": "rogers_2022",
    "verizon-2017": "verizon_2017",
}


def names() -> list[str]:
    """Return the slugs of the reconstructions, the blackout first."""
    return list(MODULES)


def describe(slug: str) -> Scenario:
    """Return what a reconstruction shows, its sources and assumptions; raises UsageError."""
    scenario: Scenario = _module(slug).SCENARIO
    return scenario


def build(slug: str, seed: int = 0, depth: float = 1.0) -> SampleBatch:
    """Return the samples of a reconstruction, each known at the end of its slot.

    The same `seed` gives the same samples; `depth` (above 0, at most 1.5) scales every departure
    of the outages from the ordinary. Raises UsageError.
    """
    module = _module(slug)
    batch: SampleBatch = _load("drawing").reconstruct(module.SCENARIO, module.lines, seed, depth)
    return batch


def _module(slug: str) -> Any:
    if slug not in MODULES:
        raise UsageError(f"there is no scenario {slug!r}; known: {', '.join(MODULES)}")
    return _load(MODULES[slug])


def _load(name: str) -> Any:
    # Only when asked for: the command line lists the names without waiting for numpy.
    return import_module(f"outage.scenarios.{name}")
