"""The commands do what they say, on a real house: results, exit codes, JSON, no content."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from louver.doors.cli.options import LONGEST_LINE
from louver.doors.cli.root import root

EMAIL = "alice.martin@example.com"
LETTER = f"Dear team,\n\nplease write to {EMAIL} today.\nThanks,\r\n{EMAIL}\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOUVER_CONFIG", raising=False)
    return tmp_path


def run(*args: str, stdin: str | bytes | None = None, code: int = 0) -> Result:
    result = CliRunner().invoke(root, args, input=stdin)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def as_json(*args: str, stdin: str | bytes | None = None) -> Any:
    return json.loads(run(*args, "--json", stdin=stdin).stdout)


def test_protect_and_restore_are_inverse(here: Path) -> None:
    (here / "letter.txt").write_bytes(LETTER.encode())
    safe = run("protect", "letter.txt", "--map", "letter.map").stdout_bytes
    assert EMAIL.encode() not in safe
    assert safe.count(b"EMAIL_") == 2
    assert b"Thanks,\r\n" in safe
    (here / "safe.txt").write_bytes(safe)
    assert run("restore", "safe.txt", "--map", "letter.map").stdout_bytes == LETTER.encode()


def test_the_map_is_sealed_and_the_owners(here: Path) -> None:
    run("protect", "-", "--map", "m", stdin=LETTER)
    assert stat.S_IMODE(os.stat("m").st_mode) == 0o600
    content = (here / "m").read_bytes()
    assert b"alice" not in content
    (here / "m").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    result = run("restore", "-", "--map", "m", stdin="x", code=1)
    assert result.stdout == ""


def test_protect_in_pieces_shares_placeholders(here: Path) -> None:
    paragraph = f"Something to read.\n{EMAIL} wrote this.\n\n"
    count = 400_000 // len(paragraph)
    (here / "long.txt").write_text(paragraph * count)
    safe = run("protect", "long.txt", "--map", "m").stdout
    assert EMAIL not in safe
    names = {word for word in safe.split() if word.startswith("EMAIL_")}
    assert len(names) == 1
    (here / "safe.txt").write_text(safe)
    assert run("restore", "safe.txt", "--map", "m").stdout == paragraph * count


def test_protect_as_json() -> None:
    found = as_json("protect", "-", stdin=LETTER)
    assert isinstance(found, dict)
    assert found["counts"] == {"contact.email": 2}
    assert EMAIL not in found["text"]


def test_two_runs_share_placeholders_only_in_one_conversation() -> None:
    first, second = (run("protect", "-", stdin=EMAIL).stdout for _ in range(2))
    assert first != second
    same = ("protect", "-", "--conversation", "c1")
    assert run(*same, stdin=EMAIL).stdout == run(*same, stdin=EMAIL).stdout


@pytest.mark.parametrize(
    ("stdin", "message"),
    [(b"\xff\xfe", "not UTF-8"), (b"x" * (LONGEST_LINE + 1), "a line is longer")],
)
def test_bad_input_is_told(stdin: bytes, message: str) -> None:
    assert message in run("protect", "-", stdin=stdin, code=2).stderr


def test_a_missing_input_is_told() -> None:
    assert "cannot be read" in run("protect", "nothing.txt", code=2).stderr
    assert "cannot be read" in run("restore", "nothing.txt", "--map", "m", code=2).stderr


def test_ask_streams_an_answer_and_shows_what_left() -> None:
    question = f"Please write a short note to {EMAIL}."
    result = run("ask", question, "--show")
    assert "practice model" in result.stdout
    left = result.stderr
    assert "left the house, to practice" in left
    assert EMAIL not in left
    assert "EMAIL_" in left
    assert "because: " in left


def test_ask_as_json_and_from_stdin() -> None:
    found = as_json("ask", "-", "--show", stdin=f"Who is {EMAIL}?")
    assert isinstance(found, dict)
    assert found["destination"] == "practice"
    assert EMAIL in found["answer"]
    assert EMAIL not in json.dumps(found["left"])
    entries = as_json("ledger", "show", "--exchange", found["exchange"])
    assert isinstance(entries, list)
    assert [entry["kind"] for entry in entries] == ["sent", "answered"]
    told = run("explain", "--exchange", found["exchange"]).stdout
    assert "local: passed" in told


def test_ask_for_an_unknown_model_is_usage() -> None:
    result = run("ask", "hello", "--model", "nothing", code=2)
    assert "no such model" in result.stderr
    failed = run("ask", "hello", "--model", "nothing", "--json", code=2)
    assert json.loads(failed.stderr)["error"]["code"] == "model_not_found"


def test_explain_names_places_and_hides_values() -> None:
    result = run("explain", "-", stdin=f"Hello,\n  {EMAIL}")
    assert "messages[0].content:2:3" in result.stdout
    assert "contact.email" in result.stdout
    assert "would be asked: practice" in result.stdout
    assert EMAIL not in result.stdout
    assert EMAIL in run("explain", "-", "--reveal", stdin=EMAIL).stdout


def test_explain_a_request_as_json() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "mail", "arguments": ""}}
    call["function"] = {"name": "mail", "arguments": json.dumps({"to": ["x", EMAIL]})}
    request = {
        "model": "louver",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": f"To {EMAIL}"}]},
            {"role": "assistant", "tool_calls": [call]},
        ],
    }
    found = as_json("explain", "-", "--reveal", stdin=json.dumps(request))
    assert isinstance(found, dict)
    assert [f["value"] for f in found["findings"]] == [EMAIL, EMAIL]
    assert found["findings"][0]["path"] == "messages[0].content[0].text"
    assert found["findings"][0]["column"] == 4
    assert found["decision"]["destination"] == "practice"
    assert EMAIL not in run("explain", "-", "--json", stdin=json.dumps(request)).stdout


def test_explain_records_nothing_about_the_request() -> None:
    run("explain", "-", stdin=EMAIL)
    entries = as_json("ledger", "show")
    assert isinstance(entries, list)
    assert entries == []


def test_explain_needs_one_of_two() -> None:
    assert "either FILE or --exchange" in run("explain", code=2).stderr
    assert "no exchange" in run("explain", "--exchange", "ex-0", code=2).stderr


def test_keys_are_created_listed_and_revoked() -> None:
    secret = run("keys", "create", "--tenant", "clinic", "--application", "desk").stdout.strip()
    assert secret.startswith("lv_")
    (record,) = as_json("keys", "list")
    assert (record["tenant"], record["application"]) == ("clinic", "desk")
    assert secret not in run("keys", "list").stdout
    run("keys", "revoke", record["id"])
    (record,) = as_json("keys", "list")
    assert record["revoked"] is not None
    assert "no valid key" in run("keys", "revoke", record["id"], code=2).stderr


def test_consent_is_given_withdrawn_and_listed() -> None:
    run("init")
    given = as_json("consent", "grant", "--person", "patient-7", "--expires", "30d")
    assert isinstance(given, dict)
    assert (given["recipient"], given["purpose"]) == ("Example AI Ltd.", "assistance")
    assert "patient-7" not in json.dumps(given)
    assert "ConsentGiven" in run("consent", "list", "--person", "patient-7").stdout
    run("consent", "withdraw", "--person", "patient-7")
    (answer,) = as_json("consent", "list")
    assert answer["state"] == "ConsentWithdrawn"
    run("consent", "withdraw", "--person", "patient-7")  # A no can always be repeated.
    run("consent", "refuse", "--person", "patient-7", "--recipient", "Renamed AI")
    run("consent", "grant", "--person", "patient-7", "--recipient", "Renamed AI", code=2)
    run("consent", "grant", "--person", " ", code=2)
    run("consent", "grant", "--person", "patient-7", "--expires", "3000000d", code=2)
    assert as_json("consent", "list", "--person", "nobody") == []


def test_consent_to_retention_names_this_house() -> None:
    about = ("--person", "patient-7", "--purpose", "retention")
    given = as_json("consent", "grant", *about)
    assert (given["purpose"], given["recipient"]) == ("retention", "this house")
    assert as_json("consent", "grant", *about, "--recipient", "this house")
    told = run("consent", "grant", *about, "--recipient", "Example AI Ltd.", code=2).stderr
    assert "one recipient: 'this house'" in told
    run("consent", "withdraw", *about)
    kinds = [entry["kind"] for entry in as_json("ledger", "show")]
    assert kinds[-2:] == ["consent", "forgotten"]
    run("ledger", "verify")


def test_consent_is_for_what_the_policy_knows() -> None:
    run("init")
    about = ("consent", "grant", "--person", "p")
    assert "Example AI Ltd." in run(*about, "--recipient", "Other", code=2).stderr
    assert "did you mean" in run(*about, "--purpose", "assistanse", code=2).stderr
    assert "12h or 30d" in run(*about, "--expires", "soon", code=2).stderr


def test_looking_after_the_house_does_not_change_its_policy(here: Path) -> None:
    run("ask", "hello")
    run("init")
    run("keys", "create")
    run("consent", "list")
    run("protect", "-", "--map", "m", stdin=EMAIL)
    run("explain", "-", stdin=EMAIL)
    run("ledger", "show")
    entries = as_json("ledger", "show", "--config", "louver.yaml")
    assert isinstance(entries, list)
    assert "policy" not in {entry["kind"] for entry in entries}


def test_the_ledger_verifies_until_it_is_touched(here: Path) -> None:
    run("ask", "hello")
    found = as_json("ledger", "verify")
    assert isinstance(found, dict)
    assert found["verified"] is True
    assert found["entries"] == 3
    with sqlite3.connect(here / ".louver" / "louver.db") as database:
        for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'"):
            database.execute(f'drop trigger "{trigger}"')
        database.execute("update ledger_entries set payload = x'7b7d' where seq = 2")
    database.close()
    result = run("ledger", "verify", code=1)
    assert "ledger entry 2" in result.stderr


def test_init_writes_once(here: Path) -> None:
    run("init")
    assert "version: 1" in (here / "louver.yaml").read_text()
    assert "--force" in run("init", code=2).stderr
    run("init", "--force")
    run("init", "no/such/folder.yaml", code=2)


def test_policy_check_tells_everything_at_once(here: Path) -> None:
    run("policy", "check")
    (here / "bad.yaml").write_text("version: 1\nmode: strikt\nsever: {}\n")
    result = run("policy", "check", "--config", "bad.yaml", code=2)
    for place in ("bad.yaml:2:7", "bad.yaml:3:1", "bad.yaml:1:1"):
        assert place in result.stderr
    found = json.loads(run("policy", "check", "--config", "bad.yaml", "--json", code=2).stdout)
    assert found["valid"] is False
    assert [p["line"] for p in found["problems"]] == [1, 1, 2, 3]


def test_policy_check_at_start_wants_the_key_variables(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init")
    file = here / "louver.yaml"
    file.write_text(file.read_text().replace("# key_variable: EX", "key_variable: EX"))
    run("policy", "check")
    assert "not set" in run("policy", "check", "--start", code=2).stderr
    monkeypatch.setenv("EXAMPLE_API_KEY", "k")
    run("policy", "check", "--start")


def test_policy_diff_marks_what_gets_looser(here: Path) -> None:
    run("init")
    text = (here / "louver.yaml").read_text()
    (here / "new.yaml").write_text(text.replace("health: local", "health: keep"))
    found = as_json("policy", "diff", "louver.yaml", "new.yaml")
    assert isinstance(found, dict)
    assert found["looser"] is True
    rules = {change["rule"]: change for change in found["rules"]}
    assert rules["categories.health.condition"]["looser"] is True
    back = as_json("policy", "diff", "new.yaml", "louver.yaml")
    assert isinstance(back, dict)
    assert back["looser"] is False
    assert "! " in run("policy", "diff", "louver.yaml", "new.yaml").stdout
    assert "the same" in run("policy", "diff", "louver.yaml", "louver.yaml").stdout
