"""The house's contracts hold, and each one notices when it is broken on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--config", str(root / "pyproject.toml"), "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


BREAKS = {
    "upward": ("core/spans.py", "import louver.minimize.interface", "Nobody imports upward"),
    "store-below-minimize": ("store/schema.py", "import louver.minimize.interface", "upward"),
    "core-stays-pure": ("core/spans.py", "import os", "core keeps to the standard library"),
    "core-no-packages": ("core/spans.py", "import orjson", "core keeps to the standard library"),
    "locks": ("minimize/interface.py", "import hashlib", "Cryptographic primitives only in crypto"),
    "sql": ("minimize/interface.py", "import sqlalchemy", "SQL only in store"),
    "async": ("minimize/interface.py", "import asyncio", "Async code only in gateway"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("broken")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.mark.slow
@pytest.mark.parametrize(("file", "line", "contract"), BREAKS.values(), ids=BREAKS.keys())
def test_a_broken_contract_is_noticed(copy: Path, file: str, line: str, contract: str) -> None:
    path = copy / "src" / "louver" / file
    good = path.read_text(encoding="utf-8")
    marker = "from __future__ import annotations\n"
    assert marker in good
    path.write_text(good.replace(marker, f"{marker}\n{line}\n", 1), encoding="utf-8")
    try:
        result = lint(copy)
    finally:
        path.write_text(good, encoding="utf-8")
    assert result.returncode == 1, result.stdout + result.stderr
    broken = [text for text in result.stdout.splitlines() if text.rstrip().endswith("BROKEN")]
    assert any(contract in text for text in broken), broken
