"""Ollama's own client through the gateway, and Ollama's server behind it, with real clients."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ollama
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from support.houses import Watched, running
from support.models import Echo, Scripted, chunk, whole
from support.ollama import Body, OllamaServer, last, piece, place, served
from support.upstream import served as openai_server

from louver.core.consent import ConsentState
from louver.core.errors import UpstreamFailed
from louver.core.policy import Destination, Location
from louver.gateway.providers.ollama import Ollama
from louver.gateway.providers.practice import Practice
from louver.gateway.providers.transport import Limits

EMAIL = "alice.martin@example.com"
USER: Any = [{"role": "user", "content": f"Mail {EMAIL} and quote me."}]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(64))).decode()
PRACTICE = Destination("home", "practice", Location.LOCAL, "us", "home")


OPEN: list[ollama.Client] = []


@pytest.fixture(autouse=True)
def closed_afterwards() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()  # type: ignore[no-untyped-call]  # as the client has it


def opened(watched: Watched, **headers: str) -> ollama.Client:
    """Ollama's client; closed after the test."""
    made = ollama.Client(watched.base_url.removesuffix("/v1"), headers=headers)
    OPEN.append(made)
    return made


def client(watched: Watched, **headers: str) -> ollama.Client:
    return opened(watched, Authorization=f"Bearer {watched.key}", **headers)


def parts_of(watched: Watched, *, stream: bool, **more: Any) -> list[ollama.ChatResponse]:
    """The objects of an answer: one, or those of a stream."""
    asks: Any = client(watched)
    answer = asks.chat("home", USER, stream=stream, **more)
    return list(answer) if stream else [answer]


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    model = Practice(PRACTICE, delay=0)
    with running(tmp_path_factory.mktemp("practice"), providers={"home": model}) as watched:
        yield watched


def send_mail(email: str) -> None:
    """Mail somebody

    Args:
      email: where to
    """


def test_chat_whole_and_streamed(practice: Watched) -> None:
    answer = client(practice).chat("home", USER)
    said = "".join(
        p.message.content or "" for p in client(practice).chat("home", USER, stream=True)
    )
    assert EMAIL in (answer.message.content or "")
    assert said == answer.message.content
    assert (answer.done, answer.done_reason, answer.model) == (True, "stop", "home")
    assert answer.eval_count
    assert answer.prompt_eval_count
    assert answer.total_duration
    assert EMAIL.encode() not in practice.bytes_that_left


def test_the_last_line_says_done_and_is_on_record(practice: Watched) -> None:
    *parts, end = client(practice).chat("home", USER, stream=True)
    assert all(not part.done for part in parts)
    assert (end.done, end.done_reason) == (True, "stop")
    assert end.eval_count
    assert end.total_duration
    assert end.total_duration >= (end.eval_duration or 0) > 0
    assert practice.house.store.entries()[-1].kind == "answered"


def test_generate(practice: Watched) -> None:
    answer = client(practice).generate("home", f"Mail {EMAIL}.", system="You help Bob.")
    assert EMAIL in (answer.response or "")
    assert answer.context is None
    parts = client(practice).generate("home", f"Mail {EMAIL}.", system="You help Bob.", stream=True)
    assert "".join(part.response or "" for part in parts) == answer.response
    short = client(practice).generate("home", "Mail Bob.", options={"num_predict": 3})
    assert (short.done_reason, short.eval_count) == ("length", 3)
    assert b"Bob" not in practice.bytes_that_left


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_gets_its_value_as_an_object(practice: Watched, stream: bool) -> None:
    parts = parts_of(practice, stream=stream, tools=[send_mail])
    calls = [call for part in parts for call in part.message.tool_calls or []]
    assert [(c.function.name, dict(c.function.arguments)) for c in calls] == [
        ("send_mail", {"email": EMAIL})
    ]
    message = {"role": "assistant", "tool_calls": [call.model_dump() for call in calls]}
    result = {"role": "tool", "tool_name": "send_mail", "content": f"sent to {EMAIL}"}
    answer = client(practice).chat("home", [*USER, message, result], tools=[send_mail])
    assert f"sent to {EMAIL}" in (answer.message.content or "")
    assert "send_mail" in (answer.message.content or "")  # The practice model read whose it is.
    assert EMAIL.encode() not in practice.bytes_that_left


def test_structured_answers(practice: Watched) -> None:
    schema = {"type": "object", "properties": {"person": {"type": "string"}}}
    said: Any = [{"role": "user", "content": 'Carol O"Neil wrote.'}]
    answer = client(practice).chat("home", said, format=schema)
    assert json.loads(answer.message.content or "") == {"person": 'Carol O"Neil'}
    free = client(practice).generate("home", f"Mail {EMAIL}.", format="json")
    assert EMAIL in json.loads(free.response or "")["mentioned"]["email"]


