"""The find stage: what stands in every leaf of a request, by place and category; no content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from louver.core.exchanges import JsonTree
from louver.core.spans import Finding, Span
from louver.minimize.files import rewrite_file
from louver.minimize.leaves import Path, Rule, Treatment, key_of, rewrite, spellings
from louver.minimize.merging import merged

NAME = "person.name"
USER = "person.user_id"


class Finds(Protocol):
    """What the survey needs of a `Finder`: all findings of a text, sorted and non-overlapping."""

    def find(self, text: str, *, remember: bool = True) -> Sequence[Finding]: ...

    def find_besides(
        self, text: str, own: Collection[str], *, remember: bool = True
    ) -> Sequence[Finding]:
        """The same, but nothing where there is nothing besides the placeholders `own`."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """The findings of one leaf."""

    path: Path
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything found in a request; `counts` by taxonomy code."""

    places: tuple[Place, ...]
    counts: Mapping[str, int]


class Reader:
    """A visitor that finds and changes nothing."""

    def __init__(self, finder: Finds, *, remember: bool) -> None:
        self._finder = finder
        self._remember = remember
        self.places: list[Place] = []

    def text(self, text: str, treatment: Treatment, path: Path) -> str:
        if treatment is Treatment.FILE and rewrite_file(text, self, path) is not None:
            return text
        findings = findings_of(text, treatment, path, self._finder, remember=self._remember)
        if findings:
            self.places.append(Place(path, tuple(findings)))
        return text

    def number(self, number: float, path: Path) -> float:
        before = len(self.places)
        for written in spellings(number):
            if len(self.places) == before:
                self.text(written, Treatment.TEXT, path)
        return number


def findings_of(
    text: str, treatment: Treatment, path: Path, finder: Finds, *, remember: bool
) -> Sequence[Finding]:
    """The findings of one leaf: the whole of it where its place says what it is, else as found."""
    if treatment is Treatment.OPAQUE:
        return ()
    if treatment is Treatment.NAME or treatment is Treatment.USER:
        if not text.strip():
            return ()
        code = NAME if treatment is Treatment.NAME else USER
        return (Finding(Span(0, len(text)), code, f"place/{treatment.value}"),)
    return find_in(text, path, finder, remember=remember) if text else ()


def find_in(
    text: str, path: Path, finder: Finds, own: Collection[str] = (), *, remember: bool
) -> Sequence[Finding]:
    """What stands in the leaf `text`, its key (`{"date_of_birth": ...}`) counting as context.

    Where there is nothing besides the placeholders `own`, that may be nothing.
    """
    found = _find(finder, text, own, remember=remember)
    key = key_of(path)
    if key is None or not text.strip():
        return found
    prefix = f"{key}: "
    size = len(prefix)
    more: list[Finding] = []
    for finding in _find(finder, prefix + text, own, remember=remember):
        start, end = max(finding.span.start - size, 0), finding.span.end - size
        if text[start : max(end, 0)].strip():
            more.append(Finding(Span(start, end), finding.category, finding.rule))
    return merged(text, [*found, *more]) if more else found


def _find(finder: Finds, text: str, own: Collection[str], *, remember: bool) -> Sequence[Finding]:
    if own:
        return finder.find_besides(text, own, remember=remember)
    return finder.find(text, remember=remember)


def survey(tree: JsonTree, rule: Rule, finder: Finds, *, remember: bool = True) -> Survey:
    """Look at every leaf of `tree`. Raises DetectorFailed."""
    reader = Reader(finder, remember=remember)
    rewrite(tree, rule, reader)
    counts = Counter(f.category for place in reader.places for f in place.findings)
    return Survey(tuple(reader.places), dict(counts))
