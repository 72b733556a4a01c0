"""A conversation as a model's chat template takes it, or as the many that take less do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; `role` is `system`, `user`, `assistant` or `tool`."""

    role: str
    text: str


def messages(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """The form that chat templates read."""
    return [{"role": turn.role, "content": turn.text} for turn in turns]


def merged(turns: Sequence[Turn]) -> list[Turn]:
    """The same words as `user` and `assistant` by turns, beginning with the user.

    For templates that know no system role, or insist that roles alternate.
    """
    out: list[Turn] = []
    for turn in turns:
        role = "assistant" if turn.role == "assistant" else "user"
        if out and out[-1].role == role:
            out[-1] = Turn(role, f"{out[-1].text}\n\n{turn.text}")
        else:
            out.append(Turn(role, turn.text))
    return out if out and out[0].role == "user" else [Turn("user", ""), *out]
