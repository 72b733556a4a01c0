"""The key hierarchy: one master secret, one derived key per use; no repr shows any of them.

Source: RFC 5869 (HKDF-SHA256); the info string names the use, so keys of two uses are independent.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from louver.core.errors import Invalid, Unavailable
from louver.core.seams import Randomness
from louver.crypto.prf import digest, join_parts
from louver.crypto.randomness import SystemRandomness

KEY_LENGTH = 32
_DOMAIN = b"louver/keys/v1"
_MOST_TENANT_KEYS = 10_000


class Keys:
    """All symmetric keys of one installation, derived from its 32-byte master secret."""

    __slots__ = ("_by_tenant", "_cache", "_master", "_person")

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_LENGTH:
            raise Invalid("a master secret has exactly 32 bytes", code="invalid_key_file")
        self._master = master
        self._by_tenant: dict[tuple[bytes, str], bytes] = {}
        self._person = self._derive(b"person")
        self._cache = self._derive(b"cache")

    def __repr__(self) -> str:
        return "<keys>"

    def __reduce__(self) -> str:
        raise TypeError("keys are not pickled")

    def pseudonym_key(self, tenant: str) -> bytes:
        """The key of all placeholders of `tenant`; two tenants share nothing."""
        return self._of_tenant(b"pseudonym", tenant)

    def scope_digest(self, tenant: str, parts: Sequence[bytes]) -> bytes:
        """An opaque name (32 bytes) for a conversation of `tenant`, from whatever identifies it."""
        return digest(self._of_tenant(b"scope", tenant), parts)

    def person_digest(self, tenant: str, external: str) -> bytes:
        """What is stored (32 bytes) in place of an application's own id of a person."""
        parts = [text.encode("utf-8", "surrogatepass") for text in (tenant, external)]
        return digest(self._person, parts)

    def cache_digest(self, data: bytes) -> bytes:
        """A keyed name (32 bytes) for text that was scanned before; fast, as it is used often."""
        return hashlib.blake2b(data, digest_size=32, key=self._cache).digest()

    def response_digest(self, tenant: str, response: str) -> bytes:
        """What is stored (32 bytes) in place of the id by which a kept response is asked for."""
        return digest(
            self._of_tenant(b"response", tenant), [response.encode("utf-8", "surrogatepass")]
        )

    def vault_key(self, tenant: str, owner: str, salt: bytes) -> bytes:
        """The key of what is kept about `owner`, a person's id or an application; see `vault`.

        Raises ValueError for a salt that has not 32 bytes: it is all that can be destroyed.
        """
        if len(salt) != KEY_LENGTH:
            raise ValueError("a content key's salt has 32 bytes")
        return self._derive(
            b"vault", *(t.encode("utf-8", "surrogatepass") for t in (tenant, owner)), salt
        )

    @property
    def receipt_seed(self) -> bytes:
        """What the key that signs receipts is made of, see `louver.crypto.signing`."""
        return self._derive(b"receipt")

    @property
    def map_key(self) -> bytes:
        """The key that seals map files (placeholder to value), see `louver.crypto.sealing`."""
        return self._derive(b"map")

    def thinking_key(self, tenant: str) -> bytes:
        """The key that seals what models thought for `tenant`, see `louver.gateway.thinking`."""
        return self._of_tenant(b"thinking", tenant)

    def _of_tenant(self, use: bytes, tenant: str) -> bytes:
        """Derived once per tenant: the operator chooses them, and they are few."""
        known = self._by_tenant.get((use, tenant))
        if known is None:
            known = self._derive(use, tenant.encode("utf-8", "surrogatepass"))
            if len(self._by_tenant) < _MOST_TENANT_KEYS:
                self._by_tenant[use, tenant] = known
        return known

    def _derive(self, *use: bytes) -> bytes:
        return HKDF(SHA256(), KEY_LENGTH, salt=None, info=_DOMAIN + join_parts(use)).derive(
            self._master
        )


def load(path: Path) -> Keys:
    """Read the master secret at `path`. Raises Invalid, also where there is none; Unavailable."""
    try:
        return Keys(_read(path))
    except FileNotFoundError:
        message = "there is no key file yet; `louver serve` makes one at its first start"
        raise Invalid(message, code="invalid_key_file") from None
    except OSError as error:
        raise Unavailable(f"the key file cannot be used: {error}", code="no_keys") from error


def load_or_create(path: Path, randomness: Randomness | None = None) -> Keys:
    """Read the master secret at `path`, or write a new one; processes that race get the same.

    Raises Invalid if the file is no private file of 32 bytes, Unavailable if it cannot be used.
    """
    try:
        if not path.exists():
            _create(path, randomness or SystemRandomness())
        return Keys(_read(path))
    except OSError as error:
        # The operating system's message holds a path and no content.
        raise Unavailable(f"the key file cannot be used: {error}", code="no_keys") from error


def _create(path: Path, randomness: Randomness) -> None:
    """Write beside `path`, make it durable, then link: the name appears whole or not at all."""
    secret = randomness.bytes(KEY_LENGTH)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{randomness.bytes(8).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        try:
            # Unlike rename, link never replaces: whoever comes second reads the first one's key.
            os.link(draft, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Invalid("the key file is not a regular file", code="invalid_key_file")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise Invalid(
                "the key file is open to others; run `chmod 600` on it", code="invalid_key_file"
            )
        secret = file.read(KEY_LENGTH + 1)
    if len(secret) != KEY_LENGTH:
        raise Invalid(
            "the key file does not hold exactly 32 bytes; restore it from a backup, "
            "or remove it to start with new keys (placeholders then change)",
            code="invalid_key_file",
        )
    return secret