def test_models_are_listed_and_shown(practice: Watched) -> None:
    assert [m.model for m in client(practice).list().models] == ["cloud", "home", "louver"]
    shown = client(practice).show("home")
    assert shown.capabilities == ["completion", "tools", "embedding"]
    with pytest.raises(ollama.ResponseError) as refused:
        client(practice).show("nosuch")
    assert refused.value.status_code == 404


def test_embeddings_through_both_paths(practice: Watched) -> None:
    both = client(practice).embed("home", [f"Mail {EMAIL}", "the train"], dimensions=16)
    assert [len(vector) for vector in both.embeddings] == [16, 16]
    assert both.prompt_eval_count
    one = client(practice).embed("home", "the train", dimensions=16)
    assert one.embeddings[0] == both.embeddings[1]
    assert len(client(practice).embeddings("home", "the train").embedding) == 256
    assert EMAIL.encode() not in practice.bytes_that_left


def test_the_asynchronous_client(practice: Watched) -> None:
    async def run() -> str:
        async_client = ollama.AsyncClient(
            practice.base_url.removesuffix("/v1"),
            headers={"Authorization": f"Bearer {practice.key}"},
        )
        parts = await async_client.chat("home", USER, stream=True)
        said = "".join([part.message.content or "" async for part in parts])
        await async_client.close()  # type: ignore[no-untyped-call]  # as the client has it
        return said

    assert EMAIL in asyncio.run(run())


def refusal(call: Any) -> ollama.ResponseError:
    with pytest.raises(ollama.ResponseError) as refused:
        call()
    return refused.value


def test_refusals_are_texts_that_the_client_understands(practice: Watched) -> None:
    before = len(practice.left)
    asks = client(practice)
    unknown = refusal(lambda: asks.chat("nosuch", USER))
    assert (unknown.status_code, unknown.error[:13]) == (404, "no such model")
    assert refusal(lambda: list(asks.chat("nosuch", USER, stream=True))).status_code == 404
    keyless = opened(practice)
    assert refusal(lambda: keyless.chat("home", USER)).status_code == 401
    assert refusal(keyless.list).status_code == 401
    tokens = refusal(lambda: asks.generate("home", "x", context=[1, 2]))
    assert (tokens.status_code, "tokens" in tokens.error) == (400, True)
    assert "raw" in refusal(lambda: asks.generate("home", "x", raw=True)).error
    assert "image" in refusal(lambda: asks.generate("home", "x", images=[PNG])).error
    consent = refusal(lambda: asks.chat("cloud", USER))
    assert consent.status_code == 403
    assert "consent" in consent.error
    assert len(practice.left) == before


def test_consent_counts_for_embeddings_too(practice: Watched) -> None:
    asks = client(practice, **{"X-Louver-Person": "p-7"})
    assert refusal(lambda: asks.embed("cloud", "x")).status_code == 403
    practice.consent("p-7", ConsentState.GIVEN)
    assert len(asks.embed("cloud", "x").embeddings) == 1
    assert practice.left[-1][0] == "cloud"


def told(stream: Any) -> tuple[str, Exception | None]:
    """What a stream said, and the error that it ended with."""
    said = ""
    try:
        for part in stream:
            delta = part.choices[0].delta if hasattr(part, "choices") else part.message
            said += delta.content or ""
    except (ollama.ResponseError, openai.APIError) as error:
        return said, error
    return said, None


def test_an_upstream_that_fails_in_the_middle_is_a_line(tmp_path: Path) -> None:
    def script(_: Body) -> list[Body | BaseException]:
        failure = UpstreamFailed("the provider's stream ended", code="upstream_reset")
        return [chunk({"content": "Hello there "}), failure]

    with running(tmp_path, providers={"home": Scripted(script)}) as watched:
        said, failure = told(client(watched).chat("home", USER, stream=True))
    assert said == "Hello there "
    assert isinstance(failure, ollama.ResponseError)
    assert "stream ended" in failure.error


def test_tool_arguments_that_are_no_object_are_told(tmp_path: Path) -> None:
    def script(_: Body) -> list[Body]:
        function = {"name": "send_mail", "arguments": '{"email": '}
        call = {"index": 0, "id": "c", "type": "function", "function": function}
        return [chunk({"tool_calls": [call]}), chunk({}, finish="tool_calls")]

    with (
        running(tmp_path, providers={"home": Scripted(script)}) as watched,
        pytest.raises(ollama.ResponseError, match="no JSON object"),
    ):
        list(client(watched).chat("home", USER, tools=[send_mail], stream=True))


