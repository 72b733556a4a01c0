"""How to reach somebody: mailboxes, telephones, street addresses."""

from __future__ import annotations

from louver.minimize.detectors import phones
from louver.minimize.detectors.rules import EDGE, LETTER, Context, Rule, insensitive

_LOCAL = rf"[{LETTER}0-9_%+.'\-]"
_HOST = rf"(?:[{LETTER}0-9](?:[{LETTER}0-9-]*[{LETTER}0-9])?\.)+"
_TOP = r"(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59})"
_EXTENSION = (
    rf"(?:[ ,;]{{0,3}}(?:x|{insensitive('ext')}\.?|{insensitive('extension')}|"
    rf"{insensitive('durchwahl')}|{insensitive('poste')})[ .:]{{0,2}}\d{{1,6}})?"
)

EMAIL = Rule(
    name="email",
    category="contact.email",
    # More than one `@` is not an address, but nothing of it may be left over.
    pattern=rf"[{LETTER}0-9_%+]{_LOCAL}*(?:@{_HOST}{_TOP})+",
    source="RFC 5321 §4.1.2, RFC 6531",
    positive=(
        "write to ⟦alice.martin@example.com⟧, please",
        '{"mail":"⟦jürgen.groß@bücher.example.de⟧"}',
        "mailto:⟦o'neil+news@mail.example.co.uk⟧?subject=x",
        "https://example.org/?user=⟦bob_7@example.org⟧&x=1",
        "<⟦c-d@sub.example.io⟧>",
    ),
    negative=("a @ b", "user@localhost", "@handle", "decorator @app.route", "x@y"),
    sign=f"@[{LETTER}0-9]",
)

_PHONE_SOURCE = "ITU-T E.164, E.123"
_GROUPS = r"(?:[ .\-/]{0,2}\(?\d{1,5}\)?){2,7}"

_COUNTRY = r"(?:\+|\b00)[1-9]"
PHONE_INTERNATIONAL = Rule(
    name="phone.international",
    category="contact.phone",
    pattern=rf"{_COUNTRY}\d{{0,2}}\)?{_GROUPS}{_EXTENSION}",
    source=_PHONE_SOURCE,
    positive=(
        "call ⟦+49 30 1234567⟧ today",
        "⟦+1 (212) 555-0147⟧",
        "(⟦+44 20 7946 0018⟧)",
        "tel:⟦+33612345678⟧;",
        "⟦0049 171 1234567⟧ or mail",
        "⟦+1-212-555-0147 ext. 42⟧",
        "⟦+1 212 555 0147⟧ 24/7",
    ),
    negative=("a +1 b", "1+12345678", "x = y +12", "00:00:12", "+3.14159265358979323846"),
    reshape=phones.international,
    retry=True,
    sign=_COUNTRY,
    begins=True,
)

PHONE_NORTH_AMERICAN = Rule(
    name="phone.north_american",
    category="contact.phone",
    pattern=rf"{EDGE}(?:(?:1[ .\-])?(?:\([2-9]\d{{2}}\)[ .\-]?|[2-9]\d{{2}}[ .\-])"
    rf"[2-9]\d{{2}}[ .\-]\d{{4}}{_EXTENSION})" + EDGE,
    source="NANPA, NANP numbering resources",
    positive=(
        "at ⟦212-555-0147⟧",
        "⟦212.555.0147⟧, weekdays",
        "⟦212 555 0147 x42⟧",
        "call ⟦1-800-555-0147⟧",
    ),
    negative=("112-555-0147", "212-555-01478", "9212-555-0147", "v212.555.0147.2"),
    reshape=phones.north_american,
    retry=True,
)

PHONE_AREA_IN_PARENTHESES = Rule(
    name="phone.parentheses",
    category="contact.phone",
    pattern=r"\(0?\d{1,5}\)[ .\-/]{0,2}\d{2,8}(?:[ .\-/]\d{2,8}){0,4}" + _EXTENSION,
    source=_PHONE_SOURCE,
    positive=("⟦(212) 555-0147⟧", "fax ⟦(08) 5550 1234⟧", "⟦(030) 123 45 67⟧"),
    negative=("(2) 100", "f(3) 14", "(2024) 12.5", "(1) 2345678901234"),
    reshape=phones.in_parentheses,
    retry=True,
)

