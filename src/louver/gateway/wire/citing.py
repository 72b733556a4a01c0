"""Citations of documents that the model saw without values and the client knows with them.

A citation names a place in a document (characters, blocks, pages) and repeats the text there. What
a client gets is the text of its own document at the place in its own document; where that cannot be
told for certain there is no citation rather than a wrong one. In the other direction a place is
carried as the text and which of its occurrences is meant, since offsets change on the way out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from louver.core.exchanges import Exchange, JsonTree, Minimized
from louver.core.sensitive import Sensitive
from louver.minimize.detectors.shapes import placeholder_spans
from louver.minimize.restore import restore_text

Tree: TypeAlias = Mapping[str, JsonTree]
Values: TypeAlias = Mapping[str, Sensitive[str]]

_TEXTS = ("cited_text", "document_title", "title", "source", "url")
_CHARACTERS = ("start_char_index", "end_char_index")
_BLOCKS = ("start_block_index", "end_block_index")
_READ = 32_000_000  # Characters of documents that are searched for one request's citations.
_MOST_OCCURRENCES = 10_000


@dataclass(frozen=True, slots=True)
class Source:
    """A document or search result as its citations see it; an image or file is an empty text."""

    title: JsonTree
    source: JsonTree
    texts: tuple[str, ...]

    def block_text(self, start: int, end: int) -> str | None:
        """The text of blocks [start, end) if there are such."""
        return "".join(self.texts[start:end]) if 0 <= start < end <= len(self.texts) else None


@dataclass(frozen=True, slots=True)
class Sources:
    """What a request in Anthropic's form gives to cite from, each kind in its order."""

    documents: tuple[Source, ...]
    results: tuple[Source, ...]

    @classmethod
    def of(cls, body: Tree) -> Sources:
        documents: list[Source] = []
        results: list[Source] = []
        for block in _blocks_of(body):
            if block.get("type") == "document":
                documents.append(Source(block.get("title"), None, _texts(block.get("source"))))
            elif block.get("type") == "search_result":
                texts = tuple(_text(part) for part in _objects(block.get("content")))
                results.append(Source(block.get("title"), block.get("source"), texts))
        return cls(tuple(documents), tuple(results))

    def cited(self, citation: Tree) -> Source | None:
        """What `citation` is about."""
        results = "search_result_index" in citation
        at = _integer(citation, "search_result_index" if results else "document_index")
        among = self.results if results else self.documents
        return among[at] if 0 <= at < len(among) else None


class Citations:
    """Puts values and places back into the citations of one answer."""

    def __init__(self, exchange: Exchange, minimized: Minimized, hosts: frozenset[str]) -> None:
        self._exchange = exchange
        self._minimized = minimized
        self._hosts = hosts
        self._pairs: tuple[Sources, Sources] | None = None
        self._aligned: dict[int, _Aligned | None] = {}

    def restored(self, citation: Tree) -> dict[str, JsonTree] | None:
        """`citation` as it fits what the client sent; None if no place for it is certain."""
        out = self._with_texts(citation)
        placed = [name for name in ("document_index", "search_result_index") if name in citation]
        if not placed:
            return out
        own, sent = self._sources()
        mine, theirs = own.cited(citation), sent.cited(citation)
        if mine is None or theirs is None or len(mine.texts) != len(theirs.texts):
            return None
        told = {"title": mine.title, "document_title": mine.title, "source": mine.source}
        out |= {name: value for name, value in told.items() if name in citation}
        if _CHARACTERS[0] in citation:
            return self._characters(citation, out, mine, theirs)
        if _BLOCKS[0] in citation:
            return self._block(citation, out, mine, theirs)
        return out

    def _with_texts(self, citation: Tree) -> dict[str, JsonTree]:
        values, out = self._minimized.values, dict(citation)
        for name in _TEXTS:
            text = citation.get(name)
            if isinstance(text, str):
                out[name] = restore_text(text, values, link_hosts=self._hosts)
        return out

    def _characters(
        self, citation: Tree, out: dict[str, JsonTree], mine: Source, theirs: Source
    ) -> dict[str, JsonTree] | None:
        if len(mine.texts) != 1:
            return None
        at = _integer(citation, "document_index")
        if at not in self._aligned:
            values = self._minimized.values
            self._aligned[at] = _Aligned.of(theirs.texts[0], mine.texts[0], values)
        aligned = self._aligned[at]
        start, end = (_integer(citation, name) for name in _CHARACTERS)
        place = None if aligned is None else aligned.place(start, end, citation.get("cited_text"))
        if place is None:
            return None
        return {**out, **dict(zip((*_CHARACTERS, "cited_text"), place, strict=True))}

    def _block(
        self, citation: Tree, out: dict[str, JsonTree], mine: Source, theirs: Source
    ) -> dict[str, JsonTree] | None:
        start, end = (_integer(citation, name) for name in _BLOCKS)
        text = mine.block_text(start, end)
        if text is None or theirs.block_text(start, end) != citation.get("cited_text"):
            return None
        return {**out, "cited_text": text}

    def _sources(self) -> tuple[Sources, Sources]:
        """What the client sent and what left for it; nothing where the two do not correspond."""
        if self._pairs is None:
            original = self._exchange.original
            own = Sources.of({} if original is None else original.reveal())
            sent = Sources.of(orjson.loads(self._minimized.body))
            same = len(own.documents) == len(sent.documents)
            same = same and len(own.results) == len(sent.results)
            self._pairs = (own, sent) if same else (Sources((), ()), Sources((), ()))
        return self._pairs


