"""What every provider over HTTP shares: where it asks, with whose key, and how it tells failures.

No text of a provider passes but the error it told as JSON; no header but those about retrying.
"""

from __future__ import annotations

import string
from collections.abc import Mapping

from yarl import URL

from louver.core.errors import Invalid, UpstreamFailed
from louver.core.policy import Destination, Location
from louver.core.sensitive import Sensitive
from louver.gateway.providers.openai_compatible_json import decode
from louver.gateway.providers.transport import Response

_PASSED = frozenset(
    {"retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id"}
)
_PASSED_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")
_HEADER_VALUE = 256
_PRINTABLE = frozenset(string.printable) - frozenset(string.whitespace)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def bearer(destination: Destination, key: Sensitive[str] | None) -> dict[str, str]:
    """The header that shows our key, if there is one. Raises Invalid."""
    return key_header(destination, key, "Authorization", "Bearer ")


def key_header(
    destination: Destination, key: Sensitive[str] | None, name: str, before: str = ""
) -> dict[str, str]:
    """The header `name` that shows our key, if there is one. Raises Invalid."""
    if key is None:
        return {}
    if not key.reveal() or not set(key.reveal()) <= _PRINTABLE:
        raise Invalid(f"destination '{destination.name}': its key is empty or unprintable")
    return {name: before + key.reveal()}


def endpoint(destination: Destination, path: str, *, otherwise: str | None = None) -> URL:
    """Where to post: `path` under the destination's base_url, or under `otherwise`.

    Raises Invalid; a URL that may hold a password is never repeated.
    """
    name = destination.name
    written = destination.base_url or otherwise
    if written is None:
        raise Invalid(f"destination '{name}': set its base_url")
    try:
        base = URL(written)
        host = base.host
    except ValueError:
        host = None
    if host is None or base.scheme not in {"http", "https"}:
        raise Invalid(f"destination '{name}': its base_url is not an http or https URL")
    if base.user is not None or base.password is not None:
        raise Invalid(
            f"destination '{name}': no user or password in base_url; use key_variable instead"
        )
    if destination.location is Location.REMOTE and base.scheme != "https" and host not in _LOOPBACK:
        raise Invalid(f"destination '{name}': a remote base_url must be https")
    return base.with_path(f"{base.path.rstrip('/')}{path}", keep_query=True)


async def failed(response: Response) -> UpstreamFailed:
    """The failure behind an HTTP status that is no success."""
    headers = _passed_headers(response.headers)
    if response.status < 400:
        return UpstreamFailed(
            "the provider redirects elsewhere; set its base_url to where it really is",
            code="upstream_redirect",
        )
    if response.status in {401, 403, 407}:
        return our_key(headers)
    body = await response.beginning()
    try:
        told = isinstance(decode(body).get("error"), dict | str)
    except UpstreamFailed:
        told = False
    return UpstreamFailed(
        f"the provider answered with status {response.status}",
        status=response.status,
        body=body if told else b"",
        headers=headers,
    )


def our_key(headers: tuple[tuple[str, str], ...] = ()) -> UpstreamFailed:
    """The client's key is fine; ours is not. The body is dropped: it may quote our key."""
    return UpstreamFailed(
        "the provider refused the gateway's own key; check the destination's key",
        code="upstream_auth",
        headers=headers,
    )


def reset() -> UpstreamFailed:
    """The answer broke off."""
    return UpstreamFailed(
        "the provider's stream ended before the answer was complete; try again",
        code="upstream_reset",
        begun=True,
    )


def _passed_headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, value in sorted(headers.items())
        if (name in _PASSED or name.startswith(_PASSED_PREFIXES))
        and len(value) <= _HEADER_VALUE
        and set(value) <= _PRINTABLE | {" "}
    )
