"""After all other tests: no file that any of them left behind holds a planted value.

Looked at are databases, write-ahead logs, log files and error texts, in plain and in the usual
encodings. Metrics and traces do not exist in this version; when they do, they write here too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import canaries
from support.houses import running
from support.http import Got, chat, post
from support.models import Echo, Scripted

from louver.core.consent import ConsentState
from louver.core.errors import UpstreamFailed


def forms(value: str) -> Iterator[bytes]:
    """The ways in which a value could stand in a file."""
    plain = value.encode()
    yield plain
    yield plain.upper()
    yield value.encode("utf-16-le")
    yield plain.hex().encode()
    yield json.dumps(value)[1:-1].encode()
    yield from (base64.b64encode(b"\0" * lead + plain)[4:-4] for lead in range(3))
    yield "".join(c for c in value if c.isalnum()).encode()


FORMS = {form for value in canaries.ALL for form in forms(value)}


def search(folder: Path) -> list[Path]:
    """The files below `folder` that hold a canary in any form."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in files if any(form in path.read_bytes() for form in FORMS)]


def errors_of(answers: list[Got]) -> bytes:
    return b"\n".join(got.body for got in answers if got.status != 200)


@pytest.mark.slow
def test_no_planted_value_stays_anywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    folder = tmp_path_factory.mktemp("traffic")
    text = " ".join(f"{value}," for value in canaries.ALL)
    failing = Scripted(lambda _: [UpstreamFailed("reset", code="upstream_reset")])
    answers: list[Got] = []
    with running(folder, providers={"home": Echo(), "cloud": failing}) as watched:
        watched.consent(canaries.EMAIL, ConsentState.GIVEN)
        who = {"X_Louver_Person": canaries.EMAIL, "X_Louver_Conversation": canaries.PHONE}
        for body in (
            chat(text),
            chat(text, stream=True, user=canaries.EMAIL, metadata={canaries.IP: canaries.KEY}),
            chat(text).replace(b'"home"', b'"cloud"'),
            chat(text, logprobs=True),
            chat(text)[:-3],
            chat(text, n=canaries.CARD),
            chat(text).replace(b'"home"', json.dumps(canaries.IBAN).encode()),
        ):
            answers.append(post(watched, body, **who))
            answers.append(post(watched, body, X_No_Store="1", **who))
        for given in (
            {"input": text, "instructions": text, "metadata": {canaries.IP: canaries.KEY}},
            {"input": [{"role": "user", "content": text}], "stream": True},
            {"input": text, "previous_response_id": canaries.EMAIL},
            {"input": [{"type": canaries.CARD}], "user": canaries.PHONE},
        ):
            body = json.dumps({"model": "home", **given}).encode()
            answers.append(post(watched, body, path="/responses", **who))
        answers.append(post(watched, chat(text), X_Louver_Purpose=canaries.IP))
        answers.append(post(watched, chat(text), Authorization=f"Bearer {canaries.KEY}"))
        assert {got.status for got in answers} >= {200, 400, 401, 404, 502}
    assert [form for form in FORMS if form in errors_of(answers)] == []
    kinds = {path.suffix for path in base.rglob("*") if path.is_file()}
    assert {".db", ".log"} <= kinds
    assert search(base) == []


def test_the_search_finds_what_is_planted(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Otherwise the test above could not fail."""
    folder = tmp_path_factory.mktemp("control")
    for i, form in enumerate(sorted(FORMS)):
        (folder / f"{i}.db").write_bytes(b"SQLite" + b"\0" * 100 + form + b"\0")
    found = search(folder)
    for path in folder.iterdir():
        path.unlink()
    assert len(found) == len(FORMS)
