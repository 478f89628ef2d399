"""Where do finders look first for whom to tell? In security.txt (RFC 9116), written anew for each request."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchbell.doors.policy import PUBLIC, open_to
from watchbell.web.asking import Asking

LASTS = timedelta(days=180)


@open_to(PUBLIC)
@require_safe
def security_txt(request: Asking) -> HttpResponse:
    """Say whom to tell, in which languages, and until when this holds."""
    base = settings.WATCHBELL.base_url.rstrip("/")
    languages = ", ".join(code for code, _ in settings.LANGUAGES)
    lines = [
        f"Contact: {base}{reverse('report')}",
        f"Expires: {(request.now + LASTS).strftime('%Y-%m-%dT%H:%M:%SZ')}",
        f"Preferred-Languages: {languages}",
        f"Canonical: {base}{reverse('security_txt')}",
    ]
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
