"""Walks every leaf of a JSON value, keys and numbers too; what no rule names is treated as text.

The wire format says by path how a leaf is treated; there is no way to skip one by forgetting it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Protocol, TypeAlias, cast

import orjson

from louver.core.exchanges import JsonTree

Path: TypeAlias = tuple[str | int, ...]


class Treatment(Enum):
    """How a leaf is read. Everything but FIXED and OPAQUE is looked at by the detectors."""

    TEXT = "text"
    JSON = "json"  # a string that holds JSON; its leaves are walked in turn
    NAME = "name"  # names a person, whatever it says
    USER = "user"  # identifies a person, whatever it says
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
    chat const content content_filter custom default definition description developer enum
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
    """Return `tree` with each leaf as the visitor left it. Recursion is bounded by the parser."""
    if isinstance(tree, str):
        return _string(tree, rule(path), visitor, path)
    if isinstance(tree, bool) or tree is None:
        return tree
    if isinstance(tree, int | float):
        return visitor.number(tree, path)
    if isinstance(tree, Mapping):
        out: dict[str, JsonTree] = {}
        for key, value in cast("Mapping[str, JsonTree]", tree).items():
            new = key if key in PROTOCOL_WORDS else visitor.text(key, Treatment.TEXT, (*path, key))
            out[new] = rewrite(value, rule, visitor, (*path, key))
        return out
    items = cast("Sequence[JsonTree]", tree)
    return [rewrite(item, rule, visitor, (*path, i)) for i, item in enumerate(items)]


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
            outer = rewrite(inner, everything_is_text, visitor, path)
            return text if outer == inner else orjson.dumps(outer).decode()
        return visitor.text(text, Treatment.TEXT, path)
    return visitor.text(text, treatment, path)


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
