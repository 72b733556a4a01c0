"""`louver protect` and `restore`: text without its values, and back; files of any size.

The text is worked on in pieces that end with a line, so memory stays bounded; all pieces of one run
share their placeholders.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click

from louver.core.errors import Invalid, Unavailable
from louver.core.sensitive import Sensitive
from louver.doors.cli.options import (
    blocks,
    current_settings,
    examples,
    open_text,
    read_whole,
    shared,
)
from louver.doors.cli.output import note, show_json, wants_json

LARGEST_MAP = 256 * 2**20
_WITH_PROGRESS = 2**20


@click.command(
    epilog=examples(
        "louver protect letter.txt --map letter.map > safe.txt",
        'echo "Write to alice@example.com" | louver protect -',
    )
)
@click.argument("file")
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what the placeholders stand for to this file, sealed with this house's key.",
)
@click.option("--tenant", default="default", show_default=True, help="Whose data it is.")
@click.option("--conversation", help="Texts of one conversation share their placeholders.")
@shared
def protect(file: str, map_file: Path | None, tenant: str, conversation: str | None) -> None:
    """Print the text of FILE (or of stdin, for -) with its personal data replaced."""
    from louver.house import build

    values: dict[str, Sensitive[str]] = {}
    counts: Counter[str] = Counter()
    collected: list[str] = []
    settings = current_settings(starting=False)
    with build(settings, in_force=False) as house, open_text(file) as source:
        scope = conversation or house.line.new_id()
        for piece in _with_progress(source):
            done = house.protect(piece, conversation=scope, tenant=tenant)
            values.update(done.values)
            counts.update(done.counts)
            if wants_json():
                collected.append(done.text)
            else:
                click.echo(done.text, nl=False)
        if map_file is not None:
            _write_map(map_file, house.seal_map(values))
    if wants_json():
        show_json({"text": "".join(collected), "counts": dict(counts)})
    elif map_file is not None:
        note(f"replaced {sum(counts.values())} values; the map is in {map_file}")


@click.command(epilog=examples("louver restore answer.txt --map letter.map"))
@click.argument("file")
@click.option(
    "--map",
    "map_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The map that `louver protect --map` wrote.",
)
@shared
def restore(file: str, map_file: Path) -> None:
    """Print the text of FILE (or of stdin, for -) with the map's values put back."""
    from louver.house import build

    settings = current_settings(starting=False)
    with build(settings, in_force=False) as house, open_text(file) as source:
        values = house.open_map(read_whole(str(map_file), LARGEST_MAP))
        pieces = (house.restore(piece, values) for piece in _with_progress(source))
        if wants_json():
            show_json({"text": "".join(pieces)})
            return
        for piece in pieces:
            click.echo(piece, nl=False)


def _with_progress(source: IO[bytes]) -> Iterator[str]:
    """The text in pieces; a long file shows a bar on stderr, for people only."""
    size = _size(source)
    if size < _WITH_PROGRESS or not sys.stderr.isatty() or wants_json():
        yield from blocks(source)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=size)
        for piece in blocks(source):
            yield piece
            bar.update(task, completed=source.tell())


def _size(source: IO[bytes]) -> int:
    try:
        return os.fstat(source.fileno()).st_size
    except OSError:  # a stream that is no file
        return 0


def _write_map(file: Path, sealed: bytes) -> None:
    """Write to a new file beside it and rename, readable by its owner only."""
    beside = file.with_name(f"{file.name}.new")
    try:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
            new.write(sealed)
            new.flush()
            os.fsync(new.fileno())
        beside.replace(file)
    except FileNotFoundError:
        raise Invalid("the map cannot be written: its folder does not exist") from None
    except OSError:
        raise Unavailable("the map cannot be written; check its folder and free space") from None
