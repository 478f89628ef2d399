"""What does the gateway ask of the ledger for each call, and what does it tell it afterwards?

An `Ask` is answered with an `Admission`, which has reserved what the call may use at most,
or a `TurnedAway`. Each admission is settled once; what is never settled stays charged.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watchbell.domain.sentence import Sentence


def digest_of_name(model: str) -> str:
    """Return the SHA-256 of a model's name, in hex."""
    return hashlib.sha256(model.encode()).hexdigest()


class Dialect(StrEnum):
    """Which of the interfaces for models a call speaks; the value is its path below `/v1/`."""

    CHAT = "chat/completions"
    RESPONSES = "responses"
    MESSAGES = "messages"
    MODELS = "models"


class Scheme(StrEnum):
    """In which header an endpoint wants its credential."""

    BEARER = "bearer"
    X_API_KEY = "x-api-key"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens a call read and wrote, as the endpoint counted them."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One call as it stands at the gateway: who, what, and how much it may use at most.

    `most` bounds its tokens from above (its input counted in bytes, what it asks for as output).
    `request_digest` is the SHA-256, in hex, of the body as it was received.
    """

    token: str = field(repr=False)
    dialect: Dialect
    model: str
    most: Usage
    request_digest: str

    @property
    def model_digest(self) -> str:
        """Return which name was called, as a line of the access log holds it: no name outlives the evidence there."""
        return digest_of_name(self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The developer's endpoint, for one call: the gateway forgets it when the call is over.

    `base_url` ends before `/v1`; `models` gives the endpoint's own name for each name in scope;
    `pin` is the SHA-256 of the certificate's public key (SubjectPublicKeyInfo) in hex, or empty.
    """

    base_url: str
    credential: str = field(repr=False)
    scheme: Scheme
    models: Mapping[str, str]
    pin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A call may be made: `call` names it in the log; it is cut at `ends_at`, whatever it is doing then."""

    call: str
    engagement: str
    upstream: Upstream
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """A call may not be made.

    `status` is 401 (token), 402 (budget spent), 403 (window over, or out of scope), 429 (too many a minute or at
    once) or 503 (paused): what evaluation tools stop at or wait for. `code` is a stable kebab-case word;
    `retry_after` is in whole seconds, for 429 and 503.
    """

    status: int
    code: str
    why: Sentence
    retry_after: int | None = None


class Ending(StrEnum):
    """How a call ended: who or what ended it, and never whether its answer was any good."""

    ANSWERED = "answered"
    ENDPOINT_REFUSED = "endpoint-refused"
    """The endpoint answered with an error of its own; the status says which."""
    ENDPOINT_BROKEN = "endpoint-broken"
    """Not reachable, not HTTP, not what it promised, or TLS that does not hold."""
    ENDPOINT_SILENT = "endpoint-silent"
    TOO_LARGE = "too-large"
    OUT_OF_TIME = "out-of-time"
    """The window's end, or the wall clock's bound on one call."""
    STOPPED = "stopped"
    """Access ended or was paused while the call ran."""
    CALLER_LEFT = "caller-left"
    NOT_SENT = "not-sent"
    """Nothing reached the endpoint, so nothing is charged."""
    OUT_OF_SCOPE = "out-of-scope"
    """It asked for more than the model: search, files, what an endpoint keeps. Nothing reached the endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of an admitted call. Without `usage`, all that was reserved is charged.

    `response_digest` is the SHA-256, in hex, of the bytes as the endpoint sent them, as far as they came;
    `response_bytes` is their number; `status` the endpoint's, or 0 when there was none; `answered_as` is the
    model that the endpoint said it is, which may be any text of at most 200 characters.
    """

    call: str
    ending: Ending
    status: int
    usage: Usage | None
    response_digest: str
    response_bytes: int
    answered_as: str = ""
