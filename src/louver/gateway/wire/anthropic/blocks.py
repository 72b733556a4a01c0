"""Content blocks of Anthropic's messages, as messages and parts of the hub form.

A tool's result becomes a message of its own. A document or search result becomes the parts that it
consists of, its title before them, so that a server without a word for it reads it as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.wire.citing import Carrier
from louver.gateway.wire.hub import ANTHROPIC, BLOCKS
from louver.gateway.wire.reading import expect, objects

Tree: TypeAlias = Mapping[str, JsonTree]
Part: TypeAlias = dict[str, JsonTree]

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_CACHE = frozenset({"type", "ttl"})
_LATER = frozenset(
    """
    bash_code_execution_tool_result code_execution_tool_result container_upload mcp_tool_result
    mcp_tool_use server_tool_use text_editor_code_execution_tool_result tool_reference
    tool_search_tool_result web_fetch_tool_result web_search_tool_result browser_state compaction
    """.split()  # noqa: SIM905 -- one word list reads better than quoted strings
)
_IMAGE = frozenset({"type", "source", "cache_control", "transformations"})
_DOCUMENT = frozenset({"type", "source", "title", "context", "citations", "cache_control"})
_RESULT = frozenset({"type", "source", "title", "content", "citations", "cache_control"})
_TOOL_USE = frozenset({"type", "id", "name", "input", "cache_control", "caller", "toolset_name"})
_TOOL_RESULT = frozenset(
    {"type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"}
)


@dataclass(slots=True)
class _Said:
    """What one assistant message says, by kind; `kinds` is the order in which it says it."""

    thinking: list[tuple[Part, str]] = field(default_factory=list)
    texts: list[Part] = field(default_factory=list)
    calls: list[Part] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)

    @property
    def in_order(self) -> bool:
        """Whether thinking comes before texts, and texts before calls."""
        return self.kinds == sorted(self.kinds)


class Transcript:
    """Messages of the hub form, in the making.

    `places` says where in the client's request something stands that has a path in the hub form.
    """

    def __init__(self, carrier: Carrier) -> None:
        self.messages: list[Part] = []
        self.places: dict[str, str] = {}
        self._carrier = carrier

    def system(self, value: JsonTree) -> None:
        """The request's own `system`."""
        self._say("system", self._texts(value, "system"))

    def add(self, message: Tree, where: str) -> None:
        """One message. Raises Invalid, NotYetSupported."""
        known(message, frozenset({"role", "content"}), where)
        role = expect(message.get("role"), str, f"{where}.role")
        place = f"{where}.content"
        if role == "user":
            self._user(message.get("content"), place)
        elif role == "assistant":
            self._assistant(message.get("content"), place)
        elif role == "system":
            self._say("system", self._texts(message.get("content"), place))
            self.messages[-1][ANTHROPIC] = {"in_place": True}
        else:
            raise Invalid(f"{where}.role must be user, assistant or system", param=f"{where}.role")

    def _say(self, role: str, parts: list[tuple[Part, str]]) -> None:
        at = len(self.messages)
        for i, (_, place) in enumerate(parts):
            self.places[f"messages[{at}].content[{i}]"] = place
        self.messages.append({"role": role, "content": _content([part for part, _ in parts])})

    def _texts(self, value: JsonTree, where: str) -> list[tuple[Part, str]]:
        if isinstance(value, str):
            return [({"type": "text", "text": value}, where)]
        return [
            (self._text(block, f"{where}[{i}]"), f"{where}[{i}]")
            for i, block in enumerate(objects(value, where))
        ]

    def _user(self, content: JsonTree, where: str) -> None:
        if isinstance(content, str):
            self._say("user", [({"type": "text", "text": content}, where)])
            return
        parts: list[tuple[Part, str]] = []
        results = 0
        for i, block in enumerate(objects(content, where)):
            place = f"{where}[{i}]"
            if kind_of(block, place) != "tool_result":
                parts += self._parts(block, place)
                continue
            if parts:
                self._say("user", parts)
            parts = []
            self._result(block, place)
            results += 1
        if parts or not results:
            self._say("user", parts)

    def _result(self, block: Tree, where: str) -> None:
        known(block, _TOOL_RESULT, where)
        name = expect(block.get("tool_use_id"), str, f"{where}.tool_use_id")
        content = block.get("content")
        parts: list[tuple[Part, str]] = []
        if isinstance(content, str):
            parts = [({"type": "text", "text": content}, f"{where}.content")]
        elif content is not None:
            for i, part in enumerate(objects(content, f"{where}.content")):
                parts += self._parts(part, f"{where}.content[{i}]")
        self._say("tool", parts)
        own: Part = {}
        if block.get("is_error") is not None:
            own["is_error"] = expect(block["is_error"], bool, f"{where}.is_error")
        _keep(block, own, where)
        self.messages[-1] |= {"tool_call_id": name, **({ANTHROPIC: own} if own else {})}

    def _assistant(self, content: JsonTree, where: str) -> None:
        if isinstance(content, str):
            self.messages.append({"role": "assistant", "content": content})
            return
        said = _Said()
        for i, block in enumerate(objects(content, where)):
            place = f"{where}[{i}]"
            kind = kind_of(block, place)
            if kind in {"thinking", "redacted_thinking"}:
                said.thinking.append((_thinking(block, kind, place), place))
                said.kinds.append(0)
            elif kind == "text":
                said.texts.append(self._text(block, place))
                said.kinds.append(1)
            elif kind == "tool_use":
                said.calls.append(_call(block, place))
                said.kinds.append(2)
            else:
                raise Invalid(f"{place} is nothing that an assistant says", param=place)
        self._answered(said)

    def _answered(self, said: _Said) -> None:
        if not said.in_order:
            kinds = ([block for block, _ in said.thinking], said.texts, said.calls)
            rows = [iter(row) for row in kinds]
            for at, kind in enumerate(said.kinds):
                block = next(rows[kind])
                if kind == 0:
                    block["at"] = at
                else:
                    own = block.get(ANTHROPIC)
                    block[ANTHROPIC] = {**(own if isinstance(own, dict) else {}), "at": at}
        message: Part = {"role": "assistant", "content": _content(said.texts) or None}
        if said.thinking:
            message[BLOCKS] = [block for block, _ in said.thinking]
            for i, (_, place) in enumerate(said.thinking):
                self.places[f"messages[{len(self.messages)}].{BLOCKS}[{i}]"] = place
        if said.calls:
            message["tool_calls"] = said.calls
        self.messages.append(message)

    def _parts(self, block: Tree, where: str) -> list[tuple[Part, str]]:
        """What a user's block, or one in a tool's result, consists of."""
        match kind_of(block, where):
            case "text":
                return [(self._text(block, where), where)]
            case "image":
                return [(_image(block, where), where)]
            case "document":
                return self._document(block, where)
            case "search_result":
                return self._search_result(block, where)
            case _:
                raise Invalid(f"{where} is nothing that a user says", param=where)

    def _text(self, block: Tree, where: str) -> Part:
        if kind_of(block, where) != "text":
            raise Invalid(f"{where} must be a text block", param=where)
        known(block, frozenset({"type", "text", "cache_control", "citations"}), where)
        own: Part = {}
        _keep(block, own, where)
        if block.get("citations"):
            cited = objects(block["citations"], f"{where}.citations")
            carried = [one for c in cited if (one := self._carrier.carried(c)) is not None]
            own |= {"citations": carried} if carried else {}
        text: Part = {"type": "text", "text": expect(block.get("text"), str, f"{where}.text")}
        return {**text, ANTHROPIC: own} if own else text

    def _document(self, block: Tree, where: str) -> list[tuple[Part, str]]:
        known(block, _DOCUMENT, where)
        source = expect(block.get("source"), dict, f"{where}.source")
        form = expect(source.get("type"), str, f"{where}.source.type")
        at = f"{where}.source"
        parts: list[tuple[Part, str]] = []
        if form == "text":
            known(source, frozenset({"type", "media_type", "data"}), at)
            text = expect(source.get("data"), str, f"{at}.data")
            parts.append(({"type": "text", "text": text}, where))
        elif form == "content":
            known(source, frozenset({"type", "content"}), at)
            content, inner = source.get("content"), f"{at}.content"
            if isinstance(content, str):
                form = "string"
                parts.append(({"type": "text", "text": content}, where))
            else:
                for i, part in enumerate(objects(content, inner)):
                    if kind_of(part, f"{inner}[{i}]") not in {"text", "image"}:
                        raise Invalid(f"{inner}[{i}] must be text or an image", param=inner)
                    parts += self._parts(part, f"{inner}[{i}]")
        else:
            form = "file"
            parts.append(({"type": "file", "file": _file(source, at)}, where))
        return _group(block, "document", ("title", "context"), form, parts, where)

    def _search_result(self, block: Tree, where: str) -> list[tuple[Part, str]]:
        known(block, _RESULT, where)
        for name in ("source", "title"):
            expect(block.get(name), str, f"{where}.{name}")
        parts = self._texts(expect(block.get("content"), list, f"{where}.content"), where)
        return _group(block, "search_result", ("title", "source"), "content", parts, where)


