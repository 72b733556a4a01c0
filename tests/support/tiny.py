"""Tiny models with random weights, made on the fly: their nonsense is computed for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SENTENCES = [
    "The window is open and the light comes in.",
    "Please write a short letter to the neighbors about the garden.",
    "A louver lets light and air through and blocks the line of sight.",
    "user: what is the weather like today? assistant: it rains.",
    "Ärzte und Übersetzer öffnen die Türen, naïve café, 日本語, emoji 🪟.",
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
STRICT_TEMPLATE = (
    "{% for m in messages %}{% if m.role != ['user', 'assistant'][loop.index0 % 2] %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}[{{ m.role }}]{{ m.content }}"
    "{% endfor %}[assistant]"
)


def tokenizer(template: str | None = TEMPLATE) -> Any:
    """A byte-level tokenizer that has read a few made-up sentences."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    trained = ByteLevelBPETokenizer()
    special = ["<pad>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    trained.train_from_iterator(SENTENCES, vocab_size=400, special_tokens=special)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer,
        pad_token="<pad>",
        eos_token="<|end|>",
        additional_special_tokens=special[2:],
        chat_template=template,
        model_max_length=512,
    )


def generator(folder: Path, template: str | None = TEMPLATE, **settings: Any) -> Path:
    """A causal language model with a chat template; `settings` are its own defaults."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    words = tokenizer(template)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=48, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=512, bos_token_id=None,
        eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id,
        initializer_range=0.6,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    ends = {"eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    model.generation_config = GenerationConfig(**ends, **settings)
    return _saved(folder, model, words)


def classifier(folder: Path) -> Path:
    """A model with two classes, `sunny` and `rainy`."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    words = tokenizer(None)
    torch.manual_seed(7)
    config = BertConfig(
        **_small(words), num_labels=2, id2label={0: "sunny", 1: "rainy"},
        label2id={"sunny": 0, "rainy": 1}, initializer_range=1.0,
    )  # fmt: skip
    return _saved(folder, BertForSequenceClassification(config), words)


def embedder(folder: Path) -> Path:
    """An encoder without a head."""
    import torch
    from transformers import BertConfig, BertModel

    words = tokenizer(None)
    torch.manual_seed(7)
    return _saved(folder, BertModel(BertConfig(**_small(words), initializer_range=1.0)), words)


def _small(words: Any) -> dict[str, int]:
    return {
        "vocab_size": len(words),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 128,
        "pad_token_id": words.pad_token_id,
    }


def _saved(folder: Path, model: Any, words: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
