"""Example conversations, ours or the user's own: read in full, or refused with all errors at once.

The format is described in `README.md` beside this file. The people in ours are made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from louver.core.categories import TAXONOMY
from louver.core.errors import Invalid
from louver.core.sensitive import Sensitive

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_NATIVE = frozenset(
    {
        "id", "title", "person", "purpose", "task", "consent", "terms", "turns", "tools",
        "response_format", "tool_results",
    }
)  # fmt: skip
_MOST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Term:
    """A text that the dictionary detector must know, and its category."""

    text: Sensitive[str]
    category: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as a chat completion request holds it.

    `asked`: send the history up to here and wait for the answer; other turns are history as given.
    """

    role: str
    message: Sensitive[Mapping[str, object]]
    asked: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of an application with a model, told from the application's side.

    `consent`: the person agrees to the remote model. `tool_results` maps a tool's name to what the
    application answers when the model calls it.
    """

    id: str
    title: str
    turns: tuple[Turn, ...]
    person: Sensitive[str] | None = None
    purpose: str | None = None
    task: str | None = None
    consent: bool = False
    terms: tuple[Term, ...] = ()
    tools: Sensitive[tuple[Mapping[str, object], ...]] = field(default=Sensitive(()))
    response_format: Sensitive[Mapping[str, object]] | None = None
    tool_results: Mapping[str, Sensitive[str]] = field(default_factory=dict)


def load(path: Path | None = None) -> list[Conversation]:
    """The conversations in the JSON Lines file at `path`, or the built-in ones.

    Raises Invalid naming every wrong line by its number; a message never repeats what stands there.
    """
    errors: list[str] = []
    found: list[Conversation] = []
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            before = len(errors)
            conversation = _Reader(number, errors).conversation(line)
            if len(errors) == before and conversation is not None:
                found.append(conversation)
    ids = [conversation.id for conversation in found]
    if len(ids) != len(set(ids)):
        errors.append("every conversation needs its own id")
    if not errors and not found:
        errors.append("the file holds no conversation")
    if errors:
        shown = errors[:_MOST_ERRORS]
        rest = len(errors) - len(shown)
        raise Invalid("; ".join([*shown, *([f"and {rest} more"] if rest else [])]))
    return found


def _lines(path: Path | None) -> list[bytes]:
    if path is None:
        return (resources.files(__name__) / "conversations.jsonl").read_bytes().split(b"\n")
    try:
        return path.read_bytes().split(b"\n")
    except OSError as error:
        reason = error.strerror or "unknown reason"
    raise Invalid(f"the file with the conversations cannot be read: {reason}")


class _Reader:
    """Reads one line and collects what is wrong with it."""

    def __init__(self, number: int, errors: list[str]) -> None:
        self._number = number
        self._errors = errors

    def conversation(self, line: bytes) -> Conversation | None:
        tree: object = None
        try:
            tree = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            self._wrong("is not valid JSON")
            return None
        if not isinstance(tree, dict):
            self._wrong("is not a JSON object")
            return None
        native = "turns" in tree
        if not native and "messages" not in tree:
            self._wrong("has neither 'turns' nor 'messages'")
            return None
        if native and not tree.keys() <= _NATIVE:
            self._wrong(f"has a field other than {', '.join(sorted(_NATIVE))}")
        person = self._text(tree, "person")
        answer_format = self._object(tree, "response_format")
        identifier = self._text(tree, "id") or f"line-{self._number}"
        return Conversation(
            id=identifier,
            title=self._text(tree, "title") or identifier,
            turns=self._turns(tree, "turns" if native else "messages"),
            person=None if person is None else Sensitive(person),
            purpose=self._text(tree, "purpose"),
            task=self._text(tree, "task"),
            consent=self._flag(tree, "consent"),
            terms=tuple(self._terms(tree)),
            tools=Sensitive(tuple(self._objects(tree, "tools"))),
            response_format=None if answer_format is None else Sensitive(answer_format),
            tool_results=self._tool_results(tree),
        )

    def _turns(self, tree: Mapping[str, object], name: str) -> tuple[Turn, ...]:
        messages = list(self._objects(tree, name))
        roles = [message.get("role") for message in messages]
        turns: list[Turn] = []
        for place, message in enumerate(messages):
            role = message.get("role")
            where = f"{name}[{place}]"
            if not isinstance(role, str) or role not in _ROLES:
                self._wrong(f"{where}.role is none of {', '.join(sorted(_ROLES))}")
                continue
            content = message.get("content")
            if not isinstance(content, str | list) and role != "assistant":
                self._wrong(f"{where}.content is neither text nor a list of parts")
            # Where the next message is already an answer, nobody needs to be asked.
            following = roles[place + 1] if place + 1 < len(roles) else None
            asked = role in {"user", "tool"} and following not in {"assistant", "tool"}
            turns.append(Turn(role, Sensitive(message), asked))
        if not any(turn.asked for turn in turns):
            self._wrong(f"{name} has no user message that waits for an answer")
        return tuple(turns)

    def _terms(self, tree: Mapping[str, object]) -> Iterator[Term]:
        for place, entry in enumerate(self._objects(tree, "terms")):
            term, category = entry.get("term"), entry.get("category")
            if not isinstance(term, str) or not term.strip():
                self._wrong(f"terms[{place}].term is not text")
            elif not isinstance(category, str) or category not in TAXONOMY:
                self._wrong(f"terms[{place}].category is not in the taxonomy")
            else:
                yield Term(Sensitive(term), category)

    def _tool_results(self, tree: Mapping[str, object]) -> Mapping[str, Sensitive[str]]:
        results = self._object(tree, "tool_results") or {}
        if not all(isinstance(text, str) for text in results.values()):
            self._wrong("'tool_results' maps each tool's name to a text")
        return {name: Sensitive(text) for name, text in results.items() if isinstance(text, str)}

    def _text(self, tree: Mapping[str, object], name: str) -> str | None:
        value = tree.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value:
            return value
        self._wrong(f"'{name}' is not text")
        return None

    def _flag(self, tree: Mapping[str, object], name: str) -> bool:
        value = tree.get(name, False)
        if isinstance(value, bool):
            return value
        self._wrong(f"'{name}' is neither true nor false")
        return False

    def _object(self, tree: Mapping[str, object], name: str) -> Mapping[str, object] | None:
        value = tree.get(name)
        if value is None or isinstance(value, dict):
            return value
        self._wrong(f"'{name}' is not an object")
        return None

    def _objects(self, tree: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
        value = tree.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            return value
        self._wrong(f"'{name}' is not a list of objects")
        return []

    def _wrong(self, what: str) -> None:
        self._errors.append(f"line {self._number}: {what}")
