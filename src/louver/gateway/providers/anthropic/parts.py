"""Parts, calls and thinking of hub-form messages as Anthropic's content blocks."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias, TypeVar

import orjson

from louver.core.errors import Invalid, NotYetSupported
from louver.core.exchanges import JsonTree
from louver.gateway.wire.hub import ANTHROPIC, BLOCKS, TEXT_PARTS

T = TypeVar("T")
Tree: TypeAlias = Mapping[str, JsonTree]
Wire: TypeAlias = dict[str, JsonTree]

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_PDF = "application/pdf"


def objects(value: JsonTree) -> list[Tree]:
    """The objects in a list that was checked; none where there is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def own_of(tree: Tree) -> Tree:
    """What stands under `anthropic`."""
    own = tree.get(ANTHROPIC)
    return own if isinstance(own, dict) else {}


def expected(value: JsonTree, kind: type[T], where: str) -> T:
    """Raises Invalid."""
    if isinstance(value, kind):
        return value
    raise Invalid(f"{where} is of the wrong type", param=where)


def safe_id(name: JsonTree) -> str:
    """An id as the API takes it; the same for a call and for its result."""
    return _UNSAFE.sub("_", name if isinstance(name, str) else "") or "_"


def texts_of(message: Tree, where: str, *, drop_empty: bool = True) -> list[Wire]:
    """The texts of a message that may hold nothing else."""
    content = message.get("content")
    if not isinstance(content, list):
        content = [{"type": "text", "text": content or message.get("refusal") or ""}]
    texts: list[Wire] = []
    for i, part in enumerate(objects(content)):
        if part.get("type") not in TEXT_PARTS:
            raise NotYetSupported(f"{where}[{i}]: only text is supported there", param=where)
        texts.append(_text(part))
    return [text for text in texts if text["text"] or not drop_empty]


def blocks_of(message: Tree, where: str) -> list[Wire]:
    """What a user or a tool says. Raises Invalid, NotYetSupported."""
    content = message.get("content")
    if not isinstance(content, list):
        return [{"type": "text", "text": content}] if content else []
    blocks = _blocks(iter(enumerate(objects(content))), where)
    return [block for block in blocks if block.get("type") != "text" or block["text"]]


def thoughts_of(message: Tree) -> list[tuple[Tree, Wire]]:
    """Each block of thinking, and how the API is told it."""
    return [
        (block, {name: value for name, value in block.items() if name != "at"})
        for block in objects(message.get(BLOCKS))
    ]


def called(call: Tree, where: str) -> Wire:
    """A tool call of the history. Raises Invalid for arguments that are no JSON object."""
    function = call.get("function")
    if not isinstance(function, dict):
        raise NotYetSupported(f"{where}: only calls of functions are supported", param=where)
    written = function.get("arguments") or "{}"
    try:
        arguments = orjson.loads(written) if isinstance(written, str) else written
    except orjson.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        place = f"{where}.function.arguments"
        raise Invalid(f"{place} must be a JSON object for this model", param=place)
    name = safe_id(call.get("id"))
    block: Wire = {"type": "tool_use", "id": name, "name": function.get("name")}
    kept = {k: v for k, v in own_of(call).items() if k in {"caller", "cache_control"}}
    return {**block, "input": arguments, **kept}


def _text(part: Tree) -> Wire:
    field = "refusal" if part.get("type") == "refusal" else "text"
    block: Wire = {"type": "text", "text": part.get(field) or ""}
    own = own_of(part)
    kept = {name: own[name] for name in ("citations", "cache_control") if name in own}
    return {**_cache(part), **block, **kept}


def _cache(part: Tree) -> Wire:
    control = part.get("cache_control")
    return {} if control is None else {"cache_control": control}


