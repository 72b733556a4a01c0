"""Alembic's entry: runs the steps on the connection that `migrate` gives, in its transaction."""

from __future__ import annotations

from alembic import context

from louver.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it.
)
context.run_migrations()
