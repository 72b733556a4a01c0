"""All tables: facts, and the ledger that remembers how they came about; content only as sealed.

Times are seconds since the epoch (UTC). `seq` counts ledger entries from 1.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

REVISION = "0002"
"""The migration step that leads to these tables."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite has one integer type, and only its plain INTEGER key is the row's own number.
_LARGE = BigInteger().with_variant(Integer, "sqlite")

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("seq", _LARGE, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("time", Double, nullable=False),
    Column("exchange", Text),
    Column("payload", LargeBinary, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    # Also the rule that no exchange is sent twice; entries without one are NULL, so never equal.
    UniqueConstraint("exchange", "kind"),
)

ledger_state = Table(
    "ledger_state",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="single"), primary_key=True),
    Column("size", _LARGE, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    # The active policy, and the entries that last changed consents, keys and halts.
    Column("policy", Text),
    Column("consents", _LARGE, nullable=False),
    Column("keys", _LARGE, nullable=False),
    Column("halts", _LARGE, nullable=False, server_default="0"),
)

tree_heads = Table(
    "tree_heads",
    metadata,
    Column("size", _LARGE, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("time", Double, nullable=False),
)

persons = Table(
    "persons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("digest"),
)

consents = Table(
    "consents",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("person", Text, ForeignKey("persons.id"), primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("expires", Double),
    Column("seq", _LARGE, nullable=False),
    # A replica reads what changed after the entry that it knows.
    Index(None, "seq"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("revoked", Double),
    UniqueConstraint("digest"),
)

policies = Table(
    "policies",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("activated", Double, nullable=False),
    Column("seq", _LARGE, nullable=False),
)

halts = Table(
    "halts",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("seq", _LARGE, nullable=False),
)

# What an API key has used on a day (UTC, as 2030-12-31); `seq` is the entry that last added to it.
usage = Table(
    "usage",
    metadata,
    Column("day", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("tokens", _LARGE, nullable=False),
    Column("requests", _LARGE, nullable=False),
    Column("seq", _LARGE, nullable=False),
)

# What a content key is derived from, beside the master secret: without its row there is no key.
content_keys = Table(
    "content_keys",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("created", Double, nullable=False),
)

responses = Table(
    "responses",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("person", Text, ForeignKey("persons.id")),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # The sweeper asks for what has expired, erasure for what is a person's.
    Index(None, "expires"),
    Index(None, "person"),
)

pending = Table(
    "pending",
    metadata,
    Column("exchange", Text, primary_key=True),
    # Without an index: only the sweeper asks, for all of what is open at a time, which is little.
    Column("sent_at", Double, nullable=False),
)
