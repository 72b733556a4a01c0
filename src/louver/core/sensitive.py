"""Wraps raw text and values: no print, log line, traceback or JSON shows them by accident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Sensitive(Generic[T]):
    """A value that shows only its type; `.reveal()` is the one way in, and easy to grep for.

    >>> Sensitive("alice@example.com")
    <sensitive str>
    >>> f"{Sensitive(42)}"
    '<sensitive int>'
    """

    _value: T

    def reveal(self) -> T:
        """Return the raw value; every call site is a place to review."""
        return self._value

    def __repr__(self) -> str:
        return f"<sensitive {type(self._value).__name__}>"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Sensitive value is not pickled")
