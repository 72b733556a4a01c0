"""Text that comes as a file: read out of a data URL or bare base64, and written back as one.

Only what is certainly text is read: a media type that says so, strict UTF-8, no control characters,
and none of the formats that are written in letters and hide what they say (PDF, PostScript, RTF).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

_HEAD = re.compile(r"data:([A-Za-z0-9.+/-]*)((?:;[^;,]*)*),", re.ASCII)
_TEXT_TYPES = frozenset(
    """
    application/csv application/ecmascript application/javascript application/json
    application/jsonl application/ld+json application/sql application/toml application/x-ndjson
    application/x-sh application/x-yaml application/xhtml+xml application/xml application/yaml
    """.split()  # noqa: SIM905  -- one word list reads better than quoted strings
)
_HIDING_TYPES = frozenset({"text/rtf", "text/richtext"})
_HIDING_STARTS = ("%PDF", "%!PS", "{\\rtf")
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file's text; `media` is its type, None where it came as bare base64."""

    text: str
    media: str | None

    @property
    def structured(self) -> bool:
        """Whether it says that it is JSON."""
        return self.media is not None and self.media.endswith(("/json", "+json"))

    @property
    def tabular(self) -> bool:
        """Whether it says that it is a table of separated values."""
        return self.media is not None and self.media.endswith(("/csv", "/tab-separated-values"))

    def written(self, text: str) -> str:
        """The same file with `text` in it."""
        payload = base64.b64encode(text.encode("utf-8")).decode("ascii")
        return payload if self.media is None else f"data:{self.media};base64,{payload}"


def text_file(data: str) -> TextFile | None:
    """The text in `data`; None for whatever is not certainly text.

    >>> text_file("data:text/plain;base64,aGVsbG8=")
    TextFile(text='hello', media='text/plain')
    >>> text_file("data:application/pdf;base64,aGVsbG8=") is None
    True
    """
    head = _HEAD.match(data)
    if head is None:
        return _of(_unpacked(data), None)
    media = head[1].lower() or "text/plain"
    parameters = [p.strip().lower() for p in head[2].split(";")[1:]]
    packed = "base64" in parameters
    named = [p.removeprefix("charset=").strip('"') for p in parameters if p.startswith("charset=")]
    if not _is_text(media) or not _CHARSETS.issuperset(named):
        return None
    payload = data[head.end() :]
    if packed:
        return _of(_unpacked(unquote(payload)), media)
    # Letters beyond ASCII may stand there as they are; both spellings mean the same bytes.
    return _of(unquote_to_bytes(payload), media)


def _is_text(media: str) -> bool:
    if media in _HIDING_TYPES:
        return False
    return media.startswith("text/") or media in _TEXT_TYPES


def _unpacked(payload: str) -> bytes | None:
    """The bytes behind base64, standard alphabet; whitespace in between counts for nothing.

    Digits alone are no file: a card's number would stand in the open.
    """
    tight = "".join(payload.split())
    if tight.isdigit():
        return None
    try:
        return base64.b64decode(tight, validate=True)
    except (binascii.Error, ValueError):
        return None


def _of(content: bytes | None, media: str | None) -> TextFile | None:
    try:
        text = None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if text is None or _CONTROL.search(text):
        return None
    if text.lstrip("\ufeff \t\r\n").startswith(_HIDING_STARTS):
        return None
    return TextFile(text, media)
