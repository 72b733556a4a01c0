"""The shape of `louver.yaml`, key by key; the descriptions are the reference page's text.

What one key must look like is checked here; what keys must mean together is in `crossing.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from louver.doors.settings.fields import (
    Bytes,
    Count,
    Days,
    Host,
    Name,
    Percent,
    Seconds,
    Section,
    Text,
    Variable,
    Wait,
    Word,
)

MODES = Literal["strict", "standard", "full"]
ACTIONS = Literal["replace", "local", "keep", "refuse"]
TIERS = Literal["ordinary", "personal", "sensitive", "secret", "special"]
TASKS = Literal["text-generation", "text-classification", "feature-extraction"]
PART_ACTION: TypeAlias = Literal["refuse", "allow"]


class ServerSection(Section):
    host: Text = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8787, ge=0, le=65535, description="The port; 0 takes a free one.")
    max_body: Bytes = Field(
        default=10_000_000,
        description="The largest request body; a larger one is answered with 413.",
    )
    header_timeout: Seconds = Field(
        default=10.0, description="How long a client may take to send the request's headers."
    )
    body_timeout: Seconds = Field(
        default=30.0, description="How long a client may take to send the whole body."
    )
    max_connections: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Connections at once; a further one is answered 503.",
    )
    drain_delay: Wait = Field(
        default=0.0,
        description="After SIGTERM, how long `/readyz` says 503 before the port is closed; give a "
        "load balancer time to see it.",
    )
    drain: Wait = Field(
        default=30.0,
        description="How long requests and streams under way may take after that; what is left is "
        "ended with the error `draining`.",
    )


class StoreSection(Section):
    url: Text = Field(
        default="sqlite:///louver.db",
        description="Where records are kept: `sqlite:///FILE` (relative to this file) or "
        "`postgresql+psycopg://USER@HOST/NAME`; give the password by `PGPASSWORD` or `~/.pgpass`.",
    )
    key_file: Text = Field(
        default="louver.key",
        description="The house's master key, created at first start, readable by its owner only; "
        "without it no pseudonym can be made again. Back it up apart from the database.",
    )
    sweep_after: Seconds = Field(
        default=900.0,
        description="An exchange without an end after this time is recorded as interrupted.",
    )


class LimitsSection(Section):
    requests_per_minute: Count | None = Field(
        default=None, description="Requests of one API key per minute, in each process."
    )
    concurrent: Count | None = Field(
        default=None, description="Requests of one API key at once, in each process."
    )
    tokens_per_day: Count | None = Field(
        default=None,
        description="Tokens in and out of one API key per day (UTC), over all processes.",
    )


class VaultSection(Section):
    keep: Days = Field(
        default=30 * 86400.0,
        description="How long a conversation is kept for `previous_response_id`, encrypted; only "
        "in mode `full`, and only with the person's consent to the purpose `retention`.",
    )
    without_person: bool = Field(
        default=False,
        description="Keep conversations that name no person too; nobody is asked then.",
    )


class ApplicationSection(Section):
    mode: MODES | None = Field(
        default=None, description="The application's mode; the strictest wins."
    )
    limits: LimitsSection = Field(
        default=LimitsSection(),
        description="Limits of each of the application's keys; what is not set is the tenant's.",
    )


class TenantSection(Section):
    mode: MODES | None = Field(default=None, description="The tenant's mode; the strictest wins.")
    limits: LimitsSection = Field(
        default=LimitsSection(),
        description="Limits of each of the tenant's keys; what is not set is as in `limits`.",
    )
    applications: dict[Name, ApplicationSection] = Field(
        default_factory=dict, description="The tenant's applications, by name."
    )


class PersonSection(Section):
    mode: MODES = Field(description="The person's mode; the strictest wins.")


class PartsSection(Section):
    image: PART_ACTION = Field(default="refuse", description="Image parts.")
    audio: PART_ACTION = Field(default="refuse", description="Audio parts.")
    file: PART_ACTION = Field(
        default="refuse",
        description="File parts that are not certainly text; text files are read like any text.",
    )
    other: PART_ACTION = Field(
        default="refuse", description="Parts of a kind that is not known yet."
    )


class TermSection(Section):
    term: Text = Field(description="The word or name, as it is written.")
    category: Text = Field(description="Its category code.")


class DetectorsSection(Section):
    patterns: bool = Field(
        default=True, description="Find what has a shape: addresses, numbers, secrets."
    )
    health_terms: bool = Field(default=True, description="Find words of health and illness.")
    plugins: list[Text] = Field(
        default_factory=list,
        description="Installed detector plugins, by their names under `louver.detectors`.",
    )
    dictionary: list[TermSection] = Field(
        default_factory=list, description="Your own words and names."
    )
    dictionary_file: Text | None = Field(
        default=None, description="More of them: a CSV file with the columns `term,category`."
    )


class RetriesSection(Section):
    attempts: int = Field(
        default=2, ge=1, le=10, description="How often a request is sent at most; 1: no retries."
    )
    budget_percent: Percent = Field(
        default=20,
        description="Retries as a part of the requests of the last 10 s; a few are always allowed.",
    )
    longest_wait: Wait = Field(
        default=2.0,
        description="The longest wait before a retry; a server that asks for more gets none.",
    )


class BreakerSection(Section):
    enabled: bool = Field(
        default=True, description="Whether a server that keeps failing is left alone for a while."
    )
    failures: int = Field(
        default=5, ge=1, le=10_000, description="Failures in a row after which it is."
    )
    failure_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        default=50,
        description="Also if so large a part of recent calls failed, and at least `failures`.",
    )
    window: Seconds = Field(default=30.0, description="Which calls are recent.")
    cool_down: Seconds = Field(
        default=15.0,
        description="For how long; then one call tries it, and doubles the time if it fails.",
    )


class DestinationSection(Section):
    kind: Text = Field(
        description="`practice` (the built-in practice model), `openai` (any OpenAI-compatible "
        "server), `anthropic` (Anthropic's Messages API), `ollama` (an Ollama server), "
        "`transformers` or `gguf` (a model in this process), or a plugin's name under "
        "`louver.providers`."
    )
    location: Literal["local", "remote"] = Field(
        description="`local`: under your own control. `remote`: somebody else's; needs consent."
    )
    recipient: Text | None = Field(
        default=None,
        description="Who receives the data, as people are asked to agree to it; remote only.",
    )
    base_url: Text | None = Field(
        default=None,
        description="The server's base URL; for kind `openai` up to and with `/v1`, for kind "
        "`anthropic` too (by default `https://api.anthropic.com/v1`), for kind `ollama` without a "
        "path (by default `http://127.0.0.1:11434`).",
    )
    key_variable: Variable | None = Field(
        default=None, description="The environment variable that holds the server's API key."
    )
    model: Text | None = Field(
        default=None,
        description="The model's name at that server; by default the destination's own name. For a "
        "model in this process: a path (it begins with `.`, `/` or `~`) or a hub id `org/name`; "
        "for `gguf` a file, or `org/name/file.gguf`.",
    )
    task: TASKS | None = Field(
        default=None,
        description="What a `transformers` model is made for; by default what its files say.",
    )
    download: bool = Field(
        default=False,
        description="Whether the files of a hub id may be fetched; without it, no model in this "
        "process ever asks anybody for anything.",
    )
    load: Literal["first_use", "start"] = Field(
        default="first_use", description="When a model in this process is loaded."
    )
    timeout: Seconds = Field(default=120.0, description="How long the server may stay silent.")
    context: int = Field(
        default=8192, ge=1, le=100_000_000, description="How many tokens the model can take in."
    )
    tools: bool = Field(
        default=True,
        description="Whether the model can call tools; never for `transformers` and `gguf`.",
    )
    structured: bool = Field(
        default=True,
        description="Whether the model can answer after a JSON schema; never for `transformers`.",
    )
    embeddings: bool | None = Field(
        default=None,
        description="Whether it makes embeddings; by default where its kind can (`practice`, "
        "`openai`, `ollama`).",
    )
    languages: list[Text] = Field(
        default_factory=list, description="The languages it is good at; empty means any."
    )
    tasks_excluded: list[Word] = Field(
        default_factory=list,
        description="Tasks (`X-Louver-Task`) that it is not good enough for.",
    )
    retries: RetriesSection = Field(
        default=RetriesSection(),
        description="When a failed request is sent again; only before anything of an answer.",
    )
    breaker: BreakerSection = Field(
        default=BreakerSection(),
        description="When it is left alone, so that the next destination is asked.",
    )


class LogsSection(Section):
    format: Literal["text", "json"] = Field(
        default="text", description="How log lines look; `louver serve --log` overrules it."
    )
    access: bool = Field(default=True, description="One line per request, without content.")


class TelemetrySection(Section):
    endpoint: Text | None = Field(
        default=None,
        description="Where OpenTelemetry traces and metrics go: the base URL of an OTLP/HTTP "
        "collector, such as http://127.0.0.1:4318; needs the extra `otel`. `null`: nowhere.",
    )
    service: Name = Field(default="louver", description="The `service.name` to report as.")
    interval: Seconds = Field(default=60.0, description="How often metrics are sent.")
    tenants: bool = Field(
        default=False, description="Whether spans and metrics name the tenant of a request."
    )
    metrics_key_variable: Variable | None = Field(
        default=None,
        description="The environment variable with the bearer token for `GET /metrics` (Prometheus "
        "text); `null`: it is not served.",
    )


class File(Section):
    version: Literal[1] = Field(description="The version of this file's shape; always 1.")
    server: ServerSection = Field(default=ServerSection(), description="Where the gateway listens.")
    store: StoreSection = Field(default=StoreSection(), description="Where records are kept.")
    logs: LogsSection = Field(default=LogsSection(), description="What is logged, on stderr.")
    telemetry: TelemetrySection = Field(
        default=TelemetrySection(), description="What is measured, and who may see it."
    )
    limits: LimitsSection = Field(
        default=LimitsSection(),
        description="What each API key may use; `null` is no limit. Over one: 429, `Retry-After`.",
    )
    vault: VaultSection = Field(
        default=VaultSection(), description="Conversations that are kept on this side."
    )
    mode: MODES = Field(
        default="standard",
        description="`strict`: local models only. `standard`: a remote model may be asked, with "
        "minimized text and consent. `full`: retention too, each by opt-in.",
    )
    purposes: list[Word] = Field(
        default_factory=lambda: ["assistance"],
        min_length=1,
        description="The purposes that requests may name (`X-Louver-Purpose`); the first one is "
        "meant where none is named.",
    )
    tenants: dict[Name, TenantSection] = Field(
        default_factory=dict, description="Stricter modes and own limits by tenant and application."
    )
    persons: dict[Name, PersonSection] = Field(
        default_factory=dict,
        description="Stricter modes by person, by the internal id that `louver consent list` "
        "shows.",
    )
    categories: dict[str, ACTIONS] = Field(
        default_factory=dict,
        description="What happens to values, by category code or prefix (the longest match wins, "
        "`default` is for all others): `replace`, `local` (replace, and stay on local models), "
        "`keep`, `refuse`.",
    )
    remote_up_to: TIERS = Field(
        default="secret",
        description="The highest tier whose replaced values may go to a remote model: `ordinary`, "
        "`personal`, `sensitive`, `secret`, `special`.",
    )
    parts: PartsSection = Field(
        default=PartsSection(),
        description="Message parts that cannot be inspected: `refuse`, or `allow` unseen.",
    )
    links: list[Host] = Field(
        default_factory=list, description="Hosts into whose URLs values may be restored."
    )
    sealed_tools: list[Text] = Field(
        default_factory=list, description="Declared tools whose arguments never get real values."
    )
    detectors: DetectorsSection = Field(
        default=DetectorsSection(), description="What looks for personal data."
    )
    destinations: dict[Name, DestinationSection] = Field(
        min_length=1, description="The models that can be asked, by a name of your own."
    )
    models: dict[Name, list[str]] = Field(
        min_length=1,
        description="The model names that clients ask for, each with its destinations in order of "
        "preference; local ones are always tried first.",
    )
    fallback: str | None = Field(
        default=None, description="A local destination to ask when nothing else is allowed."
    )
