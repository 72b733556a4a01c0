"""Fills a JSON schema from evidence: always valid JSON, of the right types, bounded in size.

Followed: type, const, enum, default, properties, required, items, minItems, maxItems, anyOf, oneOf,
allOf, local $ref, the bounds of numbers, the lengths and common formats of strings. Not followed:
`pattern`, `not`, conditions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from louver.gateway.providers.practice.evidence import Evidence
from louver.gateway.providers.practice.prompt import Schema

_DEPTH = 12
_NODES = 2_000
_SAMPLE_DEPTH = 4
_FORMATS = {
    "date": "1970-01-01",
    "date-time": "1970-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "unknown@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
}
_UNKNOWN = "not given"
_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")


class Filler:
    """Fills schemas that share the definitions in `root`.

    With `complete`, optional properties are filled too; else only those that evidence speaks for.
    """

    def __init__(self, root: Schema, evidence: Evidence, *, complete: bool) -> None:
        self._root = root
        self._evidence = evidence
        self._complete = complete
        self._nodes = 0

    def fill(self) -> object:
        """A value for the root schema."""
        return self._value(self._root, "", 0)

    def _value(self, schema: object, name: str, depth: int) -> object:
        known = self._known(schema, name, depth)
        return self._plain(self._resolved(schema), name, depth) if known is None else known

    def _known(self, schema: object, name: str, depth: int) -> object | None:
        """A value that is fixed by the schema or spoken of in the evidence; else None."""
        rules = self._resolved(schema)
        about = rules.get("description")
        about = about if isinstance(about, str) else ""
        options = rules.get("enum")
        match _type(rules):
            case _ if "const" in rules:
                return rules["const"]
            case _ if isinstance(options, list) and options:
                return self._evidence.choice(options)
            case "string":
                date = rules.get("format") in {"date", "date-time"}
                return _fitting(self._evidence.text(name, about, date=date), rules)
            case "integer" | "number":
                return _within(self._evidence.number(name), rules)
            case "boolean":
                return self._evidence.flag(name)
            case "array":
                return self._list(rules, name, depth)
        return None

    def _plain(self, rules: Schema, name: str, depth: int) -> object:
        """A value where nothing is known: the default, or the plainest of its type."""
        self._nodes += 1
        options = rules.get("enum")
        if "default" in rules:
            return rules["default"]
        if isinstance(options, list) and options:
            return options[0]
        match _type(rules):
            case "object":
                return self._object(rules, depth)
            case "array":
                return self._padded([], rules, name, depth)
            case "string":
                plain = _FORMATS.get(str(rules.get("format")), _UNKNOWN)
                return _fitting(plain, rules)
            case "integer" | "number":
                return _within(0.0, rules)
            case "boolean":
                return False
        return None

    def _object(self, rules: Schema, depth: int) -> dict[str, object]:
        properties = _mapping(rules.get("properties"))
        required = rules.get("required")
        needed = set(required) if isinstance(required, list) else set()
        filled: dict[str, object] = {}
        for name, schema in properties.items():
            if depth >= 2 * _DEPTH or self._nodes >= _NODES:
                break
            if name in needed or (self._complete and depth < _DEPTH):
                filled[name] = self._value(schema, name, depth + 1)
            elif (known := self._known(schema, name, depth + 1)) is not None:
                filled[name] = known
        return filled

    def _list(self, rules: Schema, name: str, depth: int) -> list[object] | None:
        items = self._resolved(rules.get("items"))
        about = f"{rules.get('description', '')} {items.get('description', '')}"
        if _type(items) != "string" or "enum" in items:
            return None
        found: list[object] = list(self._evidence.texts(name, about))
        most = rules.get("maxItems")
        found = found[:most] if isinstance(most, int) else found
        return self._padded(found, rules, name, depth) if found else None

    def _padded(self, values: list[object], rules: Schema, name: str, depth: int) -> list[object]:
        least = rules.get("minItems")
        wanted = least if isinstance(least, int) else 0
        if depth < _SAMPLE_DEPTH and self._complete and rules.get("maxItems") != 0:
            wanted = max(wanted, 1)
        while len(values) < wanted and depth < 2 * _DEPTH and self._nodes < _NODES:
            values = [*values, self._value(rules.get("items"), name, depth + 1)]
        return values

    def _resolved(self, schema: object) -> Schema:
        """The rules behind local references and alternatives; the first that is not null counts."""
        rules = _mapping(schema)
        for _ in range(_DEPTH):
            if "$ref" in rules:
                rules = self._referred(rules["$ref"])
                continue
            alternatives = rules.get("anyOf") or rules.get("oneOf")
            if isinstance(alternatives, list) and alternatives:
                usable = [a for a in alternatives if _mapping(a).get("type") != "null"]
                rest = {k: v for k, v in rules.items() if k not in {"anyOf", "oneOf"}}
                rules = {**rest, **_mapping((usable or alternatives)[0])}
                continue
            parts = rules.get("allOf")
            if isinstance(parts, list) and parts:
                rules = _merged(rules, [self._resolved_part(part) for part in parts])
                continue
            break
        return rules

    def _resolved_part(self, part: object) -> Schema:
        rules = _mapping(part)
        return self._referred(rules["$ref"]) if "$ref" in rules else rules

    def _referred(self, reference: object) -> Schema:
        place: object = self._root
        if not isinstance(reference, str) or not reference.startswith("#"):
            return {}
        for step in reference.removeprefix("#").split("/")[1:]:
            place = _mapping(place).get(step.replace("~1", "/").replace("~0", "~"))
        return _mapping(place)


def _merged(rules: Schema, parts: list[Schema]) -> Schema:
    merged = {key: value for key, value in rules.items() if key != "allOf"}
    properties: dict[str, object] = dict(_mapping(merged.get("properties")))
    required: list[object] = []
    for part in parts:
        properties |= _mapping(part.get("properties"))
        needed = part.get("required")
        required += needed if isinstance(needed, list) else []
        merged = {**part, **merged}
    own = merged.get("required")
    every = [*(own if isinstance(own, list) else []), *required]
    return {**merged, "properties": properties, "required": every} if properties else merged


def _type(rules: Schema) -> str:
    kind = rules.get("type")
    if isinstance(kind, list):
        kind = next((k for k in kind if k != "null"), "null")
    if isinstance(kind, str) and kind in _TYPES:
        return kind
    return "object" if "properties" in rules else "array" if "items" in rules else "string"


def _fitting(value: str | None, rules: Schema) -> str | None:
    """`value` padded or cut to the schema's lengths."""
    if value is None:
        return None
    least, most = rules.get("minLength"), rules.get("maxLength")
    if isinstance(least, int) and least < 10_000:
        value = value.ljust(least, ".")
    return value[:most] if isinstance(most, int) else value


def _within(value: float | None, rules: Schema) -> int | float | None:
    """`value` moved into the schema's bounds; whole numbers as int."""
    if value is None:
        return None
    step = _number(rules.get("multipleOf")) or (1.0 if _type(rules) == "integer" else None)
    least, most = _number(rules.get("minimum")), _number(rules.get("maximum"))
    above, below = _number(rules.get("exclusiveMinimum")), _number(rules.get("exclusiveMaximum"))
    gap = step or 0.001
    least = above + gap if above is not None else least
    most = below - gap if below is not None else most
    if least is not None:
        value = max(value, least)
    if most is not None:
        value = min(value, most)
    if step is not None:
        steps = math.floor(value / step)
        value = steps * step if least is None or steps * step >= least else (steps + 1) * step
    return int(value) if value == int(value) else value


def _number(value: object) -> float | None:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable and isinstance(value, int | float) else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
