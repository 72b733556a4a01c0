"""The house's own words from a CSV file; mistakes are told by line, never by word."""

from __future__ import annotations

import csv
from pathlib import Path

from louver.core.categories import TAXONOMY
from louver.core.sensitive import Sensitive
from louver.doors.settings.marks import Document
from louver.doors.settings.problems import Problem, did_you_mean
from louver.doors.settings.values import Term

LONGEST_TERM = 500


def read_dictionary(file: Path, document: Document) -> tuple[Term, ...]:
    """The terms of `file`; what is wrong with it is noted in `document`."""
    setting = ("detectors", "dictionary_file")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines, strict=True)
            if next(rows, None) != ["term", "category"]:
                message = "the file's first line must be: term,category"
                document.report(setting, message)
                return ()
            terms = [_term(row, rows.line_num, file, document) for row in rows if row]
    except UnicodeDecodeError:
        document.report(setting, "the file is not UTF-8; save it as UTF-8")
        return ()
    except csv.Error:
        document.report(setting, "the file is not valid CSV; put terms with commas in quotes")
        return ()
    except OSError:
        document.report(setting, "the file cannot be read; check its name and its permissions")
        return ()
    return tuple(term for term in terms if term is not None)


def _term(row: list[str], line: int, file: Path, document: Document) -> Term | None:
    message = None
    if len(row) != 2:
        message = "this line needs exactly two columns: term,category"
    elif not row[0].strip() or len(row[0]) > LONGEST_TERM:
        message = f"the term is empty or longer than {LONGEST_TERM} characters"
    elif row[1].strip() not in TAXONOMY:
        message = f"no such category{did_you_mean(row[1].strip(), TAXONOMY)}"
    if message is None:
        return Term(Sensitive(row[0].strip()), row[1].strip())
    document.problems.append(Problem(str(file), line, 1, "", message))
    return None
