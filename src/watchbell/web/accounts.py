"""Which of django-allauth's pages are open here? These and no others, under the names it knows them by.

`SHUT` are names its code asks for by itself (links to sign-up or to mail settings): they lead nowhere.
"""

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, re_path

from watchbell.apps.orgs import queries
from watchbell.doors.policy import PUBLIC, open_to
from watchbell.web import providers

SHUT = (
    "account_signup",
    "account_email",
    "account_inactive",
    "account_set_password",
    "account_email_verification_sent",
)


class SignIn(account.LoginView):  # type: ignore[misc]
    """The sign-in page, with a way to each provider there is."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        return {**super().get_context_data(**kwargs), "providers": queries.providers()}


class Security(second_factor.IndexView):  # type: ignore[misc]
    """The page about one's own sign-in, with the identities elsewhere that open this account."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        linked = {one.provider_id for one in queries.identities_of(self.request.actor)}
        providers = [(one, one.pk in linked) for one in queries.providers()]
        return {**super().get_context_data(**kwargs), "providers": providers}


@open_to(PUBLIC)
def shut(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
    """Answer that there is nothing here."""
    raise Http404


whole = transaction.atomic  # a factor and the strength that other sessions had from it go together, or not at all

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/changed/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("second-factor/", Security.as_view(), name="mfa_index"),
    path("second-factor/check/", second_factor.authenticate, name="mfa_authenticate"),
    path("second-factor/confirm/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/app/add/", totp.activate_totp, name="mfa_activate_totp"),
    path("second-factor/app/remove/", whole(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("second-factor/codes/file/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/sign-in/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/confirm/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/rename/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", whole(passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("with/<slug:name>/", providers.begin, name="oidc_begin"),
    path("with/<slug:name>/back/", providers.back, name="oidc_back"),
    path("with/<slug:name>/link/", providers.link, name="oidc_link"),
    path("with/<slug:name>/unlink/", providers.unlink, name="oidc_unlink"),
    *(path(f"shut/{name}/", shut, name=name) for name in SHUT),
]
