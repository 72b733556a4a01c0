"""The items of a Responses answer as they grow, and the events that tell of it.

Everything stays open until the answer ends: what a restorer held back of a message may come after
the tool calls that followed it. Only a signature ends the thinking that it signs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field

from louver.core.exchanges import JsonTree
from louver.gateway.wire.openai_responses_items import REDACTED, SIGNED, Tree

Event = dict[str, JsonTree]
"""An event without its `sequence_number`."""

_PREFIXES = {"reasoning": "rs", "message": "msg", "function_call": "fc", "custom_tool_call": "ctc"}
_CALLS = {"function": ("function_call", "arguments"), "custom": ("custom_tool_call", "input")}
_SUMMARY, _TEXT, _REFUSAL = "summary_text", "output_text", "refusal"
_EVENTS = {
    _TEXT: "response.output_text",
    _REFUSAL: "response.refusal",
    "arguments": "response.function_call_arguments",
    "input": "response.custom_tool_call_input",
}


@dataclass(slots=True)
class _Said:
    """Text that streams into one place of an item."""

    kind: str
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(slots=True)
class _Item:
    """An item of the output; `seal` is what `encrypted_content` shows to who asked for it."""

    index: int
    id: str
    kind: str
    more: Tree
    said: list[_Said] = field(default_factory=list)
    seal: str = ""
    status: str = "in_progress"

    @property
    def at(self) -> Tree:
        return {"item_id": self.id, "output_index": self.index}

    def tree(self, *, sealed: bool) -> Tree:
        """The item as it stands now."""
        head: Tree = {"id": self.id, "type": self.kind}
        if self.kind == "reasoning":
            shown: Tree = {"encrypted_content": self.seal} if sealed and self.seal else {}
            return {**head, "summary": [_part(s.kind, s.text) for s in self.said], **shown}
        head["status"] = self.status
        if self.kind == "message":
            content = [_part(s.kind, s.text) for s in self.said]
            return {**head, "role": "assistant", "content": content}
        return {**head, **self.more, self.said[0].kind: self.said[0].text}


@dataclass(slots=True)
class _Call:
    """A tool call, whose name may come in pieces; it is told of once the name is complete."""

    kind: str
    call_id: str = ""
    name: str = ""
    item: _Item | None = None


class Output:
    """One answer's items in the order in which they began."""

    def __init__(self, name: str, *, sealed: bool) -> None:
        """`name` makes the items' ids; `sealed`: whether the client sees `encrypted_content`."""
        self._name = name
        self._sealed = sealed
        self._items: list[_Item] = []
        self._reasoning: _Item | None = None
        self._message: _Item | None = None
        self._calls: dict[int, _Call] = {}

    def trees(self, *, sealed: bool | None = None) -> list[Tree]:
        """The items as they stand now."""
        shown = self._sealed if sealed is None else sealed
        return [item.tree(sealed=shown) for item in self._items]

    def take(self, delta: Mapping[str, JsonTree]) -> Iterator[Event]:
        """Follow one delta of the answer, or a whole message."""
        blocks = _objects(delta.get("thinking_blocks"))
        for block in blocks:
            yield from self._think(_text(block, "thinking"))
            yield from self._seal(SIGNED, _text(block, "signature"))
            yield from self._seal(REDACTED, _text(block, "data"))
        if not blocks:
            yield from self._think(_text(delta, "reasoning_content") or _text(delta, "reasoning"))
        yield from self._seal(SIGNED, _text(delta, "thinking_signature"))
        yield from self._seal(REDACTED, _text(delta, "redacted_thinking"))
        yield from self._say(_TEXT, _text(delta, "content"))
        yield from self._say(_REFUSAL, _text(delta, "refusal"))
        for position, call in enumerate(_objects(delta.get("tool_calls"))):
            index = call.get("index", position)
            yield from self._follow(index if isinstance(index, int) else position, call)

    def close(self, status: str) -> Iterator[Event]:
        """End whatever is open; `status` is `completed` or `incomplete`."""
        for call in self._calls.values():
            yield from self._begin_call(call)
        for item in self._items:
            if item.status == "in_progress":
                yield from self._end(item, status)

    def _think(self, text: str) -> Iterator[Event]:
        if not text:
            return
        if self._reasoning is None:
            self._reasoning = yield from self._begin("reasoning", {})
            self._reasoning.said.append(_Said(_SUMMARY))
            part: Tree = {"part": _part(_SUMMARY, "")}
            yield _event("response.reasoning_summary_part.added", self._reasoning, _FIRST, part)
        self._reasoning.said[0].pieces.append(text)
        said: Tree = {"delta": text}
        yield _event("response.reasoning_summary_text.delta", self._reasoning, _FIRST, said)

    def _seal(self, prefix: str, seal: str) -> Iterator[Event]:
        """A signature ends the thinking before it; redacted thinking is an item of its own."""
        if not seal:
            return
        if self._reasoning is None or prefix == REDACTED:
            self._reasoning = yield from self._begin("reasoning", {})
        item, self._reasoning = self._reasoning, None
        item.seal = prefix + seal
        yield from self._end(item, "completed")

    def _say(self, kind: str, text: str) -> Iterator[Event]:
        if not text:
            return
        if self._message is None:
            self._message = yield from self._begin("message", {})
        item = self._message
        index = next((i for i, said in enumerate(item.said) if said.kind == kind), None)
        if index is None:
            index = len(item.said)
            item.said.append(_Said(kind))
            part: Tree = {"part": _part(kind, "")}
            yield _event("response.content_part.added", item, {"content_index": index}, part)
        item.said[index].pieces.append(text)
        more: Tree = {"delta": text, "logprobs": []} if kind == _TEXT else {"delta": text}
        yield _event(f"{_EVENTS[kind]}.delta", item, {"content_index": index}, more)

    def _follow(self, index: int, delta: Mapping[str, JsonTree]) -> Iterator[Event]:
        kind = "custom" if isinstance(delta.get("custom"), dict) else "function"
        call = self._calls.setdefault(index, _Call(kind))
        told = delta.get(call.kind)
        inner: Mapping[str, JsonTree] = told if isinstance(told, dict) else {}
        call.call_id = call.call_id or _text(delta, "id")
        name = _text(inner, "name")
        if name != call.name:  # Some servers repeat the whole name.
            call.name += name
        text = _text(inner, _CALLS[call.kind][1])
        if text:
            item = yield from self._begin_call(call)
            item.said[0].pieces.append(text)
            yield _event(f"{_EVENTS[item.said[0].kind]}.delta", item, {}, {"delta": text})

    def _begin_call(self, call: _Call) -> Generator[Event, None, _Item]:
        """The call's item, told of once."""
        if call.item is None:
            kind, field_ = _CALLS[call.kind]
            call_id = call.call_id or f"call_{self._name}{len(self._items):03x}"
            more: Tree = {"call_id": call_id, "name": call.name}
            call.item = yield from self._begin(kind, more, [_Said(field_)])
        return call.item

    def _begin(
        self, kind: str, more: Tree, said: list[_Said] | None = None
    ) -> Generator[Event, None, _Item]:
        index = len(self._items)
        id_ = f"{_PREFIXES[kind]}_{self._name}{index:03x}"
        item = _Item(index, id_, kind, more, said or [])
        self._items.append(item)
        yield {
            "type": "response.output_item.added",
            "output_index": index,
            "item": item.tree(sealed=False),
        }
        return item

    def _end(self, item: _Item, status: str) -> Iterator[Event]:
        item.status = status
        for index, said in enumerate(item.said):
            yield from _ended(item, index, said)
        yield {
            "type": "response.output_item.done",
            "output_index": item.index,
            "item": item.tree(sealed=self._sealed),
        }


