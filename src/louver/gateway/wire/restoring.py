"""The answer in the hub form: values put back into events, whole or streamed.

Restored are the answer's text, refusals, reasoning, citations and the arguments of tools that the
application declared. Everything else passes as it came, which means with placeholders;
log-probabilities, which we never ask for, are dropped. An event of the wrong shape ends the answer.
Text is held back only within one kind (thinking, text, calls): none waits behind the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Protocol, cast

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import Exchange, JsonTree, Minimized, Operation
from louver.core.policy import Policy
from louver.gateway.wire.restoring_extensions import Extensions, Sealed
from louver.gateway.wire.slots import TEXT_FIELDS, Kind, Slot, append
from louver.minimize.restore import JsonRestorer, TextRestorer, restore_text

_HEAD = frozenset({"id", "object", "created", "model", "system_fingerprint"})
_PLAIN = frozenset({"role", "content", "refusal", "tool_calls", "function_call"})
_MAX_TOOL_CALLS = 256
_LARGEST_INTEGER = 2**53
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class Restores(Protocol):
    @property
    def restored(self) -> int: ...

    def feed(self, text: str) -> str: ...

    def finish(self) -> str: ...


class Restorer(Protocol):
    """Puts values back into one answer's events; fed in order, then `finish()`ed."""

    @property
    def restored(self) -> int:
        """How many values were put back so far."""
        ...

    def chunk(self, event: Mapping[str, JsonTree]) -> Iterator[dict[str, JsonTree]]:
        """What can be told of one event of a stream; some of its text may be held back."""
        ...

    def finish(self) -> Iterator[dict[str, JsonTree]]:
        """What was still held when the provider said that it is done."""
        ...

    def whole(self, event: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        """An answer that is not streamed."""
        ...


def restorer_of(
    exchange: Exchange, minimized: Minimized, policy: Policy, seal: Sealed | None = None
) -> Restorer:
    """A fresh restorer for one answer; `seal` makes what the client can send thinking back by."""
    if exchange.operation is Operation.EMBEDDINGS:
        return Vectors(exchange.model, exchange.choices)
    return ChatRestorer(exchange, minimized, policy, seal)


class Vectors:
    """Embeddings: numbers hold no placeholder; anything else in an answer is dropped.

    There is one vector for each of `count` texts, in their order.
    """

    restored = 0

    def __init__(self, model: str, count: int) -> None:
        self._model = model
        self._count = count

    def chunk(self, event: Mapping[str, JsonTree]) -> Iterator[dict[str, JsonTree]]:
        raise _invalid("a stream of embeddings")

    def finish(self) -> Iterator[dict[str, JsonTree]]:
        return iter(())

    def whole(self, event: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        found: dict[JsonTree, JsonTree] = {}
        for i, item in enumerate(_objects(event.get("data"))):
            index = item.get("index", i)
            if type(index) is not int or not 0 <= index < self._count or index in found:
                raise _invalid("an embedding that was not asked for")
            found[index] = _vector(item.get("embedding"))
        if len(found) < self._count:
            raise _invalid("fewer embeddings than were asked for")
        data = [
            {"object": "embedding", "index": i, "embedding": found[i]} for i in range(self._count)
        ]
        whole = {"object": "list", "data": data, "model": self._model}
        return {**whole, "usage": _object(event.get("usage") or {})}


def _vector(value: JsonTree) -> JsonTree:
    """A list of numbers, or the base64 of one."""
    if isinstance(value, list) and value and all(map(_is_number, value)):
        return value
    if isinstance(value, str) and _BASE64.fullmatch(value):
        return value
    raise _invalid("an embedding that is no list of numbers")


def _is_number(value: JsonTree) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= _LARGEST_INTEGER)


class Verbatim:
    """A restorer that puts nothing back."""

    restored = 0

    def feed(self, text: str) -> str:
        return text

    def finish(self) -> str:
        return ""


class ChatRestorer:
    """Puts values back into the events of one answer; feed it in order, then `finish()`."""

    def __init__(
        self,
        exchange: Exchange,
        minimized: Minimized,
        policy: Policy,
        seal: Sealed | None = None,
    ) -> None:
        self._extensions = Extensions(exchange, minimized, policy.link_hosts, seal)
        self._values = minimized.values
        self._model = exchange.model
        self._choices = exchange.choices
        self._json_content = exchange.json_content
        self._tools = exchange.tools - policy.sealed_tools
        self._hosts = policy.link_hosts
        self._slots: dict[Slot, Restores] = {}
        self._names: dict[Slot, str] = {}
        self._ended: set[int] = set()
        self._answered = False
        self._restored = 0
        self._last: Mapping[str, JsonTree] = {}
        self._kinds: dict[int, Kind] = {}
        self._fed: set[Slot] = set()  # By the event at hand.
        self._early: list[tuple[Slot, str]] = []  # What belongs before that event,
        self._late: list[tuple[Slot, str]] = []  # and what belongs into it.

    @property
    def restored(self) -> int:
        return self._restored + sum(slot.restored for slot in self._slots.values())

    def chunk(self, event: Mapping[str, JsonTree]) -> Iterator[dict[str, JsonTree]]:
        """The event for one `chat.completion.chunk`; text held back comes in a later one."""
        choices = []
        self._last = event
        for choice in self._choices_of(event):
            index = cast("int", choice["index"])
            delta = self._delta(index, _object(choice.get("delta") or {}))
            if choice.get("finish_reason"):
                self._flush(index, delta)
                self._ended.add(index)
            yield from self._before(index)
            choices.append({**self._extensions.choice(choice), "delta": delta, "logprobs": None})
        yield {**event, "model": self._model, "choices": choices}

    def _before(self, index: int) -> Iterator[dict[str, JsonTree]]:
        """An event for the text that was held when something of another kind began."""
        early, self._early = self._early, []
        if early:
            delta: dict[str, JsonTree] = {}
            for slot, text in early:
                append(delta, slot, text)
            yield self._event(index, delta)

    def _event(self, index: int, delta: dict[str, JsonTree]) -> dict[str, JsonTree]:
        choice = {"index": index, "delta": delta, "finish_reason": None, "logprobs": None}
        head = {k: v for k, v in self._last.items() if k in _HEAD}
        return {**head, "model": self._model, "choices": [choice]}

    def finish(self) -> Iterator[dict[str, JsonTree]]:
        """What was still held when the upstream said that it is done. Raises UpstreamFailed."""
        for index in sorted({slot.choice for slot in self._slots}):
            delta: dict[str, JsonTree] = {}
            self._flush(index, delta)
            if delta:
                yield self._event(index, delta)
        if not self._answered:
            raise _invalid("an answer without choices")

    def whole(self, event: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        """One `chat.completion` with its values. Raises UpstreamFailed."""
        choices = []
        for choice in self._choices_of(event):
            index = cast("int", choice["index"])
            message = self._delta(index, _object(choice.get("message") or {}))
            self._flush(index, message)
            told = self._extensions.choice(choice)
            choices.append({**told, "message": message, "logprobs": None})
        if not choices:
            raise _invalid("an answer without choices")
        return {**event, "model": self._model, "choices": choices}

    def _choices_of(self, event: Mapping[str, JsonTree]) -> Iterator[dict[str, JsonTree]]:
        for i, item in enumerate(_objects(event.get("choices") or [])):
            index = item.get("index", i)
            if not isinstance(index, int) or not 0 <= index < self._choices:
                raise _invalid("a choice that was not asked for")
            self._answered = True
            yield {**item, "index": index}

    def _delta(self, choice: int, delta: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        """`delta` with values put back, as far as its text is not held back."""
        out = dict(delta)
        self._fed.clear()
        for field in TEXT_FIELDS:
            text = delta.get(field)
            if field == "content" and delta.get("content_parts"):
                self._parts(choice, out)
            elif isinstance(text, str):
                out[field] = self._feed(Slot(choice, field), text)
        if not delta.keys() <= _PLAIN:
            self._extend(choice, delta, out)
        if delta.get("tool_calls"):
            calls = enumerate(_objects(delta["tool_calls"]))
            out["tool_calls"] = [self._call(choice, call, i) for i, call in calls]
        if delta.get("function_call"):
            legacy = _object(delta["function_call"])
            slot = Slot(choice, "function_call")
            out["function_call"] = self._invocation(slot, legacy, "arguments")
        while self._late:
            append(out, *self._late.pop())
        return out

    def _extend(self, choice: int, delta: Mapping[str, JsonTree], out: dict[str, JsonTree]) -> None:
        """What the hub form says beyond OpenAI's; the end of a text comes after all of it."""
        self._extensions.delta(choice, delta, out)
        if delta.get("thinking_signature"):
            self._end(Slot(choice, "reasoning_content"), out)
        if delta.get("text_end"):
            self._end(Slot(choice, "content"), out)

    def _parts(self, choice: int, message: dict[str, JsonTree]) -> None:
        """The parts of a whole text, each restored by itself; `content` is all of them."""
        slot = Slot(choice, "content")
        parts: list[JsonTree] = []
        said: list[str] = []
        for part in _objects(message["content_parts"]):
            text = part.get("text")
            told = self._feed(slot, text if isinstance(text, str) else "")
            told += self._slots[slot].finish()
            said.append(told)
            parts.append({**self._extensions.cited(part), "text": told})
        message["content_parts"] = parts
        message["content"] = "".join(said)

    def _end(self, slot: Slot, delta: dict[str, JsonTree]) -> None:
        """Here one text ends: what is held of it belongs before what follows.

        The slot stays: what has been opened (a link) is not over for who reads on.
        """
        if slot in self._slots:
            append(delta, slot, self._slots[slot].finish())

    def _call(
        self, choice: int, call: Mapping[str, JsonTree], position: int
    ) -> dict[str, JsonTree]:
        index = position if call.get("index") is None else call["index"]
        if not isinstance(index, int) or not 0 <= index < _MAX_TOOL_CALLS:
            raise _invalid("a tool call out of range")
        out = {**call, "index": index}
        for kind, field in (("function", "arguments"), ("custom", "input")):
            if isinstance(call.get(kind), dict):
                slot = Slot(choice, kind, index)
                out[kind] = self._invocation(slot, _object(call[kind]), field)
        return out

    def _invocation(
        self, slot: Slot, invocation: Mapping[str, JsonTree], field: str
    ) -> dict[str, JsonTree]:
        """A tool's name and arguments; values go only to a tool that the application declared."""
        out = dict(invocation)
        name = invocation.get("name")
        if isinstance(name, str) and name:
            self._named(slot, name)
            # A name that a value stood in is put back; it is compared with what was declared.
            out["name"] = restore_text(name, self._values)
        text = invocation.get(field)
        if isinstance(text, str) and text:
            out[field] = self._feed(slot, text)
        return out

    def _named(self, slot: Slot, name: str) -> None:
        """Note a tool's name, which may come in parts, or again; but not once it has arguments."""
        known = self._names.get(slot, "")
        if slot not in self._slots and name != known:
            self._names[slot] = known + name
        elif name != known:
            raise _invalid("another name for a tool call that was under way")

    def _feed(self, slot: Slot, text: str) -> str:
        """What can be told of `text` by now. A choice that has ended says nothing more."""
        if slot.choice in self._ended and text:
            raise _invalid("text after the end of a choice")
        if text:
            if self._kinds.get(slot.choice) is not slot.kind:
                self._turn_to(slot)
            self._fed.add(slot)
        if slot not in self._slots:
            name = restore_text(self._names.get(slot, ""), self._values)
            self._slots[slot] = self._restorer(slot, declared=name in self._tools)
        return self._slots[slot].feed(text)

    def _turn_to(self, slot: Slot) -> None:
        """Another kind of text begins: what is held of the one before comes first."""
        before = self._kinds.get(slot.choice)
        self._kinds[slot.choice] = slot.kind
        if before is Kind.THINKING:
            self._extensions.unsigned(slot.choice)
        for other in [s for s in self._slots if s.choice == slot.choice and s.kind is before]:
            if text := self._slots[other].finish():
                (self._late if other in self._fed else self._early).append((other, text))

    def _restorer(self, slot: Slot, *, declared: bool) -> Restores:
        if slot.field in {"function", "function_call"}:
            return JsonRestorer(self._values, link_hosts=self._hosts) if declared else Verbatim()
        if slot.field == "custom" and not declared:
            return Verbatim()
        if slot.field == "content" and self._json_content:
            return JsonRestorer(self._values, link_hosts=self._hosts)
        return TextRestorer(self._values, link_hosts=self._hosts)

    def _flush(self, choice: int, delta: dict[str, JsonTree]) -> None:
        """Add what this choice's restorers still hold to `delta`; its slots end here."""
        for slot in [s for s in self._slots if s.choice == choice]:
            restorer = self._slots.pop(slot)
            append(delta, slot, restorer.finish())
            self._restored += restorer.restored


def _object(value: JsonTree) -> Mapping[str, JsonTree]:
    if not isinstance(value, dict):
        raise _invalid("a field of the wrong type")
    return value


def _objects(value: JsonTree) -> Iterator[Mapping[str, JsonTree]]:
    if not isinstance(value, list):
        raise _invalid("a field of the wrong type")
    for item in value:
        yield _object(item)


def _invalid(what: str) -> UpstreamFailed:
    return UpstreamFailed(f"the model's server sent {what}", code="upstream_invalid")
