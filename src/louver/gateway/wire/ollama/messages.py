"""Ollama's messages as the hub's: images become parts, tool calls get the ids they lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from louver.core.errors import Invalid
from louver.core.exchanges import JsonTree
from louver.gateway.wire.reading import expect, objects

_ROLES = ("system", "user", "assistant", "tool")
_MEDIA_TYPES: Mapping[str, str] = {  # by the beginning of the base64
    "iVBORw0KGgo": "image/png",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "/9j/": "image/jpeg",
}


class MessageReader:
    """Reads a conversation in order; a tool's answer belongs to the first call that waits for one.

    Ids are a function of the place alone, so that a later turn gives the same ones again.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, str] = {}  # The names of unanswered calls by id.

    def read(self, given: JsonTree) -> list[dict[str, JsonTree]]:
        """Raises Invalid naming the place."""
        return [self._message(m, i) for i, m in enumerate(objects(given, "messages"))]

    def _message(self, message: Mapping[str, JsonTree], place: int) -> dict[str, JsonTree]:
        where = f"messages[{place}]"
        role = expect(message.get("role"), str, f"{where}.role").lower()
        if role not in _ROLES:
            raise Invalid(f"{where}.role must be one of {', '.join(_ROLES)}", param=f"{where}.role")
        images = message.get("images")
        out: dict[str, JsonTree] = {
            "role": role,
            "content": content_of(message.get("content"), images, where),
        }
        thinking = message.get("thinking")
        if thinking:
            out["reasoning_content"] = expect(thinking, str, f"{where}.thinking")
        if message.get("tool_calls"):
            calls = objects(message["tool_calls"], f"{where}.tool_calls")
            out["tool_calls"] = [
                self._call(call, f"{where}.tool_calls[{i}]", f"call_{place}_{i}")
                for i, call in enumerate(calls)
            ]
        if role == "tool":
            out["tool_call_id"] = self._answered(message, where, f"call_{place}")
        return out

    def _call(self, call: Mapping[str, JsonTree], where: str, otherwise: str) -> JsonTree:
        function: Mapping[str, JsonTree] = expect(call.get("function"), dict, f"{where}.function")
        name = expect(function.get("name"), str, f"{where}.function.name")
        place = f"{where}.function.arguments"
        arguments: JsonTree = expect(function.get("arguments") or {}, dict, place)
        given = call.get("id")
        id_ = expect(given, str, f"{where}.id") if given else otherwise
        self._waiting[id_] = name
        return {
            "id": id_,
            "type": "function",
            "function": {"name": name, "arguments": orjson.dumps(arguments).decode()},
        }

    def _answered(self, message: Mapping[str, JsonTree], where: str, otherwise: str) -> str:
        """The id of the call that this message answers."""
        given, name = message.get("tool_call_id"), message.get("tool_name")
        if given:
            id_ = expect(given, str, f"{where}.tool_call_id")
        else:
            wanted = expect(name, str, f"{where}.tool_name") if name else None
            fitting = (i for i, n in self._waiting.items() if wanted is None or n == wanted)
            id_ = next(fitting, otherwise)
        self._waiting.pop(id_, None)
        return id_


def content_of(text: JsonTree, images: JsonTree, where: str) -> JsonTree:
    """What a message says, with its images as parts that no detector can look into."""
    said = "" if text is None else expect(text, str, f"{where}.content")
    if not images:
        return said
    place = f"{where}.images"
    shown = [expect(v, str, f"{place}[{i}]") for i, v in enumerate(expect(images, list, place))]
    parts: list[JsonTree] = [{"type": "text", "text": said}] if said else []
    return [*parts, *map(_image, shown)]


def _image(base64: str) -> JsonTree:
    kinds: Sequence[str] = [k for begin, k in _MEDIA_TYPES.items() if base64.startswith(begin)]
    kind = kinds[0] if kinds else "image/png"
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{base64}"}}
