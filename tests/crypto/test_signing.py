"""Signatures meet RFC 8032, 8037 and 7638; one has one spelling, and nothing else passes."""

from __future__ import annotations

import json
import pickle
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from louver.core.errors import Invalid, Tampered
from louver.crypto.signing import PublicKey, SigningKey

VECTORS = Path(cryptography_vectors.__path__[0]) / "asymmetric" / "Ed25519" / "sign.input"
TYPE = "test"
KEY = SigningKey(bytes(range(32)), TYPE)
ORDER = 2**252 + 27742317777372353535851937790883648493

# RFC 8037, appendix A.
RFC_D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
RFC_INPUT = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
RFC_SIGNATURE = (
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def vectors() -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """Seed, public key, message, signature; the first five are those of RFC 8032 §7.1."""
    for line in VECTORS.read_text().splitlines():
        secret, public, message, signed = (bytes.fromhex(f) for f in line.split(":")[:4])
        yield secret[:32], public, message, signed[:64]


def test_signatures_are_those_of_the_published_vectors() -> None:
    count = 0
    for seed, public, message, signature in vectors():
        key = SigningKey(seed, TYPE)
        assert decode(str(key.public.jwk()["x"])) == public
        assert key.signature(message) == signature
        PublicKey(public, TYPE).require_signature(signature, message)
        count += 1
    assert count == 1024


def test_bad_signatures_of_the_published_vectors() -> None:
    """Another message, a changed bit, and S beyond the group's order (RFC 8032 §5.1.7, step 1)."""
    for _, public, message, signature in list(vectors())[::16]:
        key = PublicKey(public, TYPE)
        point, scalar = signature[:32], int.from_bytes(signature[32:], "little")
        for bad in (
            bytes([signature[0] ^ 1]) + signature[1:],
            signature[:-1] + bytes([signature[-1] ^ 1]),
            point + (scalar + ORDER).to_bytes(32, "little"),
            signature[:63],
            signature + b"\0",
            b"",
        ):
            with pytest.raises(Tampered):
                key.require_signature(bad, message)
        with pytest.raises(Tampered):
            key.require_signature(signature, message + b"\0")


def test_keys_are_shown_as_rfc_8037_does() -> None:
    key = SigningKey(decode(RFC_D), TYPE)
    assert key.public.id == RFC_THUMBPRINT
    assert key.public.jwk() == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": RFC_X,
        "kid": RFC_THUMBPRINT,
        "alg": "EdDSA",
        "use": "sig",
    }
    assert encode(key.signature(RFC_INPUT.encode())) == RFC_SIGNATURE


def test_another_library_verifies_what_we_sign() -> None:
    key = OKPKey.import_key(dict(KEY.public.jwk()))  # type: ignore[arg-type]  # JSON values
    assert key.thumbprint() == KEY.public.id
    with warnings.catch_warnings():
        # RFC 9864 names it Ed25519; what most libraries know is still EdDSA.
        warnings.simplefilter("ignore", SecurityWarning)
        read = jws.deserialize_compact(KEY.sign(b'{"a":1}'), key, algorithms=["EdDSA"])
    assert read.payload == b'{"a":1}'
    assert read.headers() == {"alg": "EdDSA", "kid": KEY.public.id, "typ": TYPE}


@given(st.binary(max_size=300))
def test_verifying_reverses_signing(payload: bytes) -> None:
    assert KEY.public.verify(KEY.sign(payload)) == payload


def test_signing_twice_gives_the_same() -> None:
    assert KEY.sign(b"x") == KEY.sign(b"x")


def test_bad_bits_anywhere() -> None:
    """Also those of base64url that no decoder looks at."""
    token = KEY.sign(b'{"exchange":"ex-1"}')
    for at in range(len(token)):
        for bit in range(8):
            raw = bytearray(token.encode())
            raw[at] ^= 1 << bit
            with pytest.raises(Tampered):
                KEY.public.verify(raw.decode("latin-1"))


@pytest.mark.parametrize(
    "change",
    [
        lambda h, p, s: f"{h}.{p}",
        lambda h, p, s: f"{h}.{p}.",
        lambda h, p, s: f"{h}.{p}.{s}.",
        lambda h, p, s: f"{h}..{s}",
        lambda h, p, s: f".{p}.{s}",
        lambda h, p, s: f"{h}.{p}=.{s}",
        lambda h, p, s: f"{h}.{p}.{s}==",
        lambda h, p, s: f"{h}.{p}\n.{s}",
        lambda h, p, s: f" {h}.{p}.{s}",
        lambda h, p, s: f"{h}.{p}.{s}".lower(),
        lambda h, p, s: "",
        lambda h, p, s: "..",
    ],
)
def test_bad_spellings(change: Any) -> None:
    with pytest.raises(Tampered):
        KEY.public.verify(change(*KEY.sign(b"payload").split(".")))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "EdDSA"},
        {"alg": "EdDSA", "kid": KEY.public.id, "typ": "other"},
        {"alg": "EdDSA", "kid": KEY.public.id, "typ": TYPE, "crit": ["b64"], "b64": False},
        {"alg": "EdDSA", "jwk": KEY.public.jwk(), "kid": KEY.public.id, "typ": TYPE},
    ],
)
def test_bad_headers_even_where_the_signature_fits(header: dict[str, object]) -> None:
    text = f"{encode(json.dumps(header).encode())}.{encode(b'payload')}"
    token = f"{text}.{encode(KEY.signature(text.encode()))}"
    with pytest.raises(Tampered, match="another key"):
        KEY.public.verify(token)


def test_bad_key() -> None:
    other = SigningKey(bytes(32), TYPE)
    with pytest.raises(Tampered, match="another key"):
        other.public.verify(KEY.sign(b"x"))
    purpose = SigningKey(bytes(range(32)), "another use")
    with pytest.raises(Tampered, match="another key"):
        purpose.public.verify(KEY.sign(b"x"))


def test_a_public_key_comes_from_its_jwk() -> None:
    assert PublicKey.from_jwk(KEY.public.jwk(), TYPE).verify(KEY.sign(b"x")) == b"x"


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"crv": "X25519"},
        {"crv": None},
        {"x": None},
        {"x": "AAAA"},
        {"x": "!" * 43},
        {"x": f"{RFC_X}="},
        {"kid": "mine"},
        {"kid": ["mine"]},
    ],
)
def test_bad_jwks(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        PublicKey.from_jwk({**KEY.public.jwk(), **change}, TYPE)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_bad_lengths(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SigningKey(bytes(length), TYPE)
    with pytest.raises(Invalid):
        PublicKey(bytes(length), TYPE)


def test_a_signing_key_shows_nothing() -> None:
    assert repr(KEY) == f"<signing key {KEY.public.id}>"
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
