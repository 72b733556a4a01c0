"""`make bench-report`: writes the figures of build/results into docs/explanation/performance.md.

Only between the two marks; what was measured when and on what is part of it, and what is missed is
listed first, so that no figure on the page was typed by hand.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from bench.serving.processes import ROOT

_PAGE = ROOT / "docs" / "explanation" / "performance.md"
_PLOT = ROOT / "docs" / "images" / "soak.svg"
_RESULTS = ROOT / "build" / "results"
_BEGIN, _END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"

_TITLES = {
    "proxy": "Beside a raw proxy",
    "peers": "Beside LiteLLM and Presidio",
    "latency": "Latency",
    "resources": "Memory and start",
    "soak": "A quarter of an hour at 80 % load",
    "scan": "Scanning",
    "stages": "Stages of the line",
    "line": "The line in one process",
    "ledger": "The ledger on SQLite",
    "postgres": "The ledger on PostgreSQL",
}


def figures() -> str:
    """All results as Markdown."""
    results = {
        name: json.loads((_RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        for name in _TITLES
        if (_RESULTS / f"{name}.json").exists()
    }
    missed = [row for rows in results.values() for row in rows if row["bar"] and not row["holds"]]
    parts = [_measured(list(results)), "### Missed\n", *_missed(missed)]
    for name, rows in results.items():
        parts += [f"### {_TITLES[name]}\n", _table(rows)]
    return "\n".join(parts)


def _measured(names: list[str]) -> str:
    newest = max((_RESULTS / f"{name}.json").stat().st_mtime for name in names)
    day = time.strftime("%Y-%m-%d", time.gmtime(newest))
    return (
        f"Measured on {day}: {os.cpu_count()} cores of {_processor()}, "
        f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}.\n"
    )


def _missed(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["No bar is missed.\n"]
    return [*(f"- {row['name']}: {row['value']} (bar {row['bar']})" for row in rows), ""]


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| figure | value | bar | holds |", "|---|---:|---|---|"]
    for row in rows:
        barred = row["bar"] is not None
        holds = ("yes" if row["holds"] else "**no**") if barred else ""
        lines.append(
            f"| {row['name']} | {row['value']} | {row['bar'] if barred else ''} | {holds} |"
        )
    return "\n".join([*lines, ""])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def main() -> int:
    page = _PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(before + _BEGIN + "\n" + figures() + "\n" + _END + after, encoding="utf-8")
    if (_RESULTS / "soak.svg").exists():
        shutil.copyfile(_RESULTS / "soak.svg", _PLOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
