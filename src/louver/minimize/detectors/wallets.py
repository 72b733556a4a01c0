"""Check sums of Bitcoin addresses; a SHA-256 is no lock here, so only bech32 is checked in full.

Base58Check needs a hash, which lives in `crypto` alone; such addresses are taken by their shape.
"""

from __future__ import annotations

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CONSTANTS = {1, 0x2BC830A3}


def bech32(value: str) -> bool:
    """Source: BIP 173 and BIP 350."""
    if value.lower() != value and value.upper() != value:
        return False
    prefix, _, payload = value.lower().rpartition("1")
    if not prefix or any(c not in _BECH32 for c in payload):
        return False
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    values += [_BECH32.index(c) for c in payload]
    check = 1
    for item in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ item
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check in _BECH32_CONSTANTS


def base58_shape(value: str) -> bool:
    """Whether `value` mixes digits, small and capital letters, as a random address does."""
    return (
        any(c.isdigit() for c in value[1:])
        and any(c.islower() for c in value)
        and any(c.isupper() for c in value)
    )
