"""Every incident shape seen at other gateways, by name; here each must fail.

The letters are those of our notes on what happened to LiteLLM 1.106 with Presidio.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from support.houses import Watched, running
from support.models import Body, Echo, Scripted, chunk, whole

MAIL = "alice.martin@example.com"
TOOL: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "book",
        "description": f"Books. Owner {MAIL}",
        "parameters": {
            "type": "object",
            "properties": {"who": {"type": "string", "enum": [MAIL, "nobody"], "default": MAIL}},
        },
    },
}


def ask(watched: Watched, messages: Sequence[ChatCompletionMessageParam]) -> str:
    answer = watched.client().chat.completions.create(model="home", messages=list(messages))
    return answer.choices[0].message.content or ""


def streamed(watched: Watched, messages: Sequence[ChatCompletionMessageParam]) -> str:
    stream = watched.client().chat.completions.create(
        model="home", messages=list(messages), stream=True
    )
    return "".join(c.choices[0].delta.content or "" for c in stream if c.choices)


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Watched]:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        yield watched


def test_a_an_answer_is_restored_and_not_masked_again(echo: Watched) -> None:
    text = f"Write to {MAIL} and Alice"
    assert ask(echo, [{"role": "user", "content": text}]) == text
    assert streamed(echo, [{"role": "user", "content": text}]) == text


def test_b_people_of_two_messages_are_not_confused(tmp_path: Path) -> None:
    def roles(body: Body) -> list[Body]:
        doctor, patient = (m["content"].split()[-1] for m in body["messages"][::2])
        return [whole({"content": f"Doctor is {doctor}, patient is {patient}"})]

    with running(tmp_path, providers={"home": Scripted(roles)}) as watched:
        answer = ask(
            watched,
            [
                {"role": "user", "content": "The doctor is Alice"},
                {"role": "assistant", "content": "Noted."},
                {"role": "user", "content": "The patient is Bob"},
            ],
        )
    assert answer == "Doctor is Alice, patient is Bob"


def test_c_one_person_has_one_placeholder(echo: Watched) -> None:
    ask(echo, [{"role": "user", "content": "Alice called. Please call Alice back."}])
    content = json.loads(echo.left[0][1])["messages"][0]["content"]
    first, second = content.replace(".", "").split()[0], content.split()[-2]
    assert first == second
    assert first.startswith("PERSON_")


def test_d_history_tool_definitions_and_names_are_covered(echo: Watched) -> None:
    call = {"who": MAIL, "note": "tell Alice"}
    echo.client().chat.completions.create(
        model="home",
        tools=[TOOL],
        messages=[
            {"role": "user", "content": "go", "name": "Alice"},
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "book", "arguments": json.dumps(call)},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": f"booked for {MAIL}"},
            {"role": "user", "content": "thanks"},
        ],
    )
    left = echo.bytes_that_left
    assert MAIL.encode() not in left
    assert b"Alice" not in left
    parsed = json.loads(left)
    arguments = json.loads(parsed["messages"][1]["tool_calls"][0]["function"]["arguments"])
    enum = parsed["tools"][0]["function"]["parameters"]["properties"]["who"]["enum"]
    assert arguments["who"] == enum[0]
    assert enum[1] == "nobody"


def tool_call(body: Body) -> list[Body]:
    who = body["messages"][-1]["content"].split()[-1]
    arguments = json.dumps({"who": who})
    call = {"id": "c1", "type": "function", "function": {"name": "book", "arguments": arguments}}
    return [whole({"content": None, "tool_calls": [call]}, finish="tool_calls")]


def test_e_a_tool_receives_the_value(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Scripted(tool_call)}) as watched:
        answer = watched.client().chat.completions.create(
            model="home", tools=[TOOL], messages=[{"role": "user", "content": f"book {MAIL}"}]
        )
    calls = answer.choices[0].message.tool_calls or []
    assert calls[0].type == "function"
    assert json.loads(calls[0].function.arguments) == {"who": MAIL}


def test_f_streamed_tool_arguments_stay_json_with_quotes_in_values(tmp_path: Path) -> None:
    def letters(body: Body) -> list[Body]:
        who = body["messages"][-1]["content"].split()[-1]
        first = {"index": 0, "id": "c1", "type": "function"}
        events = [chunk({"tool_calls": [{**first, "function": {"name": "book"}}]})]
        for letter in json.dumps({"who": who}):
            part = {"index": 0, "function": {"arguments": letter}}
            events.append(chunk({"tool_calls": [part]}))
        return [*events, chunk({}, finish="tool_calls")]

    with running(tmp_path, providers={"home": Scripted(letters)}) as watched:
        stream = watched.client().chat.completions.create(
            model="home",
            tools=[TOOL],
            stream=True,
            messages=[{"role": "user", "content": 'book Carol O"Neil'}],
        )
        arguments = ""
        for event in stream:
            for call in event.choices[0].delta.tool_calls or []:
                if call.function and call.function.arguments:
                    arguments += call.function.arguments
    assert json.loads(arguments) == {"who": 'Carol O"Neil'}


def test_g_a_placeholder_that_the_user_typed_is_not_resolved(echo: Watched) -> None:
    ask(echo, [{"role": "user", "content": f"Mail {MAIL}"}])
    placeholder = json.loads(echo.left[0][1])["messages"][0]["content"].split()[-1]
    again = f"Mail {MAIL}. And who is {placeholder}?"
    opening: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": f"Mail {MAIL}"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": again},
    ]
    assert ask(echo, opening) == again
    assert streamed(echo, opening) == again
    last = json.loads(echo.left[-1][1])["messages"]
    assert last[0]["content"].split()[-1] == placeholder
    assert last[2]["content"].count(placeholder) == 1


def test_h_images_and_files_are_refused_by_name(echo: Watched) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        echo.client().chat.completions.create(
            model="home",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "what is it"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    ],
                }
            ],
        )
    assert caught.value.param == "messages[0].content[1]"
    assert "image: allow" in caught.value.message
    assert echo.left == []


def test_i_overlapping_hits_and_zero_width_characters_do_not_corrupt(echo: Watched) -> None:
    text = "to alice.martin\u200b@example.com, then Alice Martin, ok"
    assert ask(echo, [{"role": "user", "content": text}]) == text
    assert "example.com" not in echo.bytes_that_left.decode()
    assert "Martin" not in echo.bytes_that_left.decode()


def test_j_a_stream_stays_a_stream(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo(size=1)}) as watched:
        text = f"{MAIL} " + "word " * 20
        stream = watched.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": text}], stream=True
        )
        events = [c.choices[0].delta.content or "" for c in stream]
    assert "".join(events) == text
    assert sum(1 for event in events if event) >= len("word ") * 20


@pytest.mark.parametrize("at", range(1, 18))
def test_k_a_placeholder_split_over_two_events_is_restored(tmp_path: Path, at: int) -> None:
    def split(body: Body) -> list[Body]:
        token = body["messages"][-1]["content"]
        parts = (token[:at], token[at:])
        return [*(chunk({"content": part}) for part in parts), chunk({}, finish="stop")]

    with running(tmp_path, providers={"home": Scripted(split)}) as watched:
        assert streamed(watched, [{"role": "user", "content": MAIL}]) == MAIL


@pytest.mark.parametrize("keep", range(1, 18))
def test_l_a_truncated_placeholder_names_nobody(tmp_path: Path, keep: int) -> None:
    def cut(body: Body) -> list[Body]:
        text = "It is " + body["messages"][-1]["content"].split()[-1][:keep]
        return [chunk({"content": text}), chunk({}, finish="length")]

    with running(tmp_path, providers={"home": Scripted(cut)}) as watched:
        answer = streamed(watched, [{"role": "user", "content": f"Bob, {MAIL}"}])
    assert MAIL not in answer
    assert "Bob" not in answer


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        str.title,
        lambda t: t.replace("_", "\\_"),
        lambda t: t.replace("_", "&#95;"),
        lambda t: t.replace("E", "\\u0045"),
        lambda t: "".join(f"&#x{ord(c):x};" for c in t),
    ],
    ids=["lower", "title", "markdown", "html", "json", "html-hex"],
)
def test_m_case_drift_and_escapes_are_restored(tmp_path: Path, spell: object) -> None:
    def drift(body: Body) -> list[Body]:
        token = body["messages"][-1]["content"].split()[-1]
        return [chunk({"content": f"to {spell(token)}!"}), chunk({}, finish="stop")]  # type: ignore[operator]  # each is a function of str

    with running(tmp_path, providers={"home": Scripted(drift)}) as watched:
        assert streamed(watched, [{"role": "user", "content": f"Mail {MAIL}"}]) == f"to {MAIL}!"
