"""Generates text with llama.cpp, in the model's own chat template, held to a JSON schema if asked.

Nothing of one request is reused for the next: no prompt stays cached in the context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from louver.core.exchanges import JsonTree
from louver.gateway.providers.in_process.engine import (
    Asked,
    Ended,
    Vectors,
    cannot,
    too_long,
)
from louver.gateway.providers.in_process.speech import Speech
from louver.gateway.providers.in_process.turns import merged, messages

_ALL_LAYERS = -1


class Llama:
    """A GGUF model; `context` is the longest request and answer together, in tokens."""

    def __init__(self, model: Any, context: int) -> None:
        self._model = model
        self._context = context

    @classmethod
    def open(cls, file: Path, context: int) -> Self:
        """Load `file`, on the accelerator if the library was built for one."""
        model = _counting()(str(file), n_ctx=context, n_gpu_layers=_ALL_LAYERS, verbose=False)
        return cls(model, context)

    def chat(self, asked: Asked, seed: int, speech: Speech) -> Ended:
        """See `Engine.chat`."""
        self._model.reset()
        try:
            return self._answer(self._begun(asked, seed), speech)
        finally:
            self._model.reset()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Engine.embed`."""
        raise cannot("a gguf model generates text and makes no embeddings here")

    def _begun(self, asked: Asked, seed: int) -> Any:
        """A generator of chunks; our own stop sequences are looked for in `speech`."""
        from jinja2 import TemplateError

        settings: dict[str, object] = {"seed": seed % 2**31, "max_tokens": asked.limit}
        chosen = {"temperature": asked.sampling.temperature, "top_p": asked.sampling.top_p}
        settings |= {name: value for name, value in chosen.items() if value is not None}
        if asked.schema is not None:
            settings["response_format"] = {"type": "json_object", "schema": _schema(asked.schema)}
        for form in (asked.turns, merged(asked.turns)):
            try:
                return self._model.create_chat_completion(messages(form), stream=True, **settings)
            except (TemplateError, ValueError):  # How templates refuse a conversation's shape.
                continue
        raise cannot("the model's chat template does not take a conversation of this shape")

    def _answer(self, chunks: Any, speech: Speech) -> Ended:
        reason = "stop"
        try:
            with closing(chunks):
                for chunk in chunks:
                    choice = chunk["choices"][0]
                    speech.add(choice["delta"].get("content") or "")
                    reason = choice.get("finish_reason") or reason
                    if speech.over:
                        break
        except ValueError as error:
            # The library's only way to say so; its text holds two numbers.
            if "exceed context window" not in str(error):
                raise
            crowded = True
        else:
            crowded = False
        prompt, tokens = self._model.prompt_tokens, self._model.tokens
        if crowded:
            raise too_long(prompt, self._context)
        own_end = reason == "stop" and not speech.over
        return Ended("stop" if speech.stopped else reason, prompt, tokens - own_end)


def _counting() -> Any:
    """The library's class, telling how many tokens the last prompt and answer had."""
    import llama_cpp

    class Counting(llama_cpp.Llama):  # type: ignore[misc]  # its types are not looked at
        prompt_tokens = 0
        tokens = 0

        def tokenize(self, text: bytes, *args: Any, **kwargs: Any) -> Any:
            """What is tokenized is the prompt: nothing else is asked of this object."""
            made = super().tokenize(text, *args, **kwargs)
            self.prompt_tokens, self.tokens = len(made), 0
            return made

        def generate(self, tokens: Sequence[int], *args: Any, **kwargs: Any) -> Any:
            for token in super().generate(tokens, *args, **kwargs):
                self.tokens += 1
                yield token

    return Counting


def _schema(schema: Mapping[str, JsonTree]) -> Mapping[str, JsonTree]:
    return schema or {"type": "object"}
