"""The table of signatures: what every cause, and every innocent explanation, does to each feature.

The table is data (`signatures.toml`); adding a cause is adding a row. Each row gives per feature
the range of the log ratio seen / expected; the weight of the evidence follows from it
(`outage.judging.weigh`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

from outage.batches import Floats
from outage.errors import ConfigError
from outage.words import Cause

FEATURES: Final = (
    "flows",
    "bytes",
    "bytes_per_flow",
    "bytes_up_per_flow",
    "syn_per_flow",
    "syn_ack_per_syn",
    "rst_per_flow",
    "dns_queries",
    "dns_failures",
    "rtt_tcp_ms",
    "rtt_dns_ms",
    "connect_failures",
    "throughput_bps",
    "differentiation",
    "reachability",
    "posts",
    "error_posts",
    "error_posts_per_post",
    "user_reports",
    "status_level",
)
PEOPLE: Final = frozenset(
    {"posts", "error_posts", "error_posts_per_post", "user_reports", "status_level"}
)

# Log ratios at which a change is weighed; denser where changes are small.
_STEPS = (0.05, 0.1, 0.18, 0.28, 0.4, 0.55, 0.75, 1.0, 1.3, 1.7, 2.3, 3.0, 4.0, 5.0, 6.0)
NEGLIGIBLE: Final = 0.1
EFFECTS: Final = np.array([-step for step in reversed(_STEPS)] + [0.0] + list(_STEPS))


@dataclass(frozen=True, slots=True, eq=False)
class Signatures:
    """The table as arrays.

    `rows` names each hypothesis, outages first; `weights[feature]` has shape (rows, effects):
    the probability of each log ratio in EFFECTS under each row; `scopes[i]` is `any`, `single`
    or `operator` for an outage and `innocent` otherwise; a row none of whose `defining` features
    is measured pays `unproven` nats, and `priors[i]` nats in any case.
    """

    rows: tuple[str, ...]
    scopes: tuple[str, ...]
    weights: dict[str, Floats]
    defining: tuple[frozenset[str], ...]
    unproven: tuple[float, ...]
    priors: Floats

    @property
    def outages(self) -> tuple[int, ...]:
        """Return the positions of the rows that are outages."""
        return tuple(i for i, scope in enumerate(self.scopes) if scope != "innocent")

    def position(self, row: str) -> int:
        """Return where a row stands."""
        return self.rows.index(row)


def _range_weights(low: float, high: float, stays: float = 0.5) -> Floats:
    """Return the probability of each effect; a range that holds 0 `stays` so often as it was."""
    inside = (EFFECTS >= low - 1e-9) & (EFFECTS <= high + 1e-9)
    none = inside & (np.abs(EFFECTS) <= NEGLIGIBLE)
    some = inside & ~none
    if not none.any() or not some.any():
        return np.where(inside, 1.0 / max(1, int(inside.sum())), 0.0)
    moves = 1.0 - stays
    return np.where(none, stays / none.sum(), 0.0) + np.where(some, moves / some.sum(), 0.0)


def parse_signatures(table: dict[str, Any]) -> Signatures:
    """Return the checked table; raises ConfigError naming the row and key."""
    named = [("outage", name, row) for name, row in table.get("outage", {}).items()]
    named += [("innocent", name, row) for name, row in table.get("innocent", {}).items()]
    stays = _range_weights(0.0, 0.0)
    weights = {feature: np.tile(stays, (len(named), 1)) for feature in FEATURES}
    scopes, defining, unproven, priors = [], [], [], []
    for position, (group, name, row) in enumerate(named):
        if group == "outage" and name not in {cause.value for cause in Cause}:
            raise ConfigError(f"signatures.outage.{name}: not a cause; see docs/judging.md")
        scopes.append(row.get("scope", "any") if group == "outage" else "innocent")
        defining.append(frozenset(row.get("defining", ())))
        unproven.append(float(row.get("unproven", 6.0)))
        priors.append(float(row.get("prior", 0.0)))
        for key, value in row.items():
            if key in {"scope", "defining", "unproven", "prior"}:
                continue
            if key not in weights:
                raise ConfigError(f"signatures.{group}.{name}.{key}: no such feature")
            weights[key][position] = _range_weights(*_range(f"{group}.{name}.{key}", value))
    return Signatures(
        rows=tuple(name for _, name, _ in named),
        scopes=tuple(scopes),
        weights=weights,
        defining=tuple(defining),
        unproven=tuple(unproven),
        priors=np.array(priors),
    )


def _range(key: str, value: Any) -> tuple[float, ...]:
    """Return a range of log ratios, and how often it stays if that is said."""
    fine = isinstance(value, list | tuple) and len(value) in {2, 3} and value[0] <= value[1]
    if not fine or not all(0.0 <= one <= 1.0 for one in value[2:]):
        raise ConfigError(
            f"signatures.{key}: {value!r} is no range; write the lowest and the highest log ratio,"
            " like [-1.0, 0.5], and maybe how often it stays, from 0 to 1"
        )
    return tuple(value)


@cache
def built_in() -> Signatures:
    """Return the table that travels with the package."""
    return parse_signatures(_built_in())


def _built_in() -> dict[str, Any]:
    text = files("outage.judging").joinpath("signatures.toml").read_text("utf-8")
    return tomllib.loads(text)


def adapted(changes: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Signatures:
    """Return the built-in table with `changes` laid over it, key by key; raises ConfigError.

    A row that is not in the table is added: an innocent explanation of one's own.
    """
    if not any(changes.values()):
        return built_in()
    table = _built_in()
    for group, rows in changes.items():
        for name, row in rows.items():
            table[group][name] = table[group].get(name, {}) | row
    return parse_signatures(table)
