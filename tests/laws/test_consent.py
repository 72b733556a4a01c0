"""No request reaches a remote model without given consent: not before, after or during."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import openai
import pytest
from support.houses import Watched, running
from support.http import chat, post
from support.models import Echo

from louver.core.consent import ConsentState

LEGAL = {"X_Louver_Task": "legal_analysis", "X_Louver_Person": "person-7"}


def ask(watched: Watched, **headers: str) -> tuple[int, str]:
    got = post(watched, chat("Is this clause valid?").replace(b'"home"', b'"louver"'), **headers)
    return got.status, "" if got.status == 200 else got.error["code"]


def test_local_first_then_consent_then_remote_then_withdrawn(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo(), "cloud": Echo()}) as watched:
        assert ask(watched)[0] == 200
        assert watched.left[-1][0] == "home"
        assert ask(watched, **LEGAL) == (403, "consent_required")
        watched.consent("person-7", ConsentState.GIVEN)
        assert ask(watched, **LEGAL)[0] == 200
        name, body = watched.left[-1]
        assert name == "cloud"
        assert json.loads(body)["store"] is False
        assert ask(watched, X_Louver_Mode="strict", **LEGAL) == (422, "insufficient_capability")
        watched.consent("person-7", ConsentState.WITHDRAWN)
        assert ask(watched, **LEGAL) == (403, "consent_required")
        assert [name for name, _ in watched.left] == ["home", "cloud"]


def test_the_error_says_what_to_ask_for(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo(), "cloud": Echo()}) as watched:
        client = watched.client(**{name.replace("_", "-"): v for name, v in LEGAL.items()})
        with pytest.raises(openai.PermissionDeniedError) as caught:
            client.chat.completions.create(
                model="louver", messages=[{"role": "user", "content": "Is it?"}]
            )
    assert caught.value.code == "consent_required"
    body = caught.value.body
    assert isinstance(body, dict)
    assert body["louver"] == {
        "purpose": "assistance",
        "recipient": "Example AI Ltd.",
        "person_known": True,
        "state": "ConsentUnknown",
    }


def test_openais_own_user_field_names_the_person(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo(), "cloud": Echo()}) as watched:
        watched.consent("person-7", ConsentState.GIVEN)
        client = watched.client(**{"X-Louver-Task": "legal_analysis"})
        client.chat.completions.create(
            model="louver", user="person-7", messages=[{"role": "user", "content": "Is it?"}]
        )
        assert watched.left[-1][0] == "cloud"
        assert b"person-7" not in watched.bytes_that_left


@pytest.mark.parametrize(
    ("headers", "store"), [({"X_No_Store": "1"}, None), ({}, False)], ids=["header", "field"]
)
def test_no_store_leaves_no_person_in_the_ledger(
    tmp_path: Path, headers: dict[str, str], store: bool | None
) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        more = {} if store is None else {"store": store}
        assert post(watched, chat("hi", **more), X_Louver_Person="p-9", **headers).status == 200
        sent = [e for e in watched.house.store.entries() if b'"sent"' in e.payload]
        assert len(sent) == 1
        assert json.loads(sent[0].payload)["person"] is None
        assert json.loads(watched.left[0][1])["store"] is False


@pytest.mark.slow
def test_race_no_byte_after_an_acknowledged_withdrawal(tmp_path: Path) -> None:
    """Many requests in flight while consent comes and goes; the ledger's order is the judge."""
    with running(tmp_path, providers={"home": Echo(), "cloud": Echo()}) as watched:
        watched.consent("person-7", ConsentState.GIVEN)
        stop = threading.Event()
        statuses: list[int] = []
        after_withdrawal: list[int] = []

        def requests() -> None:
            while not stop.is_set():
                statuses.append(ask(watched, **LEGAL)[0])

        threads = [threading.Thread(target=requests) for _ in range(6)]
        for thread in threads:
            thread.start()
        for _ in range(25):
            watched.consent("person-7", ConsentState.WITHDRAWN)
            # Acknowledged: what is asked from here on must not leave.
            before = len(watched.left)
            settled = [t for t in range(3) if ask(watched, **LEGAL)[0] == 200]
            after_withdrawal += settled
            assert len(watched.left) - before <= len(threads)  # Only what was already recorded.
            watched.consent("person-7", ConsentState.GIVEN)
        stop.set()
        for thread in threads:
            thread.join()
        given = None
        for entry in watched.house.store.entries(limit=100_000):
            payload = json.loads(entry.payload)
            if payload["kind"] == "consent":
                given = payload["state"] == ConsentState.GIVEN.value
            elif payload["kind"] == "sent" and payload["remote"]:
                assert given, f"entry {entry.seq} was sent without consent"
    assert after_withdrawal == []
    assert {200, 403} <= set(statuses)
