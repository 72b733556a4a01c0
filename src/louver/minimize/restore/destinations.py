"""Where in the answer we are: in text that somebody reads, or in a URL that something may fetch.

Rule: a value in a URL can leave the house by itself, so there it is restored only for allowed
hosts, and wherever the reading is doubtful it counts as a URL. Memory is bounded: `_TAIL`
characters and a few zones of at most `zones.LIMIT`.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from louver.minimize.restore.links import Hosts, has_authority
from louver.minimize.restore.zones import LIMIT, Kind, Zone

TRIGGERS = "/\\:?#(="
_TAIL = 320
_MOST_ZONES = 8
_MOST_SKIPPED = 256
_LONG_RUN = LIMIT
_NEAR = 40  # Enough for every scheme and attribute name that is known here.
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_START = "\x02"  # Stands before the first character of a string that is a value of its own.

_I = re.IGNORECASE | re.ASCII
_SCHEMES = re.compile(
    r"(?<![a-z0-9_-])(?:https?|wss?|ftps?|sftp|file|javascript|vbscript|data|blob|filesystem|intent"
    r"|view-source|jar|smb|ldaps?|gopher|ssh|git|smsto|sms|callto|skype|facetime|whatsapp|tg|msteams"
    r"|ms-[a-z-]+|mailto|tel)$",
    _I,
)
_BEFORE_SLASH = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]$", _I)
# A host, read backwards so that the work is linear: domain, IPv4, localhost, [IPv6], and a port.
# Ideographic full stops count as dots before an ASCII ending only; they end Chinese sentences too.
_LABELS = "[\\w\\-.\u0080-\U0010ffff]"
_TSOH = re.compile(
    r"(?:\d{1,5}:)?(?:"
    rf"\.?[\w-]+[^\W\d_]\.[\w\u0080-\U0010ffff]{_LABELS}*"
    rf"|[.\u3002\uff0e\uff61]?[a-z0-9-]+[a-z][\u3002\uff0e\uff61][\w\u0080-\U0010ffff]{_LABELS}*"
    r"|\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|tsohlacol(?![\w.])|\][0-9a-fA-F:.]{2,45}\[)",
    re.IGNORECASE,
)
_WWW = re.compile(r"(?<![a-z0-9_])www\.[^\s<]*$", _I)
_ATTRIBUTE = re.compile(
    r"(?<![a-z0-9])(?:(src|srcset|imagesrcset|href|formaction)|action|poster|background|ping|cite"
    r"|data|content|longdesc|lowsrc|dynsrc|codebase|classid|archive|manifest|profile|usemap)$",
    _I,
)
_IN_TAG = re.compile(r"<[a-z][^<>]*$", _I)
_STYLE = re.compile(r"(?<![a-z0-9_-])url$", _I)
_OPENING = frozenset(["", _START, *" \t\n\"'(<[{=,"])
_APART = _OPENING | frozenset(">*|`")
_CLOSES = {'"': '"', "'": "'", "<": ">", "{": "}"}
_DIRECT = frozenset({"mailto:", "tel:"})


class Verdict(Enum):
    """What may happen to a placeholder that stands here."""

    TEXT = auto()
    ADDRESS = auto()  # directly after mailto: or tel: inside a link
    LINK = auto()  # in the path or query of an allowed host
    KEPT = auto()  # not restored


class Destinations:
    """Reads the answer in order, without looking ahead. `string`: the text is one JSON string."""

    def __init__(self, hosts: Hosts, *, string: bool = False) -> None:
        self._hosts = hosts
        self._tail = _START if string else ""
        self._run = 0
        self._since_escape = _TAIL
        self._lost = False
        self._skipped: list[str] = []
        self.zones: list[Zone] = []
        """While there are none, text without `TRIGGERS` and escapes may be skipped."""

    def skip(self, text: str) -> None:
        """Read literal text without triggers, while there are no `zones`."""
        self._skipped.append(text)
        if len(self._skipped) >= _MOST_SKIPPED:
            self._catch_up()

    def _catch_up(self) -> None:
        """What was skipped is looked at only when something may depend on it."""
        text = "".join(self._skipped)
        self._skipped.clear()
        self._tail = (self._tail + text[-_TAIL:])[-_TAIL:]
        self._since_escape += len(text)
        end = len(text) - len(text.rstrip(_VISIBLE))
        self._run = self._run + end if end == len(text) else end

    def read(self, char: str, *, literal: bool) -> None:
        """Read one character as it is meant; `literal` if it was written as itself."""
        if self._skipped:
            self._catch_up()
        if self.zones:
            self._close(char, literal)
            for zone in self.zones:
                if not literal and not zone.dirty:
                    zone.dirty = not has_authority(zone.text)
                zone.add(char)
        if char in TRIGGERS:
            self._open(char, literal)
        self._tail = (self._tail + char)[-_TAIL:]
        self._since_escape = self._since_escape + 1 if literal else 0
        # An escaped space ends no run.
        self._run = 0 if literal and char not in _VISIBLE else self._run + 1

    def verdict(self) -> Verdict:
        """What may happen to a placeholder that comes next."""
        if self._skipped:
            self._catch_up()
        if self._lost:
            return Verdict.KEPT
        verdict = Verdict.TEXT
        for zone in self.zones:
            one = self._judge(zone)
            if one is Verdict.KEPT:
                return one
            verdict = one if verdict is Verdict.TEXT else verdict
        if self.zones:
            return verdict
        doubtful = self._run > _LONG_RUN or _WWW.search(self._tail) is not None
        return Verdict.KEPT if doubtful else Verdict.TEXT

    def _judge(self, zone: Zone) -> Verdict:
        text = zone.text.lstrip().removeprefix("<")
        if zone.kind is Kind.ATTRIBUTE or zone.kind is Kind.STYLE:
            text = text.lstrip("\"'").lstrip()
        if text.lower() in _DIRECT:
            return Verdict.TEXT if zone.kind is Kind.RUN else Verdict.ADDRESS
        if zone.kind is Kind.DEFINITION and not text:
            return Verdict.TEXT
        bare = zone.kind is Kind.RUN or zone.kind is Kind.QUOTED
        clean = not zone.dirty and not zone.overflowed
        return Verdict.LINK if clean and self._hosts.allow(text, bare=bare) else Verdict.KEPT

    def _close(self, char: str, literal: bool) -> None:
        ended = [zone for zone in self.zones if zone.ends_at(char, literal=literal)]
        if not ended:
            return
        going = [zone for zone in self.zones if zone not in ended]
        for zone in ended:
            # A shell would read on after a closing quote; what follows shows that none does.
            closers = {Kind.ATTRIBUTE: ">", Kind.QUOTED: ">,;}])|"}.get(zone.kind, "")
            if char == ">" and zone.kind is Kind.ATTRIBUTE:
                inner = self.zones[self.zones.index(zone) + 1 :]
                going = [one for one in going if one.kind is not Kind.RUN or one not in inner]
            for one in going:
                if one.kind is Kind.RUN:
                    one.quote += closers
        self.zones = going

    def _open(self, char: str, literal: bool) -> None:
        tail = self._tail
        if char == "(":
            if tail.endswith("]"):
                self._add(Zone(Kind.TARGET))
            elif _STYLE.search(tail[-_NEAR:]):
                self._add(Zone(Kind.STYLE, waiting=True))
        elif char == "=":
            if self._is_attribute():
                self._add(Zone(Kind.ATTRIBUTE, waiting=True, paragraph=False))
        elif char == ":" and tail.endswith("]"):
            self._add(Zone(Kind.DEFINITION, waiting=True))
        elif not any(zone.kind is Kind.RUN for zone in self.zones):
            size = self._beginning(char, literal)
            if size is not None:
                self._start(size, char, literal)

    def _is_attribute(self) -> bool:
        """Whether the `=` that comes next follows the name of an attribute that holds a URL."""
        name = self._tail.rstrip()
        if not name:
            return len(self._tail) == _TAIL
        found = _ATTRIBUTE.search(name[-_NEAR:])
        return found is not None and (
            found.group(1) is not None or _IN_TAG.search(name) is not None
        )

    def _beginning(self, char: str, literal: bool) -> int | None:
        """How many characters before `char` belong to the URL that shows itself here, if any."""
        tail = self._tail
        if char == ":":
            scheme = _SCHEMES.search(tail[-_NEAR:])
            return len(scheme.group()) if scheme else None
        if char in "/\\" and tail[-1:] in ("/", "\\"):
            slashes = _BEFORE_SLASH.search(tail[-_NEAR:])
            return len(slashes.group()) if slashes else 1
        host = _TSOH.match(tail[::-1])
        if host:
            return len(host.group())
        # An escaped backslash that nothing stands before begins a network path.
        opens = char == "\\" and not literal and tail[-1:] in _OPENING
        return 0 if opens else None

    def _start(self, size: int, char: str, literal: bool) -> None:
        start = len(self._tail) - size
        before, text = self._tail[:start], self._tail[start:] + char
        quote = before[-1:]
        dirty = self._since_escape < size or not literal or quote not in _APART
        closers = ">" if quote == "<" else ",;|)" if text.lower() == "tel:" else ""
        self._add(Zone(Kind.RUN, text, closers, dirty=dirty))
        if before.rstrip() == _START:
            self._add(Zone(Kind.QUOTED, text, dirty=dirty, paragraph=False))
        elif quote in _CLOSES or before.endswith("[["):
            marked = self._since_escape == size
            apart = before[-2:-1] != "="
            closer = _CLOSES.get(quote, "]")
            self._add(Zone(Kind.QUOTED, text, closer, marked, dirty, paragraph=apart))

    def _add(self, zone: Zone) -> None:
        if len(self.zones) < _MOST_ZONES:
            self.zones.append(zone)
        else:
            # What cannot be followed any more is not trusted any more.
            self._lost = True
