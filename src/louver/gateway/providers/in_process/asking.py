"""From the hub form to what a model in this process reads: text, and how to choose tokens.

What such a model cannot be told is refused before anything is recorded.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import cast

import orjson

from louver.core.errors import NotYetSupported
from louver.core.exchanges import JsonTree, Minimized
from louver.gateway.providers.in_process.engine import Asked, Sampling, cannot
from louver.gateway.providers.in_process.turns import Turn
from louver.gateway.wire.hub import TEXT_PARTS
from louver.text.files import text_file

_ROLES = {"developer": "system", "function": "tool"}
_PASSED = ("n", "stop", "temperature", "top_p", "seed", "stream", "stream_options")
_LIMITS = ("max_completion_tokens", "max_tokens")


def chat_form(body: Mapping[str, JsonTree], *, structured: bool) -> Mapping[str, JsonTree]:
    """The request with every message as plain text, and only what the model can be told.

    Raises NotYetSupported for tools, for parts that are no text, and, unless the model is able to
    answer `structured`, for a response format.
    """
    if body.get("tools") or body.get("functions"):
        raise NotYetSupported("a model in this process cannot call tools", param="tools")
    messages = cast("list[Mapping[str, JsonTree]]", body["messages"])
    form: dict[str, JsonTree] = {
        "messages": [
            {
                "role": _ROLES.get(str(message["role"]), message["role"]),
                "content": _text(message.get("content"), f"messages[{i}].content"),
            }
            for i, message in enumerate(messages)
        ]
    }
    form |= {name: body[name] for name in _PASSED if body.get(name) is not None}
    limits = [limit for name in _LIMITS if isinstance(limit := body.get(name), int)]
    if limits:
        form["max_tokens"] = min(limits)
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type", "text") != "text":
        if not structured:
            message = "this model cannot be held to a response format"
            raise NotYetSupported(message, param="response_format")
        form["response_format"] = wanted
    return form


def read_chat(request: Minimized) -> Asked:
    """The chat request that `chat_form` made."""
    body = orjson.loads(request.body)
    stop = body.get("stop")
    seed = body.get("seed")
    options = body.get("stream_options") or {}
    return Asked(
        turns=tuple(Turn(m["role"], m["content"]) for m in body["messages"]),
        # Unguessable like the exchange's id, and the same when the exchange is looked at again.
        sampling=Sampling(
            seed=zlib.crc32(request.exchange.encode()) if seed is None else seed,
            temperature=body.get("temperature"),
            top_p=body.get("top_p"),
        ),
        choices=body.get("n") or 1,
        stops=tuple([stop] if isinstance(stop, str) else stop or ()),
        limit=body.get("max_tokens"),
        schema=_schema(body.get("response_format")),
        include_usage=options.get("include_usage") is True,
    )


def embeddings_form(body: Mapping[str, JsonTree]) -> Mapping[str, JsonTree]:
    """The texts, and how their vectors are written. Raises NotYetSupported."""
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise NotYetSupported("input must be a text, or a list of texts", param="input")
    if body.get("dimensions") is not None:
        raise NotYetSupported("this model's vectors have one length", param="dimensions")
    return {"input": texts, "encoding_format": body.get("encoding_format") or "float"}


def read_texts(request: Minimized) -> tuple[tuple[str, ...], bool]:
    """The texts of a request for embeddings, and whether the vectors are wanted as base64."""
    body = orjson.loads(request.body)
    texts = tuple(body["input"])
    if not all(text.strip() for text in texts):
        raise cannot("an empty text has no embedding")
    return texts, body["encoding_format"] == "base64"


def _text(content: JsonTree, where: str) -> str:
    """What a message says. Raises NotYetSupported for a part that is no text."""
    if content is None or isinstance(content, str):
        return content or ""
    said = []
    for i, part in enumerate(cast("list[Mapping[str, JsonTree]]", content)):
        if part["type"] == "file":
            said.append(_file(cast("Mapping[str, JsonTree]", part["file"]), f"{where}[{i}]"))
        elif part["type"] in TEXT_PARTS:
            said.append(str(part.get("text") or part.get("refusal") or ""))
        else:
            raise NotYetSupported("a model in this process reads text only", param=f"{where}[{i}]")
    return "\n".join(said)


def _file(part: Mapping[str, JsonTree], where: str) -> str:
    file = text_file(str(part.get("file_data")))
    if file is None:
        raise NotYetSupported("a model in this process reads text files only", param=where)
    name = part.get("filename")
    return f"{name}:\n{file.text}" if isinstance(name, str) else file.text


def _schema(wanted: Mapping[str, JsonTree] | None) -> Mapping[str, JsonTree] | None:
    if wanted is None:
        return None
    described = wanted.get("json_schema")
    schema = described.get("schema") if isinstance(described, dict) else None
    return schema if isinstance(schema, dict) else {}
