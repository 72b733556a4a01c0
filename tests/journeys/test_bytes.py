"""However an upstream cuts its bytes, the client gets the same bytes."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.houses import Watched, running
from support.http import chat, post
from support.upstream import behind

TEXT = 'Tell Carol O"Neil \U0001f600 and Bob: Grüße, 日本 \\ "quoted" <b>'


def events(placeholders: list[str]) -> bytes:
    """An answer as a server could write it: escapes, comments, CRLF, emoji, split surrogates."""
    said = f'Hi {placeholders[0]}\U0001f600{placeholders[1]}s "x" 日本 '
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": letter} for letter in said]
    deltas += [{"content": "\ud83d"}, {"content": "\ude00"}, {"content": placeholders[0].lower()}]
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "book"}}
    deltas.append({"tool_calls": [call]})
    for letter in json.dumps({"who": placeholders[0], "t": "\u00e9\n"}):
        deltas.append({"tool_calls": [{"index": 0, "function": {"arguments": letter}}]})
    out = b": hello\r\n\r\n"
    for i, delta in enumerate(deltas):
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        event = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        data = json.dumps({**event, "choices": [choice]}, ensure_ascii=i % 2 == 0 or i > 40)
        out += b"data: " + data.encode() + (b"\r\n\r\n" if i % 3 else b"\n\n")
    final = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    return out + b"data: " + json.dumps(final).encode() + b"\n\ndata: [DONE]\n\n"


@contextmanager
def cutting(size: int) -> Iterator[str]:
    """A server that answers one request, its body in HTTP chunks of `size` bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += connection.recv(65536)
            content = json.loads(body)["messages"][-1]["content"]
            placeholders = [w for w in content.replace(":", " ").split() if w.startswith("PERSON_")]
            answer = events(placeholders)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            for at in range(0, len(answer), size):
                piece = answer[at : at + size]
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(10)
        listener.close()


def answer(folder: Path, size: int) -> tuple[bytes, Watched]:
    folder.mkdir()
    tools = [{"type": "function", "function": {"name": "book", "parameters": {}}}]
    with (
        cutting(size) as url,
        running(folder, providers={"home": behind(url)}) as watched,
    ):
        got = post(watched, chat(TEXT, stream=True, tools=tools))
        assert got.status == 200
        return got.body, watched


@pytest.mark.parametrize("size", [1, 2, 3, 5, 13])
def test_any_cut_gives_the_same_bytes(tmp_path: Path, size: int) -> None:
    whole, _ = answer(tmp_path / "whole", 10**6)
    cut, _ = answer(tmp_path / "cut", size)
    assert cut == whole
    lines = [line[6:] for line in whole.split(b"\n\n") if line.startswith(b"data: {")]
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines]
    said = "".join(delta.get("content") or "" for delta in deltas)
    assert said == 'Hi Carol O"Neil\U0001f600Bobs "x" 日本 \U0001f600Carol O"Neil'
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    arguments = "".join(call["function"].get("arguments", "") for call in calls)
    assert json.loads(arguments) == {"who": 'Carol O"Neil', "t": "\u00e9\n"}
    assert whole.endswith(b"data: [DONE]\n\n")
