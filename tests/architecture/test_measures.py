"""Sizes and habits of the house; each exception is listed with its reason."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "louver"
FILES = sorted(SRC.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS = 400, 50, 6
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
MANY_PARAMETERS: dict[str, str] = {}

# Packages that cost a user's machine something, and where they may be imported, lazily.
HEAVY = {"torch", "opendp", "polars", "pyspark", "flwr", "transformers", "onnxruntime", "numpy"}
HEAVY |= {"tokenizers", "huggingface_hub", "llama_cpp", "jinja2", "opentelemetry"}
HEAVY_ALLOWED: dict[str, str] = {
    "gateway/providers/gguf/engine.py": "runs a model in this process",
    "gateway/providers/gguf/loading.py": "finds a model's file in this machine's cache",
    "gateway/providers/in_process/fetch.py": "a program of its own that fetches a model's files",
    "gateway/providers/transformers_local/choosing.py": "runs a model in this process",
    "gateway/providers/transformers_local/classification.py": "runs a model in this process",
    "gateway/providers/transformers_local/embedding.py": "runs a model in this process",
    "gateway/providers/transformers_local/generation.py": "runs a model in this process",
    "gateway/providers/transformers_local/loading.py": "loads a model into this process",
    "doors/telemetry/otel.py": "what it exports is made with its SDK; imported only where it is on",
}

SEALED_TYPES = {"Minimized": {"minimize/outgoing.py"}}


def name(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name(path)}:{node.name}", node


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_files_are_short() -> None:
    sizes = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    over = {file: n for file, n in sizes.items() if n > MAX_FILE}
    assert over.keys() == LONG_FILES.keys()
    assert statistics.median(n for n in sizes.values() if n > 5) <= 150


def test_functions_are_short() -> None:
    over = {
        where: length
        for where, node in functions()
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    }
    assert over.keys() == LONG_FUNCTIONS.keys(), over


def test_functions_take_few_parameters() -> None:
    over = {}
    for where, node in functions():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = sum(a.arg not in {"self", "cls"} for a in arguments)
        if count > MAX_PARAMETERS:
            over[where] = count
    assert over.keys() == MANY_PARAMETERS.keys(), over


def test_every_module_says_what_it_is_for() -> None:
    silent = [name(p) for p, t in TREES.items() if t.body and not ast.get_docstring(t)]
    assert silent == []


@pytest.mark.parametrize("banned", ["random"])
def test_randomness_is_an_argument(banned: str) -> None:
    assert [name(p) for p, t in TREES.items() if banned in set(imports(t))] == []


def test_heavy_packages_stay_where_a_reason_stands() -> None:
    found = {name(p) for p, t in TREES.items() if {i.split(".")[0] for i in imports(t)} & HEAVY}
    assert found == HEAVY_ALLOWED.keys()


def test_async_code_stands_only_in_gateway_and_doors() -> None:
    rooms = {
        name(path).split("/")[0]
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
    }
    assert rooms <= {"gateway", "doors"}


@pytest.mark.parametrize(("type_name", "allowed"), SEALED_TYPES.items())
def test_only_one_module_constructs_what_may_leave(type_name: str, allowed: set[str]) -> None:
    builders = {
        name(path)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {type_name, "replace"}
        and (node.func.id == type_name or _replaces(node, type_name))
    }
    assert builders == allowed


def _replaces(node: ast.Call, type_name: str) -> bool:
    """`replace(minimized, ...)` would construct one through the back door."""
    return bool(node.args) and type_name.lower() in ast.unparse(node.args[0]).lower()


def test_except_exception_only_at_a_door_with_a_reason() -> None:
    unexplained = []
    for path, tree in TREES.items():
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            if node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}:
                around = "\n".join(lines[node.lineno - 2 : node.lineno + 1])
                if "#" not in around:
                    unexplained.append(f"{name(path)}:{node.lineno}")
    assert unexplained == []


def test_no_assert_steers_the_program() -> None:
    """`python -O` removes them."""
    asserting = {
        name(p)
        for p, t in TREES.items()
        if any(isinstance(node, ast.Assert) for node in ast.walk(t))
    }
    assert asserting <= {"minimize/conformance.py"}  # A test class that plugins inherit from.


def test_serving_with_the_defaults_imports_nothing_heavy() -> None:
    code = "import sys, louver.house, louver.doors.http.server\n"
    code += f"print(sorted({HEAVY!r} & sys.modules.keys()))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
