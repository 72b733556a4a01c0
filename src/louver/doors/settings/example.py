"""The settings files that Louver brings: the embedded default, and the commented one of `init`."""

from __future__ import annotations

DEFAULT = """\
version: 1
destinations:
  practice: {kind: practice, location: local, context: 128000}
models:
  louver: [practice]
  practice: [practice]
"""

EXAMPLE = """\
# louver.yaml: what may happen to personal data on its way to a model.
# Check it with `louver policy check`; see what a change does with `louver policy diff OLD NEW`.
version: 1

# Where the gateway listens. Times: 500ms, 10s, 15min, 1h. Sizes: 512KB, 10MB.
server:
  host: 127.0.0.1        # 0.0.0.0 listens on all addresses; then put TLS in front
  port: 8787
  max_body: 10MB         # a larger request is answered with 413
  header_timeout: 10s    # a client that sends its headers more slowly is answered with 408
  body_timeout: 30s      # ... and its body
  max_connections: 1000  # one more is answered with 503
  drain_delay: 0s        # after SIGTERM, how long /readyz says 503 before the port is closed
  drain: 30s             # and how long what is under way may then take

# Where records are kept. Relative paths start at this file.
store:
  url: sqlite:///louver.db  # or postgresql+psycopg://USER@HOST/NAME, password by PGPASSWORD
  key_file: louver.key      # made at first start; back it up apart from the database
  sweep_after: 15min        # an exchange without an end is recorded as interrupted after this

# Log lines, on stderr: text or json, one per request (access); never content.
logs: {format: text, access: true}

# Traces and metrics to an OTLP/HTTP collector (extra `otel`), and Prometheus text at /metrics for
# who shows the token in an environment variable of your choice. Both are off.
telemetry:
  endpoint: null         # http://127.0.0.1:4318
  service: louver
  interval: 60s
  tenants: false         # whether tenants are named in them
  metrics_key_variable: null  # LOUVER_METRICS_KEY

# What each API key may use; null is no limit. Over one: 429 and Retry-After.
limits:
  requests_per_minute: null
  concurrent: null
  tokens_per_day: null

# strict: local models only. standard: a remote model may be asked, with minimized text and the
# person's consent. full: retention too, each by opt-in. The strictest mode that applies wins.
mode: standard

# What requests may be for (header X-Louver-Purpose); the first is meant where none is named.
purposes: [assistance]

# Stricter modes and own limits by tenant and application; API keys belong to both
# (`louver keys create`). What is not set is inherited.
tenants:
  clinic:
    mode: strict
    limits: {requests_per_minute: 120, concurrent: 16, tokens_per_day: 2000000}
    applications:
      helpdesk:
        mode: strict
        limits: {requests_per_minute: 60, concurrent: 8, tokens_per_day: 500000}

# Stricter modes by person, by the internal id that `louver consent list` shows.
persons: {}
#  0123456789abcdef0123456789abcdef: {mode: strict}

# What happens to values, by category code or its beginning; the longest match wins.
# replace: by a placeholder. local: replaced, and the request stays on local models.
# keep: left as it is. refuse: the request is refused. All codes: docs/reference/categories.md
categories:
  default: replace
  health: local
  secret: replace
  contact.email: replace

# The highest tier that may go to a remote model, replaced:
# ordinary, personal, sensitive, secret, special.
remote_up_to: secret

# Parts that nobody can look into yet: refuse, or allow (they then leave as they are).
parts: {image: refuse, audio: refuse, file: refuse, other: refuse}

# Hosts into whose URLs values may be restored; everywhere else a URL keeps its placeholders.
links: [docs.example.com]

# Tools that the application declares and that never get real values as arguments.
sealed_tools: [web_search]

# What looks for personal data. A category is one of docs/reference/categories.md.
detectors:
  patterns: true
  health_terms: true
  plugins: []             # names under louver.detectors, if you installed any
  dictionary:
    - {term: Project Bluebird, category: custom.term}
  dictionary_file: null   # more of them: terms.csv with the columns term,category

# The models that can be asked. local: under your own control. remote: needs the person's consent.
destinations:
  practice:
    kind: practice        # the built-in practice model; no language model, needs no network
    location: local
    context: 4000         # tokens it can take in; longer requests look further
    tools: true
    structured: true
    embeddings: true
    languages: []         # empty: any
    tasks_excluded: [legal_analysis]  # header X-Louver-Task
  cloud:
    kind: openai          # any server that speaks OpenAI's chat completions
    location: remote
    recipient: Example AI Ltd.        # the name that people are asked to agree to
    base_url: https://api.example.com/v1
    # key_variable: EXAMPLE_API_KEY   # the environment variable that holds the key
    model: example-large              # the model's name over there
    timeout: 120s
    context: 128000
    # A failed request is sent again where that is safe, in a budget; a server that keeps failing
    # is left alone for a while, and the next destination that may be asked is asked.
    retries: {attempts: 2, budget_percent: 20, longest_wait: 2s}
    breaker: {enabled: true, failures: 5, failure_percent: 50, window: 30s, cool_down: 15s}
  # in-house:
  #   kind: transformers              # a model in this process; or gguf
  #   location: local
  #   model: ./models/sentiment       # a path, or a hub id such as org/name
  #   task: text-classification       # by default what the model's files say
  #   download: false                 # true: the files of a hub id may be fetched
  #   load: first_use                 # or start: `louver serve` waits until it is loaded

# What clients ask for, and the destinations behind it in order of preference, local ones first.
models:
  louver: [practice, cloud]
  practice: [practice]

# A local destination to ask when nothing else is allowed; null answers with an error instead.
fallback: null
"""


def example() -> str:
    """The commented louver.yaml that `louver init` writes; valid, and every setting is in it."""
    return EXAMPLE
