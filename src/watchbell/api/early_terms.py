"""The terms of early access as programs write them: the JSON that is stored, shown and signed."""

from datetime import datetime
from typing import Literal

from ninja import Schema

from watchbell.api import schemas


class InScope(schemas.Body):
    """The names evaluators ask for, and the interfaces they may speak."""

    models: list[str]
    interfaces: list[Literal["chat/completions", "responses", "messages", "models"]]


class AtMost(schemas.Body):
    """How much may be used and how fast; null sets no bound. Money is in millionths of `currency`."""

    requests: int | None
    tokens: int | None
    cost: int | None
    currency: str
    input_per_million: int
    output_per_million: int
    per_minute: int | None
    at_once: int | None
    opened_a_day: int


class DeveloperDoesNot(schemas.Body):
    """What the developer does not do with what evaluators send."""

    train_on_prompts: bool
    retain_prompts: bool
    let_staff_read_prompts: bool


class WrittenTerms(schemas.Body):
    """Everything two parties agree on. Where `paper_agreement` (a SHA-256) is set, the agreement on paper governs."""

    model_digest: str
    custody: Literal["developer_endpoint"]
    scope: InScope
    safeguards: Literal["as_released", "reduced", "removed"]
    hours: int
    personnel_at_most: int
    egress: list[str]
    limits: AtMost
    developer_does_not: DeveloperDoesNot
    evidence_days: int
    evidence_on_withdrawal: Literal["destroy_at_once", "keep_to_its_date"]
    kept_after_end: list[Literal["scores", "sample_table", "report"]]
    third_party_flaws: Literal["route_to_cvd", "route_anonymised", "return_to_lab"]
    paper_agreement: str


class TermsVersion(Schema):
    """One version of an engagement's terms; its ETag goes into If-Match when you replace them."""

    number: int
    digest: str
    offer_digest: str
    is_offered: bool
    written_at: datetime
    terms: WrittenTerms
