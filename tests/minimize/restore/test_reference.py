"""The streaming restorer equals a slow one that looks at the whole text, for every chunking."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.minimize.restore import TextRestorer

P = "PERSON_KXQWRTZPLMBV"
Q = "PERSON_KXQWRTZPLMBW"
KEY = "API_KEY_BCDFGHJKLMPQ"
SURFACES = {P: 'Carol "C" <c>', Q: f"é\n{P}", KEY: "sk_%41&amp;\\"}
VALUES = {name: Sensitive(value) for name, value in SURFACES.items()}

_TOKEN = re.compile(
    r"(?P<unicode>\\u[0-9A-Fa-f]{4})|(?P<letter>\\[nrtbf])|(?P<mark>\\[!-/:-@\[-`{-~])"
    r"|(?P<html>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|lowbar|UnderBar|amp|nbsp);)"
    r"|(?P<percent>%[0-9A-Fa-f]{2})|(?P<plain>.)",
    re.DOTALL,
)


def _meant(token: re.Match[str]) -> str:
    raw = token.group()
    match token.lastgroup:
        case "unicode":
            return chr(int(raw[-4:], 16))
        case "letter":
            return str(json.loads(f'"{raw}"'))
        case "mark":
            return raw[1]
        case "html":
            return html.unescape(raw)
        case "percent":
            return chr(int(raw[1:], 16))
        case _:
            return raw


def restore_whole(text: str, surfaces: dict[str, str]) -> str:
    """Obvious: decode everything, try every placeholder at every place. For text without URLs."""
    tokens = list(_TOKEN.finditer(text))
    meant = [_meant(token) for token in tokens]
    folded = [c.upper() if c.isascii() else c for c in meant]
    word = re.compile("[A-Za-z0-9_]")
    ending = re.compile(r"(?:s|es|n|en|e)?(?![A-Za-z0-9_])", re.IGNORECASE)
    out, at = "", 0
    while at < len(tokens):
        for name, surface in surfaces.items():
            end = at + len(name)
            after = ending.match("".join(meant[end : end + 4]))
            apart = at == 0 or not word.match(meant[at - 1])
            if apart and folded[at:end] == list(name) and after:
                kinds = {token.lastgroup for token in tokens[at:end]}
                value = quote(surface, safe="") if "percent" in kinds else surface
                value = html.escape(value) if "html" in kinds else value
                value = json.dumps(value, ensure_ascii=False)[1:-1] if "unicode" in kinds else value
                out += value
                at = end
                break
        else:
            out += tokens[at].group()
            at += 1
    return out


def _spell(char: str, how: int) -> str:
    return [
        char, char, char, char.lower(), f"\\u{ord(char):04x}", f"&#{ord(char)};",
        f"&#x{ord(char):X};", f"%{ord(char):02x}", "\\_" if char == "_" else char,
    ][how]  # fmt: skip


_SPELLED = st.builds(
    lambda name, hows: "".join(_spell(c, h) for c, h in zip(name, hows, strict=False)),
    st.sampled_from([P, Q, KEY]),
    st.lists(st.integers(0, 8), min_size=20, max_size=20) | st.just([0] * 20),
)
_BROKEN = st.builds(lambda text, cut: text[:cut], _SPELLED, st.integers(0, 30))
_GLUE = st.sampled_from(
    [
        "", " ", ".", "s", "e", "en", "x", "_", "\\_", "\\", "&", "%", "&#", "&#9", "\\u",
        "\\u00", "%5", "\\n", "\\t", "%20", "&amp;", "&nbsp;", "&am", "é", "日", "7", "P", "p",
        "-", "'s", "\n", "&#115;",
    ]
)  # fmt: skip
_TEXT = st.lists(st.one_of(_SPELLED, _GLUE, _GLUE, _BROKEN), max_size=9).map("".join)


@settings(max_examples=600)
@given(_TEXT, st.integers(1, 9))
def test_any_chunking_equals_the_whole(text: str, size: int) -> None:
    # Two backslashes can begin a network path, of which the reference knows nothing.
    if "\\\\" in text:
        text = text.replace("\\\\", "\\")
    expected = restore_whole(text, SURFACES)
    for step in (size, len(text) + 1):
        restorer = TextRestorer(VALUES)
        pieces = [text[i : i + step] for i in range(0, len(text), step)]
        assert "".join(map(restorer.feed, pieces)) + restorer.finish() == expected


def test_the_reference_itself() -> None:
    assert (
        restore_whole(f"{P}s, x{P}, {KEY.lower()}", SURFACES)
        == f'Carol "C" <c>s, x{P}, sk_%41&amp;\\'
    )
