"""The event stream parser: chunking does not matter, sizes are bounded, the field rules hold."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from louver.core.errors import UpstreamFailed
from louver.gateway.providers.sse import Event, EventStream

LIMIT = 64


def trace(chunks: list[bytes], limit: int = LIMIT) -> tuple[list[Event], int | None, str]:
    """Everything a caller sees: the events, the last retry, and how it ended."""
    stream = EventStream(limit)
    events: list[Event] = []
    try:
        for chunk in chunks:
            events += stream.feed(chunk)
        events += stream.finish()
    except UpstreamFailed as failure:
        return events, stream.retry, failure.code
    return events, stream.retry, "end"


def data(raw: bytes) -> list[bytes]:
    return [event.data for event in trace([raw], 10_000)[0]]


LINES = st.sampled_from(
    [
        b"data: a",
        b"data:b",
        b"data",
        b"data:  two",
        "data: 🪟é".encode(),
        b": comment",
        b"event: error",
        b"id: 7",
        b"id: nul\0",
        b"retry: 12",
        b"retry: x",
        b"",
        b"",
        b"unknown: x",
        b"\xef\xbb\xbfdata: bom",
        b"\xff\xfe",
        b"data: " + b"x" * 30,
        b"data: " + b"y" * 90,
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=12).map(
    lambda pairs: b"".join(line + end for line, end in pairs)
)


@given(STREAMS | st.binary(max_size=80), st.lists(st.integers(0, 200), max_size=12))
@example(b"data: a\r\n\r\ndata: b\r\r\n\n", list(range(30)))
def test_the_events_do_not_depend_on_the_chunks(raw: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    chunks = [raw[a:b] for a, b in pairwise(places)]
    expected = trace([raw])
    assert trace(chunks) == expected
    assert trace([raw[i : i + 1] for i in range(len(raw))]) == expected
    assert trace([b"", *chunks, b""]) == expected


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_bytes_give_events_or_upstream_failed(chunks: list[bytes]) -> None:
    events, _, _ = trace(chunks)
    assert all(len(event.data) <= LIMIT for event in events)


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_what_is_written_is_read(texts: list[str]) -> None:
    raw = b"".join(b"data: " + text.encode() + b"\n\n" for text in texts)
    assert data(raw) == [text.encode() for text in texts]


def test_the_field_rules() -> None:
    assert data(b"data: a\ndata: b\ndata\n\n") == [b"a\nb\n"]
    assert data(b"data:a\n\ndata:  a\n\n") == [b"a", b" a"]
    assert data(b": ping\n\n\n\n") == []
    assert data(b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [b"a"]
    assert data(b"data: a\r\rdata: b\r\n\r\ndata: c\n\n") == [b"a", b"b", b"c"]
    assert data(b"DATA: a\n\n") == []


def test_type_id_and_retry() -> None:
    raw = b"event: error\nid: 7\nretry: 250\ndata: x\n\ndata: y\n\nid: a\0b\nretry: 1s\ndata: z\n\n"
    assert trace([raw]) == (
        [Event(b"x", "error", "7"), Event(b"y", "message", "7"), Event(b"z", "message", "7")],
        250,
        "end",
    )


def test_an_event_without_its_blank_line_is_left_to_the_caller() -> None:
    stream = EventStream(LIMIT)
    assert stream.feed(b"data: a\n\ndata: [DONE]") == [Event(b"a")]
    assert stream.finish() == [Event(b"[DONE]")]
    assert stream.finish() == []


def test_the_limit_counts_data_and_unfinished_line() -> None:
    fits = b"data: " + b"x" * (LIMIT - 6)
    assert trace([fits + b"\n\n"])[2] == "end"
    assert trace([fits + b"x\n\n"])[2] == "upstream_event_too_large"
    assert trace([b"data: x\n" * LIMIT])[2] == "upstream_event_too_large"
    assert trace([b":" + b"x" * LIMIT])[2] == "upstream_event_too_large"
    assert trace([b": ping\n" * LIMIT])[2] == "end"


def test_events_before_a_failure_come_first() -> None:
    stream = EventStream(LIMIT)
    assert stream.feed(b"data: a\n\ndata: " + b"x" * 100) == [Event(b"a")]
    assert stream.failure is not None
    with pytest.raises(UpstreamFailed, match="larger than the limit") as caught:
        stream.feed(b"x")
    assert caught.value.status == 502


def test_an_endless_line_costs_no_more_than_the_limit() -> None:
    stream = EventStream(LIMIT)
    assert [stream.feed(b"x") for _ in range(LIMIT)] == [[]] * LIMIT
    with pytest.raises(UpstreamFailed):
        stream.feed(b"x")