PHONE_NATIONAL = Rule(
    name="phone.national",
    category="contact.phone",
    pattern=rf"{EDGE}(?:0[1-9]\d{{0,4}}[ .\-/](?:[ .\-/]?\d){{6,18}}{_EXTENSION})" + EDGE,
    source=_PHONE_SOURCE,
    positive=(
        "Büro ⟦030/1234567⟧",
        "mobil ⟦0171 123 45 67⟧",
        "⟦06 12 34 56 78⟧",
        "⟦01.23.45.67.89⟧",
        "⟦020 7946 0018⟧",
    ),
    negative=(
        "am 01.02.1990 um 10",
        "01/02/1990",
        "02-03-2024",
        "order 0815-4711-2299",
        "0.12.345",
        "07 30",
    ),
    reshape=phones.national,
    context=Context(
        barred=(
            "order", "invoice", "ticket", "part", "version", "ref", "no", "nr", "id", "sku",
            "auftrag", "rechnung", "bestellung", "artikel", "commande", "facture", "pedido",
            "factura", "konto", "account",
        )
    ),
    retry=True,
)  # fmt: skip

PHONE_IN_CONTEXT = Rule(
    name="phone.context",
    category="contact.phone",
    pattern=rf"{EDGE}(?:\d(?:[ .\-/()]{{0,2}}\d){{5,14}}{_EXTENSION})" + EDGE,
    source=_PHONE_SOURCE,
    positive=(
        "my phone number is ⟦5550147⟧",
        '"phone_number": "⟦2125550147⟧"',
        "phoneNumber=⟦2125550147⟧",
        "Handy: ⟦01711234567⟧",
        "mi teléfono: ⟦612 34 56 78⟧",
        "tél. ⟦0612345678⟧",
        "Telefonnummer ⟦1234567⟧",
    ),
    negative=(
        "2125550147",
        "call me on 2024-05-17",
        "the phone costs 1.299",
        "phone order 20240517123",
        "PHONE_KXQWRTZPLMBV 2125550147",
    ),
    reshape=phones.after_context,
    context=Context(
        words=(
            "phone", "phones", "telephone", "tel", "mobile", "cell", "cellphone", "call", "fax",
            "whatsapp", "sms", "text me", "dial", "telefon", "telefonnummer", "handy", "mobil",
            "handynummer", "mobilnummer", "rufnummer", "durchwahl", "teléfono", "telefono",
            "móvil", "movil", "celular", "téléphone", "tél", "portable", "cellulare", "telefone",
            "telemóvel", "telefoon", "mobiel", "komórka", "phonenumber",
        ),
        reach=4,
        barred=("order", "invoice", "ticket", "costs", "version", "auftrag", "pedido", "commande"),
    ),
    retry=True,
)  # fmt: skip

_CAPITAL = "[A-Z\u00c0-\u00d6\u00d8-\u00de]"

_ENGLISH = (
    r" (?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Terrace|Crescent|"
    r"Close|Square|Sq|Parkway|Pkwy|Way|Highway|Hwy)\b"
)
ADDRESS_ENGLISH = Rule(
    name="address.english",
    category="contact.address",
    pattern=rf"{EDGE}(?:\d{{1,5}}[A-Za-z]? (?:[NSEW]\.? )?{_CAPITAL}"
    rf"[{LETTER}'’.\-]*(?: {_CAPITAL}[{LETTER}'’.\-]*){{0,3}}{_ENGLISH}"
    r"(?:,? (?:Apt|Apartment|Suite|Unit|Flat|No)\.? ?#?[A-Za-z0-9]{1,6}\b)?"
    rf"(?:, (?:{_CAPITAL}[{LETTER}'’.\-]+ ?){{1,3}},? [A-Z]{{2}},? \d{{5}}(?:-\d{{4}})?\b)?)",
    source="UPU S42, USPS Publication 28 §2",
    positive=(
        "lives at ⟦12 Baker Street⟧, London",
        "⟦450 Old Mill Road, Apt 4B, Springfield, IL, 62704⟧",
    ),
    negative=("3 ways to win", "room 12 on the street", "5 Star Hotel"),
    sign=_ENGLISH,
)

