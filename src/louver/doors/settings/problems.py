"""What is wrong with a settings file: all at once, each with its place, never with a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from louver.core.errors import Invalid


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. `line` and `column` count from 1; `where` is the dotted path of the setting."""

    file: str
    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return (
            f"{place}: {self.where}: {self.message}" if self.where else f"{place}: {self.message}"
        )


class SettingsInvalid(Invalid):
    """The settings cannot be used; `problems` holds all of them, in the order of the file."""

    code = "invalid_settings"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        noun = "problem" if count == 1 else "problems"
        listed = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"the settings have {count} {noun}:\n{listed}")


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """A hint that repeats only names that we know, never what was given."""
    if not isinstance(given, str) or len(given) > 60:
        return ""
    names = sorted(known)
    begins = [name for name in names if len(given) > 2 and name.startswith(given)]
    close = get_close_matches(given, names, n=1) or begins
    return f"; did you mean `{close[0]}`?" if close else ""
