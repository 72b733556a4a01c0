"""`make bench [ONLY=name]`: measure, print a table, write build/results/NAME.json.

One row per bar: name, value, bar, holds, command. A missed bar is printed and exits with 1.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MODULES = (
    "ledger", "postgres", "scan", "stages", "line", "proxy", "latency", "resources",
)  # fmt: skip
# By name only: `peers` installs a gigabyte, `soak` takes a quarter of an hour.
RESULTS = Path(__file__).parents[1] / "build" / "results"


def main(names: list[str]) -> int:
    console = Console()
    RESULTS.mkdir(parents=True, exist_ok=True)
    missed = 0
    for name in names or MODULES:
        rows: list[dict[str, Any]] = importlib.import_module(f"bench.{name}").rows()
        (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        table = Table(
            "figure", "value", "bar", "holds", title=f"bench {name}", title_justify="left"
        )
        for row in rows:
            holds = "" if row["bar"] is None else "yes" if row["holds"] else "[red]no[/red]"
            bar = "" if row["bar"] is None else str(row["bar"])
            table.add_row(row["name"], str(row["value"]), bar, holds)
            missed += row["bar"] is not None and not row["holds"]
        console.print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
