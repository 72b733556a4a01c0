"""A tiny GGUF file with random weights, written on the fly."""

from __future__ import annotations

from pathlib import Path

WORDS = [f"▁{word}" for word in ("the", "window", "is", "open", "light", "garden", "")]
WORDS += [chr(letter) for letter in range(ord("a"), ord("z") + 1)]
WORDS += list('.,?!{}":123')
TEMPLATE = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant]"
)
_WIDTH, _HEADS, _LAYERS, _INNER, CONTEXT = 32, 2, 2, 48, 512


def write(file: Path) -> Path:
    """A llama that speaks nonsense; its template takes no system messages."""
    import gguf
    import numpy as np

    plain, control, byte = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL, gguf.TokenType.BYTE
    tokens = [(b"<unk>", gguf.TokenType.UNKNOWN), (b"<s>", control), (b"</s>", control)]
    tokens += [(f"<0x{i:02X}>".encode(), byte) for i in range(256)]
    tokens += [(word.encode(), plain) for word in WORDS]
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([-float(i) for i in range(len(tokens))])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(7)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.normal(0, 0.6, shape).astype(np.float32))

    weights("token_embd.weight", len(tokens), _WIDTH)
    # Bytes and control tokens are never likely: what it says is letters.
    output = random.normal(0, 0.6, (len(tokens), _WIDTH))
    output[:259] = 0
    writer.add_tensor("output.weight", output.astype(np.float32))
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
    for layer in range(_LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", np.ones(_WIDTH, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"blk.{layer}.{part}.weight", _WIDTH, _WIDTH)
        for part in ("ffn_gate", "ffn_up"):
            weights(f"blk.{layer}.{part}.weight", _INNER, _WIDTH)
        weights(f"blk.{layer}.ffn_down.weight", _WIDTH, _INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file
