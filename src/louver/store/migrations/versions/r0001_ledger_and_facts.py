"""The ledger, its tree, and the facts of the first step: people, consents, keys, policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Spelled out here and not imported: a step stays what it was when the code moves on.
_LARGE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


def upgrade() -> None:
    _ledger()
    _people()
    _rules()
    state = sa.table(
        "ledger_state",
        sa.column("id", sa.Integer),
        sa.column("size", sa.BigInteger),
        sa.column("frontier", sa.LargeBinary),
        sa.column("root", sa.LargeBinary),
        sa.column("consents", sa.BigInteger),
        sa.column("keys", sa.BigInteger),
    )
    empty = {"id": 1, "size": 0, "frontier": b"", "root": _EMPTY_ROOT, "consents": 0, "keys": 0}
    op.bulk_insert(state, [empty])


def downgrade() -> None:
    for table in (
        "pending",
        "policies",
        "api_keys",
        "consents",
        "persons",
        "tree_heads",
        "ledger_state",
        "ledger_entries",
    ):
        op.drop_table(table)


def _ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("seq", _LARGE, autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("exchange", sa.Text()),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_entries"),
        sa.UniqueConstraint("exchange", "kind", name="uq_ledger_entries_exchange_kind"),
    )
    op.create_table(
        "ledger_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("size", _LARGE, nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("policy", sa.Text()),
        sa.Column("consents", _LARGE, nullable=False),
        sa.Column("keys", _LARGE, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_ledger_state_single"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_state"),
    )
    op.create_table(
        "tree_heads",
        sa.Column("size", _LARGE, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_tree_heads"),
    )
    op.create_table(
        "pending",
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name="pk_pending"),
    )
    op.create_index("ix_pending_sent_at", "pending", ["sent_at"])


def _people() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("digest", name="uq_persons_digest"),
    )
    op.create_table(
        "consents",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double()),
        sa.Column("seq", _LARGE, nullable=False),
        sa.ForeignKeyConstraint(["person"], ["persons.id"], name="fk_consents_person"),
        sa.PrimaryKeyConstraint("tenant", "person", "purpose", "recipient", name="pk_consents"),
    )
    op.create_index("ix_consents_seq", "consents", ["seq"])


def _rules() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("revoked", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "policies",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("activated", sa.Double(), nullable=False),
        sa.Column("seq", _LARGE, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_policies"),
    )
