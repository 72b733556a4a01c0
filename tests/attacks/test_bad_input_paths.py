"""Every other path takes bad input as chat completions does: a clear 4xx in its own family's shape.

Nothing goes upstream, nothing is on record, and nothing of what was sent comes back.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from support import canaries
from support.houses import Watched, running
from support.planting import leaves, planted

CANARY = canaries.EMAIL
SAID = [{"role": "user", "content": CANARY}]
GOOD: dict[str, dict[str, Any]] = {
    "/v1/completions": {"model": "home", "prompt": CANARY},
    "/v1/embeddings": {"model": "home", "input": CANARY},
    "/api/chat": {"model": "home", "messages": SAID},
    "/api/generate": {"model": "home", "prompt": CANARY},
    "/api/embed": {"model": "home", "input": CANARY},
    "/api/embeddings": {"model": "home", "prompt": CANARY},
}
DEEP = 10_000


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(tmp_path_factory.mktemp("bad")) as house:
        yield house


def post(watched: Watched, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    given = {"Authorization": f"Bearer {watched.key}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    url = watched.base_url.removesuffix("/v1") + path
    request = urllib.request.Request(url, data=body, headers=given)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def spoiled(good: dict[str, Any]) -> dict[str, bytes]:
    """`good` in every broken way that concerns any JSON, with a canary in what is broken."""
    written = json.dumps(good).encode()
    return {
        "empty": b"",
        "not json": CANARY.encode(),
        "half": written[:-3],
        "trailing": written + b"}",
        "array": b"[" + written + b"]",
        "string": json.dumps(CANARY).encode(),
        "null": b"null",
        "invalid utf-8": written.replace(CANARY.encode(), CANARY.encode() + b"\xff\xfe"),
        "utf-16": json.dumps(good).encode("utf-16"),
        "lone surrogate": written.replace(CANARY.encode(), b"\\ud800" + CANARY.encode()),
        "nul": written.replace(CANARY.encode(), b"a\\u0000" + CANARY.encode()),
        "control character": written.replace(CANARY.encode(), b"\x01" + CANARY.encode()),
        "nan": written[:-1] + b', "x": NaN}',
        "deep arrays": written[:-1] + b', "x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        "deep objects": written[:-1] + b', "x": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
        "no model": json.dumps({k: v for k, v in good.items() if k != "model"}).encode(),
        "model is a number": json.dumps({**good, "model": 5}).encode(),
        "model is unknown": json.dumps({**good, "model": CANARY}).encode(),
        "nothing to say": b'{"model": "home"}',
    }


def wrong() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is wrong for one path only."""
    for path, good in GOOD.items():
        words = next(iter(k for k in good if k != "model"))
        yield path, {**good, words: 5}
        yield path, {**good, words: {"a": CANARY}}
        yield path, {**good, words: [[CANARY]]}
        yield path, {**good, words: ""}
        if path.startswith("/api/"):
            yield path, {**good, "options": CANARY}
    for path in ("/api/chat", "/api/generate"):
        good = GOOD[path]
        yield path, {**good, "stream": CANARY}
        yield path, {**good, "format": CANARY}
        yield path, {**good, "think": CANARY}
        yield path, {**good, "options": {"temperature": CANARY}}
        yield path, {**good, "options": {"num_predict": CANARY}}
        yield path, {**good, "logprobs": True}
    yield "/api/generate", {**GOOD["/api/generate"], "context": [1, 2]}
    yield "/api/generate", {**GOOD["/api/generate"], "template": CANARY}
    yield "/api/chat", {"model": "home", "messages": [{"role": CANARY, "content": "x"}]}
    yield "/api/chat", {"model": "home", "messages": [{"role": "user", "images": [CANARY]}]}
    yield "/api/chat", {"model": "home", "messages": SAID, "tools": [{"function": {"x": CANARY}}]}
    yield "/v1/completions", {**GOOD["/v1/completions"], "suffix": CANARY}
    yield "/v1/completions", {**GOOD["/v1/completions"], "logprobs": 0}
    yield "/v1/completions", {**GOOD["/v1/completions"], "messages": SAID}
    yield "/v1/completions", {**GOOD["/v1/completions"], "n": CANARY}
    yield "/v1/embeddings", {**GOOD["/v1/embeddings"], "encoding_format": CANARY}
    yield "/v1/embeddings", {**GOOD["/v1/embeddings"], "dimensions": CANARY}
    yield "/v1/embeddings", {**GOOD["/v1/embeddings"], "input": [CANARY, 5]}


BAD = [(path, name, body) for path, good in GOOD.items() for name, body in spoiled(good).items()]
BAD += [(path, f"wrong {i}", json.dumps(body).encode()) for i, (path, body) in enumerate(wrong())]


@pytest.mark.parametrize(
    ("path", "body"), [(path, body) for path, _, body in BAD], ids=[f"{p}-{n}" for p, n, _ in BAD]
)
def test_a_clear_4xx_in_the_familys_shape_and_nothing_upstream(
    watched: Watched, path: str, body: bytes
) -> None:
    left, size = len(watched.left), watched.house.store.size()
    status, answer = post(watched, path, body)
    assert 400 <= status < 500, answer
    assert b"canary" not in answer
    told = json.loads(answer)["error"]
    if path.startswith("/api/"):
        assert isinstance(told, str)
        assert told
    else:
        assert set(told) >= {"message", "type", "param", "code"}
    assert len(watched.left) == left
    assert watched.house.store.size() == size


@pytest.mark.parametrize("path", GOOD)
def test_the_good_ones_are_answered(watched: Watched, path: str) -> None:
    status, answer = post(watched, path, json.dumps(GOOD[path]).encode())
    assert status == 200, answer
    assert CANARY.encode() not in watched.bytes_that_left


FULL: dict[str, dict[str, Any]] = {
    "/v1/embeddings": {
        "model": "home",
        "input": ["one", "two"],
        "dimensions": 8,
        "encoding_format": "float",
        "user": "somebody",
        "unknown": {"a": ["b", 5]},
    },
    "/api/embed": {
        "model": "home",
        "input": ["one", "two"],
        "dimensions": 8,
        "truncate": True,
        "keep_alive": "5m",
        "options": {"num_ctx": 99, "stop": ["x"], "own": {"a": "b"}},
        "unknown": "x",
    },
    "/api/embeddings": {
        "model": "home",
        "prompt": "one",
        "keep_alive": 5,
        "options": {"num_ctx": 99},
    },
}


@pytest.mark.parametrize("canary", [canaries.EMAIL, canaries.KEY])
@pytest.mark.parametrize("path", FULL)
def test_no_leaf_of_an_embeddings_request_lets_a_canary_out(
    watched: Watched, path: str, canary: str
) -> None:
    assert post(watched, path, json.dumps(FULL[path]).encode())[0] == 200
    answered = 0
    for place, kind in leaves(FULL[path]):
        watched.left.clear()
        status, answer = post(watched, path, planted(FULL[path], place, kind, canary))
        assert status == 200 or 400 <= status < 500, (place, kind, answer)
        answered += status == 200
        assert canary.encode() not in watched.bytes_that_left, (place, kind)
        assert status == 200 or canary.encode() not in answer, (place, kind)
    assert answered >= 4
