"""How far each source was collected, and what it wants remembered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collections",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("collected_until", sa.BigInteger, nullable=True),
        sa.Column("attempted_at", sa.BigInteger, nullable=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("paused_until", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("source", name="pk_collections"),
    )
    op.create_table(
        "memories",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_memories"),
    )


def downgrade() -> None:
    op.drop_table("memories")
    op.drop_table("collections")
