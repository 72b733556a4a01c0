"""Walks every leaf of a JSON value, keys and numbers too; what no rule names is treated as text.

The wire format says by path how a leaf is treated; there is no way to skip one by forgetting it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol, TypeAlias, cast

import orjson

from louver.core.errors import Invalid
from louver.core.exchanges import JsonTree

MAX_NESTING = 64

Path: TypeAlias = tuple[str | int, ...]


class Treatment(Enum):
    """How a leaf is read. Everything but FIXED and OPAQUE is looked at by the detectors."""

    TEXT = "text"
    JSON = "json"  # a string that holds JSON; its leaves are walked in turn
    NAME = "name"  # names a person, whatever it says
    USER = "user"  # identifies a person, whatever it says
    FILE = "file"  # a file's content, encoded; `louver.minimize.files` reads what is in it
    FIXED = "fixed"  # a word of the protocol that the wire parser has validated
    OPAQUE = "opaque"  # cannot be inspected, and the policy lets it pass all the same


Rule: TypeAlias = Callable[[Path], Treatment]


class Visitor(Protocol):
    """Looks at leaves and says what stands there afterwards."""

    def text(self, text: str, treatment: Treatment, path: Path) -> str: ...

    def number(self, number: float, path: Path) -> float | str: ...


def everything_is_text(_: Path) -> Treatment:
    """The rule of a reader that trusts no structure."""
    return Treatment.TEXT


# The fixed public vocabulary of the wire formats and of JSON Schema: never anybody's data, and
# a replaced one would break the request. Nothing outside this list is exempt.
PROTOCOL_WORDS = frozenset(
    """
    $defs $ref $schema additionalProperties allOf anyOf any arguments array assistant auto boolean
    chat const content content_filter custom default definition description developer enum examples
    exclusiveMaximum exclusiveMinimum file file_data file_id filename format frequency_penalty
    function function_call functions grammar high id image_url include_usage input input_audio
    input_schema integer items json_object json_schema logit_bias low max_completion_tokens
    max_tokens maxItems maxLength maximum medium messages metadata minItems minLength minimal
    minimum model multipleOf n name none not null number object oneOf parallel_tool_calls
    parameters pattern patternProperties prefixItems presence_penalty prompt properties
    reasoning_effort refusal required response_format role safety_identifier schema seed
    service_tier stop store stream stream_options strict string system temperature text title
    tool tool_call_id tool_calls tool_choice tools top_p type uniqueItems url user verbosity
    """.split()  # noqa: SIM905  -- one word list reads better than 100 quoted strings
)


def rewrite(tree: JsonTree, rule: Rule, visitor: Visitor, path: Path = ()) -> JsonTree:
    """Return `tree` with each leaf as the visitor left it. Recursion is bounded by `MAX_NESTING`.

    Raises Invalid for JSON in a string that is nested deeper than that.
    """
    if isinstance(tree, str):
        return _string(tree, rule(path), visitor, path)
    if isinstance(tree, dict):
        out: dict[str, JsonTree] = {}
        for key, value in tree.items():
            below = (*path, key)
            new = key if key in PROTOCOL_WORDS else visitor.text(key, Treatment.TEXT, below)
            out[new] = rewrite(value, rule, visitor, below)
        return out
    if isinstance(tree, list | tuple):
        return [rewrite(item, rule, visitor, (*path, i)) for i, item in enumerate(tree)]
    if isinstance(tree, bool) or tree is None:
        return tree
    return visitor.number(cast("float", tree), path)


def _string(text: str, treatment: Treatment, visitor: Visitor, path: Path) -> str:
    if treatment is Treatment.FIXED:
        return text
    if treatment is Treatment.TEXT and text in PROTOCOL_WORDS:
        return text
    if treatment is Treatment.JSON:
        try:
            inner = orjson.loads(text)
        except orjson.JSONDecodeError:
            return visitor.text(text, Treatment.TEXT, path)
        if isinstance(inner, dict | list):
            if too_deep(inner):
                place = show(path)
                raise Invalid(f"{place} is nested deeper than {MAX_NESTING} levels", param=place)
            outer = rewrite(inner, everything_is_text, visitor, path)
            return text if outer == inner else orjson.dumps(outer).decode()
        return visitor.text(text, Treatment.TEXT, path)
    return visitor.text(text, treatment, path)


def too_deep(tree: JsonTree) -> bool:
    """Whether `tree` has more than `MAX_NESTING` levels; iterative, or it would be the victim."""
    level: list[JsonTree] = [tree]
    for _ in range(MAX_NESTING):
        below: list[JsonTree] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return False
        level = below
    return True


# Words that describe a value and are none themselves: the key above them says nothing about them.
_ABOUT = frozenset(
    """
    $ref $schema additionalProperties description exclusiveMaximum exclusiveMinimum format maxItems
    maxLength maximum minItems minLength minimum multipleOf pattern required title type uniqueItems
    """.split()  # noqa: SIM905
)
_LONGEST_KEY = 64  # More of it would make many values under one long key quadratic.


def key_of(path: Path) -> str | None:
    """The word that says what the leaf at `path` is: its nearest key that is not the protocol's."""
    for step in reversed(path):
        if isinstance(step, int):
            continue
        if step in _ABOUT:
            return None
        if step not in PROTOCOL_WORDS:
            return step[-_LONGEST_KEY:] if any(c.isalpha() for c in step) else None
    return None


def spellings(number: float) -> tuple[str, ...]:
    """How `number` may be meant: `4111111111111111.0` is a number of sixteen digits too."""
    written = repr(number)
    if float(number).is_integer() and written != str(int(number)):
        return str(int(number)), written
    return (written,)


def show(path: Path) -> str:
    """`("messages", 2, "content")` as `messages[2].content`; keys not of the protocol as `*`.

    A key can be somebody's name, and paths end up in error messages.
    """
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            word = step if step in PROTOCOL_WORDS else "*"
            out += f".{word}" if out else word
    return out
