"""Conversations through `/v1/responses` with the real `openai` client: kept and forgotten."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import (
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
)
from openai.types.responses import Response
from pydantic import BaseModel
from support import canaries
from support.houses import Watched, running
from support.models import Body, Echo, Scripted, chunk, whole

from louver.core.consent import ConsentState
from louver.core.errors import Unavailable
from louver.house import verified

PERSON = "patient-7"
EMAIL = "alice.martin@example.com"
PLACEHOLDER = re.compile(rb"EMAIL_[BCDFGHJKLMPQRTVWXZ]{12}")
WHO = {"X-Louver-Person": PERSON}
TOOL: Any = {
    "type": "function",
    "name": "send_mail",
    "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
    "strict": False,
}


class Talk(Echo):
    """Says how many messages it was shown, and then all that the user ever said."""

    def text(self, body: Body) -> str:
        said = [m["content"] for m in body["messages"] if m["role"] == "user"]
        return f"{len(body['messages'])}: {' '.join(said)}"


def mailing(body: Body) -> list[Body]:
    """Calls the tool with the first word that looks like an address; after its result, says so."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        content: Body = {"content": f"Done: {last['content']}"}
        streamed = [chunk(content), chunk({}, finish="stop")]
        return streamed if body.get("stream") else [whole(content)]
    found = PLACEHOLDER.search(json.dumps(body).encode())
    arguments = json.dumps({"to": found.group().decode() if found else "nobody"})
    call = {"id": "c1", "type": "function", "function": {"name": "send_mail"}}
    call["function"] = {"name": "send_mail", "arguments": arguments}
    said: Body = {"tool_calls": [{"index": 0, **call}]}
    finish = "tool_calls"
    if body.get("stream"):
        return [chunk(said), chunk({}, finish=finish)]
    return [whole(said, finish=finish)]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    providers: Any = {"home": Talk(), "cloud": Scripted(mailing)}
    with running(tmp_path, providers=providers, mode="full") as house:
        yield house


@pytest.fixture
def client(watched: Watched) -> OpenAI:
    """A client for a person who agreed to be remembered."""
    watched.retention(PERSON)
    watched.consent(PERSON, ConsentState.GIVEN)
    return watched.client(**WHO)


def rows(folder: Path) -> int:
    with sqlite3.connect(folder / "louver.db") as database:
        (count,) = database.execute("select count(*) from responses").fetchone()
    database.close()
    return int(count)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_question_is_answered_whole_and_streamed(watched: Watched, client: OpenAI) -> None:
    answer = client.responses.create(model="home", input=f"Write to {EMAIL}", instructions="Hi")
    assert answer.output_text == f"2: Write to {EMAIL}"
    with client.responses.stream(model="home", input=f"Write to {EMAIL}") as stream:
        kinds = [event.type for event in stream]
        assert stream.get_final_response().output_text == f"1: Write to {EMAIL}"
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.output_text.delta") >= 3
    assert EMAIL.encode() not in watched.bytes_that_left
    assert PLACEHOLDER.search(watched.bytes_that_left)


def test_a_conversation_of_three_turns_is_remembered(watched: Watched, client: OpenAI) -> None:
    first = client.responses.create(model="home", input=f"I am {EMAIL}.", instructions="Be kind")
    assert first.store is True  # type: ignore[attr-defined]  # the SDK's type has no such field
    second = client.responses.create(
        model="home", input="Who?", previous_response_id=first.id, instructions="Be brief"
    )
    # The instructions are each turn's own: system, user, assistant, user.
    assert second.output_text == f"4: I am {EMAIL}. Who?"
    assert second.previous_response_id == first.id
    with client.responses.stream(
        model="home", input="And now?", previous_response_id=second.id
    ) as stream:
        third = stream.get_final_response()
    assert third.output_text == f"5: I am {EMAIL}. Who? And now?"
    bodies = [json.loads(body) for _, body in watched.left]
    assert [body["messages"][0]["content"] for body in bodies[:2]] == ["Be kind", "Be brief"]
    # One person, one placeholder, through the whole conversation.
    assert len(set(PLACEHOLDER.findall(watched.bytes_that_left))) == 1
    assert EMAIL.encode() not in watched.bytes_that_left


def test_a_branch_of_a_conversation_is_its_own(client: OpenAI) -> None:
    first = client.responses.create(model="home", input="one")
    left = client.responses.create(model="home", input="two", previous_response_id=first.id)
    right = client.responses.create(model="home", input="three", previous_response_id=first.id)
    assert (left.output_text, right.output_text) == ("3: one two", "3: one three")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_tools_get_real_values_and_their_results_follow(
    watched: Watched, client: OpenAI, *, stream: bool
) -> None:
    def ask(**more: Any) -> Response:
        if not stream:
            answer: Response = client.responses.create(model="cloud", tools=[TOOL], **more)
            return answer
        with client.responses.stream(model="cloud", tools=[TOOL], **more) as events:
            return events.get_final_response()

    called = ask(input=f"Write to {EMAIL}")
    (call,) = called.output
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"to": EMAIL}
    output = {"type": "function_call_output", "call_id": call.call_id, "output": f"sent to {EMAIL}"}
    answer = ask(input=[output], previous_response_id=called.id)
    assert answer.output_text == f"Done: sent to {EMAIL}"
    assert EMAIL.encode() not in watched.bytes_that_left
    roles = [message["role"] for message in json.loads(watched.left[-1][1])["messages"]]
    assert roles == ["user", "assistant", "tool"]


