"""The settings become the values they say; the example and the default are valid and complete."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from louver.core.categories import Tier
from louver.core.policy import Action, Location, Mode, PartKind
from louver.doors.settings.catalog import settings as all_settings
from louver.doors.settings.digest import policy_digest
from louver.doors.settings.example import example
from louver.doors.settings.load import default_settings, find, load, parse
from louver.doors.settings.problems import SettingsInvalid
from louver.doors.settings.units import seconds, size

FOLDER = Path("/srv/louver")


def test_the_example_says_what_it_does() -> None:
    settings = parse(example(), file=None, folder=FOLDER)
    policy = settings.policy
    assert policy.mode is Mode.STANDARD
    assert policy.tenant_modes == {"clinic": Mode.STRICT}
    assert policy.application_modes == {"clinic helpdesk": Mode.STRICT}
    assert policy.action("health.condition") is Action.LOCAL
    assert policy.action("person.name") is Action.REPLACE
    assert policy.remote_tier is Tier.SECRET
    assert policy.allowed_parts == frozenset()
    assert policy.link_hosts == {"docs.example.com"}
    assert policy.sealed_tools == {"web_search"}
    cloud = policy.destinations["cloud"]
    assert (cloud.location, cloud.recipient) == (Location.REMOTE, "Example AI Ltd.")
    assert (cloud.model, cloud.base_url) == ("example-large", "https://api.example.com/v1")
    assert policy.destinations["practice"].capabilities.tasks_excluded == {"legal_analysis"}
    assert policy.route("louver").destinations == ("practice", "cloud")
    assert settings.server.max_body == 10_000_000
    assert settings.store.url == "sqlite:////srv/louver/louver.db"
    assert settings.store.key_file == Path("/srv/louver/louver.key")
    assert settings.store.sweep_after == 900
    assert [t.category for t in settings.detectors.dictionary] == ["custom.term"]


def test_every_setting_is_in_the_example() -> None:
    tree = yaml.safe_load(example())
    missing = [s.path for s in all_settings() if not _has(tree, s.path) and s.path not in EMPTY]
    assert missing == []
    assert all(path.rpartition(".")[2] + ":" in example() for path in EMPTY)


# The example names nobody, asks for no variable and loads no model, so that it works as it is;
# these are comments in it.
EMPTY = {"persons.*.mode", "destinations.*.key_variable"}
EMPTY |= {f"destinations.*.{key}" for key in ("task", "download", "load")}


def _has(tree: object, path: str) -> bool:
    if not path:
        return True
    step, _, rest = path.partition(".")
    if step == "*":
        return isinstance(tree, dict) and any(_has(value, rest) for value in tree.values())
    name = step.removesuffix("[]")
    if not isinstance(tree, dict) or name not in tree:
        return False
    inner = tree[name]
    return any(_has(item, rest) for item in inner) if step.endswith("[]") else _has(inner, rest)


def test_every_setting_has_a_meaning() -> None:
    assert [s.path for s in all_settings() if not s.meaning] == []


def test_the_default_needs_no_network_and_no_consent() -> None:
    settings = default_settings(FOLDER)
    assert all(d.location is Location.LOCAL for d in settings.policy.destinations.values())
    assert set(settings.policy.routes) == {"louver", "practice"}
    assert settings.store.url == "sqlite:////srv/louver/.louver/louver.db"
    assert settings.server.host == "127.0.0.1"


def test_parts_default_action_and_own_model_name() -> None:
    text = """\
version: 1
categories: {default: keep, secret: refuse}
parts: {image: allow}
destinations: {d: {kind: openai, location: local, base_url: "http://localhost:1/v1/"}}
models: {m: [d]}
"""
    policy = parse(text, file=None, folder=FOLDER).policy
    assert policy.allowed_parts == {PartKind.IMAGE}
    assert policy.action("person.name") is Action.KEEP
    assert policy.action("secret.api_key") is Action.REFUSE
    assert policy.destinations["d"].model == "d"
    assert policy.destinations["d"].base_url == "http://localhost:1/v1"


def test_a_model_in_this_process_is_found_beside_the_file_and_cannot_call_tools() -> None:
    text = """\
version: 1
destinations:
  house: {kind: transformers, location: local, model: ./models/tiny, load: start}
  other: {kind: gguf, location: local, model: org/name/tiny.gguf, download: true}
