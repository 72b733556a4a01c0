"""Secrets that only their key tells: passwords, tokens, headers, addresses that log in."""

from __future__ import annotations

from louver.minimize.detectors.rules import EDGE, Rule, insensitive
from louver.minimize.detectors.shapes import placeholder_spans

_PASSWORD_KEYS = "|".join(
    insensitive(key)
    for key in (
        "password", "passwd", "passphrase", "pwd", "passwort", "kennwort", "contraseña",
        "contrasena", "mot de passe", "motdepasse", "wachtwoord", "senha", "hasło",
    )
)  # fmt: skip
_SECRET_KEYS = "|".join(
    insensitive(key)
    for key in (
        "api_key", "apikey", "api-key", "secret_key", "secretkey", "secret-key", "client_secret",
        "clientsecret", "access_token", "auth_token", "refresh_token", "secret_access_key",
        "access_key", "private_token", "encryption_key", "signing_key", "session_token", "secret",
    )
)  # fmt: skip

_PASSWORD_IS = rf"(?:{_PASSWORD_KEYS})[\"']?(?: ?(?::=|=>|[:=])|\"?:)"
_PASSWORD_TOLD = (
    rf"(?:{insensitive('password')}|{insensitive('passwort')}|{insensitive('pin')}|"
    rf"{insensitive('contraseña')}|{insensitive('mot de passe')}) "
    rf"(?:{insensitive('is')}|{insensitive('ist')}|{insensitive('lautet')}|"
    rf"{insensitive('es')}|{insensitive('est')})"
)
_SCHEME = rf"{EDGE}(?:[Bb]earer|[Bb]asic|BEARER) "
_SECRET_IS = rf"(?:{_SECRET_KEYS})[\"']?(?: ?(?::=|=>|[:=]))"

_NO_SECRET = frozenset({
    "none", "null", "true", "false", "str", "string", "required", "optional", "undefined",
    "password", "secret", "changed", "reset", "expired", "incorrect", "wrong", "invalid",
    "is", "the", "must", "too", "field", "hash", "hashed", "your", "here", "self", "bytes",
})  # fmt: skip
_CODE_MARKS = ("os.", "process.", "env.", "getenv", "${", "{{", "self.", "config.", "settings.")
_LOGIN = r"://[^\x00-\x20\"'`<>:@/]*:[^\x00-\x20\"'`<>@/]+@"
_VALUE = r"[^\x00-\x20\"'`,;<>(){}\x5b\x5d]"


def _secret(value: str) -> bool:
    """No key word, no reference to where the secret is kept, no placeholder."""
    plain = value.strip(".:").lower()
    if plain in _NO_SECRET or plain.startswith(_CODE_MARKS) or set(plain) <= set("*.x•-_"):
        return False
    return not placeholder_spans(value)


def _token(value: str) -> bool:
    """A secret that looks random: a digit in it, or long and in both cases."""
    mixed = len(value) >= 20 and value.lower() != value and not value.isalpha()
    return _secret(value) and (any(c.isdigit() for c in value) or mixed)


RULES = (
    Rule(
        name="password",
        category="secret.password",
        pattern=rf"(?:{_PASSWORD_KEYS})[\"']?(?: ?(?::=|=>|[:=]) ?|(?:\"?: ?\"))[\"'`]?"
        rf"({_VALUE}{{3,}})",
        source="Usual keys of settings and forms",
        positive=(
            "password = ⟦hunter2!⟧",
            '"password": "⟦c0rrect-horse⟧",',
            "DB_PASSWORD=⟦s3cr3t⟧\n",
            "Passwort: ⟦Sommer2024⟧",
            "contraseña: ⟦Verano#1⟧",
            "mot de passe : ⟦Ete2024⟧",
        ),
        negative=(
            "password: string",
            "the password is required",
            "password = os.environ['X']",
            "password=PASSWORD_KXQWRTZPLMBV",
            "password: ******",
        ),
        group=1,
        valid=_secret,
        sign=_PASSWORD_IS,
        begins=True,
    ),
    Rule(
        name="password.told",
        category="secret.password",
        pattern=rf"{_PASSWORD_TOLD}:? [\"'`“«]?"
        r"([^\x00-\x20\"'`,;<>“”«»]*[0-9!#$%&*+=?@^_~][^\x00-\x20\"'`,;<>“”«»]*)",
        source="Usual sentences",
        positive=(
            "my password is ⟦hunter2⟧, thanks",
            "das Passwort lautet ⟦Sommer#24⟧",
            "le mot de passe est « ⟦x9!k⟧ »".replace("« ", "«").replace(" »", "»"),
        ),
        negative=("the password is wrong", "password is required"),
        group=1,
        valid=_secret,
        sign=_PASSWORD_TOLD,
        begins=True,
    ),
    Rule(
        name="secret.assigned",
        category="secret.api_key",
        pattern=rf"{_SECRET_IS} ?[\"'`]?({_VALUE}{{8,}})",
        source="Usual keys of settings",
        positive=(
            'api_key = "⟦9f8e7d6c5b4a3210⟧"',
            "AWS_SECRET_ACCESS_KEY=⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEK1⟧",
            '{"client_secret":"⟦a1B2c3D4e5F6⟧"}',
        ),
        negative=("api_key: string", "secret = process.env.SECRET_1", "the secret: a place"),
        group=1,
        valid=_token,
        sign=_SECRET_IS,
        begins=True,
    ),
    Rule(
        name="authorization",
        category="secret.api_key",
        pattern=rf"{_SCHEME} *([A-Za-z0-9._~+/\-]{{12,}}=*)",
        source="RFC 6750 §2.1, RFC 7617",
        positive=(
            "Authorization: Bearer ⟦9f8e7d6c5b4a3210ff⟧",
            'curl -H "authorization: basic ⟦dXNlcjpwYXNzd29yZDE=⟧"',
        ),
        negative=("bearer of good news", "Basic internationalization"),
        group=1,
        valid=_token,
        sign=_SCHEME,
        begins=True,
    ),
    Rule(
        name="connection",
        category="secret.connection_string",
        pattern=rf"\b[A-Za-z][A-Za-z0-9+.\-]{{1,30}}{_LOGIN}[^\x00-\x20\"'`<>,;)\x5d}}]+",
        source="RFC 3986 §3.2.1",
        positive=(
            "DATABASE_URL=⟦postgres://app:s3cr3t@db.example.com:5432/main⟧",
            '"url": "⟦mongodb+srv://u:p%40ss@c0.example.net/x?ssl=true⟧"',
            "⟦redis://:p4ss@10.0.0.3:6379/0⟧ ok",
        ),
        negative=("https://example.com:8080/a@b", "postgres://db.example.com/main"),
        sign=_LOGIN,
    ),
    Rule(
        name="connection.odbc",
        category="secret.connection_string",
        pattern=rf"(?:{insensitive('accountkey')}|{insensitive('sharedaccesskey')})="
        r"([A-Za-z0-9+/]{20,200}={0,2})",
        source="Azure Storage, connection strings",
        positive=("AccountName=x;AccountKey=⟦" + "aB3dE5gH7jK9mN1pQ2sT4vW6" * 3 + "==⟧;",),
        negative=("AccountKey=short",),
        group=1,
    ),
)
