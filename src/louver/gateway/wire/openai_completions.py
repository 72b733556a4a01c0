"""OpenAI's older completions, `/v1/completions`: a prompt is one message, its answer is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from louver.core.errors import Invalid, LouverError, NeverSupported, NotYetSupported
from louver.core.exchanges import Exchange, JsonTree
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import EVENT_STREAM, AnswerWriter, Asked, ErrorBody
from louver.gateway.wire.reading import expect, read_object

_CHAT_ONLY = (
    "messages", "tools", "tool_choice", "functions", "function_call", "modalities", "audio",
    "prediction",
)  # fmt: skip


class OpenAICompletions:
    """The format as the line sees it; `error_body` writes an error as the doors do."""

    stream_type = EVENT_STREAM

    def __init__(self, error_body: ErrorBody) -> None:
        self._error_body = error_body

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        tree = read_object(body)
        return exchange_of(_hub(tree), asked, size=len(body), original=tree)

    def writer(self, _exchange: Exchange) -> AnswerWriter:
        return _CompletionsWriter(self._error_body)


def _hub(tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
    """The hub form of `tree`. Raises Invalid, NeverSupported, NotYetSupported."""
    for name in _CHAT_ONLY:
        if tree.get(name) is not None:
            raise Invalid(f"{name} belongs to /v1/chat/completions; ask there", param=name)
    if tree.get("logprobs") is not None:  # 0 asks for some, too.
        raise NeverSupported(
            "log-probabilities spell the answer in pieces that cannot be restored; leave them out",
            param="logprobs",
        )
    if tree.get("echo"):
        raise NotYetSupported(
            "echo is not supported; put the prompt before the answer yourself", param="echo"
        )
    if tree.get("suffix"):
        raise NotYetSupported("suffix is not supported; write it into the prompt", param="suffix")
    if tree.get("best_of") not in (None, 1):
        raise NotYetSupported("best_of is not supported; ask for n and choose", param="best_of")
    dropped = {"prompt", "echo", "suffix", "best_of", "logprobs"}
    hub = {name: value for name, value in tree.items() if name not in dropped}
    return {**hub, "messages": [{"role": "user", "content": _prompt(tree.get("prompt"))}]}


def _prompt(prompt: JsonTree) -> str:
    """The one prompt, alone or in a list. Raises Invalid, NeverSupported, NotYetSupported."""
    if isinstance(prompt, list):
        if any(isinstance(p, int | list) for p in prompt):
            raise NeverSupported(
                "prompt is an array of tokens, which nobody can look into; send text",
                param="prompt",
            )
        if len(prompt) > 1:
            raise NotYetSupported("send one prompt per request", param="prompt")
        prompt = prompt[0] if prompt else ""
    text = expect(prompt, str, "prompt")
    if not text:
        raise Invalid("prompt must not be empty", param="prompt")
    return text


class _CompletionsWriter:
    """Writes `text_completion` objects, framed as SSE where they are streamed."""

    def __init__(self, error_body: ErrorBody) -> None:
        self._error_body = error_body

    def chunk(self, event: dict[str, JsonTree]) -> Iterator[bytes]:
        choices = [
            choice
            for choice in _choices(event, "delta")
            if choice["text"] or choice["finish_reason"]
        ]
        if choices or event.get("usage"):
            yield b"data: " + encode(_completion(event, choices)) + b"\n\n"

    def finish(self) -> Iterator[bytes]:
        return iter(())

    def end(self) -> bytes:
        return b"data: [DONE]\n\n"

    def failed(self, error: LouverError) -> bytes:
        return b"data: " + self._error_body(error) + b"\n\n"

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        return encode(_completion(event, _choices(event, "message")))


def _choices(event: Mapping[str, JsonTree], where: str) -> list[dict[str, JsonTree]]:
    found = []
    for choice in cast("list[Mapping[str, JsonTree]]", event["choices"]):
        said = cast("Mapping[str, JsonTree]", choice.get(where) or {})
        text = "".join(t for n in ("content", "refusal") if isinstance(t := said.get(n), str))
        found.append(
            {
                "text": text,
                "index": choice["index"],
                "logprobs": None,
                "finish_reason": choice.get("finish_reason"),
            }
        )
    return found


def _completion(
    event: Mapping[str, JsonTree], choices: list[dict[str, JsonTree]]
) -> dict[str, JsonTree]:
    made: dict[str, JsonTree] = {
        "id": str(event.get("id") or "").replace("chatcmpl-", "cmpl-", 1),
        "object": "text_completion",
        "created": event.get("created") or 0,
        "model": event["model"],
        "choices": choices,
    }
    if event.get("usage"):
        made["usage"] = event["usage"]
    return made
