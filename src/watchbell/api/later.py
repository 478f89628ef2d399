"""What is a program told of work that is left to a job? Where to ask, and when; and when too much of theirs waits."""

from typing import Any

from django.http import HttpResponse
from ninja import Status

from watchbell.doors import problems

AGAIN_AFTER_SECONDS = 2


def accepted(response: HttpResponse, address: str, answer: Any) -> Any:
    """Return 202 with what is known by now, and the address to ask how far it is."""
    response.headers["Location"] = address
    response.headers["Retry-After"] = str(AGAIN_AFTER_SECONDS)
    return Status(202, answer)


def too_many(error: Exception) -> HttpResponse:
    """Return the answer to one more large piece of work while many of the same sender wait."""
    answer = problems.problem(429, "too-many-waiting", str(error), todo="Wait until some of them are over.")
    answer.headers["Retry-After"] = str(AGAIN_AFTER_SECONDS * 5)
    return answer
