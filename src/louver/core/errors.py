"""The one error tree; a message says what happened and what to do, and never carries content.

LouverError
├── Invalid                what was given is malformed                       400
│   ├── TooLarge           ... or larger than the limit                      413
│   └── TooSlow            ... or arrives slower than the limit              408
├── Unauthenticated        no valid API key                                  401
├── UnknownModel           no route has that name                            404
├── Refused                the policy says no                                403
│   ├── ConsentRequired    ... until the person agrees                       403
│   ├── Uninspectable      ... because a part cannot be looked into          400
│   └── LocalUnable        ... the local model cannot do it, nothing else may 422
├── RateLimited            the key asks more often than it may               429
│   └── BudgetExhausted    ... or has used up its tokens of the day          429
├── Unavailable            a part on which a guarantee rests has failed      503
│   ├── UpstreamDown       ... or the model's server, which is left alone    503
│   ├── Draining           ... or this process is about to end               503
│   └── Halted             ... or was stopped by the operator                503
├── UpstreamFailed         the provider answered with an error, or not       as told
├── Tampered               a record does not match its proof                 500
├── NotYetSupported        we mean to, and do not yet                        400
└── NeverSupported         it would break a promise                          400
"""

from __future__ import annotations

from dataclasses import dataclass


class LouverError(Exception):
    """Base of everything Louver raises; `code` is stable, `param` names a place in the input.

    `retry_after`: whole seconds after which it is worth to try again, where that is known.
    """

    code = "louver_error"
    param: str | None
    retry_after: int | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


class Invalid(LouverError):
    code = "invalid_request"


class TooLarge(Invalid):
    code = "request_too_large"


class TooSlow(Invalid):
    code = "request_too_slow"


class Unauthenticated(LouverError):
    code = "invalid_api_key"


class UnknownModel(LouverError):
    code = "model_not_found"


class Refused(LouverError):
    code = "refused_by_policy"


@dataclass(frozen=True, slots=True)
class ConsentNeeded:
    """What to ask the person for; holds no content and no person id."""

    purpose: str
    recipient: str
    person_known: bool
    state: str


class ConsentRequired(Refused):
    """A remote destination could answer, and the person has not agreed."""

    code = "consent_required"

    def __init__(self, message: str, needed: ConsentNeeded) -> None:
        super().__init__(message)
        self.needed = needed


class Uninspectable(Refused):
    """A part of the request that no detector can look into."""

    code = "uninspectable_part"


class LocalUnable(Refused):
    """The local model reports what it cannot do, and no other destination may be asked."""

    code = "insufficient_capability"


class RateLimited(LouverError):
    """An API key is over one of its limits."""

    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BudgetExhausted(RateLimited):
    """An API key has used up the tokens of the day."""

    code = "budget_exhausted"


class Unavailable(LouverError):
    code = "unavailable"


class UpstreamDown(Unavailable):
    """The destinations that may be asked have failed so often that they are left alone."""

    code = "upstream_down"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Draining(Unavailable):
    """The process ends; another one, or the next one, answers."""

    code = "draining"


class Halted(Unavailable):
    """The operator has stopped this model, route, tenant or tool; trying again changes nothing."""

    code = "halted"


class UpstreamFailed(LouverError):
    """The provider failed; `status` is for the client, `body` and `headers` pass through.

    `begun`: something of an answer had arrived, so that asking again is not safe.
    """

    code = "upstream_error"

    def __init__(
        self,
        message: str,
        *,
        status: int = 502,
        code: str | None = None,
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
        begun: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.begun = begun
        self.status = status
        self.body = body
        self.headers = headers


class Tampered(LouverError):
    code = "tampered"


class NotYetSupported(LouverError):
    code = "not_yet_supported"


class NeverSupported(LouverError):
    code = "never_supported"
