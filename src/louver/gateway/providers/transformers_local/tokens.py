"""From tokens to text while they are generated: whole characters only, the prompt not repeated."""

from __future__ import annotations

from typing import Any

from louver.gateway.providers.in_process.speech import Speech

_INCOMPLETE = "\ufffd"
_LONGEST = 16  # tokens; no character takes that many, so what is incomplete by then stays so


class Tokens:
    """What `generate` calls its streamer; it is also what tells it when to stop."""

    def __init__(self, tokenizer: Any, speech: Speech, ends: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._speech = speech
        self._ends = ends
        self._prompted = False
        self._pending: list[int] = []
        self._before: list[int] = []
        self.ended = False
        self.count = 0

    def put(self, tokens: Any) -> None:
        """Take the prompt first, then one new token at a time."""
        if not self._prompted:
            self._prompted = True
            return
        for token in tokens.flatten().tolist():
            if self.ended:
                return
            if token in self._ends:
                self.ended = True
            else:
                self.count += 1
                self._add(token)

    def end(self) -> None:
        """There are no more tokens; what is incomplete by now is told as it is."""
        self._speech.add(self._new())
        self._speech.finish()
        self.ended = self.ended or self._speech.stopped

    def over(self, _tokens: Any, _scores: Any, **_: Any) -> bool:
        """Whether to stop: called after each token."""
        return self.ended or self._speech.over

    def _add(self, token: int) -> None:
        self._pending.append(token)
        text = self._new()
        if text.endswith(_INCOMPLETE) and len(self._pending) < _LONGEST:
            return
        self._speech.add(text)
        self._before, self._pending = self._pending, []
        self.ended = self.ended or self._speech.stopped

    def _new(self) -> str:
        """The text of the pending tokens, as it is in the context of those right before them."""
        before = self._text(self._before)
        return self._text(self._before + self._pending)[len(before) :]

    def _text(self, tokens: list[int]) -> str:
        decoded = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(decoded)
