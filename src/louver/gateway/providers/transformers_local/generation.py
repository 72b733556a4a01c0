"""Generates text: token by token, stopped by a sequence, a limit, or a client that has left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from louver.gateway.providers.in_process.engine import (
    Asked,
    Ended,
    Sampling,
    Vectors,
    cannot,
    too_long,
)
from louver.gateway.providers.in_process.speech import Speech
from louver.gateway.providers.in_process.turns import Turn, merged, messages
from louver.gateway.providers.transformers_local.tokens import Tokens

# What a model without a template of its own is asked in, and where its answer must end.
_LINE, _ASSISTANT = "{}: {}\n", "assistant:"
_NEXT_TURNS = ("\nuser:", "\nsystem:", "\ntool:")


class Generator:
    """A causal language model; `context` is the longest request and answer together, in tokens."""

    def __init__(self, model: Any, tokenizer: Any, context: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        config = model.config.get_text_config()
        own = getattr(config, "max_position_embeddings", None)
        self._context = min(context, own) if isinstance(own, int) else context
        ends = model.generation_config.eos_token_id
        self._ends = frozenset(
            ends if isinstance(ends, list) else [ends] if ends is not None else []
        )

    def chat(self, asked: Asked, seed: int, speech: Speech) -> Ended:
        """See `Engine.chat`."""
        import torch

        prompt = self._prompt(asked.turns)
        length = prompt["input_ids"].shape[1]
        room = self._context - length
        if room < 1:
            raise too_long(length, self._context)
        tokens = Tokens(self._tokenizer, self._speech(speech), self._ends)
        sampling = Sampling(seed, asked.sampling.temperature, asked.sampling.top_p)
        with torch.inference_mode():
            self._model.generate(
                **prompt,
                generation_config=self._config(min(room, asked.limit or room)),
                logits_processor=self._choosing(sampling),
                stopping_criteria=_stopping(tokens),
                streamer=tokens,
            )
        ended = tokens.ended or speech.stopped
        return Ended("stop" if ended else "length", length, tokens.count)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Engine.embed`."""
        raise cannot("this model generates text; for embeddings, set `task: feature-extraction`")

    def _speech(self, speech: Speech) -> Speech:
        """Where the template is ours, the answer ends where the next turn would begin."""
        if self._tokenizer.chat_template:
            return speech
        return Speech(_NEXT_TURNS, speech.add, lambda: speech.over)

    def _prompt(self, turns: Sequence[Turn]) -> Any:
        """The conversation in the model's own template, or in a plain one where it has none."""
        if self._tokenizer.chat_template:
            return self._tensors(self._templated(turns), special=False)
        plain = "".join(_LINE.format(turn.role, turn.text) for turn in turns) + _ASSISTANT
        return self._tensors(plain, special=True)

    def _templated(self, turns: Sequence[Turn]) -> str:
        """Many templates know no system role, or want roles to alternate: then they are merged."""
        from jinja2 import TemplateError

        for form in (turns, merged(turns)):
            try:
                return str(
                    self._tokenizer.apply_chat_template(
                        messages(form), tokenize=False, add_generation_prompt=True
                    )
                )
            except TemplateError:
                continue
        raise cannot("the model's chat template does not take a conversation of this shape")

    def _tensors(self, text: str, *, special: bool) -> Any:
        made = self._tokenizer(text, add_special_tokens=special, return_tensors="pt")
        kept = {name: made[name] for name in ("input_ids", "attention_mask")}
        return {name: tensor.to(self._model.device) for name, tensor in kept.items()}

    def _config(self, limit: int) -> Any:
        """The model's own settings, for one answer of at most `limit` tokens.

        Tokens are always chosen by `Choice`, with a source of randomness for this answer alone.
        """
        from copy import deepcopy

        config = deepcopy(self._model.generation_config)
        config.update(
            max_new_tokens=limit, max_length=None, min_length=None, num_beams=1,
            do_sample=False, temperature=None, top_p=None, top_k=None, min_p=None, typical_p=None,
            return_dict_in_generate=False, use_cache=True,
        )  # fmt: skip
        if config.pad_token_id is None:
            config.pad_token_id = min(self._ends, default=0)
        return config

    def _choosing(self, sampling: Sampling) -> Any:
        """How the next token is chosen: as asked, else as the model's own settings say."""
        import transformers

        from louver.gateway.providers.transformers_local.choosing import Choice

        own = self._model.generation_config
        temperature, top_p, top_k = sampling.temperature, sampling.top_p, None
        if own.do_sample:
            top_p = own.top_p if top_p is None else top_p
            top_k = own.top_k
        if temperature is None:
            temperature = (own.temperature or 1.0) if own.do_sample else 0.0
        if temperature == 0:
            return transformers.LogitsProcessorList()
        choice = Choice(Sampling(sampling.seed, temperature, top_p), top_k, self._model.device)
        return transformers.LogitsProcessorList([choice])


def _stopping(tokens: Tokens) -> Any:
    import transformers

    return transformers.StoppingCriteriaList([tokens.over])
