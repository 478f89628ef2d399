"""How does an error look to a program? One problem+json shape (RFC 9457), with a stable code and what to do."""

from typing import Any

from django.http import JsonResponse

from watchbell.domain.refusal import Refused

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, code: str, title: str, *, todo: str = "", place: str = "", expected: str = "", reference: str = ""
) -> JsonResponse:
    """Return one error: what happened, where, what was expected and what to do."""
    body: dict[str, Any] = {
        "type": f"urn:watchbell:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "place": place,
        "expected": expected,
        "todo": todo,
        "reference": reference,
    }
    kept = {name: value for name, value in body.items() if value != ""}
    return JsonResponse(kept, status=status, content_type=MEDIA_TYPE)


def refused(error: Refused, *, status: int = 400, reference: str = "") -> JsonResponse:
    """Return the problem for input that a codec or the reader refused."""
    why = error.refusal
    return problem(
        status, why.code, why.message, todo=why.todo, place=why.place, expected=why.expected, reference=reference
    )
