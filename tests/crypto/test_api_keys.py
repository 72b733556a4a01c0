"""API keys: their shape, what is kept of them, and that nothing shows the secret."""

from __future__ import annotations

import itertools
import re

import pytest

from louver.core.errors import Unauthenticated
from louver.core.sensitive import Sensitive
from louver.crypto.api_keys import digest, key_id, matches, new_key


class Counting:
    """Different bytes each time, the same in every run."""

    def __init__(self) -> None:
        self._next = itertools.count(1)

    def bytes(self, length: int) -> bytes:
        return (next(self._next) * 0x9E3779B97F4A7C15 % 2**40).to_bytes(length, "big")


def test_a_key_has_its_documented_shape() -> None:
    randomness = Counting()
    keys = [new_key(randomness) for _ in range(200)]
    for key in keys:
        assert re.fullmatch(rf"lv_{key.id}_[A-Za-z0-9_-]{{43}}", key.secret.reveal())
        assert re.fullmatch("[a-z2-7]{8}", key.id)
        assert key_id(key.secret) == key.id
        assert key.secret.reveal() not in repr(key)
    assert len({key.id for key in keys}) == 200


def test_a_secret_matches_its_digest_only() -> None:
    randomness = Counting()
    first, second = new_key(randomness), new_key(randomness)
    assert matches(first.secret, digest(first.secret))
    assert not matches(first.secret, digest(second.secret))
    assert not matches(first.secret, bytes(32))
    assert not matches(first.secret, b"")
    # The id is inside: a digest that was moved to another id opens nothing.
    moved = Sensitive(f"lv_{second.id}{first.secret.reveal()[11:]}")
    assert not matches(moved, digest(first.secret))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lv_",
        "sk-abcdefgh",
        "lv_abcdefgh_short",
        "xx_abcdefgh_" + "a" * 43,
        "lv_abcdefgh-" + "a" * 43,
        "lv_abcdefgh_" + "a" * 44,
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        key_id(Sensitive(text))
    assert len(text) < 4 or text not in str(caught.value)


def test_any_text_has_a_digest() -> None:
    """A header may hold anything; it must come to a refusal, not to a crash."""
    assert not matches(Sensitive("\ud800\x00é"), bytes(32))
