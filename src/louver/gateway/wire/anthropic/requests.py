"""Reads requests of Anthropic's Messages API, `/v1/messages`; kept or refused by name.

What has a word in the hub form is written with it; the rest stands under `anthropic`, for servers
that know it. A field that is not known here is refused: it might mean anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import Exchange, JsonTree
from louver.gateway.wire.anthropic.answers import MessagesWriter
from louver.gateway.wire.anthropic.blocks import Transcript, cache_control, known
from louver.gateway.wire.citing import Carrier, Sources
from louver.gateway.wire.hub import ANTHROPIC, exchange_of
from louver.gateway.wire.interface import EVENT_STREAM, AnswerWriter, Asked, ErrorBody
from louver.gateway.wire.reading import expect, number_between, objects, read_object

Tree: TypeAlias = Mapping[str, JsonTree]
Tool: TypeAlias = dict[str, JsonTree]

_READ = frozenset(
    """
    cache_control inference_geo max_tokens messages metadata model output_config service_tier speed
    stop_sequences stream system temperature thinking tool_choice tools top_k top_p
    """.split()  # noqa: SIM905 -- one word list reads better than 17 quoted strings
)
_LATER = frozenset({"container", "context_management", "diagnostics", "mcp_servers"})
_WORDS = ("inference_geo", "service_tier", "speed")
_THINKING = frozenset({"enabled", "disabled", "adaptive", "between_tools"})
_TOOL = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})
_TOOL_MORE: Mapping[str, type] = {
    "allowed_callers": list,
    "defer_loading": bool,
    "eager_input_streaming": bool,
    "input_examples": list,
}
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_MOST_TOKENS = 10**9


class Messages:
    """The format as the line sees it; `error_body` writes an error as the doors do."""

    stream_type = EVENT_STREAM

    def __init__(self, error_body: ErrorBody) -> None:
        self._error_body = error_body

    def parse(self, body: bytes, asked: Asked) -> Exchange:
        original = read_object(body)
        transcript = Transcript(Carrier(Sources.of(original)))
        tree = _hub_form(original, transcript)
        places = transcript.places
        return exchange_of(tree, asked, size=len(body), original=original, places=places)

    def writer(self, exchange: Exchange) -> AnswerWriter:
        return MessagesWriter(exchange, self._error_body)


def _hub_form(asked: Tree, transcript: Transcript) -> Tree:
    for name in sorted(_LATER & asked.keys()):
        if asked[name] is not None:
            raise NotYetSupported(f"{name} is not supported yet; leave it out", param=name)
    known(asked, _READ | _LATER, "the request")
    tree: dict[str, JsonTree] = {"model": expect(asked.get("model"), str, "model")}
    tree["max_tokens"] = _max_tokens(asked)
    if asked.get("system") is not None:
        transcript.system(asked["system"])
    for i, message in enumerate(objects(asked.get("messages"), "messages")):
        transcript.add(message, f"messages[{i}]")
    tree["messages"] = transcript.messages
    _sampling(asked, tree)
    _tools(asked, tree)
    _person(asked, tree)
    _structure(asked, tree)
    if expect(asked.get("stream") or False, bool, "stream"):
        # Servers of OpenAI's form tell the usage of a stream only to who asks for it.
        tree |= {"stream": True, "stream_options": {"include_usage": True}}
    own = _own(asked)
    return {**tree, ANTHROPIC: own} if own else tree


def _max_tokens(asked: Tree) -> int:
    most = expect(asked.get("max_tokens"), int, "max_tokens")
    if most == 0:
        raise NotYetSupported(
            "filling a cache without an answer (max_tokens: 0)", param="max_tokens"
        )
    if not 0 < most <= _MOST_TOKENS:
        raise Invalid("max_tokens must be a number of at least 1", param="max_tokens")
    return most


def _sampling(asked: Tree, tree: Tool) -> None:
    for name in ("temperature", "top_p"):
        number_between(asked, name, 0, 1)
        if asked.get(name) is not None:
            tree[name] = asked[name]
    if asked.get("stop_sequences") is not None:
        stops = expect(asked["stop_sequences"], list, "stop_sequences")
        tree["stop"] = [expect(s, str, f"stop_sequences[{i}]") for i, s in enumerate(stops)]


def _person(asked: Tree, tree: Tool) -> None:
    if asked.get("metadata") is None:
        return
    metadata = expect(asked["metadata"], dict, "metadata")
    known(metadata, frozenset({"user_id"}), "metadata")
    if metadata.get("user_id") is not None:
        tree["user"] = expect(metadata["user_id"], str, "metadata.user_id")


def _structure(asked: Tree, tree: Tool) -> None:
    if asked.get("output_config") is None:
        return
    config = expect(asked["output_config"], dict, "output_config")
    known(config, frozenset({"effort", "format"}), "output_config")
    if config.get("format") is None:
        return
    wanted = expect(config["format"], dict, "output_config.format")
    known(wanted, frozenset({"type", "schema"}), "output_config.format")
    if wanted.get("type") != "json_schema":
        where = "output_config.format.type"
        raise Invalid(f"{where} must be json_schema", param=where)
    schema = expect(wanted.get("schema"), dict, "output_config.format.schema")
    shape = {"name": "answer", "schema": schema}
    tree["response_format"] = {"type": "json_schema", "json_schema": shape}


def _own(asked: Tree) -> dict[str, JsonTree]:
    """What only Anthropic's servers are told."""
    own: dict[str, JsonTree] = {}
    for name in _WORDS:
        if asked.get(name) is not None:
            own[name] = expect(asked[name], str, name)
    if asked.get("top_k") is not None:
        number_between(asked, "top_k", 0, _MOST_TOKENS)
        own["top_k"] = expect(asked["top_k"], int, "top_k")
    if asked.get("cache_control") is not None:
        own["cache_control"] = cache_control(asked["cache_control"], "cache_control")
    if asked.get("thinking") is not None:
        own["thinking"] = _thinking(asked["thinking"])
    config = asked.get("output_config")
    if isinstance(config, dict) and config.get("effort") is not None:
        own["output_config"] = {"effort": expect(config["effort"], str, "output_config.effort")}
    return own


