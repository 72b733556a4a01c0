"""The command line: parse, call one service method, render; one file per group of commands."""

from __future__ import annotations

from louver.doors.cli.root import root


def main() -> None:
    """The entry point of `louver`."""
    root.main(prog_name="louver")
