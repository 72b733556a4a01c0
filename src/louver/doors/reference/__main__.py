"""`python -m louver.doors.reference [FOLDER]` writes all pages below FOLDER, or here."""

from __future__ import annotations

import sys
from pathlib import Path

from louver.doors.reference.pages import write

if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.cwd())
