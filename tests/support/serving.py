"""`louver serve` as a process of its own, to be asked, and to be killed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(config: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and its base URL as it prints it; what it logs lies beside its settings."""
    with (config.parent / "serve.log").open("a+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "louver", "serve", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            if process.stdout is None:
                raise RuntimeError("no output to read the address from")
            for line in process.stdout:
                if found := re.search(r"http://127\.0\.0\.1:\d+/v1", line):
                    yield process, found.group()
                    return
            log.seek(0)
            raise RuntimeError(f"the server did not start: {log.read()[-500:]}")
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