def known(tree: Tree, names: frozenset[str], where: str) -> None:
    """Raises Invalid for a field that is not one of `names`, which is not repeated."""
    if not tree.keys() <= names:
        raise Invalid(
            f"{where} has a field that is not known there; known are: {', '.join(sorted(names))}"
        )


def kind_of(block: Tree, where: str) -> str:
    """The type of a block. Raises NotYetSupported for those of tools on the model's server."""
    kind = expect(block.get("type"), str, f"{where}.type")
    if kind in _LATER:
        raise NotYetSupported(f"{where}: blocks of type {kind} are not supported yet", param=where)
    return kind


def cache_control(value: JsonTree, where: str) -> Tree:
    """Where a cache of the server should end. Raises Invalid."""
    control = expect(value, dict, where)
    known(control, _CACHE, where)
    for name in control:
        expect(control[name], str, f"{where}.{name}")
    return {str(name): value for name, value in control.items()}


def _content(parts: list[Part]) -> JsonTree:
    """Parts as a message's content; one plain text is a string."""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        return parts[0]["text"]
    return list(parts) if parts else ""


def _keep(block: Tree, own: Part, where: str) -> None:
    if block.get("cache_control") is not None:
        own["cache_control"] = cache_control(block["cache_control"], f"{where}.cache_control")


