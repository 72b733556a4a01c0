"""Every answer has a receipt; whoever changes anything that it binds is found out."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.errors import BadSignatureError, SecurityWarning
from support.houses import Watched, running, settings
from support.http import chat, post
from support.models import Echo

from louver.core.consent import ConsentState
from louver.core.errors import Tampered
from louver.core.receipts import TYPE, Receipt
from louver.crypto.signing import PublicKey, SigningKey
from louver.gateway.receipts import require_body, verified
from louver.house import receipt_key, recorded

EMAIL = "eve@example.com"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(tmp_path_factory.mktemp("receipts"), providers={"home": Echo()}) as house:
        house.consent("patient-7", ConsentState.GIVEN)
        yield house


def keys(watched: Watched) -> list[PublicKey]:
    """As somebody else gets them: over the network, without an API key."""
    url = watched.base_url.removesuffix("/v1") + "/.well-known/louver/keys"
    with urllib.request.urlopen(url) as answer:
        return [PublicKey.from_jwk(jwk, TYPE) for jwk in json.load(answer)["keys"]]


BODIES: dict[str, tuple[str, Any]] = {
    "chat": ("/chat/completions", {"messages": [{"role": "user", "content": EMAIL}]}),
    "responses": ("/responses", {"input": EMAIL}),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("path", "body"), BODIES.values(), ids=BODIES.keys())
def test_every_answer_has_one(watched: Watched, path: str, body: Any, *, stream: bool) -> None:
    asked = json.dumps({"model": "home", "stream": stream, **body}).encode()
    got = post(watched, asked, path=path)
    receipt = verified(got.headers["x-louver-receipt"], keys(watched))
    assert receipt.exchange == got.headers["x-louver-exchange"]
    assert (receipt.destination, receipt.remote, receipt.consent) == ("home", False, None)
    assert (receipt.mode, receipt.purpose) == ("standard", "assistance")
    assert receipt.policy == watched.house.policy.digest
    require_body(receipt, watched.left[-1][1])
    proof = recorded(watched.house.settings, receipt)
    assert proof.seq == receipt.entry.seq


def test_it_says_which_consent_decided(watched: Watched) -> None:
    got = post(watched, chat("hello").replace(b"home", b"cloud"), X_Louver_Person="patient-7")
    receipt = verified(got.headers["x-louver-receipt"], keys(watched))
    assert receipt.remote
    assert receipt.consent is not None
    assert receipt.consent.purpose == "assistance"
    assert receipt.consent.recipient == "Example AI Ltd."
    assert receipt.consent.state == "ConsentGiven"
    (entry,) = watched.house.store.entries(receipt.consent.version - 1, 1)
    assert entry.kind == "consent"


def test_it_holds_no_content_and_no_person(watched: Watched) -> None:
    text = f"I am {EMAIL}"
    got = post(watched, chat(text), X_Louver_Person="patient-7")
    payload = verified(got.headers["x-louver-receipt"], keys(watched)).payload().decode()
    internal = watched.consent("patient-7", ConsentState.GIVEN)
    for secret in (EMAIL, "eve", "patient-7", internal):
        assert secret not in payload


def test_the_ledger_alone_confirms_no_guess(watched: Watched) -> None:
    """The same bytes twice: two salts, two digests."""
    receipts = [receipt_of(watched) for _ in range(2)]
    assert watched.left[-1] == watched.left[-2]
    digests = {
        entry.event["body"]
        for receipt in receipts
        for entry in watched.house.store.entries(receipt.entry.seq - 1, 1)
    }
    assert digests == {receipt.body.digest for receipt in receipts}
    assert len(digests) == 2
    salts = [receipt.body.salt.encode() for receipt in receipts]
    stored = b"".join(p.read_bytes() for p in database(watched).parent.glob("louver.db*"))
    for salt in salts:
        assert salt not in stored
        assert bytes.fromhex(salt.decode()) not in stored


def receipt_of(watched: Watched) -> Receipt:
    got = post(watched, chat("hello", metadata={"n": 1}))
    return verified(got.headers["x-louver-receipt"], keys(watched))


def database(watched: Watched) -> Path:
    return Path(watched.house.settings.store.url.removeprefix("sqlite:///"))


def test_flipping_any_bit_is_found_out(watched: Watched) -> None:
    token = post(watched, chat("hello")).headers["x-louver-receipt"]
    known = keys(watched)
    verified(token, known)
    for at in range(len(token)):
        for bit in (0, 3, 6):
            raw = bytearray(token.encode())
            raw[at] ^= 1 << bit
            with pytest.raises(Tampered):
                verified(raw.decode("latin-1"), known)


def test_another_installations_key_is_found_out(watched: Watched, tmp_path: Path) -> None:
    token = post(watched, chat("hello")).headers["x-louver-receipt"]
    other = settings(tmp_path)
    other.store.key_file.write_bytes(bytes(32))
    with pytest.raises(Tampered, match="another key"):
        verified(token, [receipt_key(other)])
    forged = SigningKey(bytes(32), TYPE).sign(verified(token, keys(watched)).payload())
    with pytest.raises(Tampered, match="another key"):
        verified(forged, keys(watched))


def test_other_bytes_are_found_out(watched: Watched) -> None:
    receipt = receipt_of(watched)
    body = watched.left[-1][1]
    require_body(receipt, body)
    for bad in (b"", body[:-1], body + b" ", body.replace(b"hello", b"hallo")):
        with pytest.raises(Tampered, match="not the bytes that left"):
            require_body(receipt, bad)


CHANGES = {
    "the entry's payload": "update ledger_entries set payload = replace(payload, 'home', 'away')"
    " where seq = :seq",
    "the entry's salt": "update ledger_entries set salt = zeroblob(32) where seq = :seq",
    "the entry's leaf": "update ledger_entries set leaf = zeroblob(32) where seq = :seq",
    "an earlier leaf": "update ledger_entries set leaf = zeroblob(32) where seq = 1",
    "a later leaf": "update ledger_entries set leaf = zeroblob(32) where seq = :seq + 1",
    "the root": "update ledger_state set root = zeroblob(32)",
    "the entry is gone": "delete from ledger_entries where seq = :seq",
    "an earlier entry is gone": "delete from ledger_entries where seq = 2",
    "the end is cut": "update ledger_state set size = :seq - 1",
    "two entries change places": (
        "update ledger_entries set seq = -seq where seq in (:seq, 1 + :seq);"
        "update ledger_entries set seq = 2 * :seq + 1 + seq where seq < 0"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_ledger_is_found_out(watched: Watched, tmp_path: Path, change: str) -> None:
    receipt = receipt_of(watched)
    post(watched, chat("later"))
    there = settings(tmp_path)
    for file in database(watched).parent.glob("louver.db*"):
        shutil.copy(file, tmp_path / file.name)
    recorded(there, receipt)
    with sqlite3.connect(tmp_path / "louver.db") as opened:
        for statement in change.split(";"):
            opened.execute(statement, {"seq": receipt.entry.seq} if ":seq" in statement else {})
    opened.close()
    with pytest.raises(Tampered):
        recorded(there, receipt)


def test_another_receipt_for_the_same_place_is_found_out(watched: Watched) -> None:
    """Signed by the right key, as a careless operator could: the ledger says something else."""
    receipt = receipt_of(watched)
    later = receipt_of(watched)
    lies: list[Receipt] = [
        replace(receipt, destination="cloud"),
        replace(receipt, exchange=later.exchange),
        replace(receipt, body=later.body),
        replace(receipt, mode="strict"),
        replace(receipt, remote=True),
        replace(receipt, policy="00" * 32),
        replace(receipt, entry=later.entry),
        replace(receipt, entry=replace(receipt.entry, root="00" * 32)),
        replace(receipt, entry=replace(receipt.entry, size=receipt.entry.size + 1)),
        replace(receipt, entry=replace(receipt.entry, seq=0)),
    ]
    recorded(watched.house.settings, receipt)
    for lie in lies:
        with pytest.raises(Tampered):
            recorded(watched.house.settings, lie)


def test_the_library_verifies_too(watched: Watched) -> None:
    token = post(watched, chat("hello")).headers["x-louver-receipt"]
    body = watched.left[-1][1]
    assert watched.house.verify_receipt(token, body).destination == "home"
    with pytest.raises(Tampered):
        watched.house.verify_receipt(token, body + b" ")


def test_the_how_to_checks_without_louver(watched: Watched) -> None:
    page = (ROOT / "docs/how-to/verify-a-receipt.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "verify-a-receipt.md", "exec"), names)
    token = post(watched, chat("hello")).headers["x-louver-receipt"]
    (key,) = keys(watched)
    with warnings.catch_warnings():
        # RFC 9864 names it Ed25519; what most libraries know is still EdDSA.
        warnings.simplefilter("ignore", SecurityWarning)
        assert names["payload"](token, key.jwk()) == verified(token, [key]).payload()
        with pytest.raises(BadSignatureError):
            names["payload"](token[:-4] + "AAAA", key.jwk())
