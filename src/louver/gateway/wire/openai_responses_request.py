"""A Responses request as a request in the hub form; what cannot be asked of a model is refused.

`metadata` and the hints for OpenAI's own store and cache stay here: no model needs them.
"""

from __future__ import annotations

from collections.abc import Mapping

from louver.core.errors import Invalid, NeverSupported, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.wire.openai_responses_items import Tree, messages_of
from louver.gateway.wire.reading import expect, number_between, objects

_NOT_YET: Mapping[str, str] = {
    "background": "ask with `stream`",
    "context_management": "send what the model shall see",
    "conversation": "use `previous_response_id`, or send the whole conversation",
    "moderation": "leave it out",
    "prompt": "send the text in `instructions` and `input`",
}
_CHATS_OWN = frozenset(
    """
    audio function_call functions logprobs max_completion_tokens max_tokens messages modalities n
    prediction reasoning_effort response_format verbosity
    """.split()  # noqa: SIM905
)
# Read here, said in other words below, or of no concern to a model.
_READ_HERE = frozenset(
    """
    access_programs background_options image include input instructions max_output_tokens
    max_tool_calls metadata previous_response_id prompt_cache_options prompt_cache_retention
    reasoning stream_options text tool_choice tools truncation
    """.split()  # noqa: SIM905
)
_HOSTED_TOOLS = (
    "apply_patch", "code_interpreter", "computer", "file_search", "image_generation",
    "local_shell", "mcp", "namespace", "programmatic_tool_calling", "shell", "tool_search",
    "web_search",
)  # fmt: skip
_INCLUDED = frozenset(
    """
    code_interpreter_call.outputs computer_call_output.output.image_url file_search_call.results
    message.input_image.image_url reasoning.encrypted_content web_search_call.action.sources
    web_search_call.results
    """.split()  # noqa: SIM905
)


def hub_request(tree: Mapping[str, JsonTree]) -> Tree:
    """The same in the hub form. Raises Invalid, NotYetSupported, NeverSupported."""
    _check(tree)
    # Extensions of other servers pass as they are, as they do in chat completions.
    out: Tree = {k: v for k, v in tree.items() if k not in _READ_HERE and k not in _NOT_YET}
    out["messages"] = [*instructions_of(tree), *messages_of(tree.get("input"))]
    if tree.get("max_output_tokens") is not None:
        out["max_completion_tokens"] = tree["max_output_tokens"]
    reasoning = _object(tree, "reasoning")
    if reasoning.get("effort") is not None:
        out["reasoning_effort"] = expect(reasoning["effort"], str, "reasoning.effort")
    out |= _text(_object(tree, "text"))
    if tree.get("tools"):
        tools = objects(tree["tools"], "tools")
        out["tools"] = [_tool(tool, f"tools[{i}]") for i, tool in enumerate(tools)]
    if tree.get("tool_choice") is not None:
        out["tool_choice"] = _choice(tree["tool_choice"])
    if tree.get("stream") is True:
        out["stream_options"] = {"include_usage": True}
    return out


def instructions_of(tree: Mapping[str, JsonTree]) -> list[Tree]:
    """The message that this request's instructions are, if it has any."""
    told = tree.get("instructions")
    if told is None:
        return []
    return [{"role": "system", "content": expect(told, str, "instructions")}]


def _check(tree: Mapping[str, JsonTree]) -> None:
    for name, instead in _NOT_YET.items():
        if tree.get(name):
            raise NotYetSupported(f"`{name}` is not supported yet; {instead}", param=name)
    for name in _CHATS_OWN & tree.keys():
        raise Invalid(f"`{name}` is a parameter of chat completions only", param=name)
    if tree.get("previous_response_id") is not None:
        expect(tree["previous_response_id"], str, "previous_response_id")
    number_between(tree, "max_output_tokens", 1, 10**9)
    _object(tree, "metadata")
    _object(tree, "stream_options")
    if tree.get("truncation") is not None:
        truncation = expect(tree["truncation"], str, "truncation")
        if truncation not in {"auto", "disabled"}:
            raise Invalid("truncation must be auto or disabled", param="truncation")
    for i, wanted in enumerate(expect(tree.get("include") or [], list, "include")):
        name = expect(wanted, str, f"include[{i}]")
        if name == "message.output_text.logprobs":
            raise NeverSupported(
                "log-probabilities spell the answer in pieces that cannot be restored; "
                "leave them out",
                param=f"include[{i}]",
            )
        if name not in _INCLUDED:
            raise Invalid(f"include[{i}] is nothing that can be included", param=f"include[{i}]")


