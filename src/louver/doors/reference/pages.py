"""The text of each reference page; the same code gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from inspect import cleandoc
from pathlib import Path
from typing import get_args

import click

from louver.core import events
from louver.core.categories import TAXONOMY
from louver.core.consent import ConsentKey
from louver.core.errors import LouverError
from louver.doors.cli.root import root
from louver.doors.errors import EXIT_MEANINGS, ROWS, UNEXPECTED, Row, listed
from louver.doors.reference.raised import error_classes, raised
from louver.doors.settings.catalog import settings

_WRITTEN_BY = "<!-- Written by `make docs` from the code; change the code, not this page. -->"
_JSON = {
    "bool": "true or false",
    "int": "number",
    "float | None": "number or null",
    "str | None": "string or null",
    "Mapping[str, int]": "object of numbers",
    "tuple[str, ...]": "array of strings",
}
_CLAIMS = "louver.core.claims"


def pages() -> Mapping[str, str]:
    """Each page's text by its path in the repository."""
    written = {
        "docs/reference/settings.md": _settings(),
        "docs/reference/commands.md": _commands(),
        "docs/reference/errors.md": _errors(),
        "docs/reference/categories.md": _categories(),
        "docs/reference/events.md": _events(),
    }
    if find_spec(_CLAIMS) is not None:
        written["CLAIMS.md"] = _claims()
    return written


def write(folder: Path) -> None:
    """Write all pages below `folder`."""
    for path, text in pages().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _page(title: str, *paragraphs: str) -> str:
    return "\n\n".join((_WRITTEN_BY, f"# {title}", *paragraphs)) + "\n"


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _settings() -> str:
    rows = ((f"`{s.path}`", s.kind, s.default, s.meaning) for s in settings())
    return _page(
        "Settings",
        "`louver init` writes a commented `louver.yaml`; `louver policy check` tells everything "
        "that is wrong with one, with line and column. Without a file, Louver uses SQLite in "
        "`./.louver` and the practice model.",
        "The file is found by `--config`, else the environment variable `LOUVER_CONFIG`, else "
        "`./louver.yaml`. Times are written as `500ms`, `10s`, `15min`, `2h`, `30d`; sizes as "
        "`512KB`, `10MB`, `1MiB`. In a path, `*` is a name of your own and `[]` a list's entry.",
        _table(("setting", "value", "default", "meaning"), rows),
    )


def _commands() -> str:
    codes = ((str(code.value), meaning) for code, meaning in EXIT_MEANINGS.items())
    helps = [f"## {name}\n\n```text\n{text}\n```" for name, text in command_helps()]
    return _page("Commands", "## Exit codes", _table(("code", "meaning"), codes), *helps)


def command_helps() -> Iterator[tuple[str, str]]:
    """Every command's full name and its `--help`, in the order of the command line."""
    yield from _helps(root, click.Context(root, info_name="louver", terminal_width=90))


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    text = command.get_help(context)
    yield context.command_path, "\n".join(line.rstrip() for line in text.splitlines())
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                inner_context = click.Context(
                    inner, info_name=name, parent=context, terminal_width=90
                )
                yield from _helps(inner, inner_context)


def _errors() -> str:
    def row(code: str, row: Row) -> Sequence[str]:
        retry = "yes" if row.retry else "no"
        return (f"`{code}`", str(row.status), f"`{row.kind}`", retry, str(row.exit), row.meaning)

    columns = ("code", "HTTP status", "type", "retry", "exit code", "meaning")
    rows = [row(kind.code, known) for kind, known in ROWS.items()]
    rows.append(row("internal_error", UNEXPECTED))
    classes = error_classes()
    unlisted = sorted((c for c in classes.values() if c not in ROWS), key=lambda c: c.code)
    inherited = [(f"`{c.code}`", _followed(c), _first_line(c.__doc__)) for c in unlisted]
    given = [(f"`{r.code}`", _followed(classes[r.kind]), r.message) for r in raised()]
    return _page(
        "Errors",
        'Errors have OpenAI\'s shape: `{"error": {"message", "type", "param", "code"}}`. '
        "`code` is stable; `message` says what happened and what to do, and never holds content. "
        "`retry` is sent as `x-should-retry`. An error after a stream has begun is its last event.",
        _table(columns, iter(rows)),
        "`upstream_error` carries the status, the body and the retry headers of the model's "
        "server. `consent_required` has one more object, `louver`, with `purpose`, `recipient`, "
        "`person_known` and `state`: what to ask the person for.",
        "## Answered like another",
        _table(("code", "answered like", "meaning"), iter(inherited)),
        "## More precise codes",
        _table(("code", "answered like", "message"), iter(given)),
    )


def _followed(kind: type[LouverError]) -> str:
    base = listed(kind)
    return "" if base is None else f"`{base.code}`"


def _categories() -> str:
    def rows() -> Iterator[Sequence[str]]:
        for code, category in TAXONOMY.items():
            yield (
                f"`{code}`",
                f"`{category.label}`",
                category.tier.name.lower(),
                category.meaning,
                "yes" if category.article9 else "",
                category.presidio or "",
                category.fideslang or "",
                category.dpv or "",
                category.source,
            )

    columns = ("code", "placeholder", "tier", "meaning", "Art. 9", "Presidio", "fideslang", "DPV")
    return _page(
        "Categories",
        "What data can be. A code is never removed or re-defined. A setting may name a code or its "
        "beginning up to a dot. A placeholder is the label, `_` and 12 letters. Tiers, from "
        "harmless to grave: ordinary, personal, sensitive, secret, special.",
        _table((*columns, "source"), rows()),
    )


def _events() -> str:
    parts = []
    for event in get_args(events.Event):
        heading = f"## {event.kind.value}\n\n{cleandoc(event.__doc__ or '')}"
        parts.append(f"{heading}\n\n{_table(('field', 'type'), _event_fields(event))}")
    return _page(
        "Events",
        "What the ledger records. Each entry commits to one event's canonical JSON (RFC 8785): its "
        "`kind`, its `time` in seconds since the epoch, and the fields below. No entry holds "
        "content.",
        *parts,
    )


def _event_fields(event: type[events.Event]) -> Iterator[Sequence[str]]:
    """The payload's fields; a consent's key is spread out in it."""
    for field in fields(event):
        inner = fields(ConsentKey) if field.name == "key" and "Consent" in str(field.type) else ()
        for one in inner or (field,):
            yield f"`{one.name}`", f"`{_JSON.get(str(one.type), 'string')}`"


def _claims() -> str:
    parts = []
    for claim in import_module(_CLAIMS).CLAIMS:
        assumed = "\n".join(f"- {assumption}" for assumption in claim.assumptions)
        refuting = "\n".join(f"- `{test}`" for test in claim.refuted_by)
        parts.append(
            f"## {claim.statement}\n\nAssumes:\n\n{assumed or '- nothing'}\n\n"
            f"Refuted if one of these fails:\n\n{refuting}"
        )
    return _page(
        "Claims",
        "Each promise, what it assumes, and the tests that would refute it. What is not said here "
        "is not promised.",
        *parts,
    )


def _first_line(text: str | None) -> str:
    return cleandoc(text or "").partition("\n")[0]
