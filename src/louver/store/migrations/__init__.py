"""How the schema came to be, step by step, each with its way back; `migrate` walks them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from louver.core.errors import Invalid
from louver.store.database import be_patient, reading, writing

_LOCK = 0x6C6F75766572  # "louver": two replicas that start at once must not both migrate.


@dataclass(frozen=True, slots=True)
class Migrated:
    """The revisions before and after; None is a database without our tables."""

    before: str | None
    after: str | None


def migrate(engine: Engine, revision: str = "head") -> Migrated:
    """Bring the database to `revision`, up or down, in one transaction; `base` drops everything.

    Raises Invalid for a revision that there is not, Unavailable if the database does not answer.
    """
    config = configuration()
    with writing(engine) as connection:
        be_patient(connection)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        before = _current(connection)
        config.attributes["connection"] = connection
        try:
            (command.downgrade if _is_down(before, revision) else command.upgrade)(config, revision)
        except CommandError:
            raise Invalid(
                "there is no such step from here; use `head`, `base` or a revision's number",
                code="unknown_revision",
            ) from None
        return Migrated(before, _current(connection))


def leads_down(engine: Engine, revision: str) -> bool:
    """Whether going to `revision` would drop something. Raises Unavailable."""
    with reading(engine) as connection:
        return _is_down(_current(connection), revision)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_down(current: str | None, revision: str) -> bool:
    if revision == "base" or revision.startswith("-"):
        return True
    script = ScriptDirectory.from_config(configuration())
    # Newest first: what stands behind the current step is older.
    order = [step.revision for step in script.walk_revisions()]
    known = current in order and revision in order
    return known and order.index(revision) > order.index(str(current))


def configuration() -> Config:
    """Alembic's configuration without a file: the steps live beside this module."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
