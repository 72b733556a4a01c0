"""`louver policy`: is the settings file right, and what does a change of it do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from louver.core.encoding import Json
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import show_json, show_table, wants_json

if TYPE_CHECKING:
    from louver.doors.settings.changes import Change


@click.group(epilog=examples("louver policy check", "louver policy diff louver.yaml new.yaml"))
def policy() -> None:
    """Check the settings, and compare two of them."""


@policy.command(
    epilog=examples(
        "louver policy check", "louver policy check --config louver.yaml --start --json"
    )
)
@click.option("--start", is_flag=True, help="Check too that the key variables are set.")
@shared
def check(*, start: bool) -> None:
    """Check the settings; tells all problems at once, with their lines."""
    from louver.doors.settings.problems import SettingsInvalid

    try:
        settings = current_settings(starting=start)
    except SettingsInvalid as error:
        if wants_json():
            show_json({"valid": False, "problems": [_problem(p) for p in error.problems]})
        raise
    found = settings.policy
    if wants_json():
        show_json({"valid": True, "digest": found.digest, "source": str(settings.source or "")})
        return
    click.echo(f"{settings.source or 'The built-in default'} is valid.")
    click.echo(f"policy {found.digest}")
    rows = [
        (model, ", ".join(f"{n} ({found.destinations[n].location.value})" for n in r.destinations))
        for model, r in sorted(found.routes.items())
    ]
    show_table(("model", "destinations"), rows, empty="There are no models.")


@policy.command(epilog=examples("louver policy diff louver.yaml new.yaml"))
@click.argument("old", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, dir_okay=False))
@shared
def diff(old: Path, new: Path) -> None:
    """Show which rules and decisions differ between the settings files OLD and NEW.

    Looser ones (data may go where it could not) are marked with !.
    """
    from louver.doors.settings.changes import decision_changes, rule_changes
    from louver.doors.settings.load import load

    before, after = load(old).policy, load(new).policy
    rules, decisions = rule_changes(before, after), decision_changes(before, after)
    if wants_json():
        show_json(
            {
                "same": before.digest == after.digest,
                "looser": any(change.looser for change in (*rules, *decisions)),
                "rules": [_change(change) for change in rules],
                "decisions": [_change(change) for change in decisions],
            }
        )
        return
    if before.digest == after.digest:
        click.echo("The two policies are the same.")
        return
    _show_changes("rule", rules)
    click.echo()
    _show_changes("decision", decisions)


def _show_changes(what: str, changes: Sequence[Change]) -> None:
    rows = [("!" if c.looser else " ", c.rule, c.before, c.after) for c in changes]
    show_table(("", what, "before", "after"), rows, empty=f"No {what} changes.")


def _change(change: Change) -> dict[str, Json]:
    return {
        "rule": change.rule,
        "before": change.before,
        "after": change.after,
        "looser": change.looser,
    }


def _problem(problem: object) -> dict[str, Json]:
    names = ("file", "line", "column", "where", "message")
    return {name: getattr(problem, name) for name in names}
