"""The shapes every operation shares: strict bodies in, one error shape out."""

from datetime import datetime

from ninja import Schema
from pydantic import ConfigDict


class Body(Schema):
    """A request body: unknown fields and loose types are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


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


ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429), Problem)
