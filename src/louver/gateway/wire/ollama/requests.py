"""Ollama's request bodies as hub-form trees; what cannot be kept is refused by name.

What only an Ollama server understands (how a model is loaded and run) stands under `ollama`, for a
destination of that kind; others are not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from louver.core.errors import Invalid, NeverSupported, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.wire.ollama.messages import MessageReader, content_of
from louver.gateway.wire.reading import expect

_OPTIONS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "seed",
    "stop": "stop",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
_SERVER_WORDS = ("keep_alive", "truncate", "shift")
_EFFORTS = ("low", "medium", "high")
_IMAGE_MAKING = ("width", "height", "steps")


def chat(tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
    """The hub form of an `/api/chat` body. Raises Invalid, NeverSupported, NotYetSupported."""
    messages = MessageReader().read(tree.get("messages"))
    hub: dict[str, JsonTree] = {"messages": messages, **_shared(tree)}
    tools = tree.get("tools")
    if tools:
        declared = expect(tools, list, "tools")
        hub["tools"] = [
            {"type": "function", **tool} if isinstance(tool, dict) else tool for tool in declared
        ]
    return hub


def generate(tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
    """The hub form of an `/api/generate` body: one message, and the system's before it."""
    _refuse(tree)
    prompt = tree.get("prompt")
    if not prompt:
        raise Invalid(
            "prompt must not be empty: loading and unloading a model is not passed on",
            param="prompt",
        )
    said = content_of(expect(prompt, str, "prompt"), tree.get("images"), "prompt")
    messages: list[JsonTree] = [{"role": "user", "content": said}]
    if tree.get("system"):
        system = expect(tree["system"], str, "system")
        messages.insert(0, {"role": "system", "content": system})
    return {"messages": messages, **_shared(tree)}


def embed(tree: Mapping[str, JsonTree], texts: str) -> dict[str, JsonTree]:
    """The hub form of an `/api/embed` body, or of `/api/embeddings`: `texts` names the field."""
    options = _object(tree.get("options"), "options")
    hub: dict[str, JsonTree] = {
        "model": tree.get("model"),
        "input": tree.get(texts),
        "encoding_format": "float",
    }
    if tree.get("dimensions"):
        hub["dimensions"] = tree["dimensions"]
    return {**hub, **_for_the_server(tree, options)}


def _refuse(tree: Mapping[str, JsonTree]) -> None:
    """Raise for what `/api/generate` knows and no other model's server could be told."""
    if tree.get("context"):
        raise NeverSupported(
            "context is an array of tokens, which nobody can look into; send the conversation as "
            "messages to /api/chat",
            param="context",
        )
    for name in ("raw", "template", "suffix"):
        if tree.get(name):
            raise NotYetSupported(
                f"{name} bypasses the model's own template, which not every model has; leave it "
                "out, or write it into the prompt",
                param=name,
            )
    for name in _IMAGE_MAKING:
        if tree.get(name):
            raise NotYetSupported("generated images cannot be restored", param=name)


def _shared(tree: Mapping[str, JsonTree]) -> dict[str, JsonTree]:
    """What both paths have: model, stream, format, options, thinking."""
    options = _object(tree.get("options"), "options")
    given = tree.get("stream")
    stream = True if given is None else expect(given, bool, "stream")
    hub: dict[str, JsonTree] = {"model": tree.get("model"), "stream": stream}
    if stream:
        hub["stream_options"] = {"include_usage": True}
    for name in ("logprobs", "top_logprobs"):
        if tree.get(name):
            hub[name] = tree[name]  # For the hub to refuse.
    hub.update(_sampling(options))
    hub.update(_thinking(tree.get("think")))
    hub.update(_format(tree.get("format")))
    hub.update(_for_the_server(tree, options))
    return hub


def _sampling(options: Mapping[str, JsonTree]) -> Iterator[tuple[str, JsonTree]]:
    for name, word in _OPTIONS.items():
        if options.get(name) is not None:
            yield word, options[name]
    if options.get("top_k") is not None:
        expect(options["top_k"], int, "options.top_k")
    limit = options.get("num_predict")
    if limit is None:
        return
    number = expect(limit, int, "options.num_predict")
    if not number:
        raise Invalid("options.num_predict must not be 0", param="options.num_predict")
    if number > 0:  # Ollama's -1 and -2 mean no limit of the request's own.
        yield "max_tokens", number


def _thinking(think: JsonTree) -> Iterator[tuple[str, JsonTree]]:
    if think is None or think == "":
        return
    if isinstance(think, bool):
        yield "reasoning_effort", "medium" if think else "none"
    elif think in _EFFORTS:
        yield "reasoning_effort", think
    else:
        words = ", ".join(_EFFORTS)
        raise Invalid(f"think must be true, false, or one of {words}", param="think")


def _format(wanted: JsonTree) -> Iterator[tuple[str, JsonTree]]:
    if wanted is None or wanted == "":
        return
    if wanted == "json":
        yield "response_format", {"type": "json_object"}
    elif isinstance(wanted, dict):
        schema: JsonTree = {"name": "answer", "schema": wanted}
        yield "response_format", {"type": "json_schema", "json_schema": schema}
    else:
        raise Invalid('format must be "json" or a JSON schema', param="format")


def _for_the_server(
    tree: Mapping[str, JsonTree], options: Mapping[str, JsonTree]
) -> dict[str, JsonTree]:
    told: dict[str, JsonTree] = {n: tree[n] for n in _SERVER_WORDS if tree.get(n) is not None}
    rest = {
        name: value
        for name, value in options.items()
        if name not in _OPTIONS and name != "num_predict" and value is not None
    }
    if rest:
        told["options"] = rest
    return {"ollama": told} if told else {}


def _object(value: JsonTree, where: str) -> Mapping[str, JsonTree]:
    return {} if value is None else expect(value, dict, where)
