"""The finder: disguises seen, overlaps united, failures closed, nothing scanned or kept twice."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from louver.core.categories import category
from louver.core.sensitive import Sensitive
from louver.core.spans import Finding, Span
from louver.minimize.detectors.catalog import RULES
from louver.minimize.detectors.dictionary import DictionaryDetector, DictionaryEntry
from louver.minimize.detectors.health_terms import HealthTermsDetector
from louver.minimize.detectors.patterns import PatternDetector
from louver.minimize.detectors.shapes import placeholder_spans
from louver.minimize.finder import Finder
from louver.minimize.interface import Detector, DetectorFailed
from louver.minimize.merging import LITERAL, merged


def digest(data: bytes) -> bytes:
    return blake2b(data, key=b"test").digest()


PATTERNS = PatternDetector()
HEALTH = HealthTermsDetector()
NAMES = DictionaryDetector([DictionaryEntry(Sensitive("Anna Weber"), "person.name")])


def finder(*detectors: Detector, cache_size: int = 100) -> Finder:
    return Finder(detectors or (PATTERNS, HEALTH, NAMES), cache_size=cache_size, digest=digest)


class Told:
    """A detector that finds what it is told to."""

    def __init__(self, *findings: Finding) -> None:
        self.name, self.version = "told", "1"
        self.categories = frozenset(f.category for f in findings)
        self.seen: list[str] = []
        self._findings = findings

    def find(self, text: str) -> Sequence[Finding]:
        self.seen.append(text)
        return self._findings


class Broken:
    name, version, categories = "broken", "1", frozenset({"contact.email"})

    def find(self, text: str) -> Sequence[Finding]:
        raise RuntimeError(f"cannot read {text}")


def at(start: int, end: int, code: str = "custom.term", rule: str = "r") -> Finding:
    return Finding(Span(start, end), code, rule)


def values(text: str, found: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(f.span.of(text), f.category) for f in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail alice@example.com!", [("alice@example.com", "contact.email")]),
        ("alice\u200b.m@example.com x", [("alice\u200b.m@example.com", "contact.email")]),
        ("x &#97;lice&#64;example.com", [("&#97;lice&#64;example.com", "contact.email")]),
        (r"\nalice@example.com", [(r"\nalice@example.com", "contact.email")]),
        ("q=%20alice%40example.com&r", [("%20alice%40example.com", "contact.email")]),
        ("user_alice@example.com_x y", [("user_alice@example.com_x", "contact.email")]),
        ("４１１１ １１１１ １１１１ １１１１", [("４１１１ １１１１ １１１１ １１１１",
                                                  "finance.card_number")]),
        ("hi EMAIL_KXQWRTZPLMBV", [("EMAIL_KXQWRTZPLMBV", LITERAL)]),
        ("hi email&#95;kxqwrtzplmbv", [("email&#95;kxqwrtzplmbv", LITERAL)]),
        ("xEMAIL_KXQWRTZPLMBVx", [("xEMAIL_KXQWRTZPLMBVx", LITERAL)]),
        ("Anna Weber has asthma", [("Anna Weber", "person.name"), ("asthma", "health.condition")]),
        ("postgres://anna:pw1@db.example.com/x", [("postgres://anna:pw1@db.example.com/x",
                                                   "secret.connection_string")]),
        ("", []),
        ("\u200b", []),
        ("\ud800 alice@example.com", [("alice@example.com", "contact.email")]),
        ("nothing to see", []),
    ],
)  # fmt: skip
def test_finds_the_whole_value_in_every_guise(text: str, expected: list[tuple[str, str]]) -> None:
    assert values(text, finder().find(text)) == expected


def test_overlaps_become_one_finding_over_all_of_them() -> None:
    text = "0123456789" * 3
    found = merged(" " * 30, [at(0, 5), at(4, 9), at(20, 22), at(1, 3)])
    assert [(f.span.start, f.span.end) for f in found] == [(0, 9), (20, 22)]
    assert [(f.span.start, f.span.end) for f in merged(text, [at(0, 5)])] == [(0, 30)]


def test_touching_findings_become_one() -> None:
    assert len(merged("+-*/+-*/", [at(0, 4), at(4, 8)])) == 1


@pytest.mark.parametrize(
    ("codes", "winner"),
    [
        (["contact.email", "secret.password", "finance.iban"], "secret.password"),
        (["contact.phone", "finance.card_number"], "finance.card_number"),
        (["secret.api_key", LITERAL], LITERAL),
    ],
)
def test_a_united_finding_is_called_after_its_most_important_member(
    codes: list[str], winner: str
) -> None:
    findings = [at(0, 9 - i, code) for i, code in enumerate(codes)]
    assert [f.category for f in merged("-" * 9, findings)] == [winner]


def test_of_equals_the_longer_wins_then_the_first() -> None:
    text = "-" * 10
    assert merged(text, [at(0, 3, rule="a"), at(2, 9, rule="b")])[0].rule == "b"
    assert merged(text, [at(1, 4, rule="b"), at(0, 3, rule="a")])[0].rule == "a"


@given(
    st.text("ab_ -\\né", min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 8)), max_size=8),
)
def test_merged_findings_cover_all_and_leave_no_word_character_beside(
    text: str, places: list[tuple[int, int]]
) -> None:
    given_ = [at(a, min(a + n, len(text))) for a, n in places if a < len(text)]
    found = merged(text, given_)
    covered = {i for f in found for i in range(f.span.start, f.span.end)}
    assert {i for f in given_ for i in range(f.span.start, f.span.end)} <= covered
    for one, two in pairwise(found):
        assert one.span.end < two.span.start
    for f in found:
        beside = text[: f.span.start][-1:] + text[f.span.end :][:1]
        assert not any(c == "_" or (c.isascii() and c.isalnum()) for c in beside)


def test_a_detector_that_raises_stops_everything_and_tells_no_content() -> None:
    with pytest.raises(DetectorFailed, match="'broken'") as caught:
        finder(PATTERNS, Broken()).find("alice@example.com")
    error = caught.value
    assert "alice" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    "finding", [at(0, 99), Finding(Span(0, 1), "no.such", "r")], ids=["outside", "unknown"]
)
def test_an_unsound_finding_is_a_failure(finding: Finding) -> None:
    with pytest.raises(DetectorFailed):
        finder(Told(finding)).find("short")


def test_a_text_seen_before_is_not_scanned_again() -> None:
    told = Told(at(0, 4))
    subject = finder(told)
    first = subject.find("some text")
    assert subject.find("some text") == first
    assert told.seen == ["some text"]
    assert (subject.scanned_characters, subject.cache_hits) == (9, 1)


def test_what_is_not_to_be_remembered_is_not() -> None:
    told = Told(at(0, 4))
    subject = finder(told)
    subject.find("some text", remember=False)
    subject.find("some text", remember=False)
    assert len(told.seen) == 2
    assert subject.cache_hits == 0


def test_the_least_recently_seen_is_forgotten_first() -> None:
    told = Told(at(0, 1))
    subject = finder(told, cache_size=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        subject.find(text)
    assert told.seen == ["one", "two", "three", "two"]


def test_the_cache_keeps_no_text() -> None:
    subject = finder()
    subject.find("alice@example.com is the address")
    kept = repr(vars(subject))
    assert "alice" not in kept
    assert "example" not in kept


def test_the_normalized_view_is_scanned_only_where_it_differs() -> None:
    told = Told()
    subject = finder(told)
    subject.find("plain text")
    subject.find("fancy\u00a0text")
    assert told.seen == ["plain text", "fancy\u00a0text", "fancy text"]


def test_threads_agree() -> None:
    subject = finder(cache_size=3)
    texts = [f"mail a{i % 9}@example.com, born 1984-05-1{i % 9}" for i in range(90)]
    expected = [finder().find(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(subject.find, texts)) == expected


EXAMPLES = [
    example.replace("⟦", "").replace("⟧", "") for rule in RULES for example in rule.positive
]
PIECES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(["Anna Weber", "asthma", "phone", "born on", "password:", " and ", ", ", "\n"]),
    st.text("0123456789 .-/()+_@:aZé\\n", max_size=12),
)
TEXTS = st.lists(PIECES, max_size=6).map(" ".join)
CODE = "KXQWRTZPLMBV"


def replaced(text: str, found: Sequence[Finding]) -> str:
    parts, place = [], 0
    for f in found:
        parts += [text[place : f.span.start], f"{category(f.category).label}_{CODE}"]
        place = f.span.end
    return "".join([*parts, text[place:]])


def left_over(subject: Finder, text: str) -> list[Finding]:
    """What is found besides placeholders."""
    own = placeholder_spans(text)
    return [f for f in subject.find(text) if not any(f.span.overlaps(span) for span in own)]


@given(TEXTS)
@settings(max_examples=300)
def test_after_replacing_at_most_two_more_rounds_leave_nothing_to_find(text: str) -> None:
    subject = finder()
    text = replaced(text, subject.find(text))
    for _ in range(2):
        text = replaced(text, left_over(subject, text))
    assert left_over(subject, text) == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_after_replacing_an_example_nothing_is_left_at_once(example: str) -> None:
    subject = finder()
    for text in (example, f"{example}\n{example}", f"phone: {example}, born {example}"):
        assert left_over(subject, replaced(text, subject.find(text))) == []


@given(TEXTS)
def test_finding_is_deterministic(text: str) -> None:
    assert finder().find(text) == finder().find(text)
