"""Chat prompts of 1 KB about made-up people: each one new, with seven values of six kinds.

A prompt is made from its number alone, so that a run can be repeated and no two requests of a run
share a text: a cache helps nobody, except with the system message, which real applications repeat.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

MODEL = "chat"
PEOPLE = 64  # Applications' ids `person-0`, `person-1` and so on; one for each connection.
SIZE = 1024  # Characters of the user's message.
SYSTEM = "You help the customers of a mail-order house. Answer in two short sentences."

_GIVEN = ("Anna", "Luc", "Ines", "Tom", "Greta", "Zoe", "Marek", "Olga", "Per", "Ruth", "Ben")
_FAMILY = ("Weber", "Petit", "Romero", "Baker", "Lindt", "Martin", "Nowak", "Berg", "Holm")
_PROSE = (
    "the parcel order came late again and we would like to know when it will be here because our "
    "garden table was promised for last week although nobody called us about any change please "
    "look into this matter before another month goes by since my sister also waits for two chairs "
    "which should match that table in color size shape or at least in price thank you very much"
)
_WORDS = _PROSE.split()
_FACTS = (
    "Hello, my name is {given} {family}. My e-mail is {mail} and my phone is {phone}. ",
    "I was born on {birth}, as you asked. Please refund to {iban}. ",
    "I paid with card {card}. My brother is at {other}. ",
)


def email(number: int) -> str:
    """The address that the prompt `number` names first, by which its answer is known."""
    given, family = _name(number)
    return f"{given}.{family}{number}@mail{number % 7}.example.com".lower()


def text(number: int) -> str:
    """The user's message."""
    given, family = _name(number)
    facts = "".join(_FACTS).format(
        given=given,
        family=family,
        mail=email(number),
        phone=f"+44 20 7946 {number % 10_000:04}",
        birth=f"{1 + number % 28:02}.{1 + number % 12:02}.{1950 + number % 50}",
        iban=_iban(number),
        card=_card(number),
        other=f"family{number}@example.org",
    )
    return facts + _prose(number, SIZE - len(facts))


def body(number: int, *, model: str, stream: bool) -> bytes:
    """The JSON of a chat completion request."""
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": text(number)},
    ]
    return orjson.dumps({"model": model, "messages": messages, "stream": stream})


def _name(number: int) -> tuple[str, str]:
    return _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]


def _prose(number: int, length: int) -> str:
    prose = " ".join(_drawn(number, length))
    return prose[: length - 1].rstrip().ljust(length - 1, "o") + "."


def _drawn(number: int, length: int) -> Iterator[str]:
    """Words of about `length` characters, drawn by a linear congruential generator."""
    state = number * 2_654_435_761 + 12_345
    while length > 0:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        word = _WORDS[(state >> 33) % len(_WORDS)]
        length -= len(word) + 1
        yield word


def _iban(number: int) -> str:
    """A German account number with its check digits (ISO 13616); the bank does not exist."""
    account = f"99999999{number % 10**10:010}"
    check = 98 - int(account + "131400") % 97
    digits = f"DE{check:02}{account}"
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def _card(number: int) -> str:
    """A card number with its check digit (Luhn) in a range kept for tests."""
    digits = f"411111{number % 10**9:09}"
    total = sum(
        sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit)
        for place, digit in enumerate(reversed(digits))
    )
    digits += str(-total % 10)
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))