class Letter(BaseModel):
    to: str


def test_a_structured_answer_is_parsed(tmp_path: Path) -> None:
    def written(body: Body) -> list[Body]:
        assert body["response_format"]["type"] == "json_schema"
        found = PLACEHOLDER.search(json.dumps(body).encode())
        assert found is not None
        return [whole({"content": json.dumps({"to": found.group().decode()})})]

    with running(tmp_path, providers={"home": Scripted(written)}) as watched:
        answer = watched.client().responses.parse(
            model="home", input=f"Write to {EMAIL}", text_format=Letter
        )
    assert answer.output_parsed == Letter(to=EMAIL)


def test_a_kept_answer_is_shown_again_and_erased(watched: Watched, client: OpenAI) -> None:
    made = client.responses.create(model="home", input=f"I am {EMAIL}.", metadata={"ticket": "7"})
    assert client.responses.retrieve(made.id) == made
    client.responses.delete(made.id)
    for gone in (client.responses.retrieve, client.responses.delete):
        with pytest.raises(NotFoundError) as told:
            gone(made.id)
        assert told.value.code == "response_not_found"
    with pytest.raises(BadRequestError) as refused:
        client.responses.create(model="home", input="x", previous_response_id=made.id)
    assert refused.value.code == "previous_response_not_found"
    assert refused.value.param == "previous_response_id"
    assert "send the whole conversation" in refused.value.message


def test_it_is_there_when_the_stream_says_that_it_is_complete(client: OpenAI) -> None:
    shown = [
        client.responses.retrieve(event.response.id).output_text
        for event in client.responses.create(model="home", input="hello", stream=True)
        if event.type == "response.completed"
    ]
    assert shown == ["1: hello"]


def test_nobody_else_learns_that_it_exists(watched: Watched, client: OpenAI) -> None:
    made = client.responses.create(model="home", input=f"I am {EMAIL}.")
    watched.retention("patient-8")
    keys = {
        "application": watched.house.store.create_key("default", "another").result().reveal(),
        "tenant": watched.house.store.create_key("another", "tests").result().reveal(),
    }
    others = [
        watched.client(),
        watched.client(**{"X-Louver-Person": "patient-8"}),
        watched.client(**{"X-Louver-Person": "unheard-of"}),
        *(watched.client(**WHO).with_options(api_key=key) for key in keys.values()),
    ]
    messages = set()
    for other in others:
        never = "resp_" + "0" * 24
        for ask, id_ in (
            (other.responses.retrieve, made.id),
            (other.responses.delete, made.id),
            (other.responses.retrieve, never),
        ):
            with pytest.raises(NotFoundError) as told:
                ask(id_)
            messages.add(told.value.message)
        with pytest.raises(BadRequestError, match="no conversation is kept"):
            other.responses.create(model="home", input="x", previous_response_id=made.id)
    assert len(messages) == 1
    assert client.responses.retrieve(made.id).output_text


