"""Say since when a series is known, and which slots were judged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("series") as series:
        series.add_column(sa.Column("known_since", sa.BigInteger, nullable=True))
    op.execute(
        "UPDATE series SET known_since ="
        " (SELECT MIN(known_at) FROM samples WHERE samples.series_id = series.id)"
    )
    with op.batch_alter_table("judgement") as judgement:
        judgement.add_column(sa.Column("judged_from", sa.BigInteger, nullable=True))
        judgement.add_column(sa.Column("terms", sa.Text, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("judgement") as judgement:
        judgement.drop_column("terms")
        judgement.drop_column("judged_from")
    with op.batch_alter_table("series") as series:
        series.drop_column("known_since")
