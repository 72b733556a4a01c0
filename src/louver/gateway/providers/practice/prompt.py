"""Reads a chat completion request the way a model server would; unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from louver.core.errors import UpstreamFailed

Schema = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; `tool` is the name of the tool whose result this is."""

    role: str
    text: str
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared function; `parameters` is its JSON schema."""

    name: str
    description: str
    parameters: Schema


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the practice model looks at. `forced`: a tool must be called; `tools` are the allowed.

    `schema` is None for plain text; an empty schema is any JSON object.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    forced: bool = False
    parallel: bool = True
    schema: Schema | None = None
    choices: int = 1
    stops: tuple[str, ...] = ()
    limit: int | None = None
    include_usage: bool = False

    @property
    def last(self) -> Message:
        return self.messages[-1]

    @property
    def question(self) -> str:
        """The last thing that a user said."""
        said = [message.text for message in self.messages if message.role == "user"]
        return said[-1] if said else ""


def read(body: bytes) -> Prompt:
    """Raises UpstreamFailed with status 400 for what no model server would take."""
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        tree = None
    request = _object(tree)
    messages = _messages(request.get("messages"))
    if not messages:
        raise UpstreamFailed(
            "the practice model needs at least one message",
            status=400,
            body=b'{"error":{"message":"messages is missing or empty",'
            b'"type":"invalid_request_error","param":"messages","code":null}}',
        )
    tools, forced = _tools(request)
    stop = request.get("stop")
    return Prompt(
        messages=messages,
        tools=tools,
        forced=forced,
        parallel=request.get("parallel_tool_calls") is not False,
        schema=_schema(_object(request.get("response_format"))),
        choices=max(1, _integer(request.get("n")) or 1),
        stops=tuple(filter(None, map(_text, stop if isinstance(stop, list) else [stop]))),
        limit=_limit(request),
        include_usage=_object(request.get("stream_options")).get("include_usage") is True,
    )


def _messages(value: object) -> tuple[Message, ...]:
    named: dict[str, str] = {}
    messages: list[Message] = []
    for item in _list(value):
        message = _object(item)
        for call in map(_object, _list(message.get("tool_calls"))):
            named[_text(call.get("id"))] = _text(_object(call.get("function")).get("name"))
        role = _text(message.get("role"))
        tool = named.get(_text(message.get("tool_call_id")), "") if role == "tool" else None
        messages.append(Message(role, _content(message.get("content")), tool))
    return tuple(messages)


def _content(value: object) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(_text(_object(part).get("text")) for part in _list(value))


def _tools(request: Schema) -> tuple[tuple[Tool, ...], bool]:
    """The tools that may be called, and whether one must be."""
    functions = [_object(_object(tool).get("function")) for tool in _list(request.get("tools"))]
    tools = tuple(
        Tool(
            _text(function.get("name")),
            _text(function.get("description")),
            _object(function.get("parameters")),
        )
        for function in functions
        if _text(function.get("name"))
    )
    choice = request.get("tool_choice")
    if choice == "none":
        return (), False
    if isinstance(choice, dict):
        allowed = _object(choice.get("allowed_tools"))
        entries = _list(allowed.get("tools")) or [choice]
        names = {_text(_object(_object(entry).get("function")).get("name")) for entry in entries}
        chosen = tuple(tool for tool in tools if tool.name in names)
        return chosen, bool(chosen) and allowed.get("mode") != "auto"
    return tools, choice == "required" and bool(tools)


def _schema(response_format: Schema) -> Schema | None:
    kind = response_format.get("type")
    if kind == "json_object":
        return {}
    if kind == "json_schema":
        return _object(_object(response_format.get("json_schema")).get("schema"))
    return None


def _limit(request: Schema) -> int | None:
    limits = [_integer(request.get(name)) for name in ("max_tokens", "max_completion_tokens")]
    return min((limit for limit in limits if limit is not None), default=None)


def _object(value: object) -> Schema:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
