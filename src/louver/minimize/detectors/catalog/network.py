"""Where somebody is on a network: addresses of machines, interfaces and devices."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv6Address

from louver.minimize.detectors.checksums import digits, luhn
from louver.minimize.detectors.rules import EDGE, Context, Rule
from louver.minimize.detectors.surroundings import stands_alone

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_NOBODY = frozenset({"127.0.0.1", "0.0.0.0", "255.255.255.255"})  # noqa: S104 compared, not bound


def _ipv4(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Four octets that are no piece of a longer dotted number, and stand for some machine."""
    before, after = text[start - 1 : start], text[end : end + 2]
    if before.isalnum() or before == "." or after[:1].isalnum():
        return None
    if after[:1] == "." and after[1:].isalnum():
        return None
    return None if text[start:end] in _NOBODY else (start, end)


def _ipv6(text: str, start: int, end: int) -> tuple[int, int] | None:
    """What `ipaddress` takes for one, with a digit in it, and not just `::1`."""
    if text[start] == ":" and text[start + 1] != ":":
        start += 1  # The colon of `host:` before it.
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum() or before == "." or after == ":":
        return None
    if text[end - 1] == ":" and text[end - 2 : end] != "::":
        end -= 1  # A colon of the sentence.
    surface = text[start:end]
    if len(surface) < 6 or not digits(surface):
        return None
    try:
        IPv6Address(surface)
    except AddressValueError:
        return None
    return start, end


def _mac(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Six bytes, neither all ones nor all zeros, and not a piece of a longer row."""
    if text[start - 1 : start] in {":", "-"} or text[end : end + 1] in {":", "-"}:
        return None
    hexadecimal = {c for c in text[start:end].lower() if c.isalnum()}
    return None if hexadecimal in ({"0"}, {"f"}) else stands_alone(text, start, end)


RULES = (
    Rule(
        name="ip.v4",
        category="network.ip_address",
        pattern=rf"{EDGE}(?:(?:{_OCTET}\.){{3}}{_OCTET})" + EDGE,
        source="RFC 791 §2.3, RFC 6943 §3.1.1",
        positive=(
            "from ⟦203.0.113.7⟧ to",
            "http://⟦198.51.100.23⟧:8080/x",
            "ip=⟦192.0.2.1⟧,",
            "⟦10.1.2.3⟧/24",
        ),
        negative=("1.2.3.4.5", "127.0.0.1", "256.1.1.1", "v1.2.3.4", "1.2.3", "version 1.2.3.4"),
        reshape=_ipv4,
        context=Context(barred=("version", "release", "v")),
        retry=True,
    ),
    Rule(
        name="ip.v6",
        category="network.ip_address",
        pattern=r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.\d{1,3}){0,3}",
        source="RFC 4291 §2.2",
        positive=(
            "host ⟦2001:db8::8a2e:370:7334⟧ up",
            "[⟦fe80::1ff:fe23:4567:890a⟧]:443",
            "host:⟦2001:db8::1⟧, ok",
            "⟦2001:0db8:85a3:0000:0000:8a2e:0370:7334⟧",
        ),
        negative=("10:30:45", "std::vector", "a::b", "::1", "00:1b:44:11:3a:b7", "x[1::2]"),
        reshape=_ipv6,
        sign=":[0-9A-Fa-f]{0,4}:",
    ),
    Rule(
        name="mac",
        category="network.mac_address",
        pattern=rf"{EDGE}(?:[0-9A-Fa-f]{{2}}(?::[0-9A-Fa-f]{{2}}){{5}}"
        r"|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})" + EDGE,
        source="IEEE 802-2014 §8.1",
        positive=("mac ⟦00:1b:44:11:3a:b7⟧", "⟦00-1B-44-11-3A-B7⟧,", "⟦001b.4411.3ab7⟧"),
        negative=("ff:ff:ff:ff:ff:ff", "00:1b:44:11:3a:b7:01", "00:1b:44", "1234.5678"),
        reshape=_mac,
        retry=True,
    ),
    Rule(
        name="imei",
        category="network.device_id",
        pattern=rf"{EDGE}(?:\d{{2}}[ -]?\d{{6}}[ -]?\d{{6}}[ -]?\d)" + EDGE,
        source="3GPP TS 23.003 §6.2.1",
        positive=("IMEI: ⟦49-015420-323751-8⟧", "imei ⟦490154203237518⟧"),
        negative=("IMEI 490154203237519", "number 490154203237518"),
        valid=luhn,
        reshape=stands_alone,
        context=Context(words=("imei",), reach=3),
        retry=True,
    ),
)
