"""How does a person point at one request? By a reference id, on error pages and in one log line."""

import json
import logging
import re
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from watchbell.domain.identity import new_id
from watchbell.doors import moment

log = logging.getLogger("watchbell.request")
LONGEST_PATH = 200
SECRET_IN_PATH = re.compile(r"(/password/reset/[0-9A-Za-z]+-)[^/]+")


class ReferenceId:
    """This will name each request and write one bounded, redacted JSON line for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer under a fresh reference id."""
        request.reference = new_id(moment.dice())[:16]  # type: ignore[attr-defined]
        started = time.perf_counter()
        response = self.get_response(request)
        response.headers["X-Reference-Id"] = request.reference  # type: ignore[attr-defined]
        line = {
            "reference": request.reference,  # type: ignore[attr-defined]
            "method": request.method,
            "path": SECRET_IN_PATH.sub(r"\1...", request.path)[:LONGEST_PATH],
            "status": response.status_code,
            "ms": round((time.perf_counter() - started) * 1000, 1),
        }
        log.info(json.dumps(line))
        return response
