"""One secret, independent keys; the key file is private, whole, and the same for all who race."""

from __future__ import annotations

import hashlib
import hmac
import os
import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from louver.core.errors import Invalid, Unavailable
from louver.crypto.keys import Keys, load, load_or_create

MASTER = bytes(range(32))


def slow_hkdf(secret: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with no salt, step by step."""
    extracted = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    out, block = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.new(extracted, block + info + bytes([counter]), hashlib.sha256).digest()
        out += block
    return out[:length]


def _info(*use: bytes) -> bytes:
    return b"louver/keys/v1" + b"".join(len(u).to_bytes(8, "big") + u for u in use)


def test_the_reference_meets_rfc_5869_case_3() -> None:
    expected = (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
    assert slow_hkdf(b"\x0b" * 22, b"", 42).hex() == expected


def test_keys_are_derived_as_documented() -> None:
    keys = Keys(MASTER)
    assert keys.map_key == slow_hkdf(MASTER, _info(b"map"), 32)
    assert keys.receipt_seed == slow_hkdf(MASTER, _info(b"receipt"), 32)
    assert keys.pseudonym_key("acme") == slow_hkdf(MASTER, _info(b"pseudonym", b"acme"), 32)
    assert keys.thinking_key("acme") == slow_hkdf(MASTER, _info(b"thinking", b"acme"), 32)
    person = slow_hkdf(MASTER, _info(b"person"), 32)
    message = b"".join(len(t).to_bytes(8, "big") + t for t in (b"acme", b"p-1"))
    assert keys.person_digest("acme", "p-1") == hmac.digest(person, message, "sha256")
    cache = slow_hkdf(MASTER, _info(b"cache"), 32)
    expected = hashlib.blake2b(b"text", digest_size=32, key=cache).digest()
    assert keys.cache_digest(b"text") == expected


def test_every_use_and_tenant_has_its_own() -> None:
    keys, others = Keys(MASTER), Keys(bytes(32))
    seen = [
        digest
        for k in (keys, others)
        for tenant in ("a", "b")
        for digest in (
            k.pseudonym_key(tenant),
            k.scope_digest(tenant, [b"x"]),
            k.person_digest(tenant, "x"),
        )
    ]
    seen += [keys.cache_digest(b"x"), others.cache_digest(b"x"), keys.map_key, others.map_key]
    assert len(set(seen)) == len(seen)


def test_tenant_and_person_are_not_run_together() -> None:
    keys = Keys(MASTER)
    assert keys.person_digest("ab", "c") != keys.person_digest("a", "bc")


def test_nothing_shows_or_takes_out_a_key() -> None:
    keys = Keys(MASTER)
    shown = f"{keys!r} {keys} {[keys]}"
    assert shown == "<keys> <keys> [<keys>]"
    with pytest.raises(TypeError):
        pickle.dumps(keys)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_bad_master_length(size: int) -> None:
    with pytest.raises(Invalid):
        Keys(bytes(size))


def test_a_new_file_is_private_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "louver.key"
    first = load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == 32
    assert load_or_create(path).map_key == first.map_key
    assert os.listdir(tmp_path) == ["louver.key"]


def test_all_who_race_get_one_key(tmp_path: Path) -> None:
    for round_ in range(20):
        path = tmp_path / f"{round_}.key"
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _, at=path: load_or_create(at).map_key, range(8)))
        assert len(keys) == 1


def test_the_second_creator_keeps_the_first_ones_key(tmp_path: Path) -> None:
    """Another process creates the file between our look and our link."""
    path = tmp_path / "louver.key"

    class Meanwhile:
        def bytes(self, length: int) -> bytes:
            if not path.exists():
                path.touch(0o600)
                path.write_bytes(MASTER)
            return bytes(length)

    assert load_or_create(path, Meanwhile()).map_key == Keys(MASTER).map_key
    assert os.listdir(tmp_path) == ["louver.key"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_bad_permissions(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "louver.key"
    load_or_create(path)
    path.chmod(mode)
    with pytest.raises(Invalid, match="chmod 600"):
        load_or_create(path)


@pytest.mark.parametrize("size", [0, 31, 33, 4096])
def test_bad_length(tmp_path: Path, size: int) -> None:
    path = tmp_path / "louver.key"
    path.write_bytes(bytes(size))
    path.chmod(0o600)
    with pytest.raises(Invalid, match="32 bytes"):
        load_or_create(path)


def test_no_folder_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="key file"):
        load_or_create(tmp_path / "missing" / "louver.key")
    with pytest.raises(Unavailable, match="key file"):
        load_or_create(tmp_path)


def test_loading_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "louver.key"
    with pytest.raises(Invalid, match="no key file yet"):
        load(path)
    assert not path.exists()
    made = load_or_create(path)
    assert load(path).receipt_seed == made.receipt_seed
