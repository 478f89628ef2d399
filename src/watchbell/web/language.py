"""In which language do you read? One form on every page; kept in a cookie, and for people who sign in with them."""

from django.conf import settings
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from watchbell.apps.orgs import services as orgs
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.web.asking import Asking


@open_to(PUBLIC)
@require_POST
def choose_language(request: Asking) -> HttpResponseBase:
    """Keep the chosen language and go back."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        orgs.choose_language(request.user, chosen)
    return set_language(request)
