"""Planted values: a test plants them, and after all tests no file anywhere holds one.

They are built from parts, so that this file itself does not hold them either.
"""

from __future__ import annotations

EMAIL = "canary.tern" + "@" + "planted.example.com"
PHONE = "+44 20 7946 " + "0731"
CARD = "4716 0823 " + "9951 3071"
IBAN = "DE12 7629 1408" + " 3365 1072 94"
KEY = "sk-proj-" + "C4naryT3rn" * 4
IP = "198.51." + "100.73"

ALL = (EMAIL, PHONE, CARD, IBAN, KEY, IP)
