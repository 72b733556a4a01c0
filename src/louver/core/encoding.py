"""Canonical JSON (RFC 8785): one byte string per value, so that digests can be compared.

Source: RFC 8785. Numbers: integers within +-2^53 and finite floats; anything else is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_LARGEST_INTEGER = 2**53


def canonical_json(value: Json) -> bytes:
    """Encode `value` as RFC 8785 bytes.

    Raises ValueError for what has no canonical form: NaN, infinities, huge integers, lone
    surrogates.

    >>> canonical_json({"b": 1, "a": [True, None, 1.0, "\u20ac"]})
    b'{"a":[true,null,1,"\\xe2\\x82\\xac"],"b":1}'
    """
    return "".join(_parts(value)).encode("utf-8")


def _parts(value: Json) -> list[str]:
    if isinstance(value, str):
        return [encode_basestring(value)]
    if value is None or isinstance(value, bool):
        return ["null" if value is None else "true" if value else "false"]
    if isinstance(value, int):
        if abs(value) > _LARGEST_INTEGER:
            raise ValueError("integer outside +-2^53 has no canonical form")
        return [str(value)]
    if isinstance(value, float):
        return [_number(value)]
    if isinstance(value, Mapping):
        out = ["{"]
        for i, key in enumerate(_ordered(value)):
            out += ["," if i else "", encode_basestring(key), ":", *_parts(value[key])]
        return [*out, "}"]
    out = ["["]
    for i, item in enumerate(value):
        out += ["," if i else "", *_parts(item)]
    return [*out, "]"]


def _ordered(keys: Mapping[str, Json]) -> list[str]:
    """RFC 8785 §3.2.3 sorts by UTF-16 code units, not by code points; in ASCII these agree."""
    plain = all(map(str.isascii, keys))
    return sorted(keys) if plain else sorted(keys, key=lambda key: key.encode("utf-16-be"))


def _number(value: float) -> str:
    """ECMAScript Number::toString (ECMA-262 §6.1.6.1.20), from Python's shortest repr."""
    if not math.isfinite(value):
        raise ValueError("NaN and infinities have no canonical form")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    padded = whole + ("" if fraction == "0" else fraction)
    digits = padded.lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(padded) - len(digits))  # 0.DIGITS * 10**point
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    body = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{body}e{'+' if power > 0 else '-'}{abs(power)}"
