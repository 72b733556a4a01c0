"""Keys and tokens that can be told by how they begin.

Examples are put together from halves, so that scanners of repositories do not take them for real.
"""

from __future__ import annotations

from louver.minimize.detectors.rules import Rule

_MIXED = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zA0cD" * 6
_UPPER = "A2B3C4D5E6F7G2H3J4K5L6M7" * 3
_HEX = "0123456789abcdef" * 4


def _token(name: str, pattern: str, source: str, begin: str, rest: str) -> Rule:
    """A rule for what begins with `begin`; `rest` completes the example."""
    return Rule(
        name=f"token.{name}",
        category="secret.api_key",
        pattern=rf"\b{pattern}",
        source=source,
        positive=(f"key=⟦{begin}{rest}⟧", f'{{"token": "⟦{begin}{rest}⟧"}}'),
        negative=(f"{begin} and nothing else", f"{begin}abc"),
    )


def _private_key(text: str, start: int, end: int) -> tuple[int, int] | None:
    """From the first line to the last; without a last line, as far as key material goes."""
    stop = text.find("-----END", end, end + _LONGEST_KEY)
    if stop >= 0:
        close = text.find("-----", stop + 8, stop + 80)
        return start, close + 5 if close >= 0 else stop + 8
    while end < len(text) and (text[end].isalnum() or text[end] in "+/=\\\r\n \t"):
        end += 1
    return start, end


_LONGEST_KEY = 20_000  # characters; an RSA key of 16384 bits in PEM has about 12,500

RULES = (
    _token("aws_access_key", "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
           "AWS IAM, unique identifiers", "AK" + "IA", _UPPER[:16]),
    _token("github", "(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,}",
           "GitHub, token formats (2021)", "gh" + "p_", _MIXED[:36]),
    _token("github_fine_grained", "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
           "GitHub, fine-grained tokens (2022)", "github" + "_pat_",
           _MIXED[:22] + "_" + _MIXED[:59]),
    _token("gitlab", r"gl(?:pat|dt|rt|cbt|ptt|soat|oas)-[A-Za-z0-9_\-]{20,}",
           "GitLab, token overview", "gl" + "pat-", _MIXED[:20]),
    _token("slack", r"xox[abeoprs]-[A-Za-z0-9\-]{10,}", "Slack, token types",
           "xo" + "xb-", "123456789012-" + _MIXED[:24]),
    _token("slack_app", r"xapp-\d-[A-Za-z0-9\-]{20,}", "Slack, token types",
           "xa" + "pp-1-", _MIXED[:40]),
    _token("anthropic", r"sk-ant-[A-Za-z0-9_\-]{24,}", "Anthropic, API keys",
           "sk" + "-ant-", "api03-" + _MIXED[:40]),
    _token("openai", r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{20,}", "OpenAI, API keys",
           "sk" + "-proj-", _MIXED[:48]),
    _token("google", r"AIza[A-Za-z0-9_\-]{35}", "Google Cloud, API keys", "AI" + "za",
           _MIXED[:35]),
    _token("google_oauth", r"(?:ya29\.[A-Za-z0-9_\-]{20,}|GOCSPX-[A-Za-z0-9_\-]{28})",
           "Google Identity, OAuth 2.0", "ya" + "29.", _MIXED[:60]),
    _token("stripe", "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}", "Stripe, API keys",
           "sk_" + "live_", _MIXED[:24]),
    _token("stripe_webhook", "whsec_[A-Za-z0-9+/=]{24,}", "Stripe, webhook signatures",
           "wh" + "sec_", _MIXED[:32]),
    _token("twilio", "(?:SK|AC)[0-9a-f]{32}", "Twilio, API keys", "S" + "K", _HEX[:32]),
    _token("sendgrid", r"SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43}", "SendGrid, API keys",
           "S" + "G.", _MIXED[:22] + "." + _MIXED[:43]),
    _token("npm", "npm_[A-Za-z0-9]{36}", "npm, access tokens (2021)", "np" + "m_", _MIXED[:36]),
    _token("pypi", r"pypi-[A-Za-z0-9_\-]{16,}", "PyPI, API tokens", "py" + "pi-",
           "AgEIcHlwaS5vcmc" + _MIXED[:60]),
    _token("hugging_face", "hf_[A-Za-z0-9]{30,}", "Hugging Face, user access tokens",
           "h" + "f_", _MIXED[:34]),
    _token("telegram", r"\d{8,10}:AA[A-Za-z0-9_\-]{33}", "Telegram, Bot API",
           "1234" + "567890:", "AA" + _MIXED[:33]),
    _token("digitalocean", "do[opr]_v1_[0-9a-f]{64}", "DigitalOcean, API tokens",
           "do" + "p_v1_", _HEX),
    _token("azure_sas", r"sig=[A-Za-z0-9%]{40,100}(?:%3[dD]|=)", "Azure Storage, service SAS",
           "s" + "ig=", _MIXED[:43] + "%3D"),
    _token("shopify", "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}", "Shopify, access tokens",
           "shp" + "at_", _HEX[:32]),
    _token("louver", r"lvr_[A-Za-z0-9_\-]{20,}", "Louver's own keys", "lv" + "r_",
           _MIXED[:40]),
    Rule(
        name="jwt",
        category="secret.jwt",
        pattern=r"\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?",
        source="RFC 7519 §3, RFC 7515 §7.1",
        positive=(
            "Bearer ⟦eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.c2lnbmF0dXJl⟧",
            "t=⟦eyJ" + "hbGciOiJub25lIn0.eyJ" + "zdWIiOiIxMjM0In0.⟧",
        ),
        negative=("eyJhbGci", "eyJhbGciOiJIUzI1NiJ9.notjson"),
    ),
    Rule(
        name="private_key",
        category="secret.private_key",
        pattern=r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        source="RFC 7468 §10, RFC 9580 §6.2",
        positive=(
            "⟦-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEow\n-----END RSA PRIVATE" + " KEY-----⟧ x",
            "k: ⟦-----BEGIN PRIVATE" + " KEY-----\\nMIIEow⟧",
        ),
        negative=("-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----"),
        reshape=_private_key,
    ),
)  # fmt: skip
