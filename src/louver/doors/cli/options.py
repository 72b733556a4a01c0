"""What all commands share: `--config`, `--json`, examples in the help, reading files and stdin."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import click

from louver.core.errors import Invalid, TooLarge
from louver.doors.cli.output import JSON_FLAG
from louver.doors.settings.values import Settings

F = TypeVar("F", bound=Callable[..., object])

CONFIG = "louver.config"
LONGEST_LINE = 8 * 2**20
BLOCK = 64 * 2**10


def _remember(name: str) -> Callable[[click.Context, click.Parameter, object], None]:
    def callback(context: click.Context, _: click.Parameter, value: object) -> None:
        context.find_root().meta[name] = value

    return callback


def shared(function: F) -> F:
    """Add `--config` and `--json`."""
    function = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_remember(JSON_FLAG),
        help="Print the result as JSON.",
    )(function)
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        expose_value=False,
        callback=_remember(CONFIG),
        help="The settings file; by default $LOUVER_CONFIG, ./louver.yaml, or the built-in one.",
    )(function)


def examples(*lines: str) -> str:
    """An epilog that click does not wrap."""
    listed = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExamples:\n{listed}"


def config() -> Path | None:
    """What `--config` says."""
    given = click.get_current_context().find_root().meta.get(CONFIG)
    return given if isinstance(given, Path) else None


def current_settings(*, starting: bool) -> Settings:
    """The settings in force here. Raises SettingsInvalid; `starting` checks key variables too."""
    from louver.doors.settings.load import default_settings, find, load

    file = find(config(), os.environ, Path.cwd())
    if file is None:
        return default_settings()
    return load(file, environment=os.environ if starting else None)


def open_text(name: str) -> IO[bytes]:
    """The bytes of file `name`, or of stdin for `-`. Raises Invalid."""
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError:
        raise Invalid("the input file cannot be read; check its name and permissions") from None


def read_whole(name: str, limit: int) -> bytes:
    """All of a small input. Raises Invalid, TooLarge."""
    with open_text(name) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(f"the input is larger than {limit} bytes")
    return content


def decode(content: bytes) -> str:
    """UTF-8 text. Raises Invalid."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("the input is not UTF-8 text") from None


def blocks(file: IO[bytes]) -> Iterator[str]:
    """The text in pieces of about `BLOCK` bytes that end with a line, best with an empty one.

    Memory stays bounded. Raises Invalid for what is not UTF-8, TooLarge for an endless line.
    """
    collected = io.BytesIO()
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise TooLarge(f"a line is longer than {LONGEST_LINE} bytes; break it up")
        collected.write(line)
        size = collected.tell()
        if (size >= BLOCK and not line.strip()) or size >= 4 * BLOCK:
            yield decode(collected.getvalue())
            collected = io.BytesIO()
    if collected.tell():
        yield decode(collected.getvalue())
