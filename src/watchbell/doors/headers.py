"""Which headers does every answer carry, errors and downloads included?"""

import base64
import os
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

NEVER_KEPT = "no-store, private"

Next = Callable[[HttpRequest], HttpResponseBase]


def csp_nonce() -> str:
    """Return a fresh nonce for one page's own scripts."""
    return base64.b64encode(os.urandom(16)).decode()


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy: nothing but our own origin, no inline code without the nonce."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


class SecurityHeaders:
    """This will put the security headers on every answer that passes."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Give the request a nonce, answer it, and close the answer's windows."""
        request.csp_nonce = csp_nonce()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(request.csp_nonce))  # type: ignore[attr-defined]
        if "Expires" in response.headers:  # a framework's own "never cache": ours says it in fewer words
            del response.headers["Expires"]
            response.headers["Cache-Control"] = NEVER_KEPT
        response.headers.setdefault("Cache-Control", NEVER_KEPT)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if settings.WATCHBELL.is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response


def as_download(response: HttpResponse, file_name: str) -> HttpResponse:
    """Return the answer marked as an inert attachment under a plain internal name."""
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in file_name)[:100]
    response.headers["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
