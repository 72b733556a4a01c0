"""The hub form as a request of Anthropic's Messages API; what that API has no word for is refused.

Left out, because they only advise or are for the gateway: `seed`, `prediction`, `verbosity`,
`prompt_cache_key`, `metadata`, `store`. Without a limit of tokens, which the API wants, one is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.providers.anthropic.conversation import Conversation
from louver.gateway.providers.anthropic.parts import expected, objects, own_of
from louver.gateway.wire.hub import ANTHROPIC

Tree: TypeAlias = Mapping[str, JsonTree]
Wire: TypeAlias = dict[str, JsonTree]

MAX_TOKENS = 4096
"""What every model of the API can give, where a request sets no limit."""
_PASSED = ("temperature", "top_p")
_OWN = ("cache_control", "inference_geo", "service_tier", "speed", "thinking", "top_k")
_OLD = ("functions", "function_call")
_NEUTRAL = ("presence_penalty", "frequency_penalty", "logit_bias", "web_search_options")
_TIERS = {"auto": "auto", "default": "standard_only"}
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh"}
_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


def messages_request(body: Tree, model: str) -> Wire:
    """`body` as `model` is asked. Raises Invalid, NotYetSupported."""
    _refuse(body)
    own = own_of(body)
    conversation = Conversation()
    for i, message in enumerate(objects(body.get("messages"))):
        conversation.add(message, f"messages[{i}]")
    wire: Wire = {"model": model, "max_tokens": _limit(body), **conversation.told()}
    wire |= {name: body[name] for name in _PASSED if body.get(name) is not None}
    stop = body.get("stop")
    if stop:
        wire["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    who = body.get("safety_identifier") or body.get("user")
    if who:
        wire["metadata"] = {"user_id": who}
    tier = _TIERS.get(str(body.get("service_tier")))
    if tier is not None:
        wire["service_tier"] = tier
    _think(body, wire)
    wire |= {name: own[name] for name in _OWN if name in own}
    _structure(body, own, wire)
    _tools(body, wire)
    if body.get("stream") is True:
        wire["stream"] = True
    return wire


def _refuse(body: Tree) -> None:
    """Raises NotYetSupported for what would change the answer and cannot be asked for."""
    if body.get("n") not in {None, 1}:
        raise NotYetSupported(
            "this model's server gives one answer at a time; leave out n", param="n"
        )
    for name in _OLD:
        if body.get(name) is not None:
            raise NotYetSupported(f"{name} is not supported for this model; use tools", param=name)
    for name in _NEUTRAL:
        if body.get(name):
            raise NotYetSupported(f"{name} is not supported for this model", param=name)
    warmth = body.get("temperature")
    if isinstance(warmth, int | float) and warmth > 1:
        raise Invalid("temperature is at most 1 for this model", param="temperature")


def _limit(body: Tree) -> JsonTree:
    for name in ("max_completion_tokens", "max_tokens"):
        if body.get(name) is not None:
            return body[name]
    return MAX_TOKENS


def _think(body: Tree, wire: Wire) -> None:
    """OpenAI's word for how long to think."""
    effort = body.get("reasoning_effort")
    if effort == "none":
        wire["thinking"] = {"type": "disabled"}
    elif isinstance(effort, str) and effort in _EFFORTS:
        wire["output_config"] = {"effort": _EFFORTS[effort]}


def _structure(body: Tree, own: Tree, wire: Wire) -> None:
    config: Wire = {}
    for told in (wire.get("output_config"), own.get("output_config")):
        config |= told if isinstance(told, dict) else {}
    wanted = body.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object":
        raise NotYetSupported(
            "this model's server gives JSON only after a schema; ask for json_schema",
            param="response_format",
        )
    if isinstance(wanted, dict) and kind == "json_schema":
        shape = expected(wanted.get("json_schema"), dict, "response_format.json_schema")
        config["format"] = {"type": "json_schema", "schema": shape.get("schema") or {}}
    if config:
        wire["output_config"] = config


def _tools(body: Tree, wire: Wire) -> None:
    tools = objects(body.get("tools"))
    if tools:
        wire["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(tools)]
    choice = _choice(body.get("tool_choice"))
    if body.get("parallel_tool_calls") is False and tools:
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    if choice is not None and (tools or choice["type"] in {"any", "tool"}):
        wire["tool_choice"] = choice


def _choice(choice: JsonTree) -> Wire | None:
    if choice is None:
        return None
    if isinstance(choice, str) and choice in _CHOICES:
        return {"type": _CHOICES[choice]}
    function = choice.get("function") if isinstance(choice, dict) else None
    if isinstance(function, dict):
        return {"type": "tool", "name": function.get("name")}
    raise NotYetSupported("this tool_choice is not supported for this model", param="tool_choice")


def _tool(tool: Tree, where: str) -> Wire:
    function = tool.get("function")
    if not isinstance(function, dict):
        raise NotYetSupported(
            f"{where}: only functions are supported for this model", param=f"{where}.type"
        )
    schema = function.get("parameters")
    told: Wire = {"name": function.get("name")}
    if function.get("description") is not None:
        told["description"] = function["description"]
    told["input_schema"] = {"type": "object", **(schema if isinstance(schema, dict) else {})}
    if function.get("strict") is True:
        told["strict"] = True
    return {**told, **{name: value for name, value in own_of(tool).items() if name != ANTHROPIC}}