def _object(tree: Mapping[str, JsonTree], name: str) -> Mapping[str, JsonTree]:
    value = tree.get(name)
    return {} if value is None else expect(value, dict, name)


def _text(text: Mapping[str, JsonTree]) -> Tree:
    """`text.format` and `text.verbosity` as chat completions say them."""
    out: Tree = {}
    if text.get("verbosity") is not None:
        out["verbosity"] = expect(text["verbosity"], str, "text.verbosity")
    if text.get("format") is None:
        return out
    form: Mapping[str, JsonTree] = expect(text["format"], dict, "text.format")
    kind = expect(form.get("type"), str, "text.format.type")
    if kind == "json_object":
        out["response_format"] = {"type": kind}
    elif kind == "json_schema":
        expect(form.get("name"), str, "text.format.name")
        expect(form.get("schema"), dict, "text.format.schema")
        told = {k: v for k, v in form.items() if k != "type" and v is not None}
        out["response_format"] = {"type": kind, "json_schema": told}
    elif kind != "text":
        message = "text.format.type must be text, json_schema or json_object"
        raise Invalid(message, param="text.format.type")
    return out


def _tool(tool: Mapping[str, JsonTree], where: str) -> Tree:
    kind = expect(tool.get("type"), str, f"{where}.type")
    if kind == "function":
        names = ("name", "description", "parameters", "strict")
        return {"type": kind, kind: {n: tool[n] for n in names if tool.get(n) is not None}}
    if kind == "custom":
        told: Tree = {n: tool[n] for n in ("name", "description") if tool.get(n) is not None}
        if tool.get("format") is not None:
            told["format"] = _grammar(tool["format"], f"{where}.format")
        return {"type": kind, kind: told}
    raise _no_such_tool(kind, f"{where}.type")


def _grammar(form: JsonTree, where: str) -> Tree:
    said: Mapping[str, JsonTree] = expect(form, dict, where)
    if said.get("type") != "grammar":
        return dict(said)
    inner = {name: said[name] for name in ("definition", "syntax") if name in said}
    return {"type": "grammar", "grammar": inner}


def _choice(choice: JsonTree) -> JsonTree:
    """Which tools the model may or must call."""
    if isinstance(choice, str):
        return choice
    if not isinstance(choice, dict):
        raise Invalid("tool_choice must be a string or an object", param="tool_choice")
    kind = expect(choice.get("type"), str, "tool_choice.type")
    if kind in {"function", "custom"}:
        return {"type": kind, kind: {"name": expect(choice.get("name"), str, "tool_choice.name")}}
    if kind != "allowed_tools":
        raise _no_such_tool(kind, "tool_choice.type")
    allowed = objects(choice.get("tools"), "tool_choice.tools")
    return {
        "type": kind,
        kind: {"mode": choice.get("mode", "auto"), "tools": [_choice(dict(t)) for t in allowed]},
    }


def _no_such_tool(kind: str, where: str) -> Invalid | NotYetSupported:
    """Names a hosted tool in our words, dated or not; another's name is the caller's text."""
    hosted = next((name for name in _HOSTED_TOOLS if kind.startswith(name)), None)
    if hosted is None:
        return Invalid(f"{where} must be function or custom", param=where)
    message = f"the hosted tool {hosted} is not supported yet; declare a function of your own"
    return NotYetSupported(message, param=where)
