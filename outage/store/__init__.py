"""The store: one schema on SQLite and PostgreSQL; samples in, records out."""

from __future__ import annotations

from outage.store.margins import Freshness
from outage.store.rows import Added
from outage.store.schema import Upgrade, upgrade
from outage.store.standings import Standing
from outage.store.store import Store

__all__ = ["Added", "Freshness", "Standing", "Store", "Upgrade", "upgrade"]
