"""Plays conversations against a running gateway as an application would, with the `openai` client.

What is shown is what happened: the bytes that left are seen at the provider's door, the answer is
what the client got, the ledger's entries are read back from the store.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import openai
from openai import OpenAI
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from louver.core.exchanges import Minimized
from louver.core.policy import Destination
from louver.core.sensitive import Sensitive
from louver.examples import Conversation
from louver.store.store import Store

_MOST_CALLS = 4  # A model that calls tools forever ends here.

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request and its answer. `written` are the new messages, as the application sent them.

    `left` are the same messages as they left, None where nothing did; `values` maps placeholders
    to what they stand for. `refused` is the error's code and message, where there was one.
    """

    written: tuple[Message, ...]
    left: tuple[Message, ...] | None
    values: Mapping[str, Sensitive[str]]
    answer: Message
    route: Mapping[str, str]
    recorded: tuple[Mapping[str, Any], ...] = ()
    refused: tuple[str, str] | None = None


@dataclass
class Watcher:
    """Keeps what the gateway last handed to a provider."""

    last: Minimized | None = None
    count: int = 0

    def __call__(self, minimized: Minimized, _destination: Destination) -> None:
        self.last = minimized
        self.count += 1


@dataclass
class Application:
    """An application in front of the gateway; speaks for one person at a time."""

    base_url: str
    key: str
    store: Store
    watcher: Watcher
    seen: int = field(default=0, init=False)

    def play(self, conversation: Conversation) -> Iterator[Exchanged]:
        """Send each turn with the growing history, the model's real answers in it."""
        history: list[Message] = []
        sent = 0
        client = self._client(conversation)
        for turn in conversation.turns:
            history.append(dict(turn.message.reveal()))
            if not turn.asked:
                continue
            for _ in range(_MOST_CALLS):
                exchanged = self._ask(client, conversation, history, sent)
                yield exchanged
                if exchanged.refused is not None:
                    return
                history.append(exchanged.answer)
                sent = len(history)
                results = list(_results(conversation, exchanged.answer))
                if not results:
                    break
                history.extend(results)

    def _client(self, conversation: Conversation) -> OpenAI:
        person = conversation.person
        headers = {
            "X-Louver-Conversation": conversation.id,
            "X-Louver-Person": person.reveal() if person else None,
            "X-Louver-Purpose": conversation.purpose,
            "X-Louver-Task": conversation.task,
        }
        given = {name: value for name, value in headers.items() if value is not None}
        return OpenAI(
            base_url=self.base_url, api_key=self.key, default_headers=given, max_retries=0
        )

    def _ask(
        self, client: OpenAI, conversation: Conversation, history: list[Message], sent: int
    ) -> Exchanged:
        more: dict[str, Any] = {}
        if conversation.tools.reveal():
            more["tools"] = list(conversation.tools.reveal())
        if conversation.response_format is not None:
            more["response_format"] = conversation.response_format.reveal()
        written = tuple(history[sent:])
        before = self.watcher.count
        try:
            raw = client.chat.completions.with_raw_response.create(
                model="louver",
                messages=cast("list[ChatCompletionMessageParam]", history),
                stream=True,
                **more,
            )
            route = {
                name.removeprefix("x-louver-"): value
                for name, value in raw.headers.items()
                if name.startswith("x-louver-")
            }
            answer = _collected(cast("Iterable[ChatCompletionChunk]", raw.parse()))
        except openai.APIStatusError as error:
            said = error.body if isinstance(error.body, dict) else {}
            refused = (str(error.code), str(said.get("message", "")))
            return Exchanged(written, None, {}, {}, {}, self._recorded(), refused)
        last = self.watcher.last
        if last is None or self.watcher.count == before:
            raise RuntimeError("an answer came although nothing was seen to leave")
        left = tuple(json.loads(last.body)["messages"][sent:])
        return Exchanged(written, left, last.values, answer, route, self._recorded())

    def _recorded(self) -> tuple[Mapping[str, Any], ...]:
        """The ledger entries that this exchange added."""
        entries = self.store.entries(after=self.seen)
        if entries:
            self.seen = entries[-1].seq
        return tuple({"entry": entry.seq, **entry.event} for entry in entries)


def _collected(stream: Iterable[ChatCompletionChunk]) -> Message:
    """The assistant message that a stream adds up to."""
    content, calls = "", dict[int, Message]()
    for event in stream:
        for choice in event.choices:
            content += choice.delta.content or ""
            for part in choice.delta.tool_calls or []:
                empty = {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                call = calls.setdefault(part.index, empty)
                call["id"] += part.id or ""
                if part.function:
                    call["function"]["name"] += part.function.name or ""
                    call["function"]["arguments"] += part.function.arguments or ""
    message: Message = {"role": "assistant", "content": content or None}
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return message


def _results(conversation: Conversation, answer: Message) -> Iterator[Message]:
    """What the application's tools say to the calls in `answer`."""
    for call in answer.get("tool_calls") or []:
        result = conversation.tool_results.get(call["function"]["name"])
        text = "this tool has no result in the example" if result is None else result.reveal()
        yield {"role": "tool", "tool_call_id": call["id"], "content": text}
