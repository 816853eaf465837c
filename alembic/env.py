"""Run the migrations on the connection that `outage.store.schema` hands over."""

from __future__ import annotations

from alembic import context

from outage.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
