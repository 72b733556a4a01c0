"""Writes answers as Ollama does: one JSON object per line, the last one with counts and durations.

Durations are what the gateway measured: until the first event, and from there to the end. Ollama
sends a tool call in one piece with its arguments as an object; so it waits for its end here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from louver.core.errors import LouverError, UpstreamFailed
from louver.core.exchanges import Exchange, JsonTree
from louver.core.seams import Clock
from louver.gateway.wire.arguments import arguments_of
from louver.gateway.wire.encoding import encode
from louver.gateway.wire.interface import ErrorBody

_NANOSECONDS = 1_000_000_000


class AnswerTimes:
    """When an answer came, for a client that is told durations (ns)."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._clock = clock
        self._began = exchange.began
        self._first = clock.monotonic()

    def created_at(self) -> str:
        """Now, as Ollama writes it."""
        return datetime.fromtimestamp(self._clock.now(), UTC).isoformat().replace("+00:00", "Z")

    def overall(self) -> dict[str, JsonTree]:
        return {
            "total_duration": _nanoseconds(self._clock.monotonic() - self._began),
            "load_duration": 0,
        }

    def by_stage(self, *, streamed: bool) -> dict[str, JsonTree]:
        """Where the answer came whole, nobody can tell the stages apart: it is all one."""
        first = self._first if streamed else self._began
        return {
            "prompt_eval_duration": _nanoseconds(first - self._began),
            "eval_duration": _nanoseconds(self._clock.monotonic() - first),
        }


@dataclass(slots=True)
class _Call:
    """A tool call in the making."""

    name: str = ""
    arguments: str = ""
    id: str = ""


@dataclass(slots=True)
class _Said:
    """What one event says."""

    content: str = ""
    thinking: str = ""
    calls: list[JsonTree] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.content or self.thinking or self.calls)


class LinesWriter:
    """Writes one answer; `chat` for `/api/chat`, else for `/api/generate`."""

    def __init__(
        self, exchange: Exchange, clock: Clock, error_body: ErrorBody, *, chat: bool
    ) -> None:
        self._model = exchange.model
        self._error_body = error_body
        self._chat = chat
        self._times = AnswerTimes(exchange, clock)
        self._calls: dict[int, _Call] = {}
        self._usage: Mapping[str, JsonTree] = {}
        self._reason = "stop"

    def chunk(self, event: dict[str, JsonTree]) -> Iterator[bytes]:
        said = self._read(event, "delta")
        if said:
            yield self._line(said)

    def finish(self) -> Iterator[bytes]:
        said = _Said(calls=self._finished_calls())
        if said:
            yield self._line(said)

    def end(self) -> bytes:
        return encode({**self._piece(_Said()), **self._end(streamed=True)}) + b"\n"

    def failed(self, error: LouverError) -> bytes:
        return self._error_body(error) + b"\n"

    def whole(self, event: dict[str, JsonTree]) -> bytes:
        said = self._read(event, "message")
        said.calls += self._finished_calls()
        return encode({**self._piece(said), **self._end(streamed=False)})

    def _read(self, event: Mapping[str, JsonTree], where: str) -> _Said:
        """Note what `event` says about the answer; return what it says in words."""
        said = _Said()
        usage = event.get("usage")
        if isinstance(usage, dict):
            self._usage = usage
        for choice in cast("list[Mapping[str, JsonTree]]", event["choices"]):
            delta = cast("Mapping[str, JsonTree]", choice.get(where) or {})
            said.content += _text(delta, "content") + _text(delta, "refusal")
            said.thinking += _text(delta, "reasoning_content") or _text(delta, "reasoning")
            for call in cast("list[Mapping[str, JsonTree]]", delta.get("tool_calls") or []):
                self._follow(call)
            if choice.get("finish_reason"):
                self._reason = "length" if choice["finish_reason"] == "length" else "stop"
                said.calls += self._finished_calls()
        return said

    def _follow(self, call: Mapping[str, JsonTree]) -> None:
        under_way = self._calls.setdefault(cast("int", call["index"]), _Call())
        under_way.id = under_way.id or _text(call, "id")
        function = call.get("function")
        if isinstance(function, dict):
            # As the restorer reads it: a name comes in parts, or once more as a whole.
            name = _text(function, "name")
            under_way.name += name if name != under_way.name else ""
            under_way.arguments += _text(function, "arguments")

    def _finished_calls(self) -> list[JsonTree]:
        """The calls that have come to their end; a broken one ends the answer."""
        calls, self._calls = self._calls, {}
        found: list[JsonTree] = []
        for index, call in sorted(calls.items()):
            arguments = arguments_of(call.arguments)
            if arguments is None and self._reason == "length":
                continue  # Cut off by the limit, which the last line tells.
            if arguments is None or not call.name:
                raise UpstreamFailed(
                    "the model's server sent a tool call without a name, or with arguments that "
                    "are no JSON object",
                    code="upstream_invalid",
                )
            function: JsonTree = {"index": index, "name": call.name, "arguments": arguments}
            found.append({"id": call.id, "function": function})
        return found

    def _line(self, said: _Said) -> bytes:
        return encode({**self._piece(said), "done": False}) + b"\n"

    def _piece(self, said: _Said) -> dict[str, JsonTree]:
        head: dict[str, JsonTree] = {
            "model": self._model,
            "created_at": self._times.created_at(),
        }
        words: dict[str, JsonTree] = {"thinking": said.thinking} if said.thinking else {}
        if not self._chat:
            return {**head, "response": said.content, **words}
        message: dict[str, JsonTree] = {"role": "assistant", "content": said.content, **words}
        if said.calls:
            message["tool_calls"] = said.calls
        return {**head, "message": message}

    def _end(self, *, streamed: bool) -> dict[str, JsonTree]:
        return {
            "done": True,
            "done_reason": self._reason,
            **self._times.overall(),
            **self._times.by_stage(streamed=streamed),
            **dict(counts(self._usage)),
        }


def counts(usage: Mapping[str, JsonTree]) -> Iterator[tuple[str, JsonTree]]:
    """How many tokens went in and out, where the model's server told."""
    for name, word in (
        ("prompt_tokens", "prompt_eval_count"),
        ("completion_tokens", "eval_count"),
    ):
        count = usage.get(name)
        if type(count) is int and 0 <= count < 2**63:
            yield word, count


def _text(tree: Mapping[str, JsonTree], name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * _NANOSECONDS))