def _thinking(value: JsonTree) -> Tree:
    thinking = expect(value, dict, "thinking")
    known(thinking, frozenset({"type", "budget_tokens", "display"}), "thinking")
    if thinking.get("type") not in _THINKING:
        raise Invalid(
            f"thinking.type must be one of {', '.join(sorted(_THINKING))}", param="thinking.type"
        )
    for name, kind in (("budget_tokens", int), ("display", str)):
        if thinking.get(name) is not None:
            expect(thinking[name], kind, f"thinking.{name}")
    return cast("Tree", thinking)


def _tools(asked: Tree, tree: Tool) -> None:
    if asked.get("tools") is not None:
        tools = objects(asked["tools"], "tools")
        tree["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(tools)]
    if asked.get("tool_choice") is None:
        return
    choice = expect(asked["tool_choice"], dict, "tool_choice")
    known(choice, frozenset({"type", "name", "disable_parallel_tool_use"}), "tool_choice")
    kind = expect(choice.get("type"), str, "tool_choice.type")
    if kind == "tool":
        name = expect(choice.get("name"), str, "tool_choice.name")
        tree["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif kind in _CHOICES:
        tree["tool_choice"] = _CHOICES[kind]
    else:
        raise Invalid("tool_choice.type must be auto, any, tool or none", param="tool_choice.type")
    if choice.get("disable_parallel_tool_use") is not None:
        where = "tool_choice.disable_parallel_tool_use"
        tree["parallel_tool_calls"] = not expect(choice["disable_parallel_tool_use"], bool, where)


def _tool(tool: Tree, where: str) -> Tool:
    kind = tool.get("type")
    if kind is not None and expect(kind, str, f"{where}.type") != "custom":
        raise NotYetSupported(
            f"{where} is a tool of the model's server; only tools with an input_schema are "
            "supported yet",
            param=where,
        )
    known(tool, _TOOL | _TOOL_MORE.keys(), where)
    function: Tool = {
        "name": expect(tool.get("name"), str, f"{where}.name"),
        "parameters": expect(tool.get("input_schema"), dict, f"{where}.input_schema"),
    }
    if tool.get("description") is not None:
        function["description"] = expect(tool["description"], str, f"{where}.description")
    if tool.get("strict") is not None:
        function["strict"] = expect(tool["strict"], bool, f"{where}.strict")
    own: Tool = {}
    for name, wanted in _TOOL_MORE.items():
        if tool.get(name) is not None:
            own[name] = expect(tool[name], wanted, f"{where}.{name}")
    if tool.get("cache_control") is not None:
        own["cache_control"] = cache_control(tool["cache_control"], f"{where}.cache_control")
    told: Tool = {"type": "function", "function": function}
    return {**told, ANTHROPIC: own} if own else told
