"""How the schema came to be, step by step, each with its way back; `migrate` walks them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from louver.store.database import be_patient, writing

_LOCK = 0x6C6F75766572  # "louver": two replicas that start at once must not both migrate.


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, up or down, in one transaction; `base` drops everything.

    Raises Unavailable if the database does not answer.
    """
    config = configuration()
    with writing(engine) as connection:
        be_patient(connection)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        known = revision == "base" or revision.startswith("-")
        (command.downgrade if known else command.upgrade)(config, revision)


def configuration() -> Config:
    """Alembic's configuration without a file: the steps live beside this module."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
