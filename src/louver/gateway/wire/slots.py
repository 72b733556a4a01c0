"""The places in a choice that text streams into, and how text is added to one of them."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple, cast

from louver.core.exchanges import JsonTree


class Kind(Enum):
    """What a choice says at a time: readers show one after the other."""

    THINKING = auto()
    TEXT = auto()
    CALL = auto()


_KINDS = {
    "reasoning_content": Kind.THINKING,
    "reasoning": Kind.THINKING,
    "content": Kind.TEXT,
    "refusal": Kind.TEXT,
}
TEXT_FIELDS = tuple(_KINDS)


class Slot(NamedTuple):
    """A place in a choice's delta that text streams into; `call` is None outside of tool calls."""

    choice: int
    field: str
    call: int | None = None

    @property
    def kind(self) -> Kind:
        return _KINDS.get(self.field, Kind.CALL)


def append(delta: dict[str, JsonTree], slot: Slot, text: str) -> None:
    """Add `text` to what `delta` (or a whole message) holds in `slot`."""
    if not text:
        return
    if slot.call is None and slot.field != "function_call":
        delta[slot.field] = str(delta.get(slot.field) or "") + text
        return
    field = "input" if slot.field == "custom" else "arguments"
    if slot.call is None:
        target = cast("dict[str, JsonTree]", delta.setdefault("function_call", {}))
    else:
        calls = cast("list[dict[str, JsonTree]]", delta.setdefault("tool_calls", []))
        call = next((c for i, c in enumerate(calls) if c.get("index", i) == slot.call), None)
        if call is None:
            call = {"index": slot.call}
            calls.append(call)
        target = cast("dict[str, JsonTree]", call.setdefault(slot.field, {}))
    target[field] = str(target.get(field) or "") + text
