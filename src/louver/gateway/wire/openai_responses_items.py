"""Items of the Responses format as messages of the hub form, in the order in which they were said.

What one answer consists of (reasoning, a message, calls) is one assistant message there. Items that
only OpenAI's own tools and stores can make sense of are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.wire.reading import expect, objects

Tree = dict[str, JsonTree]

# What `encrypted_content` of our reasoning items starts with; nobody else's can be read here.
SIGNED, REDACTED = "louver.signed:", "louver.redacted:"

_ROLES = frozenset({"user", "assistant", "system", "developer"})
_TEXTS = frozenset({"input_text", "output_text", "text"})
HOSTED_ITEMS = frozenset(
    """
    additional_tools apply_patch_call apply_patch_call_output code_interpreter_call compaction
    compaction_trigger computer_call computer_call_output file_search_call image_generation_call
    item_reference local_shell_call local_shell_call_output mcp_approval_request
    mcp_approval_response mcp_call mcp_list_tools program program_output shell_call
    shell_call_output tool_search_call tool_search_output web_search_call
    """.split()  # noqa: SIM905  -- one word list reads better than two dozen quoted strings
)


def messages_of(given: JsonTree, where: str = "input") -> list[Tree]:
    """What `given`, a text or a list of items, says. Raises Invalid, NotYetSupported."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise Invalid(f"{where} must be a string or an array of items", param=where)
    transcript = Transcript()
    for i, item in enumerate(objects(given, where)):
        transcript.add(item, f"{where}[{i}]")
    return transcript.messages


class Transcript:
    """Messages that grow item by item."""

    def __init__(self) -> None:
        self.messages: list[Tree] = []
        self._answer: Tree | None = None  # the assistant message that may still grow

    def add(self, item: Mapping[str, JsonTree], where: str) -> None:
        """Raises Invalid, NotYetSupported."""
        kind = expect(item.get("type", "message"), str, f"{where}.type")
        read = _READERS.get(kind)
        if read is not None:
            read(self, item, where)
        elif kind in HOSTED_ITEMS:
            message = f"items of type {kind} are not supported yet; leave {where} out"
            raise NotYetSupported(message, param=where)
        else:
            raise Invalid(f"{where}.type is not an item's type", param=f"{where}.type")

    def message(self, item: Mapping[str, JsonTree], where: str) -> None:
        role = expect(item.get("role"), str, f"{where}.role")
        if role not in _ROLES:
            raise Invalid(
                f"{where}.role must be one of {', '.join(sorted(_ROLES))}", param=f"{where}.role"
            )
        content = content_of(item.get("content"), f"{where}.content")
        if role != "assistant":
            self._append({"role": role, "content": content})
        elif self._answer is not None and self._answer["content"] is None:
            self._answer["content"] = content
        else:
            self._grow_anew()["content"] = content

    def reasoning(self, item: Mapping[str, JsonTree], where: str) -> None:
        """Thinking that a provider can be shown again; what it signed elsewhere is dropped."""
        texts = [
            expect(part.get("text"), str, f"{where}.{field}.text")
            for field in ("summary", "content")
            for part in objects(item.get(field) or [], f"{where}.{field}")
        ]
        sealed = expect(item.get("encrypted_content") or "", str, f"{where}.encrypted_content")
        blocks: list[JsonTree] = []
        if sealed.startswith(REDACTED):
            blocks.append({"type": "redacted_thinking", "data": sealed.removeprefix(REDACTED)})
        elif texts:
            signed = sealed.startswith(SIGNED)
            signature = {"signature": sealed.removeprefix(SIGNED)} if signed else {}
            blocks.append({"type": "thinking", "thinking": "\n\n".join(texts), **signature})
        if not blocks:
            return
        answer = self._answer
        # Thinking comes before what it led to: after that, another answer begins.
        if answer is None or answer["content"] is not None or "tool_calls" in answer:
            answer = self._grow_anew()
        known = answer.setdefault("thinking_blocks", [])
        answer["thinking_blocks"] = [*_list(known), *blocks]

    def call(self, item: Mapping[str, JsonTree], where: str) -> None:
        kind, field = ("function", "arguments")
        if item["type"] == "custom_tool_call":
            kind, field = ("custom", "input")
        call: Tree = {
            "id": expect(item.get("call_id"), str, f"{where}.call_id"),
            "type": kind,
            kind: {
                "name": expect(item.get("name"), str, f"{where}.name"),
                field: expect(item.get(field), str, f"{where}.{field}"),
            },
        }
        answer = self._answer or self._grow_anew()
        answer["tool_calls"] = [*_list(answer.get("tool_calls", [])), call]

    def output(self, item: Mapping[str, JsonTree], where: str) -> None:
        self._append(
            {
                "role": "tool",
                "tool_call_id": expect(item.get("call_id"), str, f"{where}.call_id"),
                "content": content_of(item.get("output"), f"{where}.output"),
            }
        )

    def _append(self, message: Tree) -> None:
        self._answer = None
        self.messages.append(message)

    def _grow_anew(self) -> Tree:
        answer: Tree = {"role": "assistant", "content": None}
        self._append(answer)
        self._answer = answer
        return answer


_READERS: Mapping[str, Callable[[Transcript, Mapping[str, JsonTree], str], None]] = (
    MappingProxyType(
        {
            "message": Transcript.message,
            "reasoning": Transcript.reasoning,
            "function_call": Transcript.call,
            "custom_tool_call": Transcript.call,
            "function_call_output": Transcript.output,
            "custom_tool_call_output": Transcript.output,
        }
    )
)


def content_of(content: JsonTree, where: str) -> JsonTree:
    """A message's content; a lone text becomes the string that it is."""
    if isinstance(content, str):
        return content
    parts = [_part(part, f"{where}[{i}]") for i, part in enumerate(objects(content, where))]
    if not parts:
        return ""
    lone = len(parts) == 1 and parts[0]["type"] == "text"
    return parts[0]["text"] if lone else parts


def _part(part: Mapping[str, JsonTree], where: str) -> Tree:
    kind = expect(part.get("type"), str, f"{where}.type")
    if kind in _TEXTS:
        return {"type": "text", "text": expect(part.get("text"), str, f"{where}.text")}
    if kind == "refusal":
        return {"type": "refusal", "refusal": expect(part.get("refusal"), str, f"{where}.refusal")}
    if kind == "input_image":
        return _image(part, where)
    if kind == "input_file":
        return _file(part, where)
    return dict(part)  # The hub's own check says what it is: audio, or nothing that can be read.


def _image(part: Mapping[str, JsonTree], where: str) -> Tree:
    if part.get("image_url") is None:
        message = f"{where} names an uploaded image; send its data in image_url"
        raise NotYetSupported(message, param=f"{where}.file_id")
    shown: Tree = {"url": expect(part["image_url"], str, f"{where}.image_url")}
    if part.get("detail") is not None:
        shown["detail"] = expect(part["detail"], str, f"{where}.detail")
    return {"type": "image_url", "image_url": shown}


def _file(part: Mapping[str, JsonTree], where: str) -> Tree:
    if part.get("file_data") is None:
        message = f"{where} names a file kept elsewhere; send its data in file_data"
        raise NotYetSupported(message, param=where)
    named = {
        name: expect(part[name], str, f"{where}.{name}")
        for name in ("file_data", "filename")
        if part.get(name) is not None
    }
    return {"type": "file", "file": named}


def _list(value: JsonTree) -> list[JsonTree]:
    return value if isinstance(value, list) else []
