"""How results and errors are shown: results on stdout, all else on stderr, JSON on request."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from louver.core.encoding import Json
from louver.core.errors import ConsentRequired, LouverError
from louver.doors.errors import place_of

JSON_FLAG = "louver.json"


def wants_json() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().meta.get(JSON_FLAG))


def show_json(value: Json) -> None:
    """The result as one JSON document; its keys are part of the interface."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Rows under `columns`, or the sentence `empty`."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    listed = list(rows)
    if not listed:
        click.echo(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        # As Text, since square brackets in a value would be read as markup.
        table.add_row(*(Text(value) for value in row))
    width = None if sys.stdout.isatty() else 160
    Console(file=sys.stdout, width=width).print(table)


def report(error: LouverError) -> None:
    """An error of ours, on stderr: what happened and what to do."""
    if wants_json():
        body: dict[str, Json] = {
            "code": error.code,
            "message": error.message,
            "param": error.param,
        }
        if isinstance(error, ConsentRequired):
            body["louver"] = asdict(error.needed)
        click.echo(json.dumps({"error": body}), err=True)
    else:
        click.echo(f"louver: {error.message} ({error.code})", err=True)


def report_unexpected(error: Exception) -> None:
    """A bug, on stderr: its type and place; its message may hold content."""
    place = f"{type(error).__name__} at {place_of(error)}"
    if wants_json():
        body = {"code": "internal_error", "message": place, "param": None}
        click.echo(json.dumps({"error": body}), err=True)
    else:
        click.echo(f"louver: an unexpected error, {place}; please report it", err=True)


def note(text: str) -> None:
    """A remark on stderr; none where JSON is wanted."""
    if not wants_json():
        click.echo(text, err=True)


def moment(seconds: float | None) -> str:
    """Seconds since the epoch as UTC; a dash for None."""
    if seconds is None:
        return "-"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s"  # Beyond the calendar; only a damaged row can say so.