def test_thinking_comes_back_apart(tmp_path: Path) -> None:
    def script(body: Body) -> list[Body]:
        said = body["messages"][-1]["content"]
        return [whole({"content": "ok", "reasoning_content": f"they said: {said}"})]

    with running(tmp_path, providers={"home": Scripted(script)}) as watched:
        answer = client(watched).chat("home", USER, think=True)
    assert answer.message.thinking == f"they said: {USER[0]['content']}"
    assert answer.message.content == "ok"


# An Ollama server behind the gateway.


@pytest.fixture
def server() -> OllamaServer:
    return OllamaServer()


@pytest.fixture
def behind(tmp_path: Path, server: OllamaServer) -> Iterator[Watched]:
    with served(server) as provider, running(tmp_path, providers={"home": provider}) as watched:
        yield watched


def test_ollama_to_ollama_keeps_what_only_the_server_understands(
    behind: Watched, server: OllamaServer
) -> None:
    answer = client(behind).chat(
        "home",
        USER,
        options={"num_ctx": 2048, "temperature": 0.5, "top_k": 3, "stop": ["END"]},
        keep_alive="5m",
        think="low",
    )
    assert answer.message.content == USER[0]["content"]
    (path, body, headers) = server.asked[-1]
    assert path == "/api/chat"
    assert body["model"] == "llama"
    assert body["options"] == {"num_ctx": 2048, "temperature": 0.5, "top_k": 3, "stop": ["END"]}
    assert (body["keep_alive"], body["think"]) == ("5m", "low")
    assert headers["authorization"] == "Bearer key-that-is-ours"
    assert EMAIL not in json.dumps(body)


def test_an_image_passes_unchanged_where_the_policy_lets_it(
    tmp_path: Path, server: OllamaServer
) -> None:
    # Long enough to hold what looks like a key, which nobody may replace inside of an image.
    image = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8).decode()
    said: Any = [{"role": "user", "content": f"Who is {EMAIL}?", "images": [image]}]
    with (
        served(server) as provider,
        running(tmp_path, providers={"home": provider}, parts="{image: allow}") as watched,
    ):
        answer = client(watched).chat("home", said)
    (message,) = server.asked[-1][1]["messages"]
    assert message["images"] == [image]
    assert EMAIL not in message["content"]
    assert answer.message.content == f"Who is {EMAIL}?"


OPENAI_USER: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": f"Mail {EMAIL} and quote me."}
]
TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": "send_mail",
            "parameters": {"type": "object", "properties": {"email": {"type": "string"}}},
        },
    }
]


def test_openai_to_ollama(behind: Watched, server: OllamaServer) -> None:
    asks = behind.client().chat.completions
    answer = asks.create(model="home", messages=OPENAI_USER, max_tokens=9)
    stream = asks.create(model="home", messages=OPENAI_USER, stream=True)
    said = "".join(e.choices[0].delta.content or "" for e in stream if e.choices)
    assert said == answer.choices[0].message.content == f"Mail {EMAIL} and quote me."
    assert answer.usage is not None
    assert answer.usage.total_tokens == 5
    assert server.asked[0][1]["options"] == {"num_predict": 9}
    assert b"alice" not in behind.bytes_that_left


def test_openai_tools_on_ollama(tmp_path: Path) -> None:
    def script(_: str, body: Body) -> list[Body]:
        if body["messages"][-1]["role"] == "tool":
            return [last(body["messages"][-1]["tool_name"])]
        to = body["messages"][-1]["content"].split(" ")[1]
        call = {"function": {"name": "send_mail", "arguments": {"email": to}}}
        return [piece(tool_calls=[call]), last()] if body["stream"] else [last() | _said(call)]

    def _said(call: Body) -> Body:
        return {"message": {"role": "assistant", "content": "", "tool_calls": [call]}}

    with (
        served(OllamaServer(script)) as provider,
        running(tmp_path, providers={"home": provider}) as watched,
    ):
        asks = watched.client().chat.completions
        answer = asks.create(model="home", messages=OPENAI_USER, tools=TOOLS)
        (call,) = answer.choices[0].message.tool_calls or []
        assert answer.choices[0].finish_reason == "tool_calls"
        assert call.type == "function"
        assert json.loads(call.function.arguments) == {"email": EMAIL}
        turns: list[Any] = [
            *OPENAI_USER,
            answer.choices[0].message,
            {"role": "tool", "tool_call_id": call.id, "content": "sent"},
        ]
        after = asks.create(model="home", messages=turns, tools=TOOLS)
        assert after.choices[0].message.content == "send_mail"
        stream = asks.create(model="home", messages=OPENAI_USER, tools=TOOLS, stream=True)
        deltas = [c.delta for event in stream for c in event.choices]
        calls = [c for d in deltas for c in d.tool_calls or []]
        arguments = "".join(c.function.arguments or "" for c in calls if c.function)
        assert json.loads(arguments) == {"email": EMAIL}