@pytest.mark.parametrize(
    ("mode", "agreed", "headers", "more"),
    [
        ("strict", True, WHO, {}),
        ("standard", True, WHO, {}),
        ("full", False, WHO, {}),
        ("full", True, {}, {}),
        ("full", True, {"X-Louver-Person": "patient-8"}, {}),
        ("full", True, {**WHO, "X-Louver-Mode": "standard"}, {}),
        ("full", True, {**WHO, "X-No-Store": "1"}, {}),
        ("full", True, WHO, {"store": False}),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_nothing_is_kept_unless_mode_and_person_allow_it(
    tmp_path: Path, *, mode: str, agreed: bool, headers: dict[str, str], more: Any, stream: bool
) -> None:
    text = f"I am {canaries.EMAIL}, {canaries.PHONE}."
    with running(tmp_path, providers={"home": Talk()}, mode=mode) as watched:
        if agreed:
            watched.retention(PERSON)
        client = watched.client(**headers)
        made: Any = client.responses.create(model="home", input=text, stream=stream, **more)
        if stream:
            made = list(made)[-1].response
        assert canaries.EMAIL in made.output_text
        assert made.store is False
        with pytest.raises(NotFoundError):
            client.responses.retrieve(made.id)
        with pytest.raises(BadRequestError) as refused:
            client.responses.create(model="home", input="x", previous_response_id=made.id)
        assert "the person's consent to the purpose `retention`" in refused.value.message
        assert rows(tmp_path) == 0
    left = everything(tmp_path)
    assert canaries.EMAIL.encode() not in left
    assert made.id.encode() not in left


def test_what_is_kept_is_sealed(tmp_path: Path) -> None:
    text = f"I am {canaries.EMAIL}, {canaries.PHONE}."
    with running(tmp_path, providers={"home": Talk()}, mode="full") as watched:
        watched.retention(PERSON)
        made = watched.client(**WHO).responses.create(model="home", input=text)
        assert canaries.EMAIL in made.output_text
        assert rows(tmp_path) == 1
        inside = everything(tmp_path)
    for secret in (canaries.EMAIL, canaries.PHONE, made.id, "I am"):
        assert secret.encode() not in everything(tmp_path), secret
        assert secret.encode() not in inside, secret


def test_an_installation_may_keep_what_names_no_person(tmp_path: Path) -> None:
    vault = "{without_person: true}"
    with running(tmp_path, providers={"home": Talk()}, mode="full", vault=vault) as watched:
        client = watched.client()
        made = client.responses.create(model="home", input="one")
        answer = client.responses.create(model="home", input="two", previous_response_id=made.id)
        assert answer.output_text == "3: one two"
        with pytest.raises(NotFoundError):
            watched.client(**WHO).responses.retrieve(made.id)


def test_a_withdrawal_erases_at_once(watched: Watched, client: OpenAI, tmp_path: Path) -> None:
    made = client.responses.create(model="home", input=f"I am {EMAIL}.")
    watched.retention(PERSON, ConsentState.WITHDRAWN)
    assert rows(tmp_path) == 0
    with pytest.raises(NotFoundError):
        client.responses.retrieve(made.id)
    unkept: Any = client.responses.create(model="home", input="hello")
    assert unkept.store is False
    # What was erased does not come back with a new consent; what is new is kept.
    watched.retention(PERSON)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(made.id)
    again = client.responses.create(model="home", input="x")
    assert client.responses.retrieve(again.id) == again


def test_its_time_ends(tmp_path: Path) -> None:
    with running(
        tmp_path, providers={"home": Talk()}, mode="full", vault="{keep: 300ms}"
    ) as watched:
        watched.retention(PERSON)
        client = watched.client(**WHO)
        made = client.responses.create(model="home", input="hello")
        time.sleep(0.35)
        with pytest.raises(NotFoundError):
            client.responses.retrieve(made.id)
        assert rows(tmp_path) == 1
        watched.house.store.sweep(900)
        assert rows(tmp_path) == 0


def test_it_ends_no_later_than_the_consent(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Talk()}, mode="full") as watched:
        internal = watched.retention(PERSON)
        (consent,) = watched.house.store.list_consents("default", internal)
        end = time.time() + 3600
        watched.house.store.set_consent(consent.key, ConsentState.GIVEN, end).result()
        watched.client(**WHO).responses.create(model="home", input="hello")
        with sqlite3.connect(tmp_path / "louver.db") as database:
            ((expires,),) = database.execute("select expires from responses").fetchall()
        database.close()
        assert expires == end


def full(*_: object, **__: object) -> Any:
    raise Unavailable("the store's disk is full", code="store_full")


def test_an_answer_that_cannot_be_kept_is_not_complete(
    watched: Watched, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched.house.store, "keep_response", full)
    events = [*client.responses.create(model="home", input="hello", stream=True)]
    assert events[-1].type == "response.failed"
    assert events[-1].response.error is not None
    assert str(events[-1].response.error.code) == "store_full"
    assert "response.completed" not in {event.type for event in events}
    with pytest.raises(InternalServerError) as failed:
        client.responses.create(model="home", input="hello")
    assert failed.value.code == "store_full"
    # What is not to be kept needs no room.
    assert client.responses.create(model="home", input="hello", store=False).output_text


def test_a_no_while_the_answer_comes_counts(tmp_path: Path) -> None:
    def withdrawn(_: Body) -> Iterator[Body]:
        yield chunk({"content": "Hello"})
        house.retention(PERSON, ConsentState.WITHDRAWN)
        yield chunk({}, finish="stop")

    model: Any = withdrawn
    with running(tmp_path, providers={"home": Scripted(model)}, mode="full") as house:
        house.retention(PERSON)
        client = house.client(**WHO)
        last = [*client.responses.create(model="home", input="hello", stream=True)][-1]
        assert last.type == "response.failed"
        assert str(last.response.error and last.response.error.code) == "consent_required"
        assert rows(tmp_path) == 0


def test_why_it_is_kept_or_not_is_told(watched: Watched, client: OpenAI) -> None:
    kept = client.responses.with_raw_response.create(model="home", input="hello")
    assert "retention: kept: given for retention" in kept.headers["x-louver-because"]
    unkept = watched.client().responses.with_raw_response.create(model="home", input="hello")
    assert "retention: not kept: no person is named" in unkept.headers["x-louver-because"]


def test_the_ledger_tells_of_it_and_verifies(watched: Watched, client: OpenAI) -> None:
    first = client.responses.create(model="home", input="hello")
    client.responses.create(model="home", input="hello", previous_response_id=first.id)
    client.responses.delete(first.id)
    watched.retention(PERSON, ConsentState.WITHDRAWN)
    kinds = [entry.kind for entry in watched.house.store.entries()]
    assert kinds.count("response") == 2
    assert kinds.count("forgotten") == 2
    verified(watched.house.settings)
