"""A file is read as text only where it certainly is text; what was read is written back whole."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.text.files import TextFile, text_file


def packed(content: bytes, media: str = "text/plain") -> str:
    return f"data:{media};base64,{base64.b64encode(content).decode()}"


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"])).filter(
    lambda t: not t.lstrip("\ufeff ").startswith(("%PDF", "%!PS", "{\\rtf"))
)


@given(TEXTS)
def test_text_survives_being_read_and_written(text: str) -> None:
    data = packed(text.encode())
    file = text_file(data)
    assert file is not None
    assert file.text == text
    assert file.written(text) == data
    assert text_file(file.written("other ü")) == TextFile("other ü", "text/plain")


@pytest.mark.parametrize(
    "data",
    [
        "data:text/plain,caf%C3%A9%20x",
        "data:,caf%C3%A9%20x",
        "data:text/plain,café x",
        "data:text/markdown;charset=utf-8,caf%C3%A9 x",
        packed("café x".encode(), "TEXT/CSV"),
        packed("café x".encode(), 'application/json;charset="UTF-8"'),
        packed("café x".encode(), "application/xml;name=a.xml"),
        "data:text/html;base64," + "\n".join(base64.b64encode("café x".encode()).decode()),
        "data:text/html;base64," + base64.b64encode("café x".encode()).decode().replace("=", "%3D"),
        base64.b64encode("café x".encode()).decode(),
    ],
)
def test_every_spelling_of_a_text_file_is_read(data: str) -> None:
    file = text_file(data)
    assert file is not None
    assert file.text == "café x"


def test_what_is_written_has_no_parameters_in_which_something_could_travel() -> None:
    file = text_file(packed(b"x", "text/plain;name=somebody.txt"))
    assert file is not None
    assert file.written("x") == "data:text/plain;base64,eA=="


@pytest.mark.parametrize(
    "data",
    [
        packed(b"hello", "application/pdf"),
        packed(b"hello", "image/svg+xml"),
        packed(b"hello", "text/rtf"),
        packed(b"hello", "application/octet-stream"),
        packed("hé".encode("latin-1")),
        packed("hello".encode("utf-16")),
        packed(b"hello", "text/plain;charset=utf-7"),
        packed(b"a\0b"),
        packed(b"a\x1b[2Jb"),
        packed(b"%PDF-1.7 ..."),
        packed(b"\n  {\\rtf1 ..."),
        packed(b"\xef\xbb\xbf%!PS-Adobe"),
        base64.b64encode(b"%PDF-1.7").decode(),
        base64.b64encode(b"\xff\xd8\xff\xe0").decode(),
        "data:text/plain;base64,not base64!",
        "data:text/plain",
        "just words",
        "4716082399513071",
        "data:text/plain;base64,0444044404440444",
    ],
)
def test_what_may_not_be_text_is_not_read(data: str) -> None:
    assert text_file(data) is None


def test_json_says_what_it_is() -> None:
    said = {"application/json": True, "application/ld+json": True, "text/plain": False}
    for media, structured in said.items():
        file = text_file(packed(b"{}", media))
        assert file is not None
        assert file.structured is structured
