"""Kept responses: found by whom they belong to, until they expire or their person is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from store.desk import START, TENANT, Seeded

from louver.core.consent import ConsentState
from louver.core.errors import ConsentRequired, Invalid, Tampered, Unavailable
from louver.core.retention import consent_key
from louver.core.sensitive import Sensitive
from louver.crypto.keys import Keys
from louver.crypto.vault import Place, Vault
from louver.store.database import reading, writing
from louver.store.vault import EXPIRED_AT_ONCE, KeptResponse, KeyDestroyed, owner_of
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk

APPLICATION = "helpdesk"
CONTENT = b"Dear Ms. Martin, your order has shipped."


def find(desk: Desk, kept: KeptResponse, application: str = APPLICATION) -> KeptResponse | None:
    return desk.store.response(kept.id, kept.tenant, application)


def rows(desk: Desk, table: str) -> int:
    with reading(desk.engine) as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def person(desk: Desk, name: str = "person-1") -> str:
    return desk.store.person(TENANT, Sensitive(name)).result()


def test_content_comes_back_through_the_vault(desk: Desk) -> None:
    """As a gateway uses it: salt, seal, keep; find, open."""
    vault = Vault(Keys(bytes(32)), Seeded(5))
    who = person(desk)
    place = Place(TENANT, APPLICATION, who, vault.name(TENANT, "resp_0123"))
    salt = desk.store.content_salt(owner_of(TENANT, APPLICATION, who)).result()
    sealed = vault.seal(CONTENT, place, salt)
    kept = KeptResponse(place.name, TENANT, APPLICATION, who, START + 60, sealed, salt)
    position = desk.store.keep_response(kept).result()
    assert (position.seq, position.size) == (1, 1)
    found = desk.open().response(vault.name(TENANT, "resp_0123"), TENANT, APPLICATION)
    assert found == kept
    assert found is not None
    assert vault.open(found.sealed, place, found.salt) == CONTENT
    for wrong in (
        replace(place, person=None),
        replace(place, application="other"),
        replace(place, name=vault.name(TENANT, "resp_0124")),
    ):
        with pytest.raises(Tampered):
            vault.open(found.sealed, wrong, found.salt)
    [entry] = desk.store.entries()
    assert entry.event == {
        "kind": "response",
        "time": START,
        "response": place.name.hex(),
        "tenant": TENANT,
        "application": APPLICATION,
        "person": who,
        "expires": START + 60,
    }
    assert verify(desk.engine).entries == 1


def test_a_response_is_its_applications_alone(desk: Desk) -> None:
    kept = desk.keep("first")
    assert find(desk, kept) == kept
    assert find(desk, kept, "other") is None
    assert desk.store.response(kept.id, "southwind", APPLICATION) is None
    assert desk.store.response(b"unknown", TENANT, APPLICATION) is None
    with pytest.raises(Invalid):
        desk.keep("first")


def test_salts_belong_to_their_owner(desk: Desk) -> None:
    who = person(desk)
    owners = [
        owner_of(TENANT, APPLICATION, who),
        owner_of(TENANT, APPLICATION, None),
        owner_of(TENANT, who, None),  # An application by a person's name is not that person.
        owner_of("southwind", APPLICATION, None),
    ]
    salts = [desk.store.content_salt(owner).result() for owner in owners]
    assert len(set(salts)) == 4
    other = desk.open()
    assert [other.content_salt(owner).result() for owner in owners] == salts
    for stranger in (owner_of("southwind", APPLICATION, who), owner_of(TENANT, "a", "nobody")):
        with pytest.raises(Invalid) as caught:
            desk.store.content_salt(stranger).result()
        assert caught.value.code == "unknown_person"


def test_an_end_lies_ahead(desk: Desk) -> None:
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Invalid):
            desk.keep("first", seconds=seconds)
    assert rows(desk, "responses") == desk.store.size() == 0


def test_the_sweeper_removes_what_has_expired(desk: Desk) -> None:
    kept = [desk.keep(f"response {i}", seconds=10 + i) for i in range(6)]
    desk.clock.time += 12
    # What has expired is not shown, swept or not.
    assert [find(desk, one) is not None for one in kept] == [False] * 3 + [True] * 3
    desk.store.sweep(older_than=60)
    assert rows(desk, "responses") == 3
    size = desk.store.size()
    desk.store.sweep(older_than=60)
    assert desk.store.size() == size == 7
    assert verify(desk.engine).entries == 7
    # The same id may be used again.
    desk.keep("response 0")
    assert verify(desk.engine).entries == 8


def test_many_that_expire_are_removed_in_several_commits(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    for index in range(EXPIRED_AT_ONCE + 10):
        desk.keep(f"response {index}", seconds=10 + index / 1000)
    desk.clock.time += 100
    desk.store.sweep(older_than=60)
    assert rows(desk, "responses") == 0
    assert [entry.kind for entry in desk.store.entries(after=EXPIRED_AT_ONCE + 10)] == [
        "expired",
        "expired",
    ]
    verify(desk.engine)


def test_forgetting_one_leaves_the_others(desk: Desk) -> None:
    first, second = desk.keep("first"), desk.keep("second")
    assert not desk.store.forget_response(first.id, TENANT, "other").result()
    assert desk.store.forget_response(first.id, TENANT, APPLICATION).result()
    assert not desk.store.forget_response(first.id, TENANT, APPLICATION).result()
    assert find(desk, first) is None
    assert find(desk, second) == second
    assert verify(desk.engine).entries == 3


def test_forgetting_a_person_destroys_the_key(desk: Desk) -> None:
    who, other = person(desk), person(desk, "person-2")
    mine = [desk.keep(f"mine {i}", who) for i in range(3)]
    theirs, nobodys = desk.keep("theirs", other), desk.keep("nobody's")
    elsewhere = desk.open()
    desk.clock.time += 1
    assert desk.store.forget_responses(TENANT, who).result() == 3
    assert [find(desk, one) for one in mine] == [None] * 3
    assert (find(desk, theirs), find(desk, nobodys)) == (theirs, nobodys)
    # Who still has the old salt, in any process, keeps nothing under it.
    stale = replace(mine[0], id=b"new" + bytes(29), expires=START + 99)
    with pytest.raises(KeyDestroyed) as caught:
        elsewhere.keep_response(stale).result()
    assert isinstance(caught.value, Unavailable)
    salt = elsewhere.content_salt(owner_of(TENANT, APPLICATION, who)).result()
    assert salt != mine[0].salt
    elsewhere.keep_response(replace(stale, salt=salt)).result()
    assert desk.store.forget_responses(TENANT, who).result() == 1
    assert desk.store.forget_responses(TENANT, who).result() == 0
    assert verify(desk.engine).entries == desk.store.size() == 9


def test_a_key_that_was_put_back_is_found(desk: Desk) -> None:
    """Whoever restores a destroyed salt from a copy can be told from who made a new one."""
    who = person(desk)
    kept = desk.keep("first", who)
    desk.clock.time += 1
    desk.store.forget_responses(TENANT, who).result()
    row = {"t": TENANT, "o": who, "s": kept.salt, "c": START}
    with writing(desk.engine) as connection:
        connection.execute(text("INSERT INTO content_keys VALUES (:t, :o, 'person', :s, :c)"), row)
    with pytest.raises(Tampered) as caught:
        verify(desk.engine)
    assert caught.value.param == "vault"


def test_sealed_bytes_and_salts_are_not_shown(desk: Desk) -> None:
    kept = desk.keep("first")
    assert "sealed " not in repr(kept)
    assert repr(kept.salt) not in repr(kept)


@pytest.mark.parametrize("no", [ConsentState.WITHDRAWN, ConsentState.REFUSED])
def test_nothing_is_kept_against_a_no_and_what_was_kept_is_erased(
    desk: Desk, no: ConsentState
) -> None:
    """Also where another process took the no, and this one has not heard of it."""
    who = person(desk)
    key = consent_key(TENANT, who)
    desk.store.set_consent(key, ConsentState.GIVEN).result()
    kept = desk.keep("first", who)
    desk.keep("another's", person(desk, "person-2"))
    later = replace(kept, id=b"2" * 32)
    desk.store.keep_response(replace(later, id=b"3" * 32), key).result()
    desk.open().set_consent(key, no).result()
    with pytest.raises(ConsentRequired):
        desk.store.keep_response(later, key).result()
    assert find(desk, kept) is None
    assert rows(desk, "responses") == 1
    assert rows(desk, "content_keys") == 1
    verify(desk.engine)


def test_a_no_to_another_purpose_erases_nothing(desk: Desk) -> None:
    key = desk.consented()
    kept = desk.keep("first", key.person)
    desk.store.set_consent(key, ConsentState.WITHDRAWN).result()
    assert find(desk, kept) == kept


def test_a_consent_that_has_ended_keeps_nothing(desk: Desk) -> None:
    who = person(desk)
    key = consent_key(TENANT, who)
    desk.store.set_consent(key, ConsentState.GIVEN, START + 10).result()
    kept = replace(desk.keep("first", who), id=b"2" * 32)
    desk.clock.time += 20
    with pytest.raises(ConsentRequired):
        desk.store.keep_response(kept, key).result()
