"""The root command: loads a command when it is asked for, and ends every error in one place."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

import click

from louver.core.errors import LouverError
from louver.doors.cli.output import report, report_unexpected
from louver.doors.errors import EXIT_MEANINGS, Exit, row_of

_MODULES = {
    "init": "init",
    "serve": "serve",
    "ask": "ask",
    "protect": "protect",
    "restore": "protect",
    "explain": "explain",
    "policy": "policy",
    "ledger": "ledger",
    "receipt": "receipt",
    "consent": "consent",
    "keys": "keys",
    "halt": "halt",
    "resume": "halt",
    "store": "store",
    "demo": "demo",
}
_PACKAGE = "louver.doors.cli"
_CODES = "  ".join(f"{code.value} {meaning}." for code, meaning in EXIT_MEANINGS.items())


class Root(click.Group):
    """All commands, none of which is imported before it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [n for n, module in _MODULES.items() if find_spec(f"{_PACKAGE}.{module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"{_PACKAGE}.{_MODULES[cmd_name]}")
        command = getattr(module, cmd_name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it raises becomes a line on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except LouverError as error:
            report(error)
            ctx.exit(row_of(error).exit)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except KeyboardInterrupt:
            ctx.exit(130)
        except BrokenPipeError:
            # The reader of our output has what it wanted; the flush at exit must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(Exit.OK)
        except Exception as error:  # noqa: BLE001 - the door: a traceback could show content
            report_unexpected(error)
            ctx.exit(Exit.UNAVAILABLE)


@click.group(
    cls=Root,
    epilog=f"Exit codes: {_CODES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version("louver"), message="%(prog)s %(version)s")
def root() -> None:
    """Louver, a privacy gateway for AI: prompts pass, the people in them stay unseen.

    \b
    Examples:
      louver serve
      louver ask "What is a louver?"
      echo "Write to alice@example.com" | louver protect -
    """
