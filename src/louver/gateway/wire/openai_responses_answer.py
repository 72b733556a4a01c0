"""A Responses answer: the `response` object, whole or as a stream of typed events.

The stream's last event names an answer as complete only after whoever keeps it has kept it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from louver.core.errors import LouverError
from louver.core.exchanges import Exchange, JsonTree
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.openai_responses_items import Tree, messages_of
from louver.gateway.wire.openai_responses_output import Event, Output

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
# What the client asked for and is told again; the defaults are those of OpenAI.
_ECHOED: Mapping[str, JsonTree] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "auto",
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "user": None,
}


class ResponsesWriter:
    """Writes one answer to `exchange`, which is a turn."""

    def __init__(self, exchange: Exchange) -> None:
        asked = {} if exchange.original is None else exchange.original.reveal()
        turn = exchange.turn
        self._id = f"resp_{exchange.id}" if turn is None else turn.id
        self._keeps = turn is not None and turn.keep
        self._model = exchange.model
        self._echo: Tree = {
            name: default if asked.get(name) is None else asked[name]
            for name, default in _ECHOED.items()
        }
        included = asked.get("include") or []
        sealed = isinstance(included, list) and "reasoning.encrypted_content" in included
        self._output = Output(self._id.removeprefix("resp_"), sealed=sealed)
        self._created = 0
        self._finish = ""
        self._usage: JsonTree = None
        self._sequence = 0

    def chunk(self, event: dict[str, JsonTree]) -> Iterator[bytes]:
        yield from self._begin(event)
        for delta in self._deltas(event, "delta"):
            yield from map(self._frame, self._output.take(delta))

    def finish(self) -> Iterator[bytes]:
        yield from map(self._frame, self._output.close(self._status))

    def end(self) -> bytes:
        kind = f"response.{self._status}"
        return self._frame({"type": kind, "response": self._response(self._status)})

    def failed(self, error: LouverError) -> bytes:
        begun = b"".join(self._begin({}))
        told: Tree = {"code": error.code, "message": error.message}
        response = {**self._response("failed"), "error": told, "store": False}
        return begun + self._frame({"type": "response.failed", "response": response})

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        self._note(event)
        for message in self._deltas(event, "message"):
            for _ in self._output.take(message):
                pass
        for _ in self._output.close(self._status):
            pass
        return encode(self._response(self._status))

    def answer(self) -> Mapping[str, JsonTree]:
        """The finished `response` object, for whoever asks for it again."""
        return self._response(self._status)

    def said(self) -> list[Tree]:
        """The finished answer as messages of the hub form, for the turn that follows."""
        items = self._output.trees(sealed=True)
        return messages_of(items, "output") if items else []

    @property
    def _status(self) -> str:
        return "incomplete" if self._finish in _INCOMPLETE else "completed"

    def _begin(self, event: Mapping[str, JsonTree]) -> Iterator[bytes]:
        self._note(event)
        if self._sequence:
            return
        for kind in ("response.created", "response.in_progress"):
            yield self._frame({"type": kind, "response": self._response("in_progress")})

    def _note(self, event: Mapping[str, JsonTree]) -> None:
        """What an event tells beside the answer's text."""
        created, used = event.get("created"), event.get("usage")
        if isinstance(created, int) and not self._created:
            self._created = created
        if isinstance(used, dict):
            self._usage = _usage(used)

    def _deltas(self, event: Mapping[str, JsonTree], name: str) -> Iterator[Mapping[str, JsonTree]]:
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            reason, delta = choice.get("finish_reason"), choice.get(name)
            if isinstance(reason, str):
                self._finish = reason
            if isinstance(delta, dict):
                yield delta

    def _response(self, status: str) -> Tree:
        reason = _INCOMPLETE.get(self._finish) if status == "incomplete" else None
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None if reason is None else {"reason": reason},
            "model": self._model,
            "output": [] if status == "in_progress" else self._output.trees(),
            **self._echo,
            "store": self._keeps,
            "top_logprobs": 0,
            "truncation": "disabled",
            "usage": self._usage,
        }

    def _frame(self, event: Event) -> bytes:
        numbered = {**event, "sequence_number": self._sequence}
        self._sequence += 1
        return b"event: %b\ndata: %b\n\n" % (str(event["type"]).encode(), encode(numbered))


def _usage(used: Mapping[str, JsonTree]) -> Tree:
    """Counts in the words of Responses; what the server does not tell is 0."""
    given, made = _count(used, "prompt_tokens"), _count(used, "completion_tokens")
    total = _count(used, "total_tokens") or given + made
    prompt, completion = used.get("prompt_tokens_details"), used.get("completion_tokens_details")
    return {
        "input_tokens": given,
        "input_tokens_details": {
            "cached_tokens": _count(prompt, "cached_tokens"),
            "cache_write_tokens": _count(prompt, "cache_write_tokens"),
        },
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": _count(completion, "reasoning_tokens")},
        "total_tokens": total,
    }


def _count(used: JsonTree, name: str) -> int:
    value = used.get(name) if isinstance(used, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
