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

_TRIGGERS = "/\\:?#(="
# Where a trigger can open something: after a host or a slash, `]` or `url`, a scheme, a name; at
# the start of what is read, what stands before it is not seen here.
_OPENER = re.compile(
    r"[/\\?#(:=](?:(?<=\A.)|(?<=[\w.\-\]\u3002\uff0e\uff61/\\][/\\?#])|(?<=[\]lL\n]\()"
    r"|(?<=[A-Za-z\]\-\n]:)|(?<=[A-Za-z\s]=))"
)
_TAIL = 320
_MOST_ZONES = 8
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
        self._zones: list[Zone] = []

    def read_text(self, text: str) -> None:
        """Read text that was written as itself; as `read` for each of its characters."""
        at = 0
        while at < len(text):
            if not self._zones:
                opener = _OPENER.search(text, at)
                self.skip(text[at : opener.start()] if opener else text[at:])
                if opener is None:
                    return
                at = opener.start()
            self.read(text[at], literal=True)
            at += 1

    def calm(self, text: str) -> bool:
        """Whether a placeholder may be restored as text anywhere in `text`, if that came next.

        A no may be too careful.
        """
        if self._zones or self._lost or _maybe_www(self._tail[-_NEAR:] + text):
            return False
        longest = len(text)
        if self._run + longest > _LONG_RUN:
            longest = max(map(len, text.split()), default=0)
        return self._run + longest <= _LONG_RUN and not any(
            _opens(opener.group(), self._before(text, opener.start()))
            for opener in _OPENER.finditer(text)
        )

    def _before(self, text: str, place: int) -> str:
        """The tail that there will be at `place` of `text`."""
        if place >= _TAIL:
            return text[place - _TAIL : place]
        return (self._tail + text[:place])[-_TAIL:]

    def skip(self, text: str) -> None:
        """Read literal text that is `calm`."""
        self._tail = (self._tail + text[-_TAIL:])[-_TAIL:]
        self._since_escape += len(text)
        end = len(text) - len(text.rstrip(_VISIBLE))
        self._run = self._run + end if end == len(text) else end

    def read(self, char: str, *, literal: bool) -> None:
        """Read one character as it is meant; `literal` if it was written as itself."""
        if self._zones:
            self._close(char, literal)
            for zone in self._zones:
                if not literal and not zone.dirty:
                    zone.dirty = not has_authority(zone.text)
                zone.add(char)
        if char in _TRIGGERS:
            self._open(char, literal)
        self._tail = (self._tail + char)[-_TAIL:]
        self._since_escape = self._since_escape + 1 if literal else 0
        # An escaped space ends no run.
        self._run = 0 if literal and char not in _VISIBLE else self._run + 1

    def verdict(self) -> Verdict:
        """What may happen to a placeholder that comes next."""
        if self._lost:
            return Verdict.KEPT
        verdict = Verdict.TEXT
        for zone in self._zones:
            one = self._judge(zone)
            if one is Verdict.KEPT:
                return one
            verdict = one if verdict is Verdict.TEXT else verdict
        if self._zones:
            return verdict
        run = _last_run(self._tail)
        doubtful = self._run > _LONG_RUN or (len(run) > 3 and _WWW.search(run) is not None)
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
        ended = [zone for zone in self._zones if zone.ends_at(char, literal=literal)]
        if not ended:
            return
        going = [zone for zone in self._zones if zone not in ended]
        for zone in ended:
            # A shell would read on after a closing quote; what follows shows that none does.
            closers = {Kind.ATTRIBUTE: ">", Kind.QUOTED: ">,;}])|"}.get(zone.kind, "")
            if char == ">" and zone.kind is Kind.ATTRIBUTE:
                inner = self._zones[self._zones.index(zone) + 1 :]
                going = [one for one in going if one.kind is not Kind.RUN or one not in inner]
            for one in going:
                if one.kind is Kind.RUN:
                    one.quote += closers
        self._zones = going

    def _open(self, char: str, literal: bool) -> None:
        tail = self._tail
        if char == "(":
            if tail.endswith("]"):
                self._add(Zone(Kind.TARGET))
            elif _STYLE.search(tail[-_NEAR:]):
                self._add(Zone(Kind.STYLE, waiting=True))
        elif char == "=":
            if _is_attribute(tail):
                self._add(Zone(Kind.ATTRIBUTE, waiting=True, paragraph=False))
        elif char == ":" and tail.endswith("]"):
            self._add(Zone(Kind.DEFINITION, waiting=True))
        elif not any(zone.kind is Kind.RUN for zone in self._zones):
            size = _beginning(char, tail, literal=literal)
            if size is not None:
                self._start(size, char, literal)

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
        if len(self._zones) < _MOST_ZONES:
            self._zones.append(zone)
        else:
            # What cannot be followed any more is not trusted any more.
            self._lost = True


def _opens(char: str, tail: str) -> bool:
    """Whether the trigger `char`, written as itself, opens a zone where there is none."""
    if char == "(":
        return tail.endswith("]") or _STYLE.search(tail[-_NEAR:]) is not None
    if char == "=":
        return _is_attribute(tail)
    if char == ":" and tail.endswith("]"):
        return True
    return _beginning(char, tail, literal=True) is not None


def _is_attribute(tail: str) -> bool:
    """Whether a `=` after `tail` follows the name of an attribute that holds a URL."""
    name = tail.rstrip()
    if not name:
        return len(tail) == _TAIL
    found = _ATTRIBUTE.search(name[-_NEAR:])
    return found is not None and (found.group(1) is not None or _IN_TAG.search(name) is not None)


def _beginning(char: str, tail: str, *, literal: bool) -> int | None:
    """How many characters of `tail` belong to the URL that shows itself at `char`, if any."""
    if char == ":":
        scheme = _SCHEMES.search(tail[-_NEAR:])
        return len(scheme.group()) if scheme else None
    if char in "/\\" and tail[-1:] in ("/", "\\"):
        slashes = _BEFORE_SLASH.search(tail[-_NEAR:])
        return len(slashes.group()) if slashes else 1
    host = _host(tail)
    if host:
        return host
    # An escaped backslash that nothing stands before begins a network path.
    opens = char == "\\" and not literal and tail[-1:] in _OPENING
    return 0 if opens else None


def _host(tail: str) -> int:
    """How many characters at the end of `tail` are a host and its port; 0 where none is."""
    run = _last_run(tail)
    if run.isascii() and "." not in run and "]" not in run and "localhost" not in run.lower():
        return 0
    host = _TSOH.match(run[::-1])
    return len(host.group()) if host else 0


def _maybe_www(text: str) -> bool:
    return any(two in text for two in ("ww", "WW", "wW", "Ww")) and "www." in text.lower()


def _last_run(tail: str) -> str:
    """What stands after the last space; a host has none in it."""
    return tail[tail.rfind(" ") + 1 :]