models: {m: [house, other]}
"""
    policy = parse(text, file=None, folder=FOLDER).policy
    house, other = policy.destinations["house"], policy.destinations["other"]
    assert (house.model, house.loading.folder) == ("./models/tiny", "/srv/louver")
    assert (house.loading.at_start, house.loading.download, house.loading.task) == (
        True,
        False,
        None,
    )
    assert (house.capabilities.tools, house.capabilities.structured) == (False, False)
    assert (other.model, other.loading.download) == ("org/name/tiny.gguf", True)
    assert (other.capabilities.tools, other.capabilities.structured) == (False, True)
    elsewhere = parse(text, file=None, folder=Path("/elsewhere")).policy
    assert elsewhere.digest == policy.digest
    for was, becomes in (("start", "first_use"), ("true", "false"), ("models/tiny", "models/big")):
        changed = parse(text.replace(was, becomes), file=None, folder=FOLDER).policy
        assert changed.digest != policy.digest


def test_a_password_in_the_store_url_is_not_shown() -> None:
    text = example().replace("sqlite:///louver.db", "postgresql://u:hunter2@db/louver")
    settings = parse(text, file=None, folder=FOLDER)
    assert settings.store.url == "postgresql://u:hunter2@db/louver"
    assert "hunter2" not in repr(settings)


CHANGES = [
    ("mode: standard", "mode: strict"),
    ("purposes: [assistance]", "purposes: [assistance, billing]"),
    ("health: local", "health: replace"),
    ("default: replace", "default: keep"),
    ("remote_up_to: secret", "remote_up_to: special"),
    ("image: refuse", "image: allow"),
    ("docs.example.com", "docs.example.org"),
    ("sealed_tools: [web_search]", "sealed_tools: []"),
    ("Example AI Ltd.", "Example AI Inc."),
    ("context: 4000", "context: 4001"),
    ("tools: true", "tools: false"),
    ("embeddings: true", "embeddings: false"),
    ("languages: []", "languages: [de]"),
    ("louver: [practice, cloud]", "louver: [cloud, practice]"),
    ("fallback: null", "fallback: practice"),
    ("        mode: strict\n", "        mode: full\n"),
    ("persons: {}", "persons: {p1: {mode: strict}}"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_every_change_of_the_policy_changes_its_digest(old: str, new: str) -> None:
    assert old in example()
    before = parse(example(), file=None, folder=FOLDER).policy
    after = parse(example().replace(old, new), file=None, folder=FOLDER).policy
    assert before.digest != after.digest


def test_the_digest_names_the_policy_only() -> None:
    policy = parse(example(), file=None, folder=FOLDER).policy
    other = parse(example().replace("port: 8787", "port: 1"), file=None, folder=Path("/x")).policy
    assert policy.digest == other.digest == policy_digest(replace(policy, digest="anything"))
    assert len(policy.digest) == 64


def test_the_file_is_found_in_order(tmp_path: Path) -> None:
    assert find(None, {}, tmp_path) is None
    (tmp_path / "louver.yaml").write_text(example())
    assert find(None, {}, tmp_path) == tmp_path / "louver.yaml"
    assert find(None, {"LOUVER_CONFIG": "/a"}, tmp_path) == Path("/a")
    assert find(Path("/b"), {"LOUVER_CONFIG": "/a"}, tmp_path) == Path("/b")


def test_a_file_is_loaded_with_paths_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "louver.yaml"
    file.write_text(example(), encoding="utf-8-sig")
    settings = load(file)
    assert settings.source == file
    assert settings.store.key_file == tmp_path / "louver.key"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00bad"])
def test_an_unreadable_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "louver.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsInvalid) as caught:
        load(file)
    assert str(file) in str(caught.value)


def test_units() -> None:
    assert [seconds(t) for t in ("250ms", "10s", "1.5min", "2h", "1d")] == [
        0.25,
        10,
        90,
        7200,
        86400,
    ]
    assert [size(t) for t in ("100B", "512KB", "1 MiB", "2GB")] == [100, 512_000, 2**20, 2 * 10**9]
    for wrong in ("10", "ten s", "10 apples", "-1s", "1e3s", "١s"):
        with pytest.raises(ValueError, match=r"expected|no unit"):
            seconds(wrong)


@pytest.mark.parametrize(
    ("kind", "written", "can"),
    [
        ("practice", "", True),
        ("ollama", "", True),
        ("hostile", "", False),
        ("ollama", ", embeddings: false", False),
        ("hostile", ", embeddings: true", True),
    ],
)
def test_embeddings_come_from_kinds_that_can_unless_the_file_says_otherwise(
    kind: str, written: str, can: bool
) -> None:
    text = f"""\
version: 1
destinations: {{d: {{kind: {kind}, location: local{written}}}}}
models: {{m: [d]}}
"""
    place = parse(text, file=None, folder=FOLDER).policy.destinations["d"]
    assert place.capabilities.embeddings is can
    assert place.base_url is None