def test_openai_embeddings_on_ollama(behind: Watched, server: OllamaServer) -> None:
    answer = behind.client().embeddings.create(model="home", input=[f"Mail {EMAIL}", "hi"])
    assert [item.embedding[1] for item in answer.data] == [1.0, 1.0]
    assert answer.data[1].embedding[0] == 2.0
    assert answer.usage.total_tokens == 4
    assert server.asked[-1][0] == "/api/embed"
    assert EMAIL not in json.dumps(server.asked[-1][1])


def test_what_ollama_cannot_be_told_is_refused_before_anything_leaves(
    behind: Watched, server: OllamaServer
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        behind.client().chat.completions.create(model="home", messages=OPENAI_USER, n=2)
    assert (refused.value.param, refused.value.code) == ("n", "not_yet_supported")
    assert server.asked == []


@pytest.mark.parametrize("stream", [False, True])
def test_a_missing_model_is_told_in_each_clients_words(tmp_path: Path, stream: bool) -> None:
    missing = OllamaServer(lambda *_: (404, {"error": "model 'llama' not found, try pulling it"}))
    with (
        served(missing) as provider,
        running(tmp_path, providers={"home": provider}) as watched,
    ):
        with pytest.raises(openai.NotFoundError) as told:
            watched.client().chat.completions.create(
                model="home", messages=OPENAI_USER, stream=stream
            )
        assert told.value.code == "model_not_found"
        error = refusal(lambda: parts_of(watched, stream=stream))
        assert (error.status_code, error.error) == (404, "model 'llama' not found, try pulling it")


def test_a_server_that_is_gone(tmp_path: Path) -> None:
    gone = Ollama(place("http://127.0.0.1:1"))
    with running(tmp_path, providers={"home": gone}) as watched:
        error = refusal(lambda: client(watched).chat("home", USER))
        assert error.status_code == 502
        assert "cannot be reached" in error.error


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([piece("Hello"), {"error": "out of memory"}], "upstream_error"),
        ([piece("Hello"), b"<html>\n"], "upstream_invalid"),
        ([piece("Hello")], "upstream_reset"),
        ([piece("Hello"), b"x" * 3_000], "upstream_event_too_large"),
        (
            [
                piece("Hello"),
                piece(tool_calls=[{"function": {"name": "f", "arguments": {"a": "x" * 3_000}}}]),
            ],
            "upstream_event_too_large",
        ),
    ],
    ids=["error line", "no json", "no done", "endless line", "huge arguments"],
)
def test_a_server_that_lies_in_the_middle_is_named(
    tmp_path: Path, parts: list[Body | bytes], code: str
) -> None:
    limits = Limits(event_bytes=2_000)
    with (
        served(OllamaServer(lambda *_: parts), limits) as provider,
        running(tmp_path, providers={"home": provider}) as watched,
    ):
        said, failure = told(
            watched.client().chat.completions.create(
                model="home", messages=OPENAI_USER, stream=True
            )
        )
        assert said == "Hello"
        assert isinstance(failure, openai.APIError)
        assert failure.code == code
        said, failure = told(client(watched).chat("home", USER, stream=True))
        assert said == "Hello"
        assert isinstance(failure, ollama.ResponseError)
        ends = [e for e in watched.house.store.entries() if e.kind == "answered"]
        assert [e.event["outcome"] for e in ends] == ["upstream_failed"] * 2


def test_ollama_to_an_openai_compatible_server(tmp_path: Path) -> None:
    with (
        openai_server(Practice(PRACTICE, delay=0)) as provider,
        running(tmp_path, providers={"home": provider}) as watched,
    ):
        *_, end = client(watched).chat(
            "home", USER, stream=True, keep_alive=5, options={"num_ctx": 9}
        )
        answer = client(watched).chat("home", USER, tools=[send_mail])
        vectors = client(watched).embed("home", [EMAIL, "hi"], truncate=False)
    assert end.done
    assert end.eval_count
    (call,) = answer.message.tool_calls or []
    assert dict(call.function.arguments) == {"email": EMAIL}
    assert [len(vector) for vector in vectors.embeddings] == [256, 256]
    assert b"alice" not in watched.bytes_that_left
    assert b"num_ctx" not in watched.bytes_that_left  # It is no server of Ollama's.
    assert b"keep_alive" not in watched.bytes_that_left


def test_an_echo_comes_back_byte_for_byte(tmp_path: Path) -> None:
    text = 'Tell Carol O"Neil \U0001f600 and Bob: Grüße, 日本 \\ "quoted" <b>\n\tend'
    said: Any = [{"role": "user", "content": text}]
    with running(tmp_path, providers={"home": Echo(size=3)}) as watched:
        parts = client(watched).chat("home", said, stream=True)
        assert "".join(part.message.content or "" for part in parts) == text
        assert client(watched).generate("home", text).response == text