_GERMAN = "straße|strasse|str\\.|weg|gasse|platz|allee|damm|ufer"
ADDRESS_GERMAN = Rule(
    name="address.german",
    category="contact.address",
    pattern=rf"\b({_CAPITAL}[{LETTER}.\-]*(?:{_GERMAN}) \d{{1,4}}(?: ?[a-h])?\b"
    rf"(?:, (?:[AD]-)?\d{{4,5}} {_CAPITAL}[{LETTER}\-]+(?: am {_CAPITAL}[{LETTER}]+)?)?)",
    source="UPU S42, DIN 5008",
    positive=("wohnt ⟦Lindenstraße 12a, 10969 Berlin⟧.", "⟦Am-Mühlweg 3⟧", "⟦Kirchstr. 7⟧"),
    negative=("der Weg 3", "Fortschrittsplatz", "auf dem Weg 12"),
    group=1,
    sign=rf"(?:{_GERMAN}) \d",
)

_FRENCH = "|".join(
    insensitive(way)
    for way in ("rue", "avenue", "boulevard", "chemin", "impasse", "quai", "route", "cours")
)
_FRENCH_WAY = f"(?: bis| ter)?,? (?:{_FRENCH})"
ADDRESS_FRENCH = Rule(
    name="address.french",
    category="contact.address",
    pattern=rf"{EDGE}(?:\d{{1,4}}{_FRENCH_WAY}"
    rf"(?: (?:de|du|des|la|le|les|d'|l'|d’|l’))*? ?(?:[dl]['’])?{_CAPITAL}[{LETTER}'’\-]+"
    rf"(?: {_CAPITAL}[{LETTER}'’\-]+){{0,2}}"
    rf"(?:, \d{{5}} {_CAPITAL}[{LETTER}\-]+)?)",
    source="UPU S42, NF Z 10-011",
    positive=("habite ⟦12 bis rue de la Paix, 75002 Paris⟧", "⟦3, avenue Victor Hugo⟧"),
    negative=("la rue est longue", "2 rue", "en route 3"),
    sign=rf"\d{_FRENCH_WAY}",
)

_SPANISH = (
    "|".join(
        insensitive(way) for way in ("calle", "avenida", "avda.", "plaza", "paseo", "camino")
    ).replace(".", r"\.")
    + "|C/"
)
ADDRESS_SPANISH = Rule(
    name="address.spanish",
    category="contact.address",
    pattern=rf"\b((?:{_SPANISH}) (?:(?:de|del|la|las|los|el) ){{0,3}}{_CAPITAL}[{LETTER}\-]+"
    rf"(?: (?:de |del |la )?{_CAPITAL}[{LETTER}\-]+){{0,3}},? (?:n\.?º ?)?\d{{1,4}}"
    rf"(?:, \d{{5}} {_CAPITAL}[{LETTER}\-]+)?)",
    source="UPU S42",
    positive=("vive en ⟦Calle de Alcalá 45, 28014 Madrid⟧", "⟦Avenida del Puerto, 12⟧"),
    negative=("la calle 13", "plaza mayor", "calle larga"),
    group=1,
    sign=rf"\b(?:{_SPANISH}) ",
    begins=True,
)

RULES = (
    EMAIL,
    PHONE_INTERNATIONAL,
    PHONE_NORTH_AMERICAN,
    PHONE_AREA_IN_PARENTHESES,
    PHONE_NATIONAL,
    PHONE_IN_CONTEXT,
    ADDRESS_ENGLISH,
    ADDRESS_GERMAN,
    ADDRESS_FRENCH,
    ADDRESS_SPANISH,
)
