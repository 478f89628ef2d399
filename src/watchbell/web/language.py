"""In which language do you read? One form on every page; the choice is kept in a cookie."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from watchbell.doors.policy import PUBLIC, open_to


@open_to(PUBLIC)
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Keep the chosen language and go back."""
    return set_language(request)
