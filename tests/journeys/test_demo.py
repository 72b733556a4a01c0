"""The first thing a newcomer runs: it explains itself, verifies, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from louver.core.sensitive import Sensitive
from louver.examples import load


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "louver", "demo", *arguments],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("demo")
    result = run(folder=folder)
    assert result.returncode == 0, result.stderr
    assert list(folder.iterdir()) == []
    return result.stdout


def test_every_conversation_is_shown_and_the_ledger_verifies(shown: str) -> None:
    examples = load()
    assert len(examples) >= 12
    for number, conversation in enumerate(examples, 1):
        assert f"{number}. {conversation.title}" in shown
    assert re.search(r"The ledger verifies: \d+ entries", shown)


def test_no_listed_name_leaves(shown: str) -> None:
    """What left stands on the lines that begin with `+`; no name of the examples is on one."""
    left = "\n".join(line for line in shown.splitlines() if re.match(r" *(left)? \+ ", line))
    assert len(left) > 2000
    terms = {t.text.reveal() for c in load() for t in c.terms}
    assert len(terms) > 20
    assert [t for t in terms if re.search(rf"(?<!\w){re.escape(t)}(?!\w)", left)] == []


def test_routes_refusals_and_records_are_explained(shown: str) -> None:
    assert "consent_required" in shown
    assert "keeps health.condition on local models" in shown
    assert re.search(r"routed to +stand-in\n +because .*consent: given for assistance", shown)
    assert re.search(r"#\d+ sent .*contact.email:\d", shown)
    assert re.search(r"#\d+ answered .*outcome=answered", shown)


def test_a_file_of_your_own(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "Tell zoe@example.com that I am late."}]
    (tmp_path / "chats.jsonl").write_text(json.dumps({"messages": messages}), encoding="utf-8")
    result = run("chats.jsonl", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "+ Tell EMAIL_" in result.stdout


def test_a_wrong_file_is_refused_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text('{"messages": 3}\nzoe@example.com\n', encoding="utf-8")
    result = run("chats.jsonl", folder=tmp_path)
    assert result.returncode == 2
    assert "line 1" in result.stderr
    assert "line 2" in result.stderr
    assert "zoe" not in result.stderr


def test_the_examples_hold_their_text_as_sensitive() -> None:
    assert all(isinstance(turn.message, Sensitive) for c in load() for turn in c.turns)
