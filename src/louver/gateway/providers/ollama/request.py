"""The hub form as an Ollama server reads it; what it cannot be told is refused by name.

Not told, because it changes nothing that is answered here: who asks, what may be stored, service
tiers, predictions, whether several tools may be called at once. Nothing is ever fetched: an image
must come along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.wire.arguments import arguments_of
from louver.gateway.wire.hub import TEXT_PARTS

_OPTIONS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict",
}
_ROLES: Mapping[str, str] = {"developer": "system", "function": "tool"}
_SERVER_WORDS = ("keep_alive", "truncate", "shift")
_UNTOLD: Mapping[str, str] = {
    "functions": "declare tools instead",
    "logit_bias": "leave it out",
}


def chat(body: Mapping[str, JsonTree], model: str) -> dict[str, JsonTree]:
    """The body for `/api/chat`. Raises Invalid, NotYetSupported."""
    _refuse(body)
    extra = _extra(body)
    wire: dict[str, JsonTree] = {
        "model": model,
        "messages": list(_messages(cast("Sequence[Mapping[str, JsonTree]]", body["messages"]))),
        "stream": bool(body.get("stream")),
        **{name: extra[name] for name in _SERVER_WORDS if name in extra},
    }
    if body.get("tools") and body.get("tool_choice") != "none":
        wire["tools"] = body["tools"]
    wanted = body.get("response_format")
    if isinstance(wanted, dict):
        wire.update(_format(wanted))
    effort = body.get("reasoning_effort")
    if isinstance(effort, str):
        wire["think"] = False if effort == "none" else _effort(effort)
    options = dict(_options(body, extra))
    return {**wire, "options": options} if options else wire


def embed(body: Mapping[str, JsonTree], model: str) -> dict[str, JsonTree]:
    """The body for `/api/embed`."""
    extra = _extra(body)
    wire: dict[str, JsonTree] = {
        "model": model,
        "input": body["input"],
        **{name: extra[name] for name in _SERVER_WORDS if name in extra},
    }
    if body.get("dimensions") is not None:
        wire["dimensions"] = body["dimensions"]
    if isinstance(extra.get("options"), dict):
        wire["options"] = extra["options"]
    return wire


def _refuse(body: Mapping[str, JsonTree]) -> None:
    if body.get("n") not in (None, 1):
        raise NotYetSupported("an Ollama server answers once; leave out n", param="n")
    if body.get("tool_choice") not in (None, "auto", "none"):
        raise NotYetSupported(
            "an Ollama server cannot be told which tool to call; leave out tool_choice, or "
            "declare that tool only",
            param="tool_choice",
        )
    for name, advice in _UNTOLD.items():
        if body.get(name):
            raise NotYetSupported(f"an Ollama server knows no {name}; {advice}", param=name)
    for i, tool in enumerate(cast("Sequence[Mapping[str, JsonTree]]", body.get("tools") or ())):
        if tool.get("type", "function") != "function":
            raise NotYetSupported("an Ollama server calls functions only", param=f"tools[{i}]")


def _extra(body: Mapping[str, JsonTree]) -> Mapping[str, JsonTree]:
    """What a client of Ollama's own API said to the server."""
    extra = body.get("ollama")
    return extra if isinstance(extra, dict) else {}


def _options(
    body: Mapping[str, JsonTree], extra: Mapping[str, JsonTree]
) -> Iterator[tuple[str, JsonTree]]:
    given = extra.get("options")
    if isinstance(given, dict):
        yield from given.items()
    for name, word in _OPTIONS.items():
        if body.get(name) is not None:
            yield word, body[name]
    stop = body.get("stop")
    if stop:
        yield "stop", stop if isinstance(stop, list) else [stop]


def _format(wanted: Mapping[str, JsonTree]) -> Iterator[tuple[str, JsonTree]]:
    if wanted.get("type") == "json_object":
        yield "format", "json"
    described = wanted.get("json_schema")
    if wanted.get("type") == "json_schema" and isinstance(described, dict):
        yield "format", described.get("schema") or "json"


def _effort(effort: str) -> JsonTree:
    """Ollama knows three levels; what is between or beyond them is the nearest."""
    return {"minimal": "low", "xhigh": "high"}.get(effort, effort)


def _messages(messages: Sequence[Mapping[str, JsonTree]]) -> Iterator[JsonTree]:
    names: dict[str, str] = {}  # Of the tools called so far, by the call's id.
    for i, message in enumerate(messages):
        where = f"messages[{i}]"
        role = str(message["role"])
        text, images = _content(message.get("content"), f"{where}.content")
        out: dict[str, JsonTree] = {"role": _ROLES.get(role, role), "content": text}
        if isinstance(message.get("refusal"), str) and not text:
            out["content"] = message["refusal"]
        if images:
            out["images"] = images
        if thinking := _thinking(message):
            out["thinking"] = thinking
        if message.get("tool_calls"):
            calls = cast("Sequence[Mapping[str, JsonTree]]", message["tool_calls"])
            out["tool_calls"] = [
                _call(call, index, f"{where}.tool_calls[{index}]", names)
                for index, call in enumerate(calls)
            ]
        if out["role"] == "tool":
            out.update(_answered(message, names))
        yield out


def _content(content: JsonTree, where: str) -> tuple[str, list[JsonTree]]:
    """The text and the images (base64) of what a message says. Raises NotYetSupported."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else "", []
    texts: list[str] = []
    images: list[JsonTree] = []
    for i, part in enumerate(cast("Sequence[Mapping[str, JsonTree]]", content)):
        if part["type"] in TEXT_PARTS:
            texts.append(str(part.get("text") or part.get("refusal") or ""))
            continue
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, dict) else None
        head, comma, data = url.partition(",") if isinstance(url, str) else ("", "", "")
        if not (comma and head.startswith("data:") and head.endswith(";base64")):
            raise NotYetSupported(
                "an Ollama server takes text, and images as data URLs in base64",
                param=f"{where}[{i}]",
            )
        images.append(data)
    return "\n".join(texts), images


def _thinking(message: Mapping[str, JsonTree]) -> str:
    """An earlier answer's thinking, as text."""
    told = message.get("reasoning_content")
    if isinstance(told, str) and told:
        return told
    blocks = message.get("thinking_blocks")
    found = blocks if isinstance(blocks, list) else []
    texts = (block.get("thinking") for block in found if isinstance(block, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def _call(call: Mapping[str, JsonTree], index: int, where: str, names: dict[str, str]) -> JsonTree:
    function = call.get("function")
    if not isinstance(function, dict):
        raise NotYetSupported("an Ollama server calls functions only", param=where)
    place = f"{where}.function.arguments"
    arguments = arguments_of(str(function.get("arguments") or ""))
    if arguments is None:
        raise Invalid(f"{place} must be the JSON of an object for this model", param=place)
    name = str(function.get("name") or "")
    called: JsonTree = {"index": index, "name": name, "arguments": arguments}
    if not call.get("id"):
        return {"function": called}
    names[str(call["id"])] = name
    return {"id": call["id"], "function": called}


def _answered(
    message: Mapping[str, JsonTree], names: Mapping[str, str]
) -> Iterator[tuple[str, JsonTree]]:
    """Which call a tool's message answers: its id, and the tool's name for older servers."""
    id_ = message.get("tool_call_id")
    if id_:
        yield "tool_call_id", id_
    name = (names.get(str(id_)) if id_ else None) or message.get("name")
    if name:
        yield "tool_name", name
