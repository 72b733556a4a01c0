"""Who somebody is: names after a form of address, names in an account, days of birth, positions."""

from __future__ import annotations

from louver.minimize.detectors.checksums import is_date
from louver.minimize.detectors.rules import EDGE, LETTER, Context, Rule, insensitive
from louver.minimize.detectors.surroundings import stands_alone

_CAPITAL = "[A-Z\u00c0-\u00d6\u00d8-\u00de]"
_PARTICLE = "(?:von|van|de|der|den|del|della|di|da|dos|du|la|le|zu|zur|ter|bin|al)"
_NAME = rf"{_CAPITAL}[{LETTER}]+(?:['’-][{LETTER}]+)*"
_FULL_NAME = rf"{_NAME}(?: (?:{_PARTICLE} ){{0,2}}{_NAME}| {_CAPITAL}\.){{0,3}}"

_MONTHS = "|".join(
    map(
        insensitive,
        (
            "january", "february", "march", "april", "may", "june", "july", "august", "september",
            "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
            "sept", "sep", "oct", "nov", "dec", "januar", "februar", "märz", "mai", "juni", "juli",
            "oktober", "dezember", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio",
            "agosto", "septiembre", "octubre", "noviembre", "diciembre", "janvier", "février",
            "mars", "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre",
            "décembre",
        ),
    )
)  # fmt: skip
_BIRTH_WORDS = (
    "born", "birth", "dob", "d o b", "birthday", "birthdate", "geboren", "geb", "geburtsdatum",
    "geburtstag", "nacido", "nacida", "nació", "nacimiento", "né", "née", "naissance", "nato",
    "nata", "nascita", "nascido", "nascida", "nascimento", "geboortedatum", "urodzony",
    "urodzona", "urodzenia",
)  # fmt: skip


def _numeric_date(value: str) -> bool:
    """Year, month and day in one of the usual orders; a two-digit year stands for this century."""
    parts = [int(p) for p in value.replace("/", "-").replace(".", "-").split("-")]
    if parts[0] > 31:
        return is_date(parts[0], parts[1], parts[2])
    year = parts[2] if parts[2] > 99 else 2000 + parts[2]
    return is_date(year, parts[1], parts[0]) or is_date(year, parts[0], parts[1])


_NO_USER = frozenset({
    "none", "null", "true", "false", "str", "string", "int", "integer", "number", "uuid", "object",
    "required", "optional", "undefined", "username", "user", "user_id", "userid", "unknown",
    "anonymous", "self", "is", "the", "id", "login", "name", "email",
})  # fmt: skip


def _user(value: str) -> bool:
    """No key word of a program, and not only dots and dashes."""
    return value.lower() not in _NO_USER and any(c.isalnum() for c in value)


_ADDRESSED = (
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Herrn?|Frau|Señora?|Sra?|Don|Doña|"
    r"Monsieur|Madame|Mademoiselle|Mme|Mlle|M|Signora?|Dott|Patient|Patientin|Paciente)\.? "
)
_INTRODUCED = (
    r"\b(?:[Mm]y name is|[Ii]ch heiße|[Mm]ein Name ist|[Mm]e llamo|"
    r"[Mm]i nombre es|[Jj]e m['’]appelle|[Mm]i chiamo) "
)
_LABELED = (
    r"\b(?:[Nn]ame|[Ff]ull[ _]?[Nn]ame|[Ff]irst[ _]?[Nn]ame|[Ll]ast[ _]?[Nn]ame|"
    r"[Ss]urname|[Vv]orname|[Nn]achname|[Nn]ombre|[Aa]pellidos?|[Nn]om|[Pp]rénom|[Pp]atient|"
    r"[Ee]mployee|[Cc]ustomer|[Cc]ontact|[Kk]unde|[Kk]undin)[\"']? ?[:=]"
)
_USER = (
    rf"{EDGE}(?:{insensitive('username')}|{insensitive('user_name')}|"
    rf"{insensitive('user_id')}|{insensitive('userid')}|{insensitive('user')}|"
    rf"{insensitive('login')}|{insensitive('benutzername')}|{insensitive('benutzer')}|"
    rf"{insensitive('usuario')}|{insensitive('utilisateur')})[\"']?[ ]?[:=]"
)