def _blocks(parts: Iterator[tuple[int, Tree]], where: str) -> list[Wire]:
    blocks: list[Wire] = []
    for i, part in parts:
        own, place = own_of(part), f"{where}[{i}]"
        kind = next((k for k in ("document", "search_result") if isinstance(own.get(k), dict)), "")
        if not kind:
            blocks.append(_block(part, place))
            continue
        count = own.get("parts")
        rest = range((count if isinstance(count, int) else 1) - 1)
        group = [part, *(other for _, (_, other) in zip(rest, parts, strict=False))]
        blocks.append(_group(kind, group, where))
    return blocks


def _block(part: Tree, where: str) -> Wire:
    own = own_of(part)
    match part.get("type"):
        case "image_url":
            image = part.get("image_url")
            url = image.get("url") if isinstance(image, dict) else image
            block: Wire = {"type": "image", "source": _source(url, f"{where}.image_url")}
            more = {"transformations": own["transformations"]} if "transformations" in own else {}
            return {**block, **_cache(part), **_kept(own), **more}
        case "file":
            file = expected(part.get("file"), dict, f"{where}.file")
            kind = "image" if own.get("image") is True else "document"
            title = {"title": file["filename"]} if file.get("filename") else {}
            told: Wire = {"type": kind, "source": _file(file, f"{where}.file")}
            return {**told, **(title if kind == "document" else {}), **_cache(part), **_kept(own)}
        case str(kind) if kind in TEXT_PARTS:
            return _text(part)
        case _:
            raise NotYetSupported(f"{where} is not supported for this model", param=where)


def _kept(own: Tree) -> Wire:
    return {"cache_control": own["cache_control"]} if "cache_control" in own else {}


def _group(kind: str, parts: list[Tree], where: str) -> Wire:
    """A document or search result, of the parts that it was taken apart into."""
    own = expected(own_of(parts[0]).get(kind), dict, where)
    names = own.get("heads")
    heads = [n for n in names if isinstance(n, str)] if isinstance(names, list) else []
    block: Wire = {"type": kind}
    for name, part in zip(heads, parts, strict=False):
        block[name] = part.get("text")
    inner = [_block(part, where) for part in parts[len(heads) :]]
    return {**block, **_content(kind, own, inner), **_group_kept(own)}


def _content(kind: str, own: Tree, inner: list[Wire]) -> Wire:
    if kind == "search_result":
        return {"content": list(inner)}
    first = inner[0] if inner else {}
    match own.get("form"):
        case "content":
            return {"source": {"type": "content", "content": list(inner)}}
        case "string":
            return {"source": {"type": "content", "content": first.get("text", "")}}
        case "file":
            return {"source": first.get("source")}
        case _:
            text = first.get("text", "")
            return {"source": {"type": "text", "media_type": "text/plain", "data": text}}


def _group_kept(own: Tree) -> Wire:
    return {name: own[name] for name in ("citations", "cache_control") if name in own}


def _file(file: Tree, where: str) -> Wire:
    if file.get("file_id") is not None:
        return {"type": "file", "file_id": file["file_id"]}
    if file.get("file_url") is not None:
        return {"type": "url", "url": file["file_url"]}
    data = expected(file.get("file_data"), str, f"{where}.file_data")
    kind, content = _unpacked(data, f"{where}.file_data")
    if kind == _PDF:
        return {"type": "base64", "media_type": kind, "data": content}
    try:
        text = base64.b64decode(content, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        text = None
    if text is None or not kind.startswith("text/"):
        raise NotYetSupported(f"{where}: only PDF and text are supported", param=where)
    return {"type": "text", "media_type": "text/plain", "data": text}


def _source(url: JsonTree, where: str) -> Wire:
    text = expected(url, str, where)
    if text.startswith(("http://", "https://")):
        return {"type": "url", "url": text}
    kind, content = _unpacked(text, where)
    return {"type": "base64", "media_type": kind, "data": content}


def _unpacked(url: str, where: str) -> tuple[str, str]:
    """Media type and base64 of a data URL."""
    head = _DATA_URL.match(url)
    if head is None:
        raise Invalid(f"{where} must be a data URL in base64, or of https", param=where)
    return head.group(1), url[head.end() :]
