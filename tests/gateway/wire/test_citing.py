"""A citation fits the client's own document, or there is none."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from louver.core.exchanges import Exchange, Minimized
from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.gateway.wire.citing import Carrier, Citations, Sources
from louver.gateway.wire.hub import exchange_of
from louver.gateway.wire.interface import Asked

EMAIL, PERSON = "EMAIL_KXQWRTZPLMBV", "PERSON_BCDFGHJKLMPQ"
VALUES = {EMAIL: Sensitive("zoë@example.com"), PERSON: Sensitive("Wu")}


def document(text: str, **more: Any) -> dict[str, Any]:
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source, **more}


def custom(*texts: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text} for text in texts]
    return {"type": "document", "source": {"type": "content", "content": content}}


def result(source: str, *texts: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text} for text in texts]
    return {"type": "search_result", "source": source, "title": "T", "content": content}


def body(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": list(blocks)}]}


def citations(own: dict[str, Any], sent: dict[str, Any]) -> Citations:
    hub = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    asked = Asked("ex", Caller("t", "a", "k"))
    exchange: Exchange = exchange_of(hub, asked, size=1, original=own)
    leaves = Minimized("ex", orjson.dumps(sent), False, False, VALUES, {})
    return Citations(exchange, leaves, frozenset())


def char_location(start: int, end: int, text: str, index: int = 0) -> dict[str, Any]:
    return {
        "type": "char_location",
        "cited_text": text,
        "document_index": index,
        "document_title": "as sent",
        "start_char_index": start,
        "end_char_index": end,
    }


def span_of(citation: dict[str, Any]) -> tuple[int, int]:
    return citation["start_char_index"], citation["end_char_index"]


pieces = st.lists(
    st.sampled_from([EMAIL, PERSON, "plain ", "😀 ", "é", "\n", ". "]), min_size=1, max_size=12
)


@given(pieces, st.integers(0, 300), st.integers(0, 300), st.booleans())
def test_offsets_fit_the_clients_document(said: list[str], a: int, b: int, utf16: bool) -> None:
    own_pieces = [VALUES[p].reveal() if p in VALUES else p for p in said]
    # Between two placeholders stands something: side by side they could be read as one word.
    sent, own = " ".join(said), " ".join(own_pieces)
    start, end = sorted((a % (len(sent) + 1), b % (len(sent) + 1)))
    assume(start < end)
    text = sent[start:end]
    if utf16:
        start, end = (len(sent[:n].encode("utf-16-le")) // 2 for n in (start, end))
        assume(sent[start:end] != text)
    told = char_location(start, end, text)
    found = citations(body(document(own)), body(document(sent))).restored(told)
    assert found is not None
    units = own.encode("utf-16-le")
    first, last = span_of(found)
    there = units[2 * first : 2 * last].decode("utf-16-le") if utf16 else own[first:last]
    assert there == found["cited_text"]
    # What it says covers what was cited, with whole values in place of cut placeholders.
    plain = text
    for name, value in VALUES.items():
        plain = plain.replace(name, value.reveal())
    if not any(letter.isupper() for letter in plain.replace("Wu", "")):
        assert there == plain


WRONG = {
    "text that is not there": char_location(0, 5, "other"),
    "beyond the end": char_location(990, 995, "plain"),
    "backwards": char_location(5, 0, "plain"),
    "negative": char_location(-5, 3, "plain"),
    "no text": {**char_location(0, 5, ""), "cited_text": None},
    "no offsets": {**char_location(0, 5, "plain"), "start_char_index": "0"},
    "a boolean": {**char_location(0, 1, "p"), "start_char_index": False},
    "another document": char_location(0, 5, "plain", index=1),
    "a document from the end": char_location(0, 5, "plain", index=-1),
    "blocks that are not there": {
        "type": "content_block_location",
        "cited_text": "plain",
        "document_index": 0,
        "start_block_index": 0,
        "end_block_index": 2,
    },
    "a result that is not there": {
        "type": "search_result_location",
        "cited_text": "plain",
        "search_result_index": 0,
        "start_block_index": 0,
        "end_block_index": 1,
    },
}


@pytest.mark.parametrize("citation", WRONG.values(), ids=WRONG.keys())
def test_a_place_that_cannot_be_right_is_left_out(citation: dict[str, Any]) -> None:
    text = "plain text"
    assert citations(body(document(text)), body(document(text))).restored(citation) is None


def test_a_document_that_does_not_come_back_whole_has_no_places() -> None:
    own, sent = body(document("a  b")), body(document("a b"))
    assert citations(own, sent).restored(char_location(0, 1, "a")) is None
    two = body(document("a b"), document("c"))
    assert citations(own, two).restored(char_location(0, 1, "a")) is None


def test_titles_are_the_clients_own() -> None:
    own = body(document("x y", title="Wu's file"))
    sent = body(document("x y", title=f"{PERSON}'s file"))
    found = citations(own, sent).restored(char_location(0, 1, "x"))
    assert found is not None
    assert found["document_title"] == "Wu's file"


def test_blocks_and_results_keep_their_numbers() -> None:
    own = body(custom("To Wu: ", "hello"), result("https://x.example/?who=Wu", "is Wu", "yes"))
    sent = body(custom(f"To {PERSON}: ", "hello"), result(f"x={PERSON}", f"is {PERSON}", "yes"))
    blocks = {
        "type": "content_block_location",
        "cited_text": f"To {PERSON}: hello",
        "document_index": 0,
        "document_title": None,
        "start_block_index": 0,
        "end_block_index": 2,
    }
    found = citations(own, sent).restored(blocks)
    assert found == {**blocks, "cited_text": "To Wu: hello"}
    results = {
        "type": "search_result_location",
        "cited_text": f"is {PERSON}",
        "search_result_index": 0,
        "source": "https://evil.example/",
        "title": "lie",
        "start_block_index": 0,
        "end_block_index": 1,
    }
    found = citations(own, sent).restored(results)
    own_words = {"source": "https://x.example/?who=Wu", "title": "T"}
    assert found == {**results, "cited_text": "is Wu", **own_words}
    assert citations(own, sent).restored({**results, "cited_text": "is Wu"}) is None


def test_pages_have_their_text_restored_but_no_links() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    asked = body({"type": "document", "source": pdf, "title": "P"})
    page = {
        "type": "page_location",
        "cited_text": f"{PERSON} at https://evil.example/?q={PERSON}",
        "document_index": 0,
        "document_title": "lie",
        "start_page_number": 1,
        "end_page_number": 2,
    }
    found = citations(asked, asked).restored(page)
    assert found is not None
    assert found["cited_text"] == f"Wu at https://evil.example/?q={PERSON}"
    assert (found["document_title"], found["start_page_number"]) == ("P", 1)


@given(st.text("ab ", max_size=30), st.integers(0, 30), st.integers(1, 30), st.sampled_from("ab"))
def test_history_is_carried_by_occurrence(text: str, start: int, size: int, what: str) -> None:
    """`what` is replaced on the way out: offsets change, what is told is still what is there."""
    cited = text[start : start + size]
    assume(cited)
    citation = char_location(start, start + len(cited), cited)
    carried = Carrier(Sources.of(body(document(text)))).carried(citation)
    assert carried is not None
    assert "start_char_index" not in carried
    sent = text.replace(what, EMAIL)
    moved = {**carried, "cited_text": cited.replace(what, EMAIL)}
    located = Carrier(Sources.of(body(document(sent)))).located(moved)
    assert located is not None
    first, last = span_of(located)
    assert sent[first:last] == moved["cited_text"]
    assert "occurrence" not in located


@pytest.mark.parametrize(
    "citation",
    [char_location(0, 5, "other"), char_location(0, 4, "text", index=3), char_location(3, 3, "")],
)
def test_history_that_does_not_fit_is_left_out(citation: dict[str, Any]) -> None:
    assert Carrier(Sources.of(body(document("some text")))).carried(citation) is None


def test_history_costs_a_bounded_time() -> None:
    text = "a" * 5_000_000
    carrier = Carrier(Sources.of(body(document(text))))
    many = [carrier.carried(char_location(4_000_000, 4_000_001, "a")) for _ in range(1000)]
    assert 0 < sum(one is not None for one in many) < 20
    far = {**char_location(0, 1, "a"), "occurrence": 4_000_000}
    assert carrier.located(far) is None
    assert carrier.located({**far, "occurrence": -1}) is None


def test_blocks_in_the_history_say_what_left() -> None:
    blocks = {
        "type": "content_block_location",
        "cited_text": "To Wu",
        "document_index": 0,
        "start_block_index": 0,
        "end_block_index": 1,
    }
    carrier = Carrier(Sources.of(body(custom(f"To {PERSON}"))))
    assert carrier.carried(blocks) == blocks
    assert carrier.located(blocks) == {**blocks, "cited_text": f"To {PERSON}"}
    assert carrier.located({**blocks, "end_block_index": 9}) is None


def test_documents_of_tool_results_count_too() -> None:
    nested = {"type": "tool_result", "tool_use_id": "c", "content": [document("in it"), "x"]}
    asked = body(document("first"), nested)
    found = citations(asked, asked).restored(char_location(0, 2, "in", index=1))
    assert found is not None
