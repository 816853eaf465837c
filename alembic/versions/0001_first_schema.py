"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_samples()
    _create_margins()
    _create_verdicts()


def downgrade() -> None:
    for table in (
        "baselines",
        "judgement",
        "notices",
        "incidents",
        "sources",
        "rejected_rows",
        "corrections",
        "samples",
        "series",
        "subjects",
    ):
        op.drop_table(table)


def _create_samples() -> None:
    op.create_table(
        "subjects",
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_subjects"),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("signal", sa.String(64), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("vantage", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("slot_seconds", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.ForeignKeyConstraint(["subject"], ["subjects.slug"], name="fk_series_subject_subjects"),
        sa.UniqueConstraint(
            *("subject", "signal", "category", "vantage", "source", "slot_seconds"),
            name="uq_series_subject_signal_category_vantage_source_slot_seconds",
        ),
    )
    op.create_table(
        "samples",
        sa.Column("series_id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("slot_start", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("known_at", sa.BigInteger, nullable=False),
        sa.Column("weight", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("series_id", "slot_start", name="pk_samples"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "corrections",
        sa.Column("series_id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("slot_start", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("known_at", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("weight", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("series_id", "slot_start", "known_at", name="pk_corrections"),
        sa.ForeignKeyConstraint(
            ["series_id", "slot_start"],
            ["samples.series_id", "samples.slot_start"],
            name="fk_corrections_series_id_slot_start_samples",
            ondelete="CASCADE",
        ),
    )


def _create_margins() -> None:
    op.create_table(
        "rejected_rows",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("origin", sa.String(500), nullable=False),
        sa.Column("line", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("remedy", sa.String(500), nullable=False),
        sa.Column("excerpt", sa.String(200), nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejected_rows"),
        sa.UniqueConstraint("origin", "line", "reason", name="uq_rejected_rows_origin_line_reason"),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("last_slot_end", sa.BigInteger, nullable=True),
        sa.Column("last_success_at", sa.BigInteger, nullable=True),
        sa.Column("last_error", sa.String(500), nullable=True),
        sa.Column("last_error_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_sources"),
    )


def _create_verdicts() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("vantage", sa.String(64), nullable=True),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=True),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_start", "incidents", ["start"])
    op.create_index("ix_incidents_opened_at", "incidents", ["opened_at"])
    op.create_table(
        "notices",
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("vantage", sa.String(64), nullable=False),
        sa.Column("start", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", "vantage", "start", name="pk_notices"),
    )
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("judged_until", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_judgement"),
    )
    op.create_table(
        "baselines",
        sa.Column("day", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("slot_seconds", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(500), nullable=False),
        sa.Column("location", sa.LargeBinary, nullable=False),
        sa.Column("spread", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("day", "slot_seconds", "key", name="pk_baselines"),
    )
