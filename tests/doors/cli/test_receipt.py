"""`louver receipt`: the key, and checking a receipt against key, bytes and ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from louver.crypto.signing import SigningKey
from louver.doors.cli.root import root


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOUVER_CONFIG", raising=False)
    return tmp_path


def run(*args: str, stdin: str | None = None, code: int = 0) -> Result:
    result = CliRunner().invoke(root, args, input=stdin)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@dataclass
class Asked:
    receipt: str
    exchange: str
    left: Path


@pytest.fixture
def asked(here: Path) -> Asked:
    """An answered question, its receipt, and the very bytes that left."""
    for _ in range(4):  # So that the proof has a path.
        told = json.loads(run("ask", "Who is eve@example.com?", "--show", "--json").stdout)
    left = here / "left.json"
    left.write_text(json.dumps(told["left"][0], separators=(",", ":")))
    return Asked(told["receipt"], told["exchange"], left)


def verified(*args: str) -> Any:
    return json.loads(run("receipt", "verify", *args, "--json").stdout)


def test_a_receipt_is_verified_in_every_way(asked: Asked) -> None:
    told = verified(asked.receipt, "--bytes", str(asked.left), "--ledger")
    assert told["valid"] is True
    assert told["bytes"] is True
    assert told["receipt"]["exchange"] == asked.exchange
    assert told["ledger"]["entry"] == told["receipt"]["entry"]["seq"]
    assert told["ledger"]["size"] > told["ledger"]["entry"]
    assert len(told["ledger"]["path"]) > 1
    shown = run("receipt", "verify", asked.receipt, "--ledger").stdout
    assert "The receipt is valid" in shown
    assert f"The ledger holds it: entry {told['ledger']['entry']}" in shown
    assert told["ledger"]["root"] in shown


def test_only_what_was_asked_for_is_said_to_be_checked(asked: Asked) -> None:
    told = verified(asked.receipt)
    assert (told["bytes"], told["ledger"]) == (None, None)


def test_from_a_file_and_from_stdin(asked: Asked, here: Path) -> None:
    (here / "receipt.txt").write_text(f"{asked.receipt}\n")
    assert "valid" in run("receipt", "verify", "receipt.txt").stdout
    assert "valid" in run("receipt", "verify", "-", stdin=asked.receipt).stdout


def test_with_a_key_that_was_handed_over(asked: Asked, here: Path) -> None:
    jwk = run("receipt", "key").stdout
    (here / "key.jwk").write_text(jwk)
    (here / "keys.json").write_text(json.dumps({"keys": [OTHER, json.loads(jwk)]}))
    for given in (jwk, "key.jwk", "keys.json"):
        assert "valid" in run("receipt", "verify", asked.receipt, "--key", given).stdout


def test_a_key_that_was_handed_over_needs_no_installation(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jwk = run("receipt", "key").stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert "valid" in run("receipt", "verify", asked.receipt, "--key", jwk).stdout
    assert "no key file yet" in run("receipt", "verify", asked.receipt, code=2).stderr
    assert list(elsewhere.iterdir()) == []


OTHER = dict(SigningKey(bytes(32), "louver-receipt").public.jwk())


def test_bad_key(asked: Asked) -> None:
    result = run("receipt", "verify", asked.receipt, "--key", json.dumps(OTHER), code=1)
    assert "signed by another key" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("given", ["{}", "[]", "{", '{"keys": []}', '{"keys": [5]}', "nowhere"])
def test_what_is_no_key_is_told(asked: Asked, given: str) -> None:
    run("receipt", "verify", asked.receipt, "--key", given, code=2)


def test_bad_bytes(asked: Asked) -> None:
    asked.left.write_text(asked.left.read_text() + " ")
    result = run("receipt", "verify", asked.receipt, "--bytes", str(asked.left), code=1)
    assert "not the bytes that left" in result.stderr
    told = run("receipt", "verify", asked.receipt, "--bytes", str(asked.left), "--json", code=1)
    assert json.loads(told.stderr)["error"]["code"] == "tampered"


def test_bad_receipt(asked: Asked, here: Path) -> None:
    head, payload, signature = asked.receipt.split(".")
    for bad in (f"{head}.{payload[:-2]}.{signature}", f"{head}.{payload}.{signature[:-1]}A"):
        assert run("receipt", "verify", bad, code=1).stdout == ""
    (here / "empty").write_text("")
    run("receipt", "verify", "empty", code=1)
    run("receipt", "verify", "not-there", code=2)


def test_another_ledger_does_not_hold_it(asked: Asked, here: Path) -> None:
    (database,) = here.rglob("louver.db")
    for file in database.parent.glob("louver.db*"):
        file.unlink()
    # The key file stays: the receipt is still ours, and the new ledger knows nothing of it.
    run("keys", "create", "--application", "desk")
    assert "valid" in run("receipt", "verify", asked.receipt).stdout
    result = run("receipt", "verify", asked.receipt, "--ledger", code=1)
    assert "shorter than the receipt says" in result.stderr
