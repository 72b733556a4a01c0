"""`louver ledger`: read the record, and check that it still says what it said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from louver.core.encoding import Json
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import moment, show_json, show_table, wants_json


@click.group(epilog=examples("louver ledger show", "louver ledger verify"))
def ledger() -> None:
    """Read and verify the ledger."""


@ledger.command(
    epilog=examples("louver ledger show --limit 50", "louver ledger show --exchange ex-0123 --json")
)
@click.option("--after", type=click.IntRange(min=0), help="Only entries after this number.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--exchange", help="Only the entries of one exchange.")
@shared
def show(after: int | None, limit: int, exchange: str | None) -> None:
    """Show entries; without --after, the newest."""
    from louver.house import opened_ledger
    from louver.store.ledger import read_entries, read_head

    with opened_ledger(current_settings(starting=False)) as engine:
        newest = 0 if exchange else max(0, read_head(engine).size - limit)
        entries = read_entries(engine, newest if after is None else after, limit, exchange)
    if wants_json():
        show_json([{"entry": entry.seq, **entry.event} for entry in entries])
        return
    rows = [(str(e.seq), moment(e.time), e.kind, _summary(e.event)) for e in entries]
    show_table(("entry", "time (UTC)", "kind", "what"), rows, empty="There are no entries.")


@ledger.command(epilog=examples("louver ledger verify", "louver ledger verify --json"))
@shared
def verify() -> None:
    """Recompute every entry's commitment, the tree and its heads, and the facts they tell.

    Exit code 1 names the first bad entry. Not covered, as no entry commits to them: digests of API
    keys and of people's ids, and the text of a policy. The store is only read.
    """
    from louver.house import verified

    with _progress("verifying") as progress:
        found = verified(current_settings(starting=False), progress)
    if wants_json():
        show_json(
            {
                "verified": True,
                "entries": found.entries,
                "heads": found.heads,
                "root": found.root.hex(),
                "open": found.open,
            }
        )
        return
    click.echo(f"The ledger verifies: {found.entries} entries, {found.heads} tree heads.")
    click.echo(f"root {found.root.hex()}")
    if found.open:
        click.echo(f"{found.open} exchanges are open (sent, not ended yet).")


def _summary(event: object) -> str:
    """An entry's fields but its kind and time, short enough for one line."""
    fields = event if isinstance(event, dict) else {}
    shown = {k: v for k, v in fields.items() if k not in ("kind", "time") and v not in (None, {})}
    return " ".join(f"{name}={_value(value)}" for name, value in shown.items())


def _value(value: Json) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}:{count}" for name, count in value.items())
    if isinstance(value, list):
        return ",".join(map(str, value))
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 else text


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr, for people only."""
    if wants_json() or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
