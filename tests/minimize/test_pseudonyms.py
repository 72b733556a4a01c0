"""One value, one placeholder: in every turn, process and replica; another one everywhere else."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys
from louver.crypto.prf import letters
from louver.minimize.placeholders import FORM
from louver.minimize.pseudonyms import Pseudonyms, Scope, scope_of
from louver.minimize.restore import restore_text

KEYS = Keys(bytes(range(32)))
SCOPE = Scope("acme", b"conversation 1")
FIRST = ["Ada", "Ben", "Clara", "Anna", "Anna-Lena", "Anne", "Ann", "Sam", "Sami", "Jo", "José"]
LAST = ["Lee", "Leeds", "Berg", "Bergmann", "Ann", "Sam", "O'Neil", 'O"Neil', "Weiß", "Müller"]


def two_letters(key: bytes, parts: Sequence[bytes], count: int) -> str:
    """Collides all the time: two different letters, and only at the end."""
    return "B" * (count - 1) + letters(key, parts, 1, "CD")


def three_letters(key: bytes, parts: Sequence[bytes], count: int) -> str:
    return "B" * (count - 2) + letters(key, parts, 2, "CDFG")


def test_form_and_record() -> None:
    names = Pseudonyms(KEYS, SCOPE)
    one = names.for_value("person.name", "ada lee", "Ada Lee")
    assert FORM.fullmatch(one)
    assert one.startswith("PERSON_")
    assert names.values[one].reveal() == "Ada Lee"
    assert names.for_value("person.name", "ada lee", "Ada Lee") == one
    assert len(names.values) == 1


def test_another_spelling_shares_nine_letters_and_restores_itself() -> None:
    names = Pseudonyms(KEYS, SCOPE)
    one = names.for_value("person.name", "ada lee", "Ada Lee")
    two = names.for_value("person.name", "ada lee", "ADA  LEE")
    assert one != two
    assert one[:-3] == two[:-3]
    assert restore_text(f"{one}, {two}", names.values) == "Ada Lee, ADA  LEE"


def test_category_and_value_are_not_run_together() -> None:
    names = Pseudonyms(KEYS, SCOPE)
    codes = {
        names.for_value(category, canonical, surface)[-12:]
        for category in ("person.name", "contact.email")
        for canonical in ("a", "ab")
        for surface in ("b", "ba", "")
    }
    assert len(codes) == 12


@given(st.permutations(["a", "b", "c", "d"]))
def test_without_collisions_the_order_does_not_matter(order: list[str]) -> None:
    names = Pseudonyms(KEYS, SCOPE)
    given_ = {v: names.for_value("person.name", v, v) for v in order}
    again = Pseudonyms(KEYS, SCOPE)
    assert given_ == {v: again.for_value("person.name", v, v) for v in "abcd"} | given_
    assert all(again.for_value("person.name", v, v) == given_[v] for v in order)


def test_colliding_surfaces_are_told_apart() -> None:
    names = Pseudonyms(KEYS, SCOPE, prf=two_letters)
    one = names.for_value("person.name", "x", "X")
    two = names.for_value("person.name", "x", "x")
    assert one != two
    assert {one, two} == set(names.values)
    assert restore_text(f"{two} {one}", names.values) == "x X"


@given(st.lists(st.sampled_from([(c, s) for c in "pqrst" for s in "123"]), max_size=15))
def test_collisions_are_resolved_alike_in_every_turn(pairs: list[tuple[str, str]]) -> None:
    """A later turn repeats the earlier ones first, as stateless clients do."""
    replica = Pseudonyms(KEYS, SCOPE, prf=three_letters)
    for turn in range(len(pairs) + 1):
        names = Pseudonyms(KEYS, SCOPE, prf=three_letters)
        given_ = {pair: names.for_value("person.name", *pair) for pair in pairs[:turn]}
        assert len(set(given_.values())) == len(given_)
        assert all(names.values[p].reveal() == pair[1] for pair, p in given_.items())
        assert all(replica.for_value("person.name", *pair) == p for pair, p in given_.items())
        stems = {pair[0]: p[:-3] for pair, p in given_.items()}
        assert len(set(stems.values())) == len(stems)


def test_repr_shows_no_value() -> None:
    names = Pseudonyms(KEYS, SCOPE)
    names.for_value("person.name", "ada lee", "Ada Lee")
    assert repr(names) == "<pseudonyms: 1>"
    assert "Ada" not in repr(names.values)


def test_a_scope_is_what_the_application_says_else_the_opening_else_the_request() -> None:
    def scope(**how: str) -> Scope:
        person, conversation = how.get("person"), how.get("conversation")
        return scope_of(
            KEYS,
            how.get("tenant", "acme"),
            person=Sensitive(person) if person is not None else None,
            conversation=Sensitive(conversation) if conversation is not None else None,
            opening=Sensitive(how.get("opening", "").encode()),
            request_id=how.get("request", "r1"),
        )

    named = scope(conversation="c1", opening="hello", person="p1")
    assert named == scope(conversation="c1", opening="other", person="p2", request="r2")
    opened = scope(opening="hello", person="p1")
    assert opened == scope(opening="hello", person="p1", request="r2", conversation="")
    assert scope(request="r1") == scope(request="r1", person="p1")
    different = [
        named,
        opened,
        scope(conversation="c2"),
        scope(conversation="c1", tenant="other"),
        scope(opening="hello"),
        scope(opening="hello", person=""),
        scope(opening="hello", person="p2"),
        scope(opening="c1"),
        scope(request="c1"),
        scope(request="r2"),
    ]
    assert len(set(different)) == len(different)


def test_nothing_to_tell_conversations_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="scope"):
        scope_of(KEYS, "acme")


def _conversation(rng: random.Random) -> list[str]:
    """Names of several people: shared first names, one within the other, repeated."""
    people = [f"{rng.choice(FIRST)} {rng.choice(LAST)}" for _ in range(rng.randint(2, 5))]
    parts = [part for name in people for part in name.split(" ", 1)]
    return rng.choices(people + parts, k=rng.randint(4, 9))


def test_ten_thousand_conversations() -> None:
    """No value restored as another, none across tenants or conversations (the issue's law 2)."""
    rng = random.Random(20261121)
    everywhere: dict[str, tuple[int, str]] = {}
    for number in range(10_000):
        mentions = _conversation(rng)
        other = Pseudonyms(KEYS, Scope("globex", number.to_bytes(4, "big")))
        scope = Scope("acme", number.to_bytes(4, "big"))
        turn, replica = Pseudonyms(KEYS, scope), Pseudonyms(Keys(bytes(range(32))), scope)
        placeholders = [turn.for_value("person.name", m.casefold(), m) for m in mentions]
        again = [replica.for_value("person.name", m.casefold(), m) for m in mentions]
        foreign = {other.for_value("person.name", m.casefold(), m) for m in mentions}
        assert again == placeholders
        assert len(set(placeholders)) == len(set(mentions))
        assert restore_text(", ".join(placeholders), turn.values) == ", ".join(mentions)
        assert not foreign & turn.values.keys()
        for placeholder, mention in zip(placeholders, mentions, strict=True):
            assert everywhere.setdefault(placeholder, (number, mention)) == (number, mention)
        for placeholder in foreign:
            assert everywhere.setdefault(placeholder, (-number, "")) == (-number, "")