@dataclass(frozen=True, slots=True)
class _Aligned:
    """A document with placeholders beside the same one with values.

    Placeholder number `i` takes `sent_spans[i]` in what was sent, `own_spans[i]` in the other.
    """

    sent: str
    own: str
    sent_spans: Sequence[tuple[int, int]]
    own_spans: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, sent: str, own: str, values: Values) -> _Aligned | None:
        """None where putting the values back does not give `own`."""
        sent_spans: list[tuple[int, int]] = []
        own_spans: list[tuple[int, int]] = []
        pieces: list[str] = []
        at = size = 0
        for span in placeholder_spans(sent):
            value = values.get(span.of(sent))
            if value is None:
                continue
            plain, surface = sent[at : span.start], value.reveal()
            size += len(plain)
            sent_spans.append((span.start, span.end))
            own_spans.append((size, size + len(surface)))
            pieces += (plain, surface)
            size += len(surface)
            at = span.end
        same = "".join([*pieces, sent[at:]]) == own
        return cls(sent, own, sent_spans, own_spans) if same else None

    def place(self, start: int, end: int, text: JsonTree) -> tuple[int, int, str] | None:
        """Where [start, end) of what was sent is in the other, and what stands there.

        Indices count code points, or UTF-16 units where only those fit `text`.
        """
        if not isinstance(text, str) or not 0 <= start < end:
            return None
        if self.sent[start:end] == text:
            first, last = self._start(start), self._end(end)
            return first, last, self.own[first:last]
        units = self.sent.encode("utf-16-le")
        if units[2 * start : 2 * end] != text.encode("utf-16-le", "surrogatepass"):
            return None
        begins = len(units[: 2 * start].decode("utf-16-le", "replace"))
        if self.sent[begins : begins + len(text)] != text:
            return None
        first, last = self._start(begins), self._end(begins + len(text))
        before, inside = self.own[:first], self.own[first:last]
        sizes = len(before.encode("utf-16-le")) // 2, len(inside.encode("utf-16-le")) // 2
        return sizes[0], sum(sizes), inside

    def _start(self, at: int) -> int:
        """`at`, or where the placeholder around it begins."""
        i = bisect_right(self.sent_spans, (at, len(self.sent) + 1)) - 1
        if i < 0:
            return at
        begins, ends = self.sent_spans[i]
        return self.own_spans[i][0] if begins <= at < ends else self.own_spans[i][1] + at - ends

    def _end(self, at: int) -> int:
        """`at`, or where the placeholder around it ends."""
        i = bisect_right(self.sent_spans, (at - 1, len(self.sent) + 1)) - 1
        if i < 0:
            return at
        ends = self.sent_spans[i][1]
        return self.own_spans[i][1] + max(at - ends, 0)


class Carrier:
    """Citations in the history, from the client's places to those in what leaves."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._read = 0

    def carried(self, citation: Tree) -> dict[str, JsonTree] | None:
        """`citation` with `occurrence` in place of offsets; None where they do not fit."""
        if _CHARACTERS[0] not in citation:
            return dict(citation)
        source, text = self._sources.cited(citation), citation.get("cited_text")
        start, end = (_integer(citation, name) for name in _CHARACTERS)
        if source is None or len(source.texts) != 1 or not isinstance(text, str):
            return None
        self._read += start
        document = source.texts[0]
        if self._read > _READ or not 0 <= start < end or document[start:end] != text:
            return None
        rest = {name: value for name, value in citation.items() if name not in _CHARACTERS}
        return {**rest, "occurrence": document.count(text, 0, start)}

    def located(self, citation: Tree) -> dict[str, JsonTree] | None:
        """The reverse of `carried`, in the documents that leave."""
        source, text = self._sources.cited(citation), citation.get("cited_text")
        if "occurrence" in citation:
            if source is None or len(source.texts) != 1 or not isinstance(text, str):
                return None
            start = _find(source.texts[0], text, _integer(citation, "occurrence"))
            rest = {name: value for name, value in citation.items() if name != "occurrence"}
            return None if start < 0 else {**rest, **_between(start, start + len(text))}
        if _BLOCKS[0] in citation:
            start, end = (_integer(citation, name) for name in _BLOCKS)
            there = None if source is None else source.block_text(start, end)
            return None if there is None else {**citation, "cited_text": there}
        return dict(citation)


def _between(start: int, end: int) -> dict[str, JsonTree]:
    return dict(zip(_CHARACTERS, (start, end), strict=True))


def _find(document: str, text: str, occurrence: int) -> int:
    """Where occurrence number `occurrence` of `text` begins; -1 if nowhere."""
    if not text or not 0 <= occurrence <= _MOST_OCCURRENCES:
        return -1
    pieces = document.split(text, occurrence + 1)
    return len(document) - len(pieces[-1]) - len(text) if len(pieces) == occurrence + 2 else -1


def _blocks_of(body: Tree) -> Iterator[Tree]:
    """All content blocks of a request, in their order; those of tool results too."""
    for message in _objects(body.get("messages")):
        for block in _objects(message.get("content")):
            yield block
            if block.get("type") == "tool_result":
                yield from _objects(block.get("content"))


def _texts(source: JsonTree) -> tuple[str, ...]:
    if not isinstance(source, dict):
        return ("",)
    if source.get("type") == "content" and isinstance(source.get("content"), list):
        return tuple(_text(part) for part in _objects(source["content"]))
    text = source.get("data" if source.get("type") == "text" else "content")
    return (text if isinstance(text, str) and source.get("type") in {"text", "content"} else "",)


def _text(part: Tree) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _objects(value: JsonTree) -> list[Tree]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _integer(tree: Tree, name: str) -> int:
    """The index under `name`; -1 where there is none."""
    value = tree.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
