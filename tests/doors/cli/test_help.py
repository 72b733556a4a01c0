"""Every command has help with examples that parse; `--help` is quick because it loads little."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from louver.doors.cli.root import root

HEAVY = ("aiohttp", "uvicorn", "sqlalchemy", "alembic", "pydantic", "rich", "re2", "cryptography")


def commands(
    command: click.Command = root, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


ALL = dict(commands())


def examples_of(command: click.Command) -> list[str]:
    text = f"{command.help or ''}\n{command.epilog or ''}".partition("Examples:")[2]
    return [line.strip() for line in text.splitlines() if "louver" in line]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_has_examples_that_parse(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(root, [*path, "--help"])
    assert shown.exit_code == 0
    assert "Examples:" in shown.stdout
    lines = examples_of(ALL[path])
    assert lines
    for line in lines:
        called = line.rpartition("| ")[2].partition(" > ")[0]
        program, *args = shlex.split(called)
        assert program == "louver"
        assert tuple(args[: len(path)]) == path or isinstance(ALL[path], click.Group)
        parse(root, args)


def parse(command: click.Command, args: list[str]) -> None:
    """What click does before it calls the command. Raises UsageError."""
    context = command.make_context("louver", list(args))
    with context:
        if isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            _, inner, inner_args = command.resolve_command(context, rest)
            assert inner is not None
            parse(inner, inner_args)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_takes_json_and_a_config(path: tuple[str, ...]) -> None:
    if isinstance(ALL[path], click.Group) or path == ("demo",):
        return  # a group does nothing by itself; the demo is a show for people
    names = {name for option in ALL[path].params for name in option.opts}
    assert {"--json", "--config"} <= names


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from louver.doors.cli.root import root\n"
        "root(['--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_wrong_command_is_usage() -> None:
    assert CliRunner().invoke(root, ["srve"]).exit_code == 2
    assert CliRunner().invoke(root, ["keys", "create", "--tenat", "x"]).exit_code == 2
