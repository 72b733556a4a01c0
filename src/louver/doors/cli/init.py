"""`louver init`: writes a commented louver.yaml."""

from __future__ import annotations

from pathlib import Path

import click

from louver.core.errors import Invalid
from louver.doors.cli.options import examples, shared
from louver.doors.cli.output import show_json, wants_json
from louver.doors.settings.example import example


@click.command(epilog=examples("louver init", "louver init /etc/louver/louver.yaml"))
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False), default=Path("louver.yaml")
)
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@shared
def init(file: Path, *, force: bool) -> None:
    """Write a commented louver.yaml to FILE."""
    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(example())
    except FileExistsError:
        raise Invalid("this file is there already; --force replaces it") from None
    except OSError:
        raise Invalid("the file cannot be written; check its folder and permissions") from None
    if wants_json():
        show_json({"file": str(file)})
    else:
        click.echo(f"wrote {file}; edit it, then: louver policy check --config {file}")
