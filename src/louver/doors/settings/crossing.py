"""What settings must mean together: names that exist, a local fallback, an encrypted way out.

Works on the plain tree, not on the schema's result, so that a mistake in one section does not hide
one in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from importlib.util import find_spec
from urllib.parse import SplitResult, urlsplit

from louver.core.categories import TAXONOMY
from louver.doors.settings.marks import Document, Path, Plain
from louver.doors.settings.problems import did_you_mean

# Those that come with Louver, also where its entry points are not installed (a source checkout).
KINDS = frozenset({"practice", "openai", "anthropic", "ollama", "transformers", "gguf"})
IN_PROCESS = frozenset({"transformers", "gguf"})
WITHOUT_TOOLS = IN_PROCESS
WITHOUT_STRUCTURE = frozenset({"transformers"})
DETECTORS = frozenset({"patterns", "health_terms"})

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def cross_check(document: Document, environment: Mapping[str, str] | None) -> None:
    """Note all problems between keys. `environment` None leaves its variables unchecked."""
    tree = _mapping(document.tree)
    destinations = _mapping(tree.get("destinations"))
    _models(document, tree, destinations)
    _fallback(document, tree, destinations)
    for name, written in destinations.items():
        _destination(document, ("destinations", name), _mapping(written), environment)
    _categories(document, tree)
    _detectors(document, tree)
    _store(document, tree)
    _telemetry(document, _mapping(tree.get("telemetry")), environment)


def prefixes() -> frozenset[str]:
    """All category codes and their prefixes."""
    parts = [code.split(".") for code in TAXONOMY]
    return frozenset(".".join(p[:n]) for p in parts for n in range(1, len(p) + 1))


def _models(
    document: Document, tree: Mapping[str, Plain], destinations: Mapping[str, Plain]
) -> None:
    for model, route in _mapping(tree.get("models")).items():
        if route == []:
            document.report(("models", model), "name at least one destination")
        for index, name in enumerate(_list(route)):
            path = ("models", model, index)
            if isinstance(name, str) and name not in destinations:
                hint = did_you_mean(name, destinations)
                document.report(path, f"no destination has this name{hint}")
            elif name in _list(route)[:index]:
                document.report(path, "this destination is named twice; remove one")


def _fallback(
    document: Document, tree: Mapping[str, Plain], destinations: Mapping[str, Plain]
) -> None:
    fallback = tree.get("fallback")
    if not isinstance(fallback, str):
        return
    if fallback not in destinations:
        hint = did_you_mean(fallback, destinations)
        document.report(("fallback",), f"no destination has this name{hint}")
    elif _mapping(destinations[fallback]).get("location") == "remote":
        document.report(("fallback",), "name a local destination; a remote one needs consent")


def _destination(
    document: Document,
    path: Path,
    destination: Mapping[str, Plain],
    environment: Mapping[str, str] | None,
) -> None:
    remote = destination.get("location") == "remote"
    if remote and destination.get("recipient") is None:
        message = "a remote destination needs `recipient`: the name that people agree to"
        document.report(path, message)
    kind = destination.get("kind")
    if isinstance(kind, str) and kind not in (kinds := _installed("louver.providers", KINDS)):
        message = f"no such kind is installed; there are: {', '.join(sorted(kinds))}"
        document.report((*path, "kind"), message + did_you_mean(kind, kinds))
    if kind == "openai" and destination.get("base_url") is None:
        document.report(path, "kind openai needs `base_url`, such as https://api.example.com/v1")
    _in_process(document, path, destination)
    if kind == "anthropic" and not remote and destination.get("base_url") is None:
        message = "kind anthropic without `base_url` asks Anthropic: mark it `location: remote`"
        document.report(path, message)
    url = destination.get("base_url")
    if kind == "ollama" and isinstance(url, str) and url.rstrip("/").endswith("/v1"):
        message = "kind ollama speaks Ollama's own API; leave out /v1, or use kind openai"
        document.report((*path, "base_url"), message)
    if isinstance(url, str):
        _base_url(document, (*path, "base_url"), url, remote)
    variable = destination.get("key_variable")
    if environment is not None and isinstance(variable, str) and not environment.get(variable):
        document.report((*path, "key_variable"), "this environment variable is not set; export it")


def _in_process(document: Document, path: Path, destination: Mapping[str, Plain]) -> None:
    kind = destination.get("kind")
    here = kind in IN_PROCESS
    if here and destination.get("model") is None:
        document.report(path, "a model in this process needs `model`: its path, or a hub id")
    if here and destination.get("location") == "remote":
        document.report((*path, "location"), "what runs in this process is local")
    for key, kinds in (("tools", WITHOUT_TOOLS), ("structured", WITHOUT_STRUCTURE)):
        if destination.get(key) is True and kind in kinds:
            document.report((*path, key), "models of this kind cannot; remove this line")
    for key in ("task", "download", "load"):
        if key in destination and not here:
            document.report((*path, key), "this is for models in this process only; remove it")
    if destination.get("task") is not None and kind == "gguf":
        document.report((*path, "task"), "a gguf model generates text; remove this line")


def _base_url(document: Document, path: Path, url: str, remote: bool) -> None:
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        document.report(path, "write a full URL, such as https://api.example.com/v1")
    elif parts.username or parts.password or parts.query or parts.fragment:
        message = "no user, password, ? or # here; a key belongs into `key_variable`"
        document.report(path, message)
    elif remote and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        document.report(path, "a remote destination is asked over https only; write https://")


def _categories(document: Document, tree: Mapping[str, Plain]) -> None:
    known = prefixes() | {"default"}
    for code in _mapping(tree.get("categories")):
        if code not in known:
            hint = did_you_mean(code, known)
            document.report(("categories", code), f"no such category{hint}", at_key=True)


def _detectors(document: Document, tree: Mapping[str, Plain]) -> None:
    section = _mapping(tree.get("detectors"))
    for index, entry in enumerate(_list(section.get("dictionary"))):
        code = _mapping(entry).get("category")
        if isinstance(code, str) and code not in TAXONOMY:
            path = ("detectors", "dictionary", index, "category")
            document.report(path, f"no such category{did_you_mean(code, TAXONOMY)}")
    plugins = _installed("louver.detectors", DETECTORS)
    for index, name in enumerate(_list(section.get("plugins"))):
        if isinstance(name, str) and name not in plugins:
            message = f"no such plugin is installed{did_you_mean(name, plugins)}"
            document.report(("detectors", "plugins", index), message)
    off = section.get("patterns") is False and section.get("health_terms") is False
    if off and not any(section.get(k) for k in ("plugins", "dictionary", "dictionary_file")):
        message = "every detector is switched off; switch one on, or nothing would be replaced"
        document.report(("detectors",), message, at_key=True)


def _store(document: Document, tree: Mapping[str, Plain]) -> None:
    url = _mapping(tree.get("store")).get("url")
    if not isinstance(url, str):
        return
    file_url = url.startswith("sqlite:///") and len(url) > len("sqlite:///")
    parts = _split(url)
    scheme = parts.scheme if parts else ""
    if not file_url and scheme not in ("postgresql", "postgresql+psycopg"):
        message = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
        document.report(("store", "url"), message)


def _telemetry(
    document: Document, telemetry: Mapping[str, Plain], environment: Mapping[str, str] | None
) -> None:
    endpoint = telemetry.get("endpoint")
    path: Path = ("telemetry", "endpoint")
    if isinstance(endpoint, str):
        parts = _split(endpoint)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            document.report(path, "write a full URL, such as http://127.0.0.1:4318")
        elif parts.username or parts.password or parts.query or parts.fragment:
            message = "no user, password, ? or # here; headers go into OTEL_EXPORTER_OTLP_HEADERS"
            document.report(path, message)
        elif environment is not None and find_spec("opentelemetry") is None:
            document.report(path, "install the extra: pip install 'louver[otel]'")
    variable = telemetry.get("metrics_key_variable")
    if environment is not None and isinstance(variable, str) and not environment.get(variable):
        message = "this environment variable is not set; export it"
        document.report(("telemetry", "metrics_key_variable"), message)


def _installed(group: str, built_in: frozenset[str]) -> frozenset[str]:
    return built_in | entry_points(group=group).names


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _mapping(plain: Plain) -> Mapping[str, Plain]:
    return plain if isinstance(plain, dict) else {}


def _list(plain: Plain) -> list[Plain]:
    return plain if isinstance(plain, list) else []
