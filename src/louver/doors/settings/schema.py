"""The shape of `louver.yaml`, key by key; the descriptions are the reference page's text.

What one key must look like is checked here; what keys must mean together is in `crossing.py`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from louver.doors.settings import units

MODES = Literal["strict", "standard", "full"]
ACTIONS = Literal["replace", "local", "keep", "refuse"]
TIERS = Literal["ordinary", "personal", "sensitive", "secret", "special"]
PART_ACTION: TypeAlias = Literal["refuse", "allow"]

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,63}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}", re.ASCII)


def read_time(written: object) -> object:
    try:
        return units.seconds(written) if isinstance(written, str) else written
    except ValueError:
        message = "write a time such as 500ms, 10s, 15min or 1h"
        raise PydanticCustomError("louver", message) from None


def read_size(written: object) -> object:
    try:
        return units.size(written) if isinstance(written, str) else written
    except ValueError:
        raise PydanticCustomError("louver", "write a size such as 512KB or 10MB") from None


def _matching(pattern: re.Pattern[str], message: str) -> BeforeValidator:
    def check(written: object) -> object:
        if isinstance(written, str) and not pattern.fullmatch(written):
            # The message is a constant of this module; it has no fields to fill in.
            raise PydanticCustomError("louver_pattern", "{message}", {"message": message})
        return written

    return BeforeValidator(check)


def _tidy_text(written: object) -> object:
    if isinstance(written, str) and (not written.strip() or not written.isprintable()):
        raise PydanticCustomError("louver", "write some text, on one line")
    return written


Seconds = Annotated[float, BeforeValidator(read_time), Field(gt=0, le=30 * 86400)]
Bytes = Annotated[int, BeforeValidator(read_size), Field(ge=1024, le=2 * 10**9)]
Text = Annotated[str, BeforeValidator(_tidy_text), Field(max_length=500)]
Host = Annotated[str, _matching(_HOST, "write a host name only, without https:// and path")]
Variable = Annotated[str, _matching(_VARIABLE, "write the name of an environment variable")]
Word = Annotated[str, _matching(_WORD, "write a word of a-z, 0-9, _ . - that begins with a letter")]
Name = Annotated[
    str, _matching(_NAME, "a name has letters, digits and . _ : / @ - only, 128 at most")
]


class Section(BaseModel):
    """Unknown keys are errors, nothing is converted, and no message shows what was given."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


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


class ApplicationSection(Section):
    mode: MODES | None = Field(
        default=None, description="The application's mode; the strictest wins."
    )


class TenantSection(Section):
    mode: MODES | None = Field(default=None, description="The tenant's mode; the strictest wins.")
    applications: dict[Name, ApplicationSection] = Field(
        default_factory=dict, description="The tenant's applications, by name."
    )


class PersonSection(Section):
    mode: MODES = Field(description="The person's mode; the strictest wins.")


class PartsSection(Section):
    image: PART_ACTION = Field(default="refuse", description="Image parts.")
    audio: PART_ACTION = Field(default="refuse", description="Audio parts.")
    file: PART_ACTION = Field(default="refuse", description="File parts.")
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


class DestinationSection(Section):
    kind: Text = Field(
        description="`practice` (the built-in practice model), `openai` (any OpenAI-compatible "
        "server), `anthropic` (Anthropic's Messages API), or a plugin's name under "
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
        description="The server's base URL, up to and with `/v1`; for kind `anthropic` by default "
        "`https://api.anthropic.com/v1`.",
    )
    key_variable: Variable | None = Field(
        default=None, description="The environment variable that holds the server's API key."
    )
    model: Text | None = Field(
        default=None,
        description="The model's name at that server; by default the destination's own name.",
    )
    timeout: Seconds = Field(default=120.0, description="How long the server may stay silent.")
    context: int = Field(
        default=8192, ge=1, le=100_000_000, description="How many tokens the model can take in."
    )
    tools: bool = Field(default=True, description="Whether the model can call tools.")
    structured: bool = Field(
        default=True, description="Whether the model can answer after a JSON schema."
    )
    languages: list[Text] = Field(
        default_factory=list, description="The languages it is good at; empty means any."
    )
    tasks_excluded: list[Word] = Field(
        default_factory=list,
        description="Tasks (`X-Louver-Task`) that it is not good enough for.",
    )


class File(Section):
    version: Literal[1] = Field(description="The version of this file's shape; always 1.")
    server: ServerSection = Field(default=ServerSection(), description="Where the gateway listens.")
    store: StoreSection = Field(default=StoreSection(), description="Where records are kept.")
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
        default_factory=dict, description="Stricter modes by tenant and application."
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
