"""The hub form, which every format is read into and every provider is asked in: its checks.

It is OpenAI's chat completions: request, `chat.completion` and `chat.completion.chunk`. What other
formats say beyond it stands in these extensions, which a provider that has no word for them drops:

- an assistant message, whole or in history, may have `thinking_blocks`: objects with `type`
  `thinking` (`thinking`, `signature`) or `redacted_thinking` (`data`). Towards clients a signature
  and data are sealed, see `louver.gateway.thinking`;
- a delta or message may have `reasoning_content` (thinking as text), a delta `thinking_signature`
  (ends the thinking block before it) and `redacted_thinking` (a whole block's data);
- a delta may have `citations` (objects, about the text under way) and `text_end` (another text
  follows); a whole message then has `content_parts`: text parts with `citations`, of which
  `content` is the sum;
- any part may have `cache_control`, as some clients of OpenAI's form send it;
- a choice may have `stop_sequence`: the sequence that ended it;
- a request may have `top_k`, and `ollama`: what only an Ollama server understands;
- a request, message, part, tool, tool call, choice and usage may have `anthropic`: what only that
  format has a word for. There `at` is a block's place among the blocks of its message, where they
  do not stand in the order thinking, text, calls; the first of several `parts` that are one
  document or search result says so.

A file part that holds text (`file.file_data`, see `louver.text.files`) is read like any text.
What could carry replaced text past the restorer is refused here: log-probabilities (they spell the
answer in pieces) and generated audio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson

from louver.core.decision import Needs, Part
from louver.core.errors import Invalid, NeverSupported, NotYetSupported
from louver.core.exchanges import Exchange, JsonTree
from louver.core.identity import Caller
from louver.core.policy import PartKind
from louver.core.sensitive import Sensitive
from louver.gateway.wire.interface import Asked
from louver.gateway.wire.reading import expect, number_between, objects
from louver.text.files import text_file

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
BLOCKS = "thinking_blocks"
ANTHROPIC = "anthropic"
TEXT_PARTS = frozenset({"text", "refusal", "input_text", "output_text"})
_PART_KINDS: Mapping[str, PartKind] = {
    "image_url": PartKind.IMAGE,
    "input_image": PartKind.IMAGE,
    "input_audio": PartKind.AUDIO,
    "file": PartKind.FILE,
    "input_file": PartKind.FILE,
}
_FILE_PART = frozenset({"type", "file", "cache_control"})
_FILE = frozenset({"file_data", "filename"})
_TYPES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (str, ("user", "safety_identifier", "prompt_cache_key")),
    (bool, ("store", "parallel_tool_calls")),
    (dict, ("stream_options", "response_format", "metadata", "logit_bias", "prediction")),
    (list, ("tools", "functions")),
    (int, ("seed",)),
)
CHARACTERS_PER_TOKEN = 4
_MAX_CHOICES = 16


def exchange_of(
    tree: Mapping[str, JsonTree],
    asked: Asked,
    *,
    size: int,
    original: Mapping[str, JsonTree] | None = None,
    places: Mapping[str, str] | None = None,
) -> Exchange:
    """The exchange that the hub-form request `tree` asks for; `size` in bytes of what came in.

    `original` and `places` are those of an `Exchange`, from a format that is not this one.
    Raises Invalid for what is malformed, NeverSupported and NotYetSupported for what is refused.
    """
    model = expect(tree.get("model"), str, "model")
    messages = objects(tree.get("messages"), "messages")
    if not messages:
        raise Invalid("messages must not be empty", param="messages")
    _check_parameters(tree)
    parts = [p for i, m in enumerate(messages) for p in _check_message(m, f"messages[{i}]")]
    parts += _check_prediction(tree)
    places = places or {}
    choices = 1 if tree.get("n") is None else expect(tree["n"], int, "n")
    structured = _structured(tree)
    stream = tree.get("stream")
    return Exchange(
        id=asked.exchange,
        caller=with_person(asked.caller, tree),
        body=Sensitive(tree),
        model=model,
        purpose=asked.purpose,
        stream=False if stream is None else expect(stream, bool, "stream"),
        choices=choices,
        tools=frozenset(tool_places(tree)),
        json_content=structured,
        opening=Sensitive(_opening(messages)),
        conversation=asked.conversation,
        needs=Needs(
            context=size // CHARACTERS_PER_TOKEN,
            tools=bool(tree.get("tools") or tree.get("functions")),
            structured=structured,
        ),
        uninspectable=tuple(replace(p, shown=places.get(p.path, "")) for p in parts),
        task=asked.task,
        mode_asked=asked.mode,
        no_store=asked.no_store or tree.get("store") is False,
        original=None if original is None else Sensitive(original),
        began=asked.began,
        size=size,
        places=places,
    )


def _check_parameters(tree: Mapping[str, JsonTree]) -> None:
    if tree.get("logprobs") or tree.get("top_logprobs"):
        raise NeverSupported(
            "log-probabilities spell the answer in pieces that cannot be restored; leave them out",
            param="logprobs",
        )
    modalities = tree.get("modalities")
    if tree.get("audio") is not None or (modalities is not None and modalities != ["text"]):
        raise NotYetSupported("generated audio cannot be restored", param="modalities")
    number_between(tree, "temperature", 0, 2)
    number_between(tree, "top_p", 0, 1)
    number_between(tree, "n", 1, _MAX_CHOICES)
    number_between(tree, "presence_penalty", -2, 2)
    number_between(tree, "frequency_penalty", -2, 2)
    number_between(tree, "max_tokens", 1, 10**9)
    number_between(tree, "max_completion_tokens", 1, 10**9)
    for kind, names in _TYPES:
        for name in names:
            if tree.get(name) is not None:
                expect(tree[name], kind, name)
    _string_or(dict, tree, "tool_choice")
    _string_or(dict, tree, "function_call")
    _string_or(list, tree, "stop")
    stop = tree.get("stop")
    for i, word in enumerate(stop if isinstance(stop, list) else []):
        expect(word, str, f"stop[{i}]")


def _string_or(kind: type, tree: Mapping[str, JsonTree], name: str) -> None:
    value = tree.get(name)
    if value is not None and not isinstance(value, str | kind):
        other = "an object" if kind is dict else "an array"
        raise Invalid(f"{name} must be a string or {other}", param=name)


def _check_message(message: Mapping[str, JsonTree], where: str) -> list[Part]:
    """Check one message; return its parts that no detector can look into."""
    if expect(message.get("role"), str, f"{where}.role") not in _ROLES:
        raise Invalid(f"{where}.role must be one of {', '.join(sorted(_ROLES))}", param=where)
    if message.get("name") is not None:
        expect(message["name"], str, f"{where}.name")
    if message.get("audio") is not None:
        raise NotYetSupported("audio of an earlier answer cannot be restored", param=where)
    calls = [] if message.get("tool_calls") is None else message["tool_calls"]
    for i, call in enumerate(objects(calls, f"{where}.tool_calls")):
        for kind in ("function", "custom"):
            if call.get(kind) is not None:
                expect(call[kind], dict, f"{where}.tool_calls[{i}].{kind}")
    if message.get("content") is None:
        if message["role"] == "assistant":
            return []
        raise Invalid(f"{where}.content must be a string or an array", param=f"{where}.content")
    return _check_content(message["content"], f"{where}.content")


def _check_content(content: JsonTree, where: str) -> list[Part]:
    """Check what a message or a prediction says; return the parts that cannot be inspected."""
    if isinstance(content, str):
        return []
    found: list[Part] = []
    for i, part in enumerate(objects(content, where)):
        place = f"{where}[{i}]"
        said = expect(part.get("type"), str, f"{place}.type")
        carried = next((kind for key, kind in _PART_KINDS.items() if key in part), None)
        if said == "file" and _is_text_file(part):
            continue
        if said not in TEXT_PARTS:
            found.append(Part(_PART_KINDS.get(said, PartKind.OTHER), place))
            continue
        if carried is not None:
            found.append(Part(carried, place))
        field = "refusal" if said == "refusal" else "text"
        expect(part.get(field), str, f"{place}.{field}")
    return found


def _is_text_file(part: Mapping[str, JsonTree]) -> bool:
    """Whether a file part holds text and nothing else that would travel with it unseen."""
    file = part.get("file")
    if not part.keys() <= _FILE_PART or not isinstance(file, dict) or not file.keys() <= _FILE:
        return False
    data = file.get("file_data")
    return isinstance(data, str) and text_file(data) is not None


def _check_prediction(tree: Mapping[str, JsonTree]) -> list[Part]:
    prediction = tree.get("prediction")
    if not isinstance(prediction, dict) or prediction.get("content") is None:
        return []
    return _check_content(prediction["content"], "prediction.content")


def _structured(tree: Mapping[str, JsonTree]) -> bool:
    wanted = tree.get("response_format")
    return isinstance(wanted, dict) and str(wanted.get("type")) in {"json_object", "json_schema"}


def tool_places(tree: Mapping[str, JsonTree]) -> dict[str, str]:
    """The names of the tools that the application declares, and where each stands."""
    places: dict[str, str] = {}
    for i, tool in enumerate(objects(tree.get("tools") or [], "tools")):
        kind = expect(tool.get("type", "function"), str, f"tools[{i}].type")
        if kind in {"function", "custom"}:
            definition = expect(tool.get(kind), dict, f"tools[{i}].{kind}")
            name = expect(definition.get("name"), str, f"tools[{i}].{kind}.name")
            places.setdefault(name, f"tools[{i}]")
    for i, legacy in enumerate(objects(tree.get("functions") or [], "functions")):
        name = expect(legacy.get("name"), str, f"functions[{i}].name")
        places.setdefault(name, f"functions[{i}]")
    return places


def _opening(messages: list[Mapping[str, JsonTree]]) -> bytes:
    """The messages that every later turn sends again: up to and with the first user message."""
    first = next((i for i, m in enumerate(messages) if m["role"] == "user"), len(messages) - 1)
    return orjson.dumps([_bare(m) for m in messages[: first + 1]], option=orjson.OPT_SORT_KEYS)


def _bare(message: Mapping[str, JsonTree]) -> Mapping[str, JsonTree]:
    """A message without what may change from turn to turn, as where a cache should end."""
    bare = {k: v for k, v in message.items() if k != ANTHROPIC}
    content = message.get("content")
    if not isinstance(content, list):
        return bare
    changing = {"cache_control", ANTHROPIC}
    parts = [{k: v for k, v in part.items() if k not in changing} for part in content]
    one = parts[0] if len(parts) == 1 else {}
    return {**bare, "content": one["text"] if one.keys() == {"type", "text"} else parts}


def last_user_text(body: Mapping[str, JsonTree]) -> str:
    """What the person said last, of a body that is checked; empty where it is no plain text."""
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if message["role"] == "user" and isinstance(message.get("content"), str):
            return str(message["content"])
    return ""


def with_person(caller: Caller, tree: Mapping[str, JsonTree]) -> Caller:
    """The person is named by header; OpenAI's own fields for the end user serve where it is not."""
    if caller.person is not None:
        return caller
    for name in ("safety_identifier", "user"):
        value = tree.get(name)
        if value is not None and (person := expect(value, str, name)):
            return Caller(caller.tenant, caller.application, caller.key_id, Sensitive(person))
    return caller
