"""`louver halt` and `louver resume`: the kill switch, and what it stops now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from louver.core.errors import Invalid
from louver.core.halts import Halt, HaltKind, Standing
from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import moment, show_json, show_table, wants_json
from louver.doors.settings.problems import did_you_mean

if TYPE_CHECKING:
    from louver.doors.settings.values import Settings
    from louver.store.store import Store

_MEANINGS = {
    HaltKind.MODEL: "a destination of the settings; the next one that may be asked is asked",
    HaltKind.ROUTE: "a model name that clients ask for",
    HaltKind.TENANT: "all requests of a tenant",
    HaltKind.TOOL: "requests that declare a tool of this name",
}
_BECAUSE = "Why, in one word, for the ledger."


@click.group(
    epilog=examples(
        "louver halt model cloud --because incident",
        "louver halt tool send_mail",
        "louver halt list",
    )
)
def halt() -> None:
    """Stop a model, route, tenant or tool, in all processes, before the command returns.

    What is under way on it ends within a second, with the error `halted`.
    """


@click.group(epilog=examples("louver resume model cloud", "louver resume tenant clinic --json"))
def resume() -> None:
    """Let a halted model, route, tenant or tool go on."""


@halt.command("list", epilog=examples("louver halt list", "louver halt list --json"))
@shared
def list_halts() -> None:
    """List what is halted."""
    from louver.house import opened_store

    with opened_store(current_settings(starting=False)) as store:
        standing = sorted(store.halts().standing.values(), key=lambda one: one.since)
    if wants_json():
        show_json(
            [
                {
                    "kind": one.halt.kind.value,
                    "name": one.halt.name,
                    "because": one.because,
                    "since": one.since,
                }
                for one in standing
            ]
        )
        return
    columns = ("what", "name", "because", "since (UTC)")
    show_table(columns, [_row(one) for one in standing], empty="Nothing is halted.")


def _row(one: Standing) -> tuple[str, str, str, str]:
    return one.halt.kind.value, one.halt.name, one.because, moment(one.since)


def _halting(kind: HaltKind) -> click.Command:
    what = kind.value

    @click.command(
        what,
        epilog=examples(f"louver halt {what} NAME", f"louver halt {what} NAME --because incident"),
        help=f"Halt {_MEANINGS[kind]}.",
    )
    @click.argument("name")
    @click.option("--because", default="operator", show_default=True, help=_BECAUSE)
    @shared
    def command(name: str, because: str) -> None:
        from louver.house import opened_store

        settings = current_settings(starting=False)
        with opened_store(settings) as store:
            _require_known(Halt(kind, name), settings, store)
            entry = store.halt(Halt(kind, name), because).result()
        _show(kind, name, "halted", entry)

    return command


def _resuming(kind: HaltKind) -> click.Command:
    what = kind.value

    @click.command(
        what, epilog=examples(f"louver resume {what} NAME"), help=f"Resume {_MEANINGS[kind]}."
    )
    @click.argument("name")
    @click.option("--because", default="resumed", show_default=True, help=_BECAUSE)
    @shared
    def command(name: str, because: str) -> None:
        from louver.house import opened_store

        with opened_store(current_settings(starting=False)) as store:
            entry = store.resume(Halt(kind, name), because).result()
        _show(kind, name, "resumed", entry)

    return command


def _require_known(halt_: Halt, settings: Settings, store: Store) -> None:
    """A name that nothing has would stop nothing. Raises Invalid."""
    known = {
        HaltKind.MODEL: settings.policy.destinations.keys(),
        HaltKind.ROUTE: settings.policy.routes.keys(),
        HaltKind.TENANT: {record.tenant for record in store.list_keys()},
    }.get(halt_.kind)
    if known is not None and halt_.name not in known:
        hint = did_you_mean(halt_.name, known)
        there = ", ".join(sorted(known)) or "none"
        raise Invalid(
            f"nothing was halted: there is no such {halt_.kind.value}; there are: {there}{hint}",
            code="unknown_name",
        )


def _show(kind: HaltKind, name: str, state: str, entry: int) -> None:
    if wants_json():
        show_json({"kind": kind.value, "name": name, "state": state, "entry": entry})
    else:
        click.echo(f"{state} {kind.value} {name} (ledger entry {entry})")


for _kind in HaltKind:
    halt.add_command(_halting(_kind))
    resume.add_command(_resuming(_kind))
