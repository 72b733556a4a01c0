"""What the documentation shows runs as it is shown, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.houses import running

import louver
from louver.doors.settings.load import parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "CLAIMS.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_in_five_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOUVER_CONFIG", raising=False)
    (example,) = (block for block in blocks(ROOT / "README.md", "python") if "louver.open" in block)
    exec(compile(example, "README.md", "exec"), {})
    promised = re.search(r"print\(.*\)  # (.*)", example)
    assert promised is not None
    assert capsys.readouterr().out.strip() == promised.group(1)


def test_the_readme_with_the_client_is_valid_python() -> None:
    for block in blocks(ROOT / "README.md", "python"):
        compile(block, "README.md", "exec")


def test_the_detector_of_the_how_to_keeps_the_seams_rules() -> None:
    names: dict[str, type] = {}
    for block in blocks(ROOT / "docs/how-to/write-a-detector.md", "python"):
        exec(compile(block, "write-a-detector.md", "exec"), names)
    tests = names["TestTickets"]()
    checks = [name for name in dir(tests) if name.startswith("test_")]
    assert len(checks) > 5
    for name in checks:
        getattr(tests, name)()


def test_the_version_is_the_packages() -> None:
    from importlib.metadata import version

    assert louver.__version__ == version("louver")


def test_the_settings_of_the_how_to_are_valid(tmp_path: Path) -> None:
    shown = blocks(ROOT / "docs/how-to/use-your-own-model.md", "yaml")
    kinds = []
    for block in shown:
        policy = parse(f"version: 1\n{block}", file=None, folder=tmp_path).policy
        kinds += [d.kind for d in policy.destinations.values()]
    assert kinds == ["openai", "ollama", "openai", "transformers", "transformers", "gguf"]


def test_documents_are_embedded_and_found_as_the_how_to_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path) as watched:
        monkeypatch.setenv("LOUVER_URL", watched.base_url)
        monkeypatch.setenv("LOUVER_KEY", watched.key)
        names: dict[str, Any] = {}
        for block in blocks(ROOT / "docs/how-to/embed-documents.md", "python"):
            exec(compile(block, "embed-documents.md", "exec"), names)
        names["client"].close()
        assert b"@example.com" not in watched.bytes_that_left
    assert capsys.readouterr().out.startswith("alice.martin@example.com asked")


def test_ollamas_client_is_answered_as_the_how_to_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(tmp_path) as watched:
        monkeypatch.setenv("LOUVER_HOST", watched.base_url.removesuffix("/v1"))
        monkeypatch.setenv("LOUVER_KEY", watched.key)
        names: dict[str, Any] = {}
        for block in blocks(ROOT / "docs/how-to/use-ollama-clients.md", "python"):
            exec(compile(block, "use-ollama-clients.md", "exec"), names)
        names["client"].close()
        assert b"@example.com" not in watched.bytes_that_left
    assert "alice.martin@example.com" in capsys.readouterr().out
