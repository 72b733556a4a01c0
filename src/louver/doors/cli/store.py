"""`louver store`: keep the database's schema up to date, and move the store to another one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click

from louver.core.errors import Invalid
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import show_json, wants_json


@click.group(
    epilog=examples(
        "louver store migrate",
        "louver store copy sqlite:///louver.db postgresql://louver@localhost/louver",
    )
)
def store() -> None:
    """Look after the database: its schema, and where it lives."""


@store.command(epilog=examples("louver store migrate", "louver store migrate 0001 --yes"))
@click.argument("revision", default="head")
@click.option("--yes", is_flag=True, help="Go back although that drops what later steps added.")
@shared
def migrate(revision: str, yes: bool) -> None:
    """Bring the schema of the store in the settings to REVISION, by default the newest.

    Going back drops the tables and columns of the steps that are undone, with what is in them;
    `base` drops everything.
    """
    from louver.store.database import open_database
    from louver.store.migrations import leads_down
    from louver.store.migrations import migrate as run

    engine = open_database(current_settings(starting=False).store.url)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        if not yes and leads_down(engine, revision):
            raise Invalid(
                "this goes back and drops what is in the later tables; say --yes if you mean it",
                code="confirmation",
            )
        done = run(engine, revision)
    if wants_json():
        show_json({"before": done.before, "after": done.after})
        return
    changed = "is already at" if done.before == done.after else "is now at"
    click.echo(f"The store {changed} revision {done.after or 'base'}.")


@store.command(
    epilog=examples(
        "louver store copy sqlite:///louver.db postgresql://louver@localhost/louver --dry-run",
        "louver store copy sqlite:///louver.db postgresql://louver@localhost/louver",
        "louver store copy postgresql://louver@localhost/louver sqlite:///copy.db --json",
    )
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--dry-run", is_flag=True, help="Only look whether it would work, and how much it is."
)
@click.option(
    "--overwrite-incomplete",
    is_flag=True,
    help="Start over what an interrupted copy has left; a complete store is never overwritten.",
)
@shared
def copy(source: str, target: str, dry_run: bool, overwrite_incomplete: bool) -> None:
    """Copy the whole store FROM one database TO another, empty one, and verify it there.

    Both are URLs, `sqlite:///louver.db` or `postgresql://user@host/name`. The source is only read.
    The key file is not in the store: take it along yourself.
    """
    from louver.store.moving import copy_store

    with _progress() as progress:
        found = copy_store(
            source,
            target,
            dry_run=dry_run,
            overwrite_incomplete=overwrite_incomplete,
            progress=progress,
        )
    if wants_json():
        show_json(
            {
                "copied": not found.dry_run,
                "entries": found.entries,
                "root": found.root.hex(),
                "rows": found.rows,
            }
        )
        return
    total = sum(found.rows.values())
    if found.dry_run:
        click.echo(f"This would copy {found.entries} ledger entries, {total} rows in all.")
    else:
        click.echo(f"Copied and verified: {found.entries} ledger entries, {total} rows in all.")
    click.echo(f"root {found.root.hex()}")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Bars on stderr, for people only."""
    if wants_json() or not sys.stderr.isatty():
        yield lambda step, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks = {step: bar.add_task(step, total=None) for step in ("copying", "verifying")}
        yield lambda step, done, total: bar.update(tasks[step], completed=done, total=total)
