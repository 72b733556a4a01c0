"""A receipt has one canonical form; reading and writing are inverse, and nothing else is read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.encoding import canonical_json
from louver.core.errors import Tampered
from louver.core.receipts import BodyDigest, ConsentShown, EntryShown, Receipt, read

RECEIPT = Receipt(
    exchange="ex-0123",
    time=1_800_000_000,
    policy="ab" * 32,
    mode="standard",
    purpose="assistance",
    destination="cloud",
    remote=True,
    consent=ConsentShown("assistance", "Example AI Ltd.", "ConsentGiven", 7),
    body=BodyDigest("01" * 32, "23" * 32),
    entry=EntryShown(12, "45" * 32, 13, "67" * 32),
)

texts = st.text(max_size=20).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t))
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
counts = st.integers(0, 2**53)
receipts = st.builds(
    Receipt,
    exchange=texts,
    time=counts,
    policy=texts,
    mode=texts,
    purpose=texts,
    destination=texts,
    remote=st.booleans(),
    consent=st.none() | st.builds(ConsentShown, texts, texts, texts, counts),
    body=st.builds(BodyDigest, digests, digests),
    entry=st.builds(EntryShown, counts, digests, counts, digests),
)


def slow_payload(receipt: Receipt) -> bytes:
    """The same by the general encoder."""
    consent, body, entry = receipt.consent, receipt.body, receipt.entry
    return canonical_json(
        {
            "v": 1,
            "iat": receipt.time,
            "exchange": receipt.exchange,
            "policy": receipt.policy,
            "mode": receipt.mode,
            "purpose": receipt.purpose,
            "destination": receipt.destination,
            "remote": receipt.remote,
            "consent": None
            if consent is None
            else {
                "purpose": consent.purpose,
                "recipient": consent.recipient,
                "state": consent.state,
                "version": consent.version,
            },
            "body": {"salt": body.salt, "digest": body.digest},
            "entry": {
                "seq": entry.seq,
                "leaf": entry.leaf,
                "size": entry.size,
                "root": entry.root,
            },
        }
    )


@given(receipts)
def test_the_payload_is_canonical_json_and_reads_back(receipt: Receipt) -> None:
    assert receipt.payload() == slow_payload(receipt)
    assert read(receipt.payload()) == receipt


def changed(**fields: Any) -> bytes:
    tree = json.loads(RECEIPT.payload())
    for path, value in fields.items():
        *above, last = path.split("__")
        inner = tree
        for step in above:
            inner = inner[step]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


def test_the_way_in_which_bad_ones_are_made_is_right() -> None:
    assert changed() == RECEIPT.payload()


@pytest.mark.parametrize(
    "fields",
    [
        {"v": 2},
        {"v": ...},
        {"v": True},
        {"exchange": ...},
        {"exchange": 5},
        {"iat": 1.5},
        {"iat": True},
        {"iat": -1},
        {"iat": 2**53 + 1},
        {"remote": 1},
        {"consent": ...},
        {"consent": "given"},
        {"consent__state": ...},
        {"consent__version": "7"},
        {"body": []},
        {"body__salt": "01" * 31},
        {"body__digest": "AB" * 32},
        {"entry__leaf": "x" * 64},
        {"entry__size": None},
        {"extra": 1},
        {"entry__extra": 1},
        {"mode": "\ud800"},
    ],
    ids=str,
)
def test_bad_receipts(fields: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        read(changed(**fields))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"x",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 10_000,
        RECEIPT.payload() + b" ",
        RECEIPT.payload().replace(b'"v":1', b'"v":1,"v":1'),
        RECEIPT.payload().replace(b'"v":1', b'"v": 1'),
        RECEIPT.payload().replace(b"cloud", b"cl\\u006fud"),
    ],
)
def test_bad_bytes(payload: bytes) -> None:
    with pytest.raises(Tampered):
        read(payload)


def test_a_local_exchange_needs_no_consent() -> None:
    local = replace(RECEIPT, remote=False, consent=None)
    assert b'"consent":null' in local.payload()
    assert read(local.payload()) == local
