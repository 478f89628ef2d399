"""The shapes every operation shares: strict bodies in, one error shape out."""

from datetime import datetime
from typing import Annotated

from ninja import Schema
from ninja.params import functions as sent
from pydantic import ConfigDict, field_validator

IfMatch = Annotated[str, sent.Header(max_length=200, alias="If-Match")]
"""The ETag of the state a change was decided on. The alias is what the description says: a header has hyphens."""

IdempotencyKey = Annotated[str, sent.Header(max_length=200, alias="Idempotency-Key")]
"""A name for this very request, so that sending it again creates nothing."""


class Body(Schema):
    """A request body: unknown fields, loose types and NUL are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _can_be_kept(cls, value: object) -> object:
        """Refuse the one character that no database keeps."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("The text holds the NUL character, which no database keeps.")
        return value


class Problem(Schema):
    """RFC 9457, with a stable code, the place, what was expected and what to do."""

    type: str
    title: str
    status: int
    code: str
    place: str | None = None
    expected: str | None = None
    todo: str | None = None
    reference: str | None = None


class Me(Schema):
    """Who a token speaks for."""

    organisation: str | None
    kinds: list[str]
    role: str | None
    scopes: list[str]
    at: datetime


ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 507), Problem)
