"""Shows an exchange on a terminal: written, left (as a colored diff), came back, why, recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from louver.core.sensitive import Sensitive
from louver.doors.demo.drive import Exchanged, Message

_LABEL = 12
_UNBOUNDED = 1_000_000
_VALUE, _PLACEHOLDER, _DIM = "black on bright_yellow", "bold green", "bright_black"


def show(console: Console, exchanged: Exchanged) -> None:
    """Print one exchange."""
    values = {name: value.reveal() for name, value in exchanged.values.items()}
    for i, message in enumerate(exchanged.written):
        before = _said(message)
        _line(console, message["role"], "- ", _marked(before, values.values(), _VALUE), "red")
        if exchanged.left is None:
            continue
        after = _said(exchanged.left[i])
        if after == before:
            _line(console, "", "= ", Text("left as it is", _DIM), _DIM)
        else:
            _line(console, "left", "+ ", _marked(after, values, _PLACEHOLDER), "green")
    if exchanged.refused is not None:
        refused = Text(": ".join(exchanged.refused), "yellow")
        _line(console, "refused", "x ", refused, "yellow")
        _line(console, "left", "  ", Text("nothing", _DIM), _DIM)
    else:
        said = _said(exchanged.answer)
        _line(console, "came back", "< ", _marked(said, values.values(), _VALUE), "cyan")
        _line(console, "restored", "  ", _restored(said, exchanged.values), _DIM)
        route = exchanged.route
        _line(console, "routed to", "  ", Text(route["destination"]), _DIM)
        _line(console, "because", "  ", Text(route["because"], _DIM), _DIM)
    for entry in exchanged.recorded:
        _line(console, "ledger", "  ", Text(_entry(entry), _DIM), _DIM)
    console.print()


def _line(console: Console, label: str, sign: str, text: Text, color: str) -> None:
    """A label in its column, then `text`, each line behind `sign`; a terminal's width is kept."""
    width = max(console.width - _LABEL - 4, 20) if console.is_terminal else _UNBOUNDED
    lines = [part for line in text.split("\n", allow_blank=True) for part in _wrapped(line, width)]
    for i, line in enumerate(lines):
        head = Text(f"{label if i == 0 else '':>{_LABEL}} ", _DIM)
        console.print(head, Text(sign, color), line, sep="", soft_wrap=True)


def _wrapped(line: Text, width: int) -> list[Text]:
    return list(line.wrap(Console(width=width), width)) or [line]


def _said(message: Message) -> str:
    """What a message says: its text, and its tool calls as `name(arguments)`."""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(part.get("text") or f"({part.get('type')} part)" for part in content)
    calls = [
        f"{call['function']['name']}({call['function']['arguments']})"
        for call in message.get("tool_calls") or []
    ]
    return "\n".join([*([content] if content else []), *calls])


def _marked(text: str, values: Iterable[str], style: str) -> Text:
    """`text` with every one of `values` in color, also where JSON escapes it."""
    out = Text(text)
    for value in values:
        for form in {value, json.dumps(value, ensure_ascii=False)[1:-1]}:
            for start in _places(text, form):
                out.stylize(style, start, start + len(form))
    return out


def _places(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _restored(said: str, values: Mapping[str, Sensitive[str]]) -> Text:
    found = [name for name, value in values.items() if value.reveal() in said]
    text = Text(", ".join(found) or "nothing to restore", _DIM)
    left = [name for name in values if name in said]
    return text.append(f"  (kept: {', '.join(left)})" if left else "")


def _entry(entry: Mapping[str, Any]) -> str:
    """A ledger entry in one line; it has no content to leave out."""
    shown = {k: v for k, v in entry.items() if k not in {"entry", "kind", "time", "because"} and v}
    if "policy" in shown:
        shown["policy"] = f"{shown['policy'][:8]}…"
    fields = " ".join(f"{name}={_value(value)}" for name, value in shown.items())
    return f"#{entry['entry']} {entry['kind']} {fields}"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}:{count}" for name, count in value.items())
    return str(value)
