"""Which placeholder stands for which value: keyed, so that turns, processes and replicas agree.

One conversation, one value, one placeholder; another conversation or tenant, another placeholder.
The first nine letters say which value it is, the last three how it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from louver.core.categories import category as category_of
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys
from louver.crypto.prf import letters
from louver.minimize.canonical import canonical as form
from louver.minimize.placeholders import SURFACE_LETTERS, VALUE_LETTERS, compose


class Prf(Protocol):
    """What `louver.crypto.prf.letters` is; a test gives one that collides."""

    def __call__(self, key: bytes, parts: Sequence[bytes], count: int, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Within which the same value has the same placeholder; `name` is an opaque digest."""

    tenant: str
    name: bytes


@dataclass(frozen=True, slots=True)
class _Meaning:
    category: str
    canonical: str
    surface: str

    def __repr__(self) -> str:
        return "<meaning>"


class Pseudonyms:
    """The placeholders of one request; `values` is all that a restorer may put back."""

    def __init__(self, keys: Keys, scope: Scope, *, prf: Prf = letters) -> None:
        self.values: dict[str, Sensitive[str]] = {}
        self._key = keys.pseudonym_key(scope.tenant)
        self._scope = scope.name
        self._prf = prf
        self._given: dict[_Meaning, str] = {}
        self._owners: dict[str, tuple[str, str]] = {}
        self._by_surface: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"<pseudonyms: {len(self.values)}>"

    def for_surface(self, category: str, surface: str) -> str:
        """The placeholder of a value as it was found; which value it is, its form says."""
        known = self._by_surface.get((category, surface))
        if known is None:
            known = self.for_value(category, form(category, surface), surface)
            self._by_surface[category, surface] = known
        return known

    def for_value(self, category: str, canonical: str, surface: str) -> str:
        """The placeholder of `surface`, which is one way to write `canonical`.

        `category` is a taxonomy code (KeyError if unknown). Two values of one request never share
        the nine letters, two spellings never share the whole: who comes second gets the next ones
        of the sequence. A later turn repeats the earlier ones in order, so it resolves alike.
        """
        meaning = _Meaning(category, canonical, surface)
        given = self._given.get(meaning)
        if given is None:
            given = self._choose(meaning)
            self._given[meaning] = given
            self.values[given] = Sensitive(surface)
        return given

    def _choose(self, meaning: _Meaning) -> str:
        label = category_of(meaning.category).label
        parts = [self._scope, _bytes(meaning.category), _bytes(meaning.canonical)]
        stem = self._stem(label, (meaning.category, meaning.canonical), parts)
        attempt = 0
        while True:
            ending = self._prf(
                self._key,
                [b"surface", *parts, _bytes(meaning.surface), _count(attempt)],
                SURFACE_LETTERS,
            )
            placeholder = compose(label, stem + ending)
            if placeholder not in self.values:
                return placeholder
            attempt += 1

    def _stem(self, label: str, value: tuple[str, str], parts: list[bytes]) -> str:
        attempt = 0
        while True:
            stem = self._prf(self._key, [b"value", *parts, _count(attempt)], VALUE_LETTERS)
            # A colliding stem would make the model take two people for one.
            if self._owners.setdefault(f"{label}_{stem}", value) == value:
                return stem
            attempt += 1


def scope_of(
    keys: Keys,
    tenant: str,
    person: Sensitive[str] | None = None,
    conversation: Sensitive[str] | None = None,
    opening: Sensitive[bytes] | None = None,
    request_id: str = "",
) -> Scope:
    """The application's conversation id if there is one, else the opening, else the request alone.

    The opening counts together with the person: two people who start alike are not linked.
    Raises ValueError if there is nothing to tell this conversation from others.
    """
    if conversation is not None and conversation.reveal():
        parts = [b"conversation", _bytes(conversation.reveal())]
    elif opening is not None and opening.reveal():
        known = [b"person", _bytes(person.reveal())] if person is not None else [b"nobody"]
        parts = [b"opening", opening.reveal(), *known]
    elif request_id:
        parts = [b"request", _bytes(request_id)]
    else:
        raise ValueError("a scope needs a conversation, an opening or a request id")
    return Scope(tenant, keys.scope_digest(tenant, parts))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _count(attempt: int) -> bytes:
    return attempt.to_bytes(4, "big")
