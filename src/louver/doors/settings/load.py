"""From a file, or from nothing, to `Settings`; all is right, or every problem is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from louver.doors.settings.assembly import assemble
from louver.doors.settings.checking import check
from louver.doors.settings.crossing import cross_check
from louver.doors.settings.dictionary import read_dictionary
from louver.doors.settings.example import DEFAULT
from louver.doors.settings.marks import Document, read
from louver.doors.settings.problems import Problem, SettingsInvalid
from louver.doors.settings.values import Settings, Term

CONFIG_VARIABLE = "LOUVER_CONFIG"
FILE_NAME = "louver.yaml"
DEFAULT_FOLDER = ".louver"
LARGEST_FILE = 10_000_000


def find(given: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    """The file to use: `given`, else `LOUVER_CONFIG`, else `folder/louver.yaml`, else none."""
    if given is not None:
        return given
    named = environment.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    here = folder / FILE_NAME
    return here if here.exists() else None


def load(file: Path, *, environment: Mapping[str, str] | None = None) -> Settings:
    """Read `file`. With `environment`, the key variables it names must be set in it.

    Raises SettingsInvalid with all problems.
    """
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise SettingsInvalid([Problem(str(file), 1, 1, "", "the file is too large")])
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        message = "the file is not UTF-8; save it as UTF-8"
        raise SettingsInvalid([Problem(str(file), 1, 1, "", message)]) from None
    except OSError:
        message = "the file cannot be read; `louver init` writes one"
        raise SettingsInvalid([Problem(str(file), 1, 1, "", message)]) from None
    return parse(text, file=file, folder=file.parent, environment=environment)


def default_settings(folder: Path | None = None) -> Settings:
    """The embedded default: SQLite in `folder/.louver`, the practice model, nothing remote."""
    home = (folder or Path.cwd()) / DEFAULT_FOLDER
    return parse(DEFAULT, file=None, folder=home)


def dictionary_file(document: Document) -> str | None:
    """The file of terms that the settings name, also where something else in them is wrong."""
    tree = document.tree if isinstance(document.tree, dict) else {}
    section = tree.get("detectors")
    named = section.get("dictionary_file") if isinstance(section, dict) else None
    return named if isinstance(named, str) else None


def parse(
    text: str,
    *,
    file: Path | None,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from the text of a file. Raises SettingsInvalid with all problems."""
    document = read(text, str(file) if file else FILE_NAME)
    if document.problems and document.tree is None:
        raise SettingsInvalid(document.problems)
    checked = check(document)
    cross_check(document, environment)
    terms: tuple[Term, ...] = ()
    named = dictionary_file(document)
    if named is not None:
        terms = read_dictionary(folder / named, document)
    if checked is None or document.problems:
        raise SettingsInvalid(document.problems)
    return assemble(checked, folder, terms, file)
