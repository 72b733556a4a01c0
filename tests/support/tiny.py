"""Tiny models made on the fly: their nonsense, or repeating, is computed for real."""

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


def parrot(folder: Path, back: int = 60) -> Path:
    """A language model that repeats the last `back` tokens of what it was asked, and ends there.

    Its weights are written, not learned: the one head looks `back` positions back, by one-hot
    positions, and what it sees there, as one-hot tokens, outweighs all else.
    """
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    words = tokenizer()
    tokens, places = len(words), 512
    width = tokens + places
    ends = {"eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    config = GPT2Config(
        vocab_size=tokens, n_positions=places, n_embd=width, n_layer=1, n_head=1, n_inner=1,
        bos_token_id=words.eos_token_id, **ends,
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    block = model.transformer.h[0]
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        eye = torch.eye(width)
        model.transformer.wte.weight.copy_(eye[:tokens])
        model.transformer.wpe.weight.copy_(eye[tokens:])
        mean, spread = 2 / width, (2 / width * (1 - 2 / width) + config.layer_norm_epsilon) ** 0.5
        block.ln_1.weight.fill_(spread)  # Two ones among zeros: this undoes the normalizing.
        block.ln_1.bias.fill_(mean)
        looks, shown, seen = block.attn.c_attn.weight.view(width, 3, width).unbind(1)
        for place in range(back, places):
            looks[tokens + place, tokens + place - back] = 100 * width**0.5
        shown[tokens:, tokens:] = torch.eye(places)
        seen[:tokens, :tokens] = 10 * torch.eye(tokens)
        block.attn.c_proj.weight.copy_(eye)
        model.transformer.ln_f.weight.fill_(1)
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
