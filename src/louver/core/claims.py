"""What Louver promises: each claim with what it assumes and the tests that would refute it.

`CLAIMS.md` is generated from this list; a test checks that every named test exists.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """`refuted_by` names tests as `path/to/test_file.py::test_name`; if one fails, so does the claim."""

    name: str
    statement: str
    assumptions: tuple[str, ...]
    refuted_by: tuple[str, ...]


CLAIMS: tuple[Claim, ...] = ()

NOT_PROMISED: tuple[str, ...] = (
    "That every person in a text is found. What no detector knows is sent as it is; names need a "
    "dictionary in this version, or the names model of a later one.",
    "That a model cannot guess who somebody is from what remains around the placeholders.",
    "That the ledger's owner did not rewrite all of it: that needs an outside witness, which comes "
    "with the signed log. Until then `louver ledger verify` finds damage and careless edits.",
    "That a provider honors `store: false`. It is asked for in every request, and that is all.",
    "Anything about images, audio and files, except that they are refused unless you allow them.",
)