_FIRST: Tree = {"summary_index": 0}


def _ended(item: _Item, index: int, said: _Said) -> Iterator[Event]:
    """What tells that a text is complete."""
    text = said.text
    if said.kind == _SUMMARY:
        part: Tree = {"part": _part(_SUMMARY, text)}
        yield _event("response.reasoning_summary_text.done", item, _FIRST, {"text": text})
        yield _event("response.reasoning_summary_part.done", item, _FIRST, part)
        return
    done = f"{_EVENTS[said.kind]}.done"
    if item.kind != "message":
        yield _event(done, item, {}, {said.kind: text})
        return
    where: Tree = {"content_index": index}
    told: Tree = {"text": text, "logprobs": []} if said.kind == _TEXT else {_REFUSAL: text}
    yield _event(done, item, where, told)
    yield _event("response.content_part.done", item, where, {"part": _part(said.kind, text)})


def _event(kind: str, item: _Item, where: Tree, more: Tree) -> Event:
    return {"type": kind, **item.at, **where, **more}


def _part(kind: str, text: str) -> Tree:
    if kind == _TEXT:
        return {"type": kind, "text": text, "annotations": [], "logprobs": []}
    return {"type": kind, "text" if kind == _SUMMARY else kind: text}


def _text(tree: Mapping[str, JsonTree], name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def _objects(value: JsonTree) -> list[Mapping[str, JsonTree]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
