"""Every rule finds its own positive examples exactly, leaves its negative ones, has a source."""

from __future__ import annotations

import pytest

from louver.core.categories import TAXONOMY
from louver.minimize.detectors.catalog import RULES
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.detectors.rules import Rule

BUILT_IN = PatternDetector()


def marked(example: str) -> tuple[str, int, int]:
    """The text of an example, and where its value stands."""
    start, end = example.index("⟦"), example.index("⟧") - 1
    return example.replace("⟦", "").replace("⟧", ""), start, end


def ids(value: object) -> str:
    return value.name if isinstance(value, Rule) else ""


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_finds_its_positive_examples_and_only_the_value(rule: Rule) -> None:
    alone = PatternDetector([rule])
    for example in rule.positive:
        text, start, end = marked(example)
        assert [(f.span.start, f.span.end) for f in alone.find(text)] == [(start, end)], example
        assert {f.category for f in alone.find(text)} == {rule.category}


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_leaves_its_negative_examples(rule: Rule) -> None:
    alone = PatternDetector([rule])
    assert [example for example in rule.negative if alone.find(example)] == []


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_all_rules_together_cover_each_positive_example(rule: Rule) -> None:
    for example in rule.positive:
        text, start, end = marked(example)
        covered = [f for f in BUILT_IN.find(text) if f.span.start <= start and f.span.end >= end]
        assert covered, example


@pytest.mark.parametrize("rule", RULES, ids=ids)
def test_is_documented(rule: Rule) -> None:
    assert rule.category in TAXONOMY
    assert rule.source
    assert rule.positive
    assert rule.negative


def test_names_are_unique_and_there_are_enough() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES) >= 24
    assert len({rule.category for rule in RULES}) >= 24


@pytest.mark.parametrize(
    "text",
    [
        "The models C4, S3 and EKS run in us-east-1 on m5.large.",
        "Upgrade from 3.11.7 to 3.12.0rc1, see #12345 and PR 31978.",
        "On 2024-05-17 at 10:12:44 the build 20240517.3 took 14 ms.",
        "It costs 1,299.00 or 1.299,00; order 2024-000123 has 12 items.",
        "std::vector<int> a = {1, 2, 3}; x = y[1::2]; 0xFF; 1e-9",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 on main",
        "see 550e8400-e29b-41d4-a716-446655440000 in the log",
        "Chapter 12, pages 100-112, ISBN 978-3-16-148410-0",
        "The patient individual is a person, and everybody knows it.",
        "def password(self) -> str: return self._password",
        "Pi is 3.14159265358979323846 and e is 2.71828.",
        "GET /v1/items?page=2&size=50 HTTP/1.1 200 1534",
        "Version 1.2.3.4 of the driver, 127.0.0.1:8080, localhost:3000",
    ],
)
def test_finds_nothing_in_everyday_technical_text(text: str) -> None:
    assert [(f.rule, f.span.of(text)) for f in BUILT_IN.find(text)] == []


@pytest.mark.parametrize(
    ("text", "value", "category"),
    [
        ('{"to": ["alice@example.com"], "n": 1}', "alice@example.com", "contact.email"),
        ("alice@example.com,Weber,+49 30 1234567\n", "+49 30 1234567", "contact.phone"),
        ("user_alice.martin@example.com_x = 1", "alice.martin@example.com", "contact.email"),
        ("f('4111111111111111')", "4111111111111111", "finance.card_number"),
        ("https://x.example/?iban=DE89370400440532013000&y", "DE89370400440532013000",
         "finance.iban"),
        ("<td>219-09-9998</td>", "219-09-9998", "id.us_ssn"),
        ("Müller,219-09-9998;Groß", "219-09-9998", "id.us_ssn"),
        ("😀 203.0.113.7 😀", "203.0.113.7", "network.ip_address"),
        ("customer_dateOfBirth: 1984-05-17", "1984-05-17", "person.birth_date"),
        ("export DB_PASSWORD='s3cr3t!x'", "s3cr3t!x", "secret.password"),
    ],
)  # fmt: skip
def test_finds_values_inside_code_data_and_addresses(text: str, value: str, category: str) -> None:
    start = text.index(value)
    assert any(
        f.category == category and f.span.start <= start and f.span.end >= start + len(value)
        for f in BUILT_IN.find(text)
    )


def test_context_is_not_read_out_of_placeholders_or_far_words() -> None:
    alone = PatternDetector([rule for rule in RULES if rule.name == "phone.context"])
    assert not alone.find("PHONE_KXQWRTZPLMBV 2125550147")
    assert not alone.find("phone " + "one two three four five 2125550147")
    assert alone.find("phone: EMAIL_KXQWRTZPLMBV or 2125550147")
