"""The practice model: so that every path works offline; it is no language model, and says so.

Model card. What it is: a deterministic extractive answerer; it quotes sentences and lists from the
prompt, fills tool arguments and JSON schemas from what stands in it, and streams token by token;
its embeddings count hashed words and letter sequences.
What it is not: it understands nothing, knows nothing, and writes nothing of its own beyond a few
fixed phrases in English, German, Spanish and French. It sees minimized text only, like any model.
"""

from louver.gateway.providers.practice.model import Practice

__all__ = ["Practice"]
