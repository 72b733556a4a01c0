"""What an Ollama server says, as hub events: read strictly, and nothing that was not asked for."""

from __future__ import annotations

from collections.abc import Mapping

from louver.core.errors import UpstreamFailed
from louver.core.exchanges import JsonTree, Minimized
from louver.gateway.providers.openai_compatible_json import decode, invalid
from louver.gateway.wire.encoding import encode

_MAX_ID = 256
_LARGEST_COUNT = 2**53


class AnswerReader:
    """Reads the objects of one answer in order; `done` once the server said that it is whole.

    Calls that the server gives no id are `call_TURN_N`: the same request has the same ones again,
    and no two turns of a conversation share one.
    """

    def __init__(self, request: Minimized, model: str, created: int) -> None:
        self.done = False
        self._head: dict[str, JsonTree] = {
            "id": f"chatcmpl-{request.exchange}",
            "created": created,
            "model": model,
        }
        self._request = request
        self._calls = 0
        self._begun = False

    def chunk(self, tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        """One object of a stream as a `chat.completion.chunk`. Raises UpstreamFailed."""
        delta = self._words(tree)
        if not self._begun:
            delta = {"role": "assistant", **delta}
            self._begun = True
        event = self._event("chat.completion.chunk", "delta", delta, tree)
        return {**event, "usage": _usage(tree)} if self.done else event

    def whole(self, tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        """The only object of an answer as a `chat.completion`. Raises UpstreamFailed."""
        message = {"role": "assistant", "content": "", **self._words(tree)}
        event = self._event("chat.completion", "message", message, tree)
        if not self.done:
            raise invalid("the provider's answer does not say that it is complete")
        return {**event, "usage": _usage(tree)}

    def _event(
        self, kind: str, where: str, said: Mapping[str, JsonTree], tree: Mapping[str, JsonTree]
    ) -> dict[str, JsonTree]:
        self.done = tree.get("done") is True
        reason = self._reason(tree) if self.done else None
        choice: JsonTree = {"index": 0, where: said, "finish_reason": reason}
        return {**self._head, "object": kind, "choices": [choice]}

    def _reason(self, tree: Mapping[str, JsonTree]) -> str:
        if tree.get("done_reason") == "length":
            return "length"
        return "tool_calls" if self._calls else "stop"

    def _words(self, tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
        message = tree.get("message")
        if message is None and tree.get("done") is True:
            return {}
        if not isinstance(message, dict):
            raise invalid("the provider sent an answer without a message")
        words: dict[str, JsonTree] = {}
        for name, word in (("content", "content"), ("thinking", "reasoning_content")):
            text = message.get(name)
            if text is not None and not isinstance(text, str):
                raise invalid("the provider sent a message that is no text")
            if text:
                words[word] = text
        calls = message.get("tool_calls")
        if calls:
            if not isinstance(calls, list):
                raise invalid("the provider sent tool calls that are no list")
            words["tool_calls"] = [self._call(call) for call in calls]
        return words

    def _call(self, call: JsonTree) -> JsonTree:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(call, dict) or not isinstance(function, dict):
            raise invalid("the provider sent a tool call of the wrong shape")
        name, arguments = function.get("name"), function.get("arguments")
        if not isinstance(name, str) or not name or not isinstance(arguments, dict | None):
            raise invalid("the provider sent a tool call of the wrong shape")
        index, self._calls = self._calls, self._calls + 1
        given = call.get("id")
        named = isinstance(given, str) and 0 < len(given) <= _MAX_ID
        return {
            "index": index,
            "id": given if named else f"call_{self._turn()}_{index}",
            "type": "function",
            "function": {"name": name, "arguments": encode(arguments or {}).decode()},
        }

    def _turn(self) -> int:
        """How many messages went before this answer."""
        messages = decode(self._request.body).get("messages")
        return len(messages) if isinstance(messages, list) else 0


def embeddings(tree: Mapping[str, JsonTree], model: str) -> dict[str, JsonTree]:
    """The answer of `/api/embed` in the hub form. Raises UpstreamFailed."""
    vectors = tree.get("embeddings")
    if not isinstance(vectors, list):
        raise invalid("the provider sent no list of embeddings")
    used = _count(tree, "prompt_eval_count")
    return {
        "object": "list",
        "model": model,
        "data": [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)],
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def error_of(tree: Mapping[str, JsonTree], status: int = 502) -> UpstreamFailed:
    """The failure that a server tells under `error`, in the hub's shape of an error."""
    told = tree.get("error")
    error: dict[str, JsonTree] = {
        "message": told if isinstance(told, str) else "the model's server reported an error",
        "type": "upstream_error",
        "param": None,
        "code": "model_not_found" if status == 404 else "upstream_error",
    }
    return UpstreamFailed(
        "the provider reported an error inside its answer",
        status=status,
        body=encode({"error": error}),
    )


def _usage(tree: Mapping[str, JsonTree]) -> JsonTree:
    before, after = _count(tree, "prompt_eval_count"), _count(tree, "eval_count")
    return {
        "prompt_tokens": before,
        "completion_tokens": after,
        "total_tokens": before + after,
    }


def _count(tree: Mapping[str, JsonTree], name: str) -> int:
    """A count of tokens; Ollama leaves out one that is 0."""
    count = tree.get(name)
    return count if type(count) is int and 0 <= count <= _LARGEST_COUNT else 0
