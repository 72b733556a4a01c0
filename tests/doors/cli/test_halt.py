"""`louver halt` stops what has the name, tells it, and refuses a name that nothing has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from louver.doors.cli.root import root


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOUVER_CONFIG", raising=False)


def run(*args: str, code: int = 0) -> Result:
    result = CliRunner().invoke(root, args)
    assert result.exit_code == code, result.output
    return result


def test_what_is_halted_is_listed_until_it_is_resumed() -> None:
    assert run("halt", "list").stdout == "Nothing is halted.\n"
    run("keys", "create", "--tenant", "clinic")
    assert "halted model practice (ledger entry 2)" in run("halt", "model", "practice").stdout
    run("halt", "route", "louver", "--because", "incident")
    run("halt", "tenant", "clinic")
    shown = json.loads(run("halt", "tool", "send_mail", "--json").stdout)
    assert shown == {"kind": "tool", "name": "send_mail", "state": "halted", "entry": 5}
    listed = json.loads(run("halt", "list", "--json").stdout)
    assert [(one["kind"], one["name"], one["because"]) for one in listed] == [
        ("model", "practice", "operator"),
        ("route", "louver", "incident"),
        ("tenant", "clinic", "operator"),
        ("tool", "send_mail", "operator"),
    ]
    for kind, name in [(one["kind"], one["name"]) for one in listed]:
        assert f"resumed {kind} {name}" in run("resume", kind, name).stdout
    assert json.loads(run("halt", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("kind", "name", "there"),
    [("model", "practise", "practice"), ("route", "luver", "louver"), ("tenant", "x", "none")],
)
def test_a_name_that_nothing_has_stops_nothing_and_says_so(
    kind: str, name: str, there: str
) -> None:
    result = run("halt", kind, name, code=2)
    assert "nothing was halted" in result.stderr
    assert there in result.stderr
    assert json.loads(run("halt", "list", "--json").stdout) == []


def test_a_reason_is_a_word_and_what_goes_on_cannot_resume() -> None:
    result = run("halt", "tool", "send_mail", "--because", "Alice asked for it", code=2)
    assert "invalid_reason" in result.stderr
    assert "not_halted" in run("resume", "tool", "send_mail", code=2).stderr
