"""The page of the built-in reconstructions, made from what each says about itself."""

from __future__ import annotations

from collections.abc import Iterator

from outage import scenarios
from outage.scenarios import Expected, Scenario
from outage.slots import format_time

INTRODUCTION = """\
# Built-in reconstructions

<!-- Made by `make docs`; edit the code, not this page. -->

Five past outages, each with a cause of its own, rebuilt by code from published figures. **None of
them is a measurement**: the courses and counts are made, the times and directions are published
or, where they are not, listed under *assumed*. They are there to see the whole system at work
without any data of one's own, and to hold judging to account.

- Every signal has the source `reconstruction`; a sample is known at the end of its slot.
- Ordinary days have two peaks (noon and 20:00 local), a night valley and a weekly course. On them
  lies noise that is shared by all signals of a service at one operator (slow drift of 3.5 %,
  brisk of 2 %), noise of each series, and counting noise.
- `scenario.seed` chooses the noise: the same seed gives the same samples. `scenario.depth` scales
  every departure from the ordinary; with 0.5 all outages are half as strong.
- A failing measurement is a gap, never a zero: devices that reach no server measure nothing.
- To add one, write a module with `SCENARIO` and `lines(grid)` in `outage/scenarios/` and name it
  in `MODULES` of `outage/scenarios/__init__.py`; the tests there then hold for it too."""


def scenarios_page() -> str:
    """Return the page: what happens in each scenario, its sources and all that is assumed."""
    parts = [line for slug in scenarios.names() for line in _section(scenarios.describe(slug))]
    return "\n".join([INTRODUCTION, *parts]) + "\n"


def _section(one: Scenario) -> Iterator[str]:
    yield from ("", f"## `{one.slug}`", "", f"{one.title}.", "")
    yield f"Services: {_named(one.services)}. Operators: {_named(one.operators)}. Slots of"
    yield f"{one.slot_seconds} s from {format_time(one.starts)} to {format_time(one.ends)}, judged"
    yield f"from {format_time(one.judged_from)}."
    yield from ("", "| what | subject | vantage | cause | start | end | whole again |")
    yield "|---|---|---|---|---|---|---|"
    yield from (_row(event) for event in one.events)
    yield from ("", "Sources:", "", *(f"- {text}" for text in one.sources))
    yield from ("", "Assumed:", "", *(f"- {text}" for text in one.assumptions))


def _named(slugs: tuple[str, ...]) -> str:
    return ", ".join(f"`{slug}`" for slug in slugs)


def _row(event: Expected) -> str:
    times = (format_time(moment) for moment in (event.start, event.end, event.recovered))
    cells = (event.name, event.subject, event.vantage or "all", event.cause.value, *times)
    return f"| {' | '.join(str(cell) for cell in cells)} |"
