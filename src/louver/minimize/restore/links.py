"""Whether a URL may carry a restored value: its host is allowed, exactly and unmistakably.

Rule: whatever two readers of a URL could read differently (escapes in the host, backslashes,
credentials, ports, a second host further on) is not allowed.
"""

from __future__ import annotations

import re

_BARE = re.compile(r"(?:https?://|//)?([a-z0-9.-]+)[/?#]", re.IGNORECASE | re.ASCII)
_FULL = re.compile(r"(?:https?://|//)([a-z0-9.-]+)[/?#]", re.IGNORECASE | re.ASCII)
_REST = re.compile(r"(?!/)(?:[^\s\\/]|/(?!/))*")


class Hosts:
    """The host names of a policy: `docs.example.com`, or `*.example.com` for all below it."""

    def __init__(self, names: frozenset[str]) -> None:
        lower = {name.lower() for name in names}
        self._exact = frozenset(name for name in lower if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in lower if name.startswith("*."))

    def allow(self, url: str, *, bare: bool) -> bool:
        """Whether `url`, the part before a placeholder, is past an allowed host and names no other.

        `bare`: without `//` it still names a host (in prose), and is no relative reference.
        """
        match = (_BARE if bare else _FULL).match(url)
        if match is None or _REST.fullmatch(url, match.end()) is None:
            return False
        host = match.group(1).lower()
        return host in self._exact or (
            host.endswith(self._suffixes) and not host.startswith(".") and ".." not in host
        )


def has_authority(text: str) -> bool:
    """Whether the host in `text` is already complete, so that what follows cannot change it."""
    return _BARE.match(text.lstrip(" \t\n\r<\"'")) is not None
