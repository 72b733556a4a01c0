"""`python -m louver` is `louver`."""

from louver.doors.cli import main

main()
