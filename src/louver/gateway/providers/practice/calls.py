"""Decides which tools to call, and with what: a tool is called where it is spoken of, or forced."""

from __future__ import annotations

import json
import re

from louver.gateway.providers.practice.evidence import Evidence
from louver.gateway.providers.practice.format import Call
from louver.gateway.providers.practice.phrases import NOTICE, STOP_WORDS
from louver.gateway.providers.practice.prompt import Prompt, Tool
from louver.gateway.providers.practice.schema import Filler
from louver.gateway.providers.practice.words import fold, mentions, stems, tokens

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME_WEIGHT = 2
_ENOUGH = 2
_ENOUGH_FOR_MORE = 3
_EVIDENCE = 20_000


def calls(prompt: Prompt) -> tuple[Call, ...]:
    """The calls that the last user message asks for; none once the tools have answered."""
    if prompt.last.role != "user":
        return ()
    scored = sorted(
        ((_score(tool, prompt.question), -place, tool) for place, tool in enumerate(prompt.tools)),
        key=lambda entry: entry[:2],
        reverse=True,
    )
    chosen = [
        tool
        for rank, (score, _, tool) in enumerate(scored)
        if (rank == 0 and (prompt.forced or score >= _ENOUGH))
        or (rank > 0 and prompt.parallel and not prompt.forced and score >= _ENOUGH_FOR_MORE)
    ]
    # The number of messages so far keeps the ids of later turns apart.
    turn = len(prompt.messages)
    return tuple(
        Call(f"call_{turn}_{place}", tool.name, tokens(_arguments(tool, prompt)))
        for place, tool in enumerate(chosen)
    )


def structured(prompt: Prompt) -> str:
    """JSON text that follows the response format of `prompt`."""
    if prompt.schema:
        value = Filler(prompt.schema, _evidence(prompt), complete=True).fill()
    else:
        value = _free_object(prompt)
    return json.dumps(value, ensure_ascii=False)


def _free_object(prompt: Prompt) -> dict[str, object]:
    """Where any object will do: what was seen, by kind."""
    seen: dict[str, list[str]] = {}
    for message in prompt.messages:
        for mention in mentions(message.text):
            values = seen.setdefault(fold(mention.label), [])
            if mention.text not in values:
                values.append(mention.text)
    return {"note": NOTICE, "mentioned": seen}


def _arguments(tool: Tool, prompt: Prompt) -> str:
    value = Filler(tool.parameters, _evidence(prompt), complete=False).fill()
    return json.dumps(value if isinstance(value, dict) else {}, ensure_ascii=False)


def _evidence(prompt: Prompt) -> Evidence:
    """Users first, the newest before the older; then what tools and the system said."""
    newest_first = prompt.messages[::-1]
    said = [message.text for message in newest_first if message.role == "user"]
    other = [message.text for message in newest_first if message.role in {"tool", "system"}]
    texts: list[str] = []
    left = _EVIDENCE
    for text in [*said, *other]:
        texts.append(text[:left])
        left = max(0, left - len(text))
    return Evidence(texts)


def _score(tool: Tool, question: str) -> int:
    """How many words of the question name or describe the tool."""
    asked = stems(question, STOP_WORDS)
    named = stems(_CAMEL.sub(" ", tool.name).replace("_", " "), STOP_WORDS)
    described = stems(tool.description, STOP_WORDS)
    return _NAME_WEIGHT * len(asked & named) + len(asked & described)
