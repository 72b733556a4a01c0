"""The system's randomness behind the seam; everything else takes randomness as an argument."""

from __future__ import annotations

import secrets


class SystemRandomness:
    """Unpredictable bytes from the operating system."""

    def bytes(self, length: int) -> bytes:
        return secrets.token_bytes(length)
