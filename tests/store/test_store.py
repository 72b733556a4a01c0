"""The facade: what each method promises, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from store.desk import POLICY, START, TENANT, answered, sent

from louver.core.consent import ConsentKey, ConsentState
from louver.core.errors import ConsentRequired, Invalid, Unauthenticated, Unavailable
from louver.core.events import Sent
from louver.core.sensitive import Sensitive
from louver.crypto.commitments import committed_leaf
from louver.crypto.merkle import EMPTY_ROOT, root
from louver.store.consenting import TRANSITIONS
from louver.store.exchanges import Stale
from louver.store.verify import verify

if TYPE_CHECKING:
    from store.desk import Desk


def test_an_empty_ledger_has_the_empty_root(desk: Desk) -> None:
    assert desk.store.size() == 0
    assert desk.store.head().root == EMPTY_ROOT
    assert desk.store.entries() == []
    assert verify(desk.engine).entries == 0


def test_an_exchange_leaves_two_entries_in_the_tree(desk: Desk) -> None:
    desk.activate()
    assert desk.send("x1") == 2
    assert desk.store.record_answered(answered("x1")).result() == 3

    entries = desk.store.entries()
    assert [entry.kind for entry in entries] == ["policy", "sent", "answered"]
    assert [entry.exchange for entry in entries] == [None, "x1", "x1"]
    assert entries[1].event == {"kind": "sent", "time": START, **sent("x1").payload()}
    assert all(committed_leaf(entry.salt, entry.payload) == entry.leaf for entry in entries)
    assert len({entry.salt for entry in entries}) == 3
    head = desk.store.head()
    assert (head.size, head.root) == (3, root([entry.leaf for entry in entries]))
    assert verify(desk.engine).open == 0


def test_entries_are_read_in_pages_and_by_exchange(desk: Desk) -> None:
    desk.activate()
    for name in ("x1", "x2", "x3"):
        desk.send(name)
    desk.store.record_answered(answered("x2")).result()
    assert [entry.seq for entry in desk.store.entries(after=1, limit=2)] == [2, 3]
    assert [entry.seq for entry in desk.store.entries(exchange="x2")] == [3, 5]
    assert desk.store.entries(exchange="x9") == []


def test_without_a_policy_nothing_is_sent(desk: Desk) -> None:
    with pytest.raises(Stale) as caught:
        desk.send("x1")
    assert caught.value.code == "policy_changed"
    assert isinstance(caught.value, Unavailable)
    assert desk.store.size() == 0


def test_a_decision_by_the_former_policy_is_stale(desk: Desk) -> None:
    desk.activate()
    desk.activate("b2" * 32)
    with pytest.raises(Stale):
        desk.send("x1")
    desk.activate()
    assert desk.send("x1") == 4


def test_activating_the_active_policy_changes_nothing(desk: Desk) -> None:
    first = desk.store.activate_policy(POLICY, b"document").result()
    assert desk.store.activate_policy(POLICY, b"document").result() == first
    assert desk.store.size() == 1
    active = desk.store.active_policy()
    assert active is not None
    assert (active.digest, active.document, active.activated) == (POLICY, b"document", START)
    with pytest.raises(Invalid):
        desk.store.activate_policy(POLICY, b"another document").result()


def test_an_exchange_is_sent_once_and_ends_once(desk: Desk) -> None:
    desk.activate()
    desk.send("x1")
    with pytest.raises(Invalid):
        desk.send("x1")
    with pytest.raises(Invalid):
        desk.store.record_answered(answered("x2")).result()
    desk.store.record_answered(answered("x1")).result()
    with pytest.raises(Invalid) as caught:
        desk.store.record_answered(answered("x1")).result()
    assert caught.value.code == "exchange_ended"
    with pytest.raises(Invalid):
        desk.send("x1")
    assert verify(desk.engine).entries == 3


def test_the_sweeper_ends_what_is_old_and_open(desk: Desk) -> None:
    desk.activate()
    for index in range(300):
        desk.store.record_sent(sent(f"old-{index}"), policy=POLICY, consent=None)
    desk.store.record_answered(answered("old-7")).result()
    desk.clock.time += 100
    desk.send("young")
    desk.clock.time += 5
    assert desk.store.sweep(older_than=50) == 299
    assert desk.store.sweep(older_than=50) == 0
    with pytest.raises(Invalid) as caught:
        desk.store.record_answered(answered("old-8")).result()
    assert caught.value.code == "exchange_ended"
    report = verify(desk.engine)
    assert (report.entries, report.open) == (1 + 300 + 1 + 1 + 299, 1)


def test_the_sweeper_also_ends_what_a_dead_process_left(desk: Desk) -> None:
    desk.activate()
    dead = desk.open()
    desk.send("x1", dead)
    dead.close()
    desk.clock.time += 10
    assert desk.store.sweep(older_than=5) == 1
    assert desk.store.entries(exchange="x1")[-1].kind == "interrupted"


def test_a_person_is_one_random_id_per_tenant(desk: Desk) -> None:
    external = Sensitive("customer 4711")
    assert desk.store.known_person(TENANT, external) is None
    first = desk.store.person(TENANT, external).result()
    assert desk.store.person(TENANT, external).result() == first
    assert desk.store.known_person(TENANT, external) == first
    assert desk.store.person("southwind", external).result() != first
    assert "4711" not in first
    assert desk.open().known_person(TENANT, external) == first


def test_a_remote_exchange_needs_a_consent_that_stands(desk: Desk) -> None:
    desk.activate()
    key = desk.consented()
    event = sent("x1", person=key.person, remote=True)
    desk.store.record_sent(event, policy=POLICY, consent=key).result()
    desk.store.set_consent(key, ConsentState.WITHDRAWN).result()
    again = desk.store.record_sent(replace(event, exchange="x2"), policy=POLICY, consent=key)
    with pytest.raises(ConsentRequired) as caught:
        again.result()
    needed = caught.value.needed
    assert (needed.purpose, needed.recipient) == ("assistance", "Elsewhere Inc.")
    assert (needed.person_known, needed.state) == (True, "ConsentWithdrawn")
    assert desk.store.entries(exchange="x2") == []


def test_a_consent_ends_at_its_time(desk: Desk) -> None:
    desk.activate()
    key = desk.consented()
    desk.store.set_consent(key, ConsentState.GIVEN, expires=START + 60).result()
    event = sent("x1", person=key.person, remote=True)
    desk.clock.time = START + 59.5
    desk.store.record_sent(event, policy=POLICY, consent=key).result()
    desk.clock.time = START + 60
    late = desk.store.record_sent(replace(event, exchange="x2"), policy=POLICY, consent=key)
    with pytest.raises(ConsentRequired) as caught:
        late.result()
    assert caught.value.needed.state == "ConsentExpired"
    assert verify(desk.engine).entries == 4


def test_an_event_that_contradicts_its_consent_is_refused(desk: Desk) -> None:
    desk.activate()
    key = desk.consented()
    event = sent("x1", person=key.person, remote=True)
    contradictions: list[tuple[Sent, ConsentKey | None]] = [
        (event, None),
        (replace(event, policy="b2" * 32), key),
        (replace(event, tenant="southwind"), key),
        (replace(event, purpose="training"), key),
        (replace(event, person="somebody else"), key),
    ]
    for wrong, consent in contradictions:
        with pytest.raises(Invalid):
            desk.store.record_sent(wrong, policy=POLICY, consent=consent).result()
    assert desk.store.size() == 2
    # Strict and no-store traffic names no person; the consent still does.
    unnamed = replace(event, person=None)
    assert desk.store.record_sent(unnamed, policy=POLICY, consent=key).result().seq == 3


def test_consent_steps_are_those_of_the_table(desk: Desk) -> None:
    answers = [s for s in ConsentState if s not in (ConsentState.UNKNOWN, ConsentState.EXPIRED)]
    paths: dict[ConsentState, list[ConsentState]] = {
        ConsentState.UNKNOWN: [],
        ConsentState.REQUESTED: [ConsentState.REQUESTED],
        ConsentState.GIVEN: [ConsentState.GIVEN],
        ConsentState.REFUSED: [ConsentState.REFUSED],
        ConsentState.WITHDRAWN: [ConsentState.GIVEN, ConsentState.WITHDRAWN],
    }
    person = desk.store.person(TENANT, Sensitive("p")).result()
    for before, path in paths.items():
        for target in [*answers, ConsentState.UNKNOWN, ConsentState.EXPIRED]:
            key = ConsentKey(TENANT, person, "assistance", f"{before.name} to {target.name}")
            for state in path:
                desk.store.set_consent(key, state).result()
            step = desk.store.set_consent(key, target)
            if target in TRANSITIONS[before]:
                step.result()
                assert desk.store.consents().state(key, START) is target
            else:
                with pytest.raises(Invalid):
                    step.result()
                assert desk.store.consents().state(key, START) is before
    assert verify(desk.engine).entries == desk.store.size()


def test_an_expired_consent_may_be_renewed_and_withdrawn(desk: Desk) -> None:
    key = desk.consented()
    desk.store.set_consent(key, ConsentState.GIVEN, expires=START + 1).result()
    desk.clock.time = START + 2
    desk.store.set_consent(key, ConsentState.WITHDRAWN).result()
    desk.store.set_consent(key, ConsentState.GIVEN, expires=START + 3).result()
    assert desk.store.consents().state(key, START + 2) is ConsentState.GIVEN
    assert desk.store.consents().state(key, START + 3) is ConsentState.EXPIRED


def test_an_end_lies_in_the_future(desk: Desk) -> None:
    key = desk.consented()
    for expires in (START, START - 1, float("nan"), float("inf")):
        with pytest.raises(Invalid):
            desk.store.set_consent(key, ConsentState.GIVEN, expires=expires).result()
    with pytest.raises(Invalid):
        desk.store.set_consent(key, ConsentState.WITHDRAWN, expires=START + 9).result()


def test_consent_of_an_unknown_person_is_refused(desk: Desk) -> None:
    key = desk.consented()
    for stranger in (replace(key, person="nobody"), replace(key, tenant="southwind")):
        with pytest.raises(Invalid) as caught:
            desk.store.set_consent(stranger, ConsentState.GIVEN).result()
        assert caught.value.code == "unknown_person"


def test_consents_are_listed_by_tenant_and_person(desk: Desk) -> None:
    first, second = desk.consented("person-1"), desk.consented("person-2")
    assert {answer.key for answer in desk.store.list_consents(TENANT)} == {first, second}
    assert [a.key for a in desk.store.list_consents(TENANT, first.person)] == [first]
    assert desk.store.list_consents("southwind") == ()


def test_a_key_opens_until_it_is_revoked(desk: Desk) -> None:
    secret = desk.store.create_key(TENANT, "helpdesk").result()
    caller = desk.store.authenticate(secret)
    assert (caller.tenant, caller.application) == (TENANT, "helpdesk")
    [record] = desk.store.list_keys()
    assert (record.id, record.revoked) == (caller.key_id, None)
    assert desk.open().authenticate(secret) == caller

    desk.store.revoke_key(record.id).result()
    with pytest.raises(Unauthenticated):
        desk.store.authenticate(secret)
    with pytest.raises(Unauthenticated):
        desk.open().authenticate(secret)
    assert desk.store.list_keys()[0].revoked == START
    for gone in (record.id, "unknown1"):
        with pytest.raises(Invalid):
            desk.store.revoke_key(gone).result()
    assert verify(desk.engine).entries == 2


def test_a_wrong_secret_of_a_right_id_does_not_open(desk: Desk) -> None:
    secret = desk.store.create_key(TENANT, "helpdesk").result().reveal()
    last = "A" if secret[-1] != "A" else "B"
    for wrong in (secret[:-1] + last, "", "lv_", secret + "A", secret.upper(), "lv_" + "é" * 52):
        with pytest.raises(Unauthenticated) as caught:
            desk.store.authenticate(Sensitive(wrong))
        assert not wrong or wrong not in str(caught.value) or wrong == "lv_"


def test_names_that_no_column_holds_are_refused(desk: Desk) -> None:
    key = desk.consented()
    for name in ("", "a\x00b", "\ud800", "x" * 257):
        with pytest.raises(Invalid):
            desk.store.create_key(name, "helpdesk")
        with pytest.raises(Invalid):
            desk.store.create_key(TENANT, name)
        with pytest.raises(Invalid):
            desk.store.person(name, Sensitive("p"))
        with pytest.raises(Invalid):
            desk.store.set_consent(replace(key, recipient=name), ConsentState.GIVEN)
    desk.activate()
    assert verify(desk.engine).entries == 2


def test_a_closed_store_records_nothing(desk: Desk) -> None:
    desk.activate()
    other = desk.open()
    other.close()
    with pytest.raises(Unavailable) as caught:
        desk.send("x1", other)
    assert caught.value.code == "store_lost"
    assert desk.store.size() == 1
