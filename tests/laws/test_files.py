"""Law 1 in files: a canary in a text file never leaves, and what cannot be read is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import canaries
from support.houses import Watched, running
from support.http import post
from support.models import Body, Echo, Scripted, whole

from louver.core.exchanges import JsonTree, Operation

CANARIES = (canaries.EMAIL, canaries.KEY, canaries.IBAN, canaries.CARD, canaries.PHONE)


def packed(content: str, media: str = "text/plain") -> str:
    return f"data:{media};base64,{base64.b64encode(content.encode()).decode()}"


def unpacked(data: str) -> str:
    return base64.b64decode(data.rpartition(",")[2]).decode()


def with_file(file: Mapping[str, object], **more: object) -> bytes:
    parts = [{"type": "text", "text": "what is in it?"}, {"type": "file", "file": file}]
    return json.dumps(
        {"model": "home", "messages": [{"role": "user", "content": parts}], **more}
    ).encode()


def sent_part(watched: Watched) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(watched.left[-1][1])["messages"][0]["content"][1]
    return part


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with running(tmp_path, providers={"home": Echo()}) as house:
        yield house


WRITTEN = {
    "text/plain": "Please write to {} today.",
    "text/markdown": "# To do\n\n- ask **{}**\n",
    "text/csv": "id,who\n1,{}\n2,nobody\n",
    "text/html": "<p>Ask <b>{}</b></p>",
    "application/xml": "<a><b c='{}'/></a>",
    "application/json": '{{"who": {{"is": ["{}", 1]}}}}',
    "application/x-yaml": "who: {}\n",
}


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("media", WRITTEN)
def test_no_text_file_lets_a_canary_out(watched: Watched, media: str, canary: str) -> None:
    content = WRITTEN[media].format(canary)
    assert post(watched, with_file({"file_data": packed(content, media)})).status == 200
    part = sent_part(watched)
    inside = unpacked(part["file"]["file_data"])
    assert canary not in inside
    assert canary.encode() not in watched.bytes_that_left
    # Everything around the value is what it was.
    before, after = (json.dumps(half)[1:-1] for half in content.split(canary))
    kept = json.dumps(inside)[1:-1]
    if media == "application/json":
        assert json.loads(inside).keys() == {"who"}
    else:
        assert kept.startswith(before)
        assert kept.endswith(after)


def test_a_columns_name_says_what_its_cells_are(watched: Watched) -> None:
    table = (
        'id;date_of_birth;"password"\r\n1;1980-05-04;"hunter2xyz!"\r\n2;1981-06-05;"a ""b"" c9!"'
    )
    assert post(watched, with_file({"file_data": packed(table, "text/csv")})).status == 200
    head, first, second = unpacked(sent_part(watched)["file"]["file_data"]).split("\r\n")
    assert head == 'id;date_of_birth;"password"'
    assert "1980" not in first
    assert "hunter2" not in first
    assert first.split(";")[2].startswith('"')
    assert "1981" not in second
    assert second.startswith("2;")


def test_a_file_without_values_leaves_as_it_is(watched: Watched) -> None:
    data = packed("The window is open.\n" * 50)
    assert post(watched, with_file({"file_data": data, "filename": "notes.txt"})).status == 200
    assert sent_part(watched)["file"] == {"file_data": data, "filename": "notes.txt"}


def test_encoded_bytes_are_never_taken_for_values(watched: Watched) -> None:
    """Base64 of long texts looks like keys and numbers somewhere; a hit in it would break it."""
    text = "\n".join(f"{i * 7919 % 100003} windows, {i} doors" for i in range(4000))
    assert post(watched, with_file({"file_data": packed(text)})).status == 200
    assert unpacked(sent_part(watched)["file"]["file_data"]).count("windows") == 4000


def test_values_in_a_file_come_back_in_the_answer(tmp_path: Path) -> None:
    def quoting(body: Body) -> list[Body]:
        data = body["messages"][0]["content"][1]["file"]["file_data"]
        return [whole({"content": "It says: " + unpacked(data)})]

    content = f"Alice's address is {canaries.EMAIL}"
    with running(tmp_path, providers={"home": Scripted(quoting)}) as watched:
        got = post(watched, with_file({"file_data": packed(content)}))
    said = json.loads(got.body)["choices"][0]["message"]["content"]
    assert said == f"It says: {content}"
    assert b"Alice" not in watched.bytes_that_left


def test_one_person_has_one_placeholder_in_text_and_file(watched: Watched) -> None:
    parts = [
        {"type": "text", "text": canaries.EMAIL},
        {"type": "file", "file": {"file_data": packed(canaries.EMAIL)}},
    ]
    body = {"model": "home", "messages": [{"role": "user", "content": parts}]}
    assert post(watched, json.dumps(body).encode()).status == 200
    text, file = json.loads(watched.left[0][1])["messages"][0]["content"]
    assert text["text"] == unpacked(file["file"]["file_data"])


@pytest.mark.parametrize("name", [f"for {canaries.EMAIL}.txt", "Alice Martin.txt"])
def test_a_files_name_is_text(watched: Watched, name: str) -> None:
    assert post(watched, with_file({"file_data": packed("hi"), "filename": name})).status == 200
    sent = sent_part(watched)["file"]["filename"]
    assert canaries.EMAIL not in sent
    assert "Alice" not in sent


@pytest.mark.parametrize("name", [f"{canaries.EMAIL}.pdf", "Alice Martin.pdf"])
def test_a_files_name_is_text_even_where_its_content_may_pass(tmp_path: Path, name: str) -> None:
    with running(tmp_path, providers={"home": Echo()}, parts="{file: allow}") as watched:
        data = "data:application/pdf;base64,JVBERi0xLjc="
        assert post(watched, with_file({"file_data": data, "filename": name})).status == 200
        file = sent_part(watched)["file"]
    assert file["file_data"] == data
    assert canaries.EMAIL not in file["filename"]
    assert "Alice" not in file["filename"]


def test_a_text_file_is_read_also_where_files_may_pass(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}, parts="{file: allow}") as watched:
        assert post(watched, with_file({"file_data": packed(canaries.EMAIL)})).status == 200
        assert canaries.EMAIL not in unpacked(sent_part(watched)["file"]["file_data"])


@pytest.mark.parametrize(
    "file",
    [
        {"file_data": "data:application/pdf;base64,JVBERi0xLjc="},
        {"file_data": "JVBERi0xLjc="},
        {"file_data": canaries.EMAIL},
        {"file_data": canaries.CARD},
        {"file_data": packed("x"), "file_id": "file-1"},
        {"file_data": packed("x"), "hidden": "AAAA"},
        {"file_data": ["x"]},
        {"file_id": "file-1"},
        {},
    ],
)
def test_what_is_not_certainly_text_is_refused(watched: Watched, file: dict[str, object]) -> None:
    got = post(watched, with_file(file))
    assert (got.status, got.error["code"]) == (400, "uninspectable_part")
    assert got.error["param"] == "messages[0].content[1]"
    assert watched.left == []


def test_a_text_file_shields_no_other_part(watched: Watched) -> None:
    part = {"type": "file", "file": {"file_data": packed("x")}, "image_url": {"url": "data:,x"}}
    body = {"model": "home", "messages": [{"role": "user", "content": [part]}]}
    assert post(watched, json.dumps(body).encode()).error["code"] == "uninspectable_part"
    assert watched.left == []


def test_a_refused_category_in_a_file_refuses_the_request(tmp_path: Path) -> None:
    rules = "{contact.email: refuse}"
    with running(tmp_path, providers={"home": Echo()}, categories=rules) as watched:
        got = post(watched, with_file({"file_data": packed(canaries.EMAIL)}))
        assert got.error["code"] == "refused_category"
        assert watched.left == []


class Unpacking(Echo):
    """A server that wants a file's payload alone, or its text, as Anthropic's and Ollama's do."""

    def __init__(self, *, alone: bool) -> None:
        super().__init__()
        self._alone = alone

    def request(self, body: Mapping[str, JsonTree], operation: Operation) -> Mapping[str, JsonTree]:
        part: Any = json.loads(json.dumps(body["messages"]))[0]["content"][1]
        data = part["file"]["file_data"]
        said = data.rpartition(",")[2] if self._alone else unpacked(data)
        return {**body, "messages": [{"role": "user", "content": said}]}


@pytest.mark.parametrize("alone", [True, False])
def test_a_file_in_another_wire_form_is_read_again_and_stays_whole(
    tmp_path: Path, alone: bool
) -> None:
    text = f"For {canaries.EMAIL}:\n" + "\n".join(str(i * 7919 % 100003) for i in range(3000))
    with running(tmp_path, providers={"home": Unpacking(alone=alone)}) as watched:
        assert post(watched, with_file({"file_data": packed(text)})).status == 200
        said = json.loads(watched.left[0][1])["messages"][0]["content"]
    inside = unpacked(said) if alone else said
    assert canaries.EMAIL not in inside
    assert inside.split("\n", 1)[1] == text.split("\n", 1)[1]
