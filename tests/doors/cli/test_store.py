"""`louver store` shows what was done, refuses by exit code, and never prints a URL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from louver.doors.cli.root import root

SETTINGS = """
version: 1
destinations:
  practice: {kind: practice, location: local}
models: {practice: [practice]}
store: {url: "sqlite:///here.db"}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOUVER_CONFIG", raising=False)
    (tmp_path / "louver.yaml").write_text(SETTINGS)
    return tmp_path


def run(*args: str, code: int = 0) -> Result:
    result = CliRunner().invoke(root, args)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_migrate_goes_up_and_asks_before_it_goes_down() -> None:
    assert "is now at revision 0002" in run("store", "migrate").stdout
    assert "already" in run("store", "migrate").stdout
    refused = run("store", "migrate", "base", code=2)
    assert "--yes" in refused.stderr
    shown = json.loads(run("store", "migrate", "base", "--yes", "--json").stdout)
    assert shown == {"before": "0002", "after": None}


def test_a_revision_that_there_is_not_is_named_as_such() -> None:
    result = run("store", "migrate", "9999", "--json", code=2)
    assert json.loads(result.stderr)["error"]["code"] == "unknown_revision"


def test_copy_tells_what_it_copied(here: Path) -> None:
    run("store", "migrate")
    run("keys", "create", "--tenant", "northwind", "--application", "helpdesk")
    would = run("store", "copy", "sqlite:///here.db", "sqlite:///there.db", "--dry-run").stdout
    assert would.startswith("This would copy 1 ledger entries")
    assert not (here / "there.db").exists()
    done = json.loads(
        run("store", "copy", "sqlite:///here.db", "sqlite:///there.db", "--json").stdout
    )
    assert done["copied"] is True
    assert done["rows"]["api_keys"] == done["entries"] == 1
    again = run("store", "copy", "sqlite:///here.db", "sqlite:///there.db", "--json", code=2)
    assert json.loads(again.stderr)["error"]["code"] == "target_not_empty"


def test_a_password_in_a_url_is_not_shown(here: Path) -> None:
    run("store", "migrate")
    url = f"postgresql://me:secret-word@/louver?host={here}"
    result = run("store", "copy", "sqlite:///here.db", url, code=3)
    assert "secret-word" not in result.output
