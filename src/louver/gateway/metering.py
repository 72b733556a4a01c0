"""Counts the tokens of one answer: as the model's server tells them, else as an estimate.

What is told is taken within bounds only; a server may lie, and the count is a budget.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from louver.core.exchanges import JsonTree, Minimized, Operation

CHARACTERS_PER_TOKEN = 4
_MOST = 10**9
_REASONS = frozenset({"stop", "length", "tool_calls", "function_call", "content_filter"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one exchange used; `estimated` where the server did not tell all of it."""

    into: int = 0
    out: int = 0
    estimated: bool = False


def estimate(characters: int) -> int:
    """About how many tokens so many characters are, rounded up.

    >>> estimate(9)
    3
    """
    return -(-characters // CHARACTERS_PER_TOKEN)


class Meter:
    """Follows the events of one answer in the hub form, whatever shape they turn out to have."""

    def __init__(self, sent: Minimized | None = None) -> None:
        """`sent`: what left; None where nothing has."""
        self._sent = sent
        self._into: int | None = None
        self._out: int | None = None
        self._characters = 0
        self._reasons: dict[str, None] = {}

    @property
    def tokens(self) -> Tokens:
        """What is known by now."""
        if self._sent is None:
            return Tokens()
        into, out = self._into, self._out
        if out is None and self._sent.operation is Operation.EMBEDDINGS:
            out = 0
        estimated = into is None or out is None
        if into is None:
            into = estimate(len(self._sent.body))
        if out is None:
            out = estimate(self._characters)
        return Tokens(into, out, estimated)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the choices ended, in words of the format; anything else is `other`."""
        return tuple(self._reasons)

    def follow(self, event: Mapping[str, JsonTree]) -> None:
        """Count one event; it may be a chunk, a whole answer, or nonsense."""
        usage = event.get("usage")
        if usage is not None and isinstance(usage, dict):
            self._into = _count(usage.get("prompt_tokens"), self._into)
            self._out = _count(usage.get("completion_tokens"), self._out)
        choices = event.get("choices")
        if not isinstance(choices, list):
            return
        for choice in choices:
            if isinstance(choice, dict):
                said = choice.get("delta") or choice.get("message")
                if isinstance(said, dict):
                    self._characters += _characters(said)
                if reason := choice.get("finish_reason"):
                    known = isinstance(reason, str) and reason in _REASONS
                    self._reasons[reason if known else "other"] = None


def _count(told: JsonTree, known: int | None) -> int | None:
    return told if type(told) is int and 0 <= told <= _MOST else known


def _characters(said: Mapping[str, JsonTree]) -> int:
    """How much text a delta or message holds; its role and ids are short and do not matter."""
    total = 0
    for name, value in said.items():
        if type(value) is str:
            total += len(value) if name != "role" else 0
        elif type(value) is list or type(value) is dict:
            total += _deep(value)
    return total


def _deep(value: JsonTree) -> int:
    total = 0
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return total
