"""Every address of the node, entrance by entrance."""

from django.urls import include, path

from watchbell.api.app import api
from watchbell.api.docs import docs

urlpatterns = [
    path("api/v1/docs", docs, name="interface"),
    path("api/v1/", api.urls),
    path("account/", include("watchbell.web.accounts")),
    path("", include("watchbell.web.urls")),
]
handler400 = "watchbell.web.errors.bad_request"
handler403 = "watchbell.web.errors.not_allowed"
handler404 = "watchbell.web.errors.not_found"
handler500 = "watchbell.web.errors.went_wrong"
