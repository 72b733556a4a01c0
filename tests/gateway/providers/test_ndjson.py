"""The reader of JSON lines: chunking does not matter, a line is bounded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from louver.core.errors import UpstreamFailed
from louver.gateway.providers.ndjson import LineStream

LIMIT = 16


def trace(chunks: list[bytes]) -> tuple[list[bytes], str]:
    """Everything a caller sees: the lines, and how it ended."""
    stream = LineStream(LIMIT)
    lines: list[bytes] = []
    try:
        for chunk in chunks:
            lines += stream.feed(chunk)
        lines += stream.finish()
    except UpstreamFailed as failure:
        return lines, failure.code
    return lines, "end"


LINES = st.sampled_from([b"{}", b"", b" ", b"x" * LIMIT, b"y" * (LIMIT + 1), b"\xff", b"a\rb"])
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n"])), max_size=9).map(
    lambda pairs: b"".join(line + end for line, end in pairs)
)


@given(STREAMS | st.binary(max_size=60), st.lists(st.integers(0, 100), max_size=9))
@example(b"{}\n" + b"x" * LIMIT + b"\n{}", [3, 19])
def test_the_lines_do_not_depend_on_the_chunks(raw: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    chunks = [raw[a:b] for a, b in pairwise(places)]
    expected = trace([raw])
    assert trace(chunks) == expected
    assert trace([raw[i : i + 1] for i in range(len(raw))]) == expected
    assert trace([b"", *chunks, b""]) == expected


def test_lines_are_what_stands_between_line_feeds() -> None:
    assert trace([b'{"a":1}\n\n  {}\r\nlast']) == ([b'{"a":1}', b"{}", b"last"], "end")
    assert trace([b""]) == ([], "end")


def test_a_line_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert trace([b"x" * LIMIT + b"\n"]) == ([b"x" * LIMIT], "end")
    assert trace([b"x" * LIMIT]) == ([b"x" * LIMIT], "end")
    assert trace([b"x" * (LIMIT + 1) + b"\n"]) == ([], "upstream_event_too_large")
    assert trace([b"x" * (LIMIT + 1)]) == ([], "upstream_event_too_large")


def test_lines_before_a_failure_come_first() -> None:
    stream = LineStream(LIMIT)
    assert stream.feed(b"{}\n" + b"x" * 100) == [b"{}"]
    assert stream.failure is not None
    with pytest.raises(UpstreamFailed, match="larger than the limit") as caught:
        stream.feed(b"x")
    assert caught.value.status == 502


def test_an_endless_line_costs_no_more_than_the_limit() -> None:
    stream = LineStream(LIMIT)
    assert [stream.feed(b"x") for _ in range(LIMIT)] == [[]] * LIMIT
    with pytest.raises(UpstreamFailed):
        stream.feed(b"x")