def _group(
    block: Tree,
    kind: str,
    heads: tuple[str, ...],
    form: str,
    parts: list[tuple[Part, str]],
    where: str,
) -> list[tuple[Part, str]]:
    """`parts` and before them what stands above them in `block`; the first says what they are."""
    above: list[tuple[Part, str]] = []
    for name in heads:
        if block.get(name):
            text = expect(block[name], str, f"{where}.{name}")
            above.append(({"type": "text", "text": text}, f"{where}.{name}"))
    own: Part = {"form": form, "heads": [name for name in heads if block.get(name)]}
    _keep(block, own, where)
    if block.get("citations") is not None:
        own["citations"] = expect(block["citations"], dict, f"{where}.citations")
    all_parts = [*above, *parts]
    if not all_parts:
        raise Invalid(f"{where} is empty", param=where)
    first, place = all_parts[0]
    inner = first.get(ANTHROPIC)
    mark: Part = {**(inner if isinstance(inner, dict) else {}), kind: own, "parts": len(all_parts)}
    return [({**first, ANTHROPIC: mark}, place), *all_parts[1:]]


def _image(block: Tree, where: str) -> Part:
    known(block, _IMAGE, where)
    own: Part = {}
    _keep(block, own, where)
    if block.get("transformations") is not None:
        own["transformations"] = expect(block["transformations"], dict, f"{where}.transformations")
    source = expect(block.get("source"), dict, f"{where}.source")
    file = _file(source, f"{where}.source")
    if "file_id" in file:
        return {"type": "file", "file": file, ANTHROPIC: {**own, "image": True}}
    url = file.get("file_data") or file.get("file_url")
    image: Part = {"type": "image_url", "image_url": {"url": url}}
    return {**image, ANTHROPIC: own} if own else image


def _file(source: Tree, where: str) -> Part:
    """A source that cannot be looked into, as the hub form's `file`."""
    match expect(source.get("type"), str, f"{where}.type"):
        case "base64":
            known(source, frozenset({"type", "media_type", "data"}), where)
            kind = expect(source.get("media_type"), str, f"{where}.media_type")
            if not _MEDIA_TYPE.fullmatch(kind):
                raise Invalid(f"{where}.media_type is none", param=f"{where}.media_type")
            data = expect(source.get("data"), str, f"{where}.data")
            return {"file_data": f"data:{kind};base64,{data}"}
        case "url":
            known(source, frozenset({"type", "url"}), where)
            return {"file_url": expect(source.get("url"), str, f"{where}.url")}
        case "file":
            known(source, frozenset({"type", "file_id"}), where)
            return {"file_id": expect(source.get("file_id"), str, f"{where}.file_id")}
        case _:
            raise Invalid(f"{where}.type is not known", param=f"{where}.type")


def _thinking(block: Tree, kind: str, where: str) -> Part:
    names = ("thinking", "signature") if kind == "thinking" else ("data",)
    known(block, frozenset({"type", *names}), where)
    return {
        "type": kind,
        **{name: expect(block.get(name), str, f"{where}.{name}") for name in names},
    }


def _call(block: Tree, where: str) -> Part:
    known(block, _TOOL_USE, where)
    arguments = expect(block.get("input"), dict, f"{where}.input")
    function = {
        "name": expect(block.get("name"), str, f"{where}.name"),
        "arguments": orjson.dumps(arguments).decode(),
    }
    name = expect(block.get("id"), str, f"{where}.id")
    own: Part = {}
    _keep(block, own, where)
    if block.get("caller") is not None:
        caller = expect(block["caller"], dict, f"{where}.caller")
        if caller.get("type") != "direct":
            raise NotYetSupported(f"{where}: calls by a server's tool", param=f"{where}.caller")
        own["caller"] = {"type": "direct"}
    call: Part = {"id": name, "type": "function", "function": function}
    return {**call, ANTHROPIC: own} if own else call
