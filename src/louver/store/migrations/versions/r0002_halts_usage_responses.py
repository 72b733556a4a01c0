"""Halts, what API keys have used by day, and the vault of kept answers with its keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LARGE = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("ledger_state", sa.Column("halts", _LARGE, nullable=False, server_default="0"))
    op.create_table(
        "halts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("seq", _LARGE, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_halts"),
    )
    op.create_table(
        "usage",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tokens", _LARGE, nullable=False),
        sa.Column("requests", _LARGE, nullable=False),
        sa.Column("seq", _LARGE, nullable=False),
        sa.PrimaryKeyConstraint("day", "key", name="pk_usage"),
    )
    _vault()
    # What every request pays for, and only the sweeper uses, on a table of few rows.
    op.drop_index("ix_pending_sent_at", "pending")


def downgrade() -> None:
    for table in ("responses", "content_keys", "usage", "halts"):
        op.drop_table(table)
    op.drop_column("ledger_state", "halts")
    op.create_index("ix_pending_sent_at", "pending", ["sent_at"])


def _vault() -> None:
    op.create_table(
        "content_keys",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "owner", "kind", name="pk_content_keys"),
    )
    op.create_table(
        "responses",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name="fk_responses_person"),
        sa.PrimaryKeyConstraint("id", name="pk_responses"),
    )
    op.create_index("ix_responses_expires", "responses", ["expires"])
    op.create_index("ix_responses_person", "responses", ["person"])
