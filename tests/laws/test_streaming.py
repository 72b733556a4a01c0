"""Law 4: only what could still be a placeholder is held back; a stream stays a stream."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import orjson
import pytest
from support.houses import running
from support.models import chunk

from louver.core.exchanges import Minimized, Reply
from louver.gateway.providers.interface import ReadsHubForm

CHUNKS = 200
PACE = 0.004  # Seconds between two events of the model.


class Paced(ReadsHubForm):
    """Sends its text in `CHUNKS` events, one every `PACE` seconds; repeats the user's words."""

    async def ask(self, request: Minimized) -> AsyncGenerator[Reply]:
        words = orjson.loads(request.body)["messages"][-1]["content"].split(" ")
        for i in range(CHUNKS):
            await asyncio.sleep(PACE)
            yield Reply(chunk({"content": words[i % len(words)] + " "}))
        yield Reply(chunk({}, finish="stop"))

    async def close(self) -> None:
        return


@pytest.mark.parametrize(
    "text",
    [
        "the patient called and we spoke",
        "mail alice.martin@example.com about Alice and Bob please",
        "every email is personal and every person phones early",
    ],
    ids=["no values", "values", "words that begin like placeholders"],
)
def test_200_chunks_arrive_at_190_distinct_times(tmp_path: Path, text: str) -> None:
    times, said = [], ""
    with running(tmp_path, providers={"home": Paced()}) as watched:
        stream = watched.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": text}], stream=True
        )
        for event in stream:
            if event.choices and event.choices[0].delta.content:
                times.append(time.perf_counter())
                said += event.choices[0].delta.content
    words = text.split(" ")
    assert said == "".join(words[i % len(words)] + " " for i in range(CHUNKS))
    apart = [b - a for a, b in itertools.pairwise(times) if b - a > PACE / 4]
    assert len(apart) + 1 >= 190, f"{len(times)} events at {len(apart) + 1} distinct times"


def test_the_last_event_waits_for_the_record(tmp_path: Path) -> None:
    """When the client has `[DONE]`, the ledger has the answer."""
    with running(tmp_path, providers={"home": Paced()}) as watched:
        stream = watched.client().chat.completions.create(
            model="home", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        assert sum(1 for _ in stream) >= CHUNKS
        kinds = [entry.kind for entry in watched.house.store.entries()]
    assert [str(getattr(k, "value", k)) for k in kinds][-2:] == ["sent", "answered"]
