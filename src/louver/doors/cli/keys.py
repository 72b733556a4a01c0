"""`louver keys`: the API keys that applications show; only their digests are kept."""

from __future__ import annotations

import click

from louver.doors.cli.options import current_settings, examples, shared
from louver.doors.cli.output import moment, note, show_json, show_table, wants_json


@click.group(epilog=examples("louver keys create --tenant clinic --application helpdesk"))
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command(
    epilog=examples(
        "louver keys create", "louver keys create --tenant clinic --application helpdesk --json"
    )
)
@click.option("--tenant", default="default", show_default=True, help="Whose data it is for.")
@click.option("--application", default="default", show_default=True, help="Who uses it.")
@shared
def create(tenant: str, application: str) -> None:
    """Create a key and show it, this once."""
    from louver.house import opened_store

    with opened_store(current_settings(starting=False)) as store:
        secret = store.create_key(tenant, application).result().reveal()
    if wants_json():
        show_json({"key": secret, "tenant": tenant, "application": application})
        return
    click.echo(secret)
    note("Keep it now: only its digest is stored, and it is not shown again.")


@keys.command("list", epilog=examples("louver keys list", "louver keys list --json"))
@shared
def list_keys() -> None:
    """List all keys by their public ids."""
    from louver.house import opened_store

    with opened_store(current_settings(starting=False)) as store:
        records = store.list_keys()
    if wants_json():
        show_json(
            [
                {
                    "id": record.id,
                    "tenant": record.tenant,
                    "application": record.application,
                    "created": record.created,
                    "revoked": record.revoked,
                }
                for record in records
            ]
        )
        return
    rows = [(r.id, r.tenant, r.application, moment(r.created), moment(r.revoked)) for r in records]
    columns = ("id", "tenant", "application", "created (UTC)", "revoked (UTC)")
    show_table(columns, rows, empty="There are no keys; `louver keys create` makes one.")


@keys.command(epilog=examples("louver keys revoke abcdefgh"))
@click.argument("key")
@shared
def revoke(key: str) -> None:
    """Revoke the key with the public id KEY; requests with it end at once."""
    from louver.house import opened_store

    with opened_store(current_settings(starting=False)) as store:
        entry = store.revoke_key(key).result()
    if wants_json():
        show_json({"id": key, "entry": entry})
    else:
        click.echo(f"revoked {key} (ledger entry {entry})")
