"""Every mistake in a settings file is told at once, at its place, and never with a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from louver.doors.settings.load import parse
from louver.doors.settings.problems import SettingsInvalid
from louver.doors.settings.values import Settings

GOOD = """\
version: 1
destinations:
  practice: {kind: practice, location: local}
  cloud:
    kind: openai
    location: remote
    recipient: Example AI Ltd.
    base_url: https://api.example.com/v1
    key_variable: EXAMPLE_API_KEY
models:
  louver: [practice, cloud]
"""


def settings(text: str, environment: dict[str, str] | None = None) -> Settings:
    return parse(text, file=None, folder=Path("/srv"), environment=environment)


def problems(text: str, environment: dict[str, str] | None = None) -> list[tuple[int, str, str]]:
    with pytest.raises(SettingsInvalid) as caught:
        settings(text, environment)
    return [(p.line, p.where, p.message) for p in caught.value.problems]


TABLE = [
    # what is added after GOOD (12 lines), expected (line, where, a part of the message)
    ("mode: strikt", [(12, "mode", "did you mean `strict`")]),
    ("sever: {}", [(12, "sever", "did you mean `server`")]),
    ("server:\n  prot: 1", [(13, "server.prot", "did you mean `port`")]),
    ("server: {port: 70000}", [(12, "server.port", "at most 65535")]),
    ("server: {port: 80.5}", [(12, "server.port", "whole number")]),
    ("server: {max_body: 10 bananas}", [(12, "server.max_body", "512KB")]),
    ("server: {body_timeout: soon}", [(12, "server.body_timeout", "15min")]),
    ("server: {body_timeout: 0s}", [(12, "server.body_timeout", "more than 0")]),
    ("server: {max_connections: 0}", [(12, "server.max_connections", "at least 1")]),
    ("server:", [(12, "server", "nothing is written")]),
    ("server: 5", [(12, "server", "write keys below")]),
    ("store: {url: mysql://db}", [(12, "store.url", "sqlite:///")]),
    ("purposes: []", [(12, "purposes", "at least one")]),
    ("purposes: [Big Words]", [(12, "purposes[0]", "a word of a-z")]),
    ("purposes: assistance", [(12, "purposes", "write a list")]),
    ("categories: {helth: local}", [(12, "categories.helth", "did you mean `health`")]),
    ("categories: {health: lokal}", [(12, "categories.health", "did you mean `local`")]),
    ("remote_up_to: 3", [(12, "remote_up_to", "ordinary, personal")]),
    ("parts: {image: yes}", [(12, "parts.image", "refuse or allow")]),
    ("parts: {video: allow}", [(12, "parts.video", "no such setting")]),
    ("links: [https://docs.example.com/]", [(12, "links[0]", "host name only")]),
    ("detectors: {patterns: 1}", [(12, "detectors.patterns", "true or false")]),
    (
        "detectors: {patterns: false, health_terms: false}",
        [(12, "detectors", "every detector is switched off")],
    ),
    (
        "detectors:\n  dictionary:\n    - {term: x, category: person.nam}",
        [(14, "detectors.dictionary[0].category", "did you mean `person.name`")],
    ),
    ("detectors: {dictionary: [{term: x}]}", [(12, "detectors.dictionary[0].category", "add it")]),
    (
        "detectors: {dictionary_file: missing.csv}",
        [(12, "detectors.dictionary_file", "cannot be read")],
    ),
    ("detectors: {plugins: [nobody]}", [(12, "detectors.plugins[0]", "no such plugin")]),
    ("fallback: cloud", [(12, "fallback", "name a local destination")]),
    ("fallback: practise", [(12, "fallback", "did you mean `practice`")]),
    ("persons: {p1: {}}", [(12, "persons.p1.mode", "required")]),
    ("tenants: {a b: {mode: strict}}", [(12, "tenants.a b", "letters, digits")]),
    ("mode: strict\nmode: full", [(13, "mode", "first on line 12")]),
    ("mode: *other", [(12, "", "aliases")]),
    ("mode: !!python/name:os.system x", [(12, "mode", "tags")]),
    ("mode: !own strict", [(12, "mode", "tags")]),
    ("<<: {mode: strict}", [(12, "<<", "no such setting")]),
    ("1: 2", [(12, "1", "no such setting")]),
    ("? [a, b]\n: c", [(12, "", "a key must be text")]),
]


@pytest.mark.parametrize(("added", "expected"), TABLE, ids=[row[0][:40] for row in TABLE])
def test_a_mistake_is_told_at_its_line(added: str, expected: list[tuple[int, str, str]]) -> None:
    found = problems(GOOD + added + "\n")
    assert [(line, where) for line, where, _ in found] == [(e[0], e[1]) for e in expected]
    for (_, _, message), (_, _, part) in zip(found, expected, strict=True):
        assert part in message


DESTINATIONS = [
    ("kind: openai, location: local", "needs `base_url`"),
    ("kind: practice, location: remote", "needs `recipient`"),
    ("kind: opnai, location: local", "did you mean `openai`"),
    ("kind: openai, location: local, base_url: api.example.com", "write a full URL"),
    ("kind: ollama, location: local, base_url: 'http://localhost:11434/v1'", "leave out /v1"),
    ("kind: openai, location: local, base_url: 'http://[::1'", "write a full URL"),
    ("kind: openai, location: local, base_url: 'http://u:p@x/v1'", "no user, password"),
    ("kind: transformers, location: local", "needs `model`"),
    ("kind: gguf, location: remote, recipient: X, model: ./x", "is local"),
    ("kind: transformers, location: local, model: ./x, tools: true", "models of this kind cannot"),
    ("kind: transformers, location: local, model: ./x, structured: true", "of this kind cannot"),
    ("kind: gguf, location: local, model: ./x, task: text-generation", "generates text"),
    ("kind: practice, location: local, download: true", "models in this process only"),
    ("kind: practice, location: local, load: start", "models in this process only"),
    ("kind: transformers, location: local, model: ./x, task: sing", "write one of"),
    (
        "kind: openai, location: remote, recipient: X, base_url: http://x.example/v1",
        "over https only",
    ),
    ("kind: practice, location: local, key_variable: 2X", "name of an environment variable"),
    ("kind: practice, location: local, key: sk-0123", "did you mean `key_variable`"),
    ("kind: practice, location: local, context: many", "whole number"),
]


@pytest.mark.parametrize(("written", "part"), DESTINATIONS)
def test_a_destination_is_checked(written: str, part: str) -> None:
    text = f"version: 1\ndestinations:\n  d: {{{written}}}\nmodels: {{m: [d]}}\n"
    found = problems(text)
    assert {line for line, _, _ in found} == {3}
    assert any(part in message for _, _, message in found)


def test_everything_is_told_at_once() -> None:
    text = """\
