"""Reads from the source which error codes are given where an error is raised."""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import louver
from louver.core.errors import LouverError

# An Alembic environment runs when it is imported; the demo and an extra may not be there.
_NOT_IMPORTED = (".migrations", ".cli.demo", ".__main__", ".telemetry.otel")


@dataclass(frozen=True, slots=True, order=True)
class Raised:
    """A code given where the error is raised, with its message (`...` for what is filled in)."""

    code: str
    kind: str
    message: str


def error_classes() -> Mapping[str, type[LouverError]]:
    """All error classes of the house by name; imports every room, so that none is missing."""
    for module in pkgutil.walk_packages(louver.__path__, "louver.", onerror=_ignore):
        if not any(part in module.name for part in _NOT_IMPORTED):
            import_module(module.name)
    return {kind.__name__: kind for kind in _below(LouverError)}


def raised() -> tuple[Raised, ...]:
    """Every `SomeError(message, code="...")` of the source, sorted by code."""
    names = error_classes().keys() | {LouverError.__name__}
    found: dict[str, Raised] = {}
    for file in sorted(Path(louver.__path__[0]).rglob("*.py")):
        if "hostile" in file.parts:
            continue  # what the tests' model pretends is no message of the house
        for one in _calls(ast.parse(file.read_text(encoding="utf-8")), names):
            found.setdefault(one.code, one)
    return tuple(sorted(found.values()))


def _calls(tree: ast.AST, names: frozenset[str] | set[str]) -> Iterator[Raised]:
    constants = {
        target.id: _text(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        code = next((k.value for k in node.keywords if k.arg == "code"), None)
        if node.func.id in names and isinstance(code, ast.Constant) and node.args:
            first = node.args[0]
            named = constants.get(first.id) if isinstance(first, ast.Name) else None
            yield Raised(str(code.value), node.func.id, named or _text(first))


def _text(node: ast.expr) -> str:
    """The text of a literal; what is filled in is shown as dots."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(part) if isinstance(part, ast.Constant) else "..." for part in node.values
        )
    return "..."


def _below(kind: type[LouverError]) -> Iterator[type[LouverError]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("louver."):
            yield one
            yield from _below(one)


def _ignore(_: str) -> None:
    """A package that cannot be imported is reported by the import itself."""
