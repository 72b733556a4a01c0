"""What the line asks of a request only where the policy minds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.http import chat

from louver.core.identity import Caller
from louver.core.sensitive import Sensitive
from louver.doors.settings.load import parse
from louver.gateway.line import Considered, Incoming
from louver.house import build

SETTINGS = """
version: 1
destinations:
  narrow: {{kind: practice, location: local, languages: {languages}}}
  broad: {{kind: practice, location: local}}
models: {{home: [narrow, broad]}}
"""
CALLER = Caller("default", "tests", "none")


@pytest.mark.parametrize(
    ("languages", "text", "destination"),
    [
        ("[en]", "Could you tell me what the status of my order is? It was not there.", "narrow"),
        ("[en]", "Können Sie mir bitte sagen, wie der Stand ist? Ich habe es nicht.", "broad"),
        ("[]", "Können Sie mir bitte sagen, wie der Stand ist? Ich habe es nicht.", "narrow"),
    ],
)
def test_a_model_is_asked_in_a_language_that_it_is_good_at(
    tmp_path: Path, languages: str, text: str, destination: str
) -> None:
    settings = parse(SETTINGS.format(languages=languages), file=None, folder=tmp_path)

    async def consider(incoming: Incoming) -> Considered:
        return await house.line.consider(incoming, CALLER)

    with build(settings) as house:
        considered = asyncio.run(consider(Incoming(None, {}, Sensitive(chat(text)))))
    assert considered.decision.require().name == destination