RULES = (
    Rule(
        name="name.addressed",
        category="person.name",
        pattern=rf"{_ADDRESSED}(?:(?:Dr|Prof|med|Dra)\.? ){{0,3}}({_FULL_NAME})",
        source="Forms of address of English, German, Spanish, French and Italian",
        positive=(
            "Dear Mr. ⟦Martin⟧, hello",
            "Frau Dr. ⟦Anna-Lena von Weber⟧ kommt",
            "La Sra. ⟦García López⟧ llamó",
            "Mme ⟦Dupont⟧ a écrit",
            "by Dr. ⟦Alice B. Martin⟧.",
        ),
        negative=("the doctor said", "Dr. no", "mr. smith", "Prof. of"),
        group=1,
        sign=_ADDRESSED,
        begins=True,
    ),
    Rule(
        name="name.introduced",
        category="person.name",
        pattern=rf"{_INTRODUCED}({_FULL_NAME})",
        source="Usual introductions of English, German, Spanish, French and Italian",
        positive=(
            "Hi, my name is ⟦Alice Martin⟧ and",
            "Guten Tag, ich heiße ⟦Jürgen Groß⟧.",
            "me llamo ⟦Lucía Fernández⟧",
            "je m'appelle ⟦Zoé Petit⟧",
        ),
        negative=("my name is on the list", "ich heiße nicht so"),
        group=1,
        sign=_INTRODUCED,
        begins=True,
    ),
    Rule(
        name="name.labeled",
        category="person.name",
        pattern=rf"{_LABELED} ?[\"']?({_NAME}(?:,? (?:{_PARTICLE} ){{0,2}}{_NAME}){{0,3}})",
        source="Usual labels of forms",
        positive=(
            "Name: ⟦Alice Martin⟧",
            '"full_name": "⟦Jürgen Groß⟧"',
            "Patient: ⟦Weber, Anna⟧ (f)",
        ),
        negative=("name: string", "Name:", "name = foo", "class Name: pass"),
        group=1,
        valid=lambda value: value.lower() not in _NO_USER,
        sign=_LABELED,
        begins=True,
    ),
    Rule(
        name="user",
        category="person.user_id",
        pattern=rf"{_USER}[ ]?[\"']?"
        r"([A-Za-z0-9][A-Za-z0-9._\-]{2,63})",
        source="Usual keys of logs and settings",
        positive=(
            "user=⟦alice.martin⟧ action=login",
            '"username": "⟦bob_7⟧"',
            "Benutzername: ⟦jgross⟧",
            "user_id=⟦4f8a91c2⟧",
        ),
        negative=("user: string", "username = None", "the user is", "user=user", "users: many"),
        group=1,
        valid=_user,
        sign=_USER,
        begins=True,
    ),
    Rule(
        name="birth.numeric",
        category="person.birth_date",
        pattern=rf"{EDGE}(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|"
        rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}}))" + EDGE,
        source="ISO 8601-1 §5.2.2, CLDR short dates",
        positive=(
            "born on ⟦1984-05-17⟧",
            '"date_of_birth": "⟦17/05/1984⟧"',
            "geb. ⟦17.05.1984⟧ in",
            "née le ⟦17/05/84⟧",
            "fecha de nacimiento: ⟦17-05-1984⟧",
            "DOB ⟦05/17/1984⟧",
        ),
        negative=("on 1984-05-17", "born in version 1.2.34.5", "born 1984-13-45"),
        valid=_numeric_date,
        reshape=stands_alone,
        context=Context(words=_BIRTH_WORDS, reach=5),
        retry=True,
    ),
    Rule(
        name="birth.written",
        category="person.birth_date",
        pattern=rf"{EDGE}(?:\d{{1,2}}(?:st|nd|rd|th|er|\.)? (?:de |of )?(?:{_MONTHS})\.?,? "
        rf"(?:de |del )?\d{{4}}|(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})" + EDGE,
        source="CLDR long dates",
        positive=(
            "born ⟦17 May 1984⟧",
            "born on ⟦May 17th, 1984⟧",
            "geboren am ⟦17. März 1984⟧",
            "nació el ⟦17 de mayo de 1984⟧",
            "né le ⟦1er août 1984⟧",
        ),
        negative=("on 17 May 1984", "born in May 1984"),
        reshape=stands_alone,
        context=Context(words=_BIRTH_WORDS, reach=5),
        retry=True,
    ),
    Rule(
        name="coordinates",
        category="location.coordinates",
        pattern=rf"(?:-|{EDGE})([1-8]?\d\.\d{{4,15}},? ?-?(?:1[0-7]\d|\d{{1,2}})\.\d{{4,15}})\b",
        source="ISO 6709",
        positive=("at ⟦52.520008, 13.404954⟧", "geo:⟦48.858370,2.294481⟧"),
        negative=("3.1415", "1.5, 2.5", "152.520008, 13.404954"),
        group=1,
        reshape=stands_alone,
        retry=True,
    ),
)
