"""CPU per request of the LiteLLM proxy, alone and with Presidio, beside Louver doing everything.

The same upstream, prompts, clients, core and clock as in `bench.proxy`. LiteLLM alone passes the
values on; Louver and LiteLLM with Presidio replace and restore them, which is checked before. The
CPU of Presidio's analyzer and anonymizer counts. All three have one worker.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from bench.peers.servers import install, litellm, litellm_with_presidio
from bench.serving.figures import costs, require_minimized, row
from bench.serving.installation import installed, louver, upstream
from bench.serving.load import ask

_COMMAND = "make bench-peers"
_REQUESTS, _ROUNDS = 150, 3
_LOUVER_REQUESTS = 1000


def rows() -> list[dict[str, Any]]:
    """One row per figure."""
    install()
    with ExitStack() as stack:
        model = stack.enter_context(upstream())
        home = stack.enter_context(installed(model))
        ours = stack.enter_context(louver(home))
        plain = stack.enter_context(litellm(model))
        guarded = stack.enter_context(litellm_with_presidio(model))
        require_minimized(model, ours)
        require_minimized(model, guarded)
        ask(ours, 500)
        least: dict[str, float] = {}
        for _ in range(_ROUNDS):
            for name, cost in {
                **costs({"louver": ours}, _LOUVER_REQUESTS, 1),
                **costs({"plain": plain, "guarded": guarded}, _REQUESTS, 1),
            }.items():
                least[name] = min(cost, least.get(name, cost))
        memory = {
            "louver": ours.resident(),
            "plain": plain.resident(),
            "guarded": guarded.resident(),
        }
    return [
        row("louver, everything on: CPU per request, us", least["louver"], None, _COMMAND),
        row("LiteLLM proxy: CPU per request, us", least["plain"], None, _COMMAND),
        row("LiteLLM proxy with Presidio: CPU per request, us", least["guarded"], None, _COMMAND),
        row("LiteLLM proxy / louver", least["plain"] / least["louver"], (">=", 30), _COMMAND),
        row(
            "LiteLLM proxy with Presidio / louver",
            least["guarded"] / least["louver"],
            (">=", 45),
            _COMMAND,
        ),
        row("louver: resident memory, MB", memory["louver"], None, _COMMAND),
        row("LiteLLM proxy: resident memory, MB", memory["plain"], None, _COMMAND),
        row("LiteLLM proxy with Presidio: resident memory, MB", memory["guarded"], None, _COMMAND),
    ]