version: 2
server: {prot: 80, host: 5}
mode: strikt
categories: {helth: local}
destinations:
  cloud: {kind: openai, location: remote}
models:
  louver: [cluod]
fallback: cloud
"""
    assert [(line, where) for line, where, _ in problems(text)] == [
        (1, "version"),
        (2, "server.prot"),
        (2, "server.host"),
        (3, "mode"),
        (4, "categories.helth"),
        (6, "destinations.cloud"),
        (6, "destinations.cloud"),
        (8, "models.louver[0]"),
        (9, "fallback"),
    ]


def test_an_empty_file_is_told_what_it_needs() -> None:
    assert {where for _, where, _ in problems("")} == {"version", "destinations", "models"}


def test_a_key_variable_must_be_set_at_start_only() -> None:
    assert settings(GOOD).policy.destinations["cloud"].key_variable == "EXAMPLE_API_KEY"
    assert settings(GOOD, {"EXAMPLE_API_KEY": "k"}).policy.fallback is None
    found = problems(GOOD + "mode: strikt\n", {"EXAMPLE_API_KEY": ""})
    assert [(line, where) for line, where, _ in found] == [
        (9, "destinations.cloud.key_variable"),
        (12, "mode"),
    ]


SYNTAX = [
    ("version: 1\n\tmode: strict\n", 2),
    ('version: "1\n', 2),
    ("version: [1\n", 2),
    ("version: 1: 2\n", 1),
    ("version: 1\n mode: strict\n", 2),
    ("version: 1\n---\nversion: 1\n", 2),
    ("version: \x00\n", 1),
    ("[" * 100_000, 1),
]


@pytest.mark.parametrize(("text", "line"), SYNTAX, ids=range(len(SYNTAX)))
def test_broken_yaml_is_told_with_its_line(text: str, line: int) -> None:
    found = problems(text)
    assert len(found) == 1
    assert found[0][0] == line


def test_no_is_a_language_and_not_a_truth_value() -> None:
    text = GOOD.replace("location: local}", "location: local, languages: [no, de]}")
    can = settings(text).policy.destinations["practice"].capabilities
    assert can.languages == {"no", "de"}


def test_a_dictionary_file_is_checked_line_by_line(tmp_path: Path) -> None:
    terms = tmp_path / "terms.csv"
    terms.write_text("term,category\nBluebird,custom.term\nSecretName,custom.trem\nx\n")
    text = GOOD + "detectors: {dictionary_file: terms.csv}\n"
    with pytest.raises(SettingsInvalid) as caught:
        parse(text, file=None, folder=tmp_path)
    assert [(p.file, p.line) for p in caught.value.problems] == [(str(terms), 3), (str(terms), 4)]
    assert "SecretName" not in str(caught.value)
    terms.write_text('term,category\n"Bluebird, Inc.",organization.name\n')
    (term,) = parse(text, file=None, folder=tmp_path).detectors.dictionary
    assert term.term.reveal() == "Bluebird, Inc."
    assert "Bluebird" not in repr(term)


CANARY = "Zq7canaryZq7"
CANARY_PLACES = [
    "server: {host: 5, port: %s}",
    "server: {max_body: %s}",
    "store: {url: %s}",
    "mode: %s",
    "purposes: [%s]",
    "categories: {health: %s}",
    "remote_up_to: %s",
    "links: ['%s/']",
    "fallback: %s",
    "detectors: {patterns: %s}",
    "detectors: {dictionary: [{term: 5, category: %s}]}",
    "detectors: {dictionary_file: %s}",
    "models: {m: [%s]}",
    "destinations: {d: {kind: %s, location: %s, base_url: %s, key_variable: '%s %s'}}",
    'mode: "%s',
    "mode: [%s",
    "mode: *%s",
    "mode: !%s x",
]


@pytest.mark.parametrize("place", CANARY_PLACES)
def test_no_value_is_ever_shown(place: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        settings("version: 1\n" + place.replace("%s", CANARY) + "\n")
    assert caught.value.problems
    assert CANARY not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_valid_or_told_what_is_wrong(text: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        settings(text)
    assert caught.value.problems


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["version", "server", "destinations", "models", "kind", "location", "x"]),
        inner,
        max_size=4,
    ),
    max_leaves=20,
))  # fmt: skip
def test_any_shape_is_valid_or_told_what_is_wrong(tree: object) -> None:
    import yaml

    with pytest.raises(SettingsInvalid) as caught:
        settings(yaml.safe_dump(tree))
    assert caught.value.problems
