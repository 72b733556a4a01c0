"""Law 6: a conversation costs by what is new, not by its history."""

from __future__ import annotations

from pathlib import Path

from openai.types.chat import ChatCompletionMessageParam
from support.houses import running
from support.models import Echo

TURNS = 50


def test_scanning_stays_within_twice_that_of_turn_two(tmp_path: Path) -> None:
    scanned = []
    with running(tmp_path, providers={"home": Echo()}) as watched:
        client, finder = watched.client(), watched.house.finder
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": "You help the support team of a small shop. " * 10}
        ]
        for turn in range(TURNS):
            text = f"Turn {turn:02}: Alice wrote from alice.{turn:02}@example.com about her order."
            messages.append({"role": "user", "content": text})
            before = finder.scanned_characters
            answer = client.chat.completions.create(model="home", messages=messages)
            scanned.append(finder.scanned_characters - before)
            assert answer.choices[0].message.content == text
            messages.append({"role": "assistant", "content": text})
    assert scanned[1] > 0
    assert max(scanned[2:]) <= 2 * scanned[1], scanned


def test_no_store_requests_leave_nothing_in_the_cache(tmp_path: Path) -> None:
    with running(tmp_path, providers={"home": Echo()}) as watched:
        client = watched.client(**{"X-No-Store": "1"})
        scanned = []
        for _ in range(2):
            before = watched.house.finder.scanned_characters
            client.chat.completions.create(
                model="home", messages=[{"role": "user", "content": "mail bob@example.com"}]
            )
            scanned.append(watched.house.finder.scanned_characters - before)
    assert scanned[0] == scanned[1] > 0
