"""Every registered collector keeps to the shape that `outage collect` and `outage sources` need."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter

from outage.catalogue import overlay
from outage.collecting.building import GROUP, build
from outage.errors import ConfigError
from outage.plugs import available, load
from tests.collectors.servers import surroundings

NAMES = sorted(name for name, point in available(GROUP).items() if "tests." not in point.value)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_built_from_its_surroundings_and_options(name: str) -> None:
    plug: Any = load(GROUP, name)
    first, *options = inspect.signature(plug).parameters.values()
    assert first.name == "surroundings"
    needed = {one.name for one in options if one.default is one.empty}
    assert needed <= set(getattr(plug, "needs", ()))
    assert set(getattr(plug, "needs", ())) <= {one.name for one in options}
    assert not any(one.kind is one.VAR_KEYWORD for one in options), "misspelt options would pass"


@pytest.mark.parametrize("name", NAMES)
def test_its_options_are_checked_by_their_types(name: str) -> None:
    hints = get_type_hints(load(GROUP, name).__init__)
    for option in list(inspect.signature(load(GROUP, name)).parameters)[1:]:
        assert TypeAdapter(hints[option]) is not None


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_costs_and_what_limits_it(name: str) -> None:
    plug = load(GROUP, name)
    for what in ("cost", "limits"):
        assert isinstance(getattr(plug, what), str)
        assert getattr(plug, what)
    for what in ("least_lag_seconds", "overlap_seconds"):
        assert getattr(plug, what, 0) >= 0


@pytest.mark.parametrize("name", NAMES)
def test_what_it_needs_is_asked_for(name: str) -> None:
    needs = load(GROUP, name).needs if hasattr(load(GROUP, name), "needs") else ()
    source = overlay({"sources": {"one": {"plug": name}}}).sources["one"]
    if needs:
        with pytest.raises(ConfigError, match=r"sources\.one\.options"):
            build("one", source, surroundings())
