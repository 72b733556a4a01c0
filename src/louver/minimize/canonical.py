"""The comparable form of a value: the same thing written differently becomes the same text.

Only differences that are surely none are removed; secrets and anything unknown stay exact.
"""

from __future__ import annotations

import unicodedata
from ipaddress import ip_address

from louver.text.views import normalized

_CODES = frozenset({"finance.iban", "network.mac_address", "vehicle.number"})
_UPPER = frozenset({"travel.booking_code", "health.record_number"})
_FOLDED = frozenset({
    "person.name", "contact.email", "contact.address", "organization.name", "location.place",
    "health.condition", "custom.term", "contact.profile",
})  # fmt: skip
_DIGITS = frozenset({"finance.card_number", "network.device_id", "finance.account_number"})
_EXACT = ("secret.", "louver.")


def canonical(category: str, surface: str) -> str:
    """The form in which two values of `category` are equal exactly if they mean the same.

    Idempotent: the canonical form of a canonical form is itself.
    """
    if category.startswith(_EXACT):
        return surface
    text = _plain(surface)
    if category == "contact.phone":
        return _phone(text)
    if category in _DIGITS:
        return "".join(c for c in text if c.isdigit())
    if category in _CODES or category.startswith("id."):
        # A plus is kept: in Nordic numbers it means another century than a minus.
        return "".join(c for c in text.upper() if c.isalnum() or c == "+")
    if category in _UPPER:
        return text.upper()
    if category == "network.ip_address":
        return _address(text)
    if category in _FOLDED:
        return _folded(text)
    return text


def _plain(surface: str) -> str:
    """Disguises undone, invisible characters dropped, runs of white space made one space."""
    text = surface
    while (view := normalized(text)) is not None and view.text != text:
        text = view.text
    return " ".join(text.split())


def _folded(text: str) -> str:
    """Case folded, composed; folding may call for composing again, so to the fixed point."""
    while (folded := unicodedata.normalize("NFKC", text.casefold())) != text:
        text = folded
    return " ".join(text.split())


def _address(text: str) -> str:
    """An address of version 6 in its shortest form."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text.lower()


def _phone(text: str) -> str:
    """Digits, with a plus where the country is given; an extension is kept apart."""
    number = "".join(c for c in text if c.isdigit() or c.isalpha()).casefold()
    if text.lstrip("( ").startswith("+"):
        return "+" + number
    return "+" + number[2:] if number.startswith("00") else number
