"""How an answer ended and what it cost, in the words of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from louver.core.exchanges import JsonTree
from louver.gateway.wire.hub import ANTHROPIC

Tree: TypeAlias = Mapping[str, JsonTree]

REASONS: Mapping[str, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""Each `stop_reason` and the hub form's `finish_reason` for it."""
_FINISHES: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_MOST = 2**53


class Ending:
    """Collects what events say about the end of one answer."""

    def __init__(self) -> None:
        self._finish = ""
        self._sequence: str | None = None
        self._own: Tree = {}
        self._usage: Tree = {}

    def note_usage(self, event: Tree) -> None:
        usage = event.get("usage")
        if isinstance(usage, dict):
            self._usage = usage

    def note_choice(self, choice: Tree) -> None:
        finish, sequence = choice.get("finish_reason"), choice.get("stop_sequence")
        if not isinstance(finish, str) or not finish:
            return
        self._finish = finish
        self._sequence = sequence if isinstance(sequence, str) else None
        own = choice.get(ANTHROPIC)
        self._own = own if isinstance(own, dict) else {}

    def told(self, *, called: bool) -> dict[str, JsonTree]:
        """`stop_reason` and what belongs to it; `called`: whether the answer calls a tool."""
        own = self._own.get("stop_reason")
        reason = own if isinstance(own, str) and own in REASONS else self._reason(called=called)
        told: dict[str, JsonTree] = {"stop_reason": reason, "stop_sequence": self._sequence}
        if isinstance(self._own.get("stop_details"), dict):
            told["stop_details"] = self._own["stop_details"]
        return told

    def _reason(self, *, called: bool) -> str:
        reason = _FINISHES.get(self._finish, "end_turn")
        if reason == "end_turn" and called:  # Some servers say `stop` after a call, too.
            return "tool_use"
        return "stop_sequence" if reason == "end_turn" and self._sequence is not None else reason

    def usage(self) -> Tree:
        """The tokens of the whole answer; what the server does not tell is 0."""
        own = self._usage.get(ANTHROPIC)
        if isinstance(own, dict) and _count(own, "output_tokens") >= 0:
            return own
        given, cached = _tokens(self._usage, "prompt_tokens"), 0
        details = self._usage.get("prompt_tokens_details")
        if isinstance(details, dict):
            cached = min(_tokens(details, "cached_tokens"), given)
        usage: dict[str, JsonTree] = {
            "input_tokens": given - cached,
            "output_tokens": _tokens(self._usage, "completion_tokens"),
        }
        return {**usage, "cache_read_input_tokens": cached} if cached else usage

    @staticmethod
    def first_usage(event: Tree) -> Tree:
        """What is known of the tokens when the answer begins."""
        own = event.get(ANTHROPIC)
        usage = own.get("usage") if isinstance(own, dict) else None
        if isinstance(usage, dict) and _count(usage, "input_tokens") >= 0:
            return usage
        return {"input_tokens": 0, "output_tokens": 0}


def _tokens(tree: Tree, name: str) -> int:
    return max(_count(tree, name), 0)


def _count(tree: Tree, name: str) -> int:
    """The count under `name`; -1 where there is none."""
    value = tree.get(name)
    return value if type(value) is int and 0 <= value <= _MOST else -1
