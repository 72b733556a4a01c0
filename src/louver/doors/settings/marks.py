"""Reads YAML into plain values and remembers where each stands; nothing is executed or expanded.

Only the JSON subset of YAML: mappings, lists, text, numbers, true, false, null (YAML 1.2 core
schema, so `no` is text, not false). Aliases, tags and duplicate keys are problems.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from louver.doors.settings.problems import Problem

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Path: TypeAlias = tuple[str | int, ...]

DEEPEST = 32
"""Levels of nesting; the settings need six."""

_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: Mapping[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip

# What PyYAML gives to nodes by itself; a file that names another asks for code or for magic.
_TAGS = frozenset(
    {"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"}
)

# PyYAML's own words may quote the file, so only these plain sentences are shown.
_SYNTAX = (
    ("could not find expected ':'", "a key needs a colon and a space after it"),
    ("mapping values are not allowed", "there is a second colon; put the text in quotes"),
    ("found character '\\t'", "a tab is used to indent; use spaces"),
    ("cannot start any token", "this character cannot start a value; put the text in quotes"),
    ("found unexpected end of stream", "a quote is opened and never closed"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("expected ',' or ']'", "a list in [ ] is not closed, or a comma is missing"),
    ("expected ',' or '}'", "a mapping in { } is not closed, or a comma is missing"),
    ("but found another document", "the file holds more than one document; remove the `---`"),
    (
        "found unknown escape character",
        "unknown escape; use single quotes for text with backslashes",
    ),
    ("special characters are not allowed", "the file holds a control character; remove it"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """The file as plain values, with the place of each key and value by path."""

    file: str
    tree: Plain = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[Path] = field(default_factory=set)

    def report(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Note a problem at `path`, or at the nearest enclosing place that the file has."""
        if path in self.unread:
            return  # What is wrong there is told already; its missing value is no second mistake.
        known = path
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        while known and known not in self.values:
            known = known[:-1]
        mark = first.get(known) or second.get(known) or Mark(1, 1)
        self.problems.append(Problem(self.file, mark.line, mark.column, dotted(path), message))


def dotted(path: Path) -> str:
    """`('models', 'louver', 0)` as `models.louver[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read(text: str, file: str) -> Document:
    """Parse `text`; mistakes are in `problems` of the result, and nothing is raised."""
    document = Document(file)
    loader = yaml.SafeLoader("")
    try:
        loader = yaml.SafeLoader(text)
        if _has_alias(text, document):
            return document
        node = loader.get_single_node()
        if node is None:
            document.tree = {}
        else:
            document.tree = _plain(node, (), document)
    except yaml.YAMLError as error:
        document.problems.append(_syntax_problem(error, file))
    finally:
        loader.dispose()
    return document


def _has_alias(text: str, document: Document) -> bool:
    """Aliases would let a small file grow without bound, and a value would have many places."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        message = "aliases (*name) are not supported; write the value again"
        if depth > DEEPEST:
            message = "nested too deeply"
        elif not isinstance(event, yaml.AliasEvent):
            continue
        mark = event.start_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.problems.append(Problem(document.file, *place, "", message))
        return True
    return False


def _plain(node: yaml.Node, path: Path, document: Document) -> Plain:
    document.values[path] = _mark(node)
    if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
        document.report(path, "tags (!name) are not supported; remove it")
        document.unread.add(path)
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), document) for i, child in enumerate(node.value)]
    return _scalar(node) if isinstance(node, yaml.ScalarNode) else None


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Plain]:
    plain: dict[str, Plain] = {}
    for key_node, value_node in node.value:
        mark = _mark(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append(
                Problem(document.file, mark.line, mark.column, dotted(path), "a key must be text")
            )
            continue
        key = str(key_node.value)
        here = (*path, key)
        if key in plain:
            first = document.keys[here].line
            message = f"this key is there twice (first on line {first}); remove one"
            document.problems.append(
                Problem(document.file, mark.line, mark.column, dotted(here), message)
            )
            continue
        document.keys[here] = mark
        plain[key] = _plain(value_node, here, document)
    return plain


def _scalar(node: yaml.ScalarNode) -> Plain:
    text = str(node.value)
    if node.tag == "tag:yaml.org,2002:str":  # in quotes, or of no other shape
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and len(text) < 40 else text


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = f"{getattr(error, 'problem', '')} {getattr(error, 'reason', '')}"
    message = next((plain for seen, plain in _SYNTAX if seen in said), "this is not valid YAML")
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Problem(file, line, column, "", message)
