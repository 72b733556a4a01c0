"""Times and sizes as people write them (`15min`, `10MB`), as seconds and bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_BYTES: Mapping[str, int] = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
_QUANTITY = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([A-Za-z]{1,3})", re.ASCII)


def seconds(written: str) -> float:
    """Raises ValueError where `written` is no time.

    >>> seconds("15min"), seconds("500ms")
    (900.0, 0.5)
    """
    number, unit = _split(written)
    if unit not in _SECONDS:
        raise ValueError("no unit of time")
    return number * _SECONDS[unit]


def size(written: str) -> int:
    """Bytes. Raises ValueError where `written` is no size.

    >>> size("10MB"), size("1MiB")
    (10000000, 1048576)
    """
    number, unit = _split(written)
    if unit not in _BYTES:
        raise ValueError("no unit of size")
    return int(number * _BYTES[unit])


def _split(written: str) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(written)
    if match is None:
        raise ValueError("a number and a unit are expected")
    return float(match[1]), match[2]
