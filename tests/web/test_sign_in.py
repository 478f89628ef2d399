"""What a session is worth: strong only with a factor of one's own that still counts, and never for ever."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache, caches
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import PASSWORD, Cast
from tests.support.visitors import signed_in

from watchbell.doors import policy, signin, strength

GUARDED = sorted(name for name, rule in policy.BORROWED.items() if rule is policy.FACTORS)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_to(instant: datetime) -> None:
        monkeypatch.setattr("watchbell.doors.moment.now", lambda: instant)

    set_to(NOON)
    return set_to


@pytest.fixture(autouse=True)
def at_noon(clock: Callable[[datetime], None]) -> None: ...


def code(secret: str, *, steps: int = 0) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps))


def add_passkey(person: Any) -> Authenticator:
    return Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "A key"})


def address_of(page: str) -> str:
    return reverse(page, args=[1] if page in ("mfa_edit_webauthn", "mfa_remove_webauthn") else [])


def is_strong(client: Client) -> bool:
    return client.get(reverse("tokens")).status_code == HTTPStatus.OK


def reauthenticated(client: Client) -> Client:
    """Return the browser after its person typed the password once more, as pages about factors ask."""
    session = client.session
    session[METHODS] = [*session[METHODS], {"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()
    return client


def test_every_page_about_factors_and_the_password_is_guarded() -> None:
    unguarded = {"mfa_authenticate", "mfa_trust", "mfa_login_webauthn", "mfa_reauthenticate"}
    about_factors = {name for name in policy.BORROWED if name.startswith("mfa_")} - unguarded

    assert about_factors - {"mfa_reauthenticate_webauthn"} <= set(GUARDED)
    assert "account_change_password" in GUARDED


@pytest.mark.parametrize("page", GUARDED)
def test_a_session_from_before_the_factor_reaches_no_page_about_factors_until_it_confirms(
    cast: Cast, page: str
) -> None:
    early = reauthenticated(signed_in(cast.hospital.person, strong=False))
    signin.add_authenticator(cast.hospital.person)
    before = list(Authenticator.objects.values())

    shown, sent = early.get(address_of(page)), early.post(address_of(page), {"code": "1", "password1": "x"})

    assert shown.headers["Location"].startswith(reverse("mfa_reauthenticate") + "?next=")
    assert sent.headers["Location"].startswith(reverse("mfa_reauthenticate") + "?next=")
    assert list(Authenticator.objects.values()) == before


def test_someone_with_passkeys_alone_is_asked_for_one(cast: Cast) -> None:
    early = signed_in(cast.hospital.person, strong=False)
    add_passkey(cast.hospital.person)

    answer = early.get(reverse("mfa_index"))

    assert answer.headers["Location"].startswith(reverse("mfa_reauthenticate_webauthn"))


def test_confirming_once_makes_the_session_strong_and_leads_back(cast: Cast) -> None:
    early = signed_in(cast.hospital.person, strong=False)
    secret = signin.add_authenticator(cast.hospital.person)
    way = early.get(reverse("tokens")).headers["Location"]

    answer = early.post(way, {"code": code(secret)})

    assert answer.headers["Location"] == reverse("tokens")
    assert is_strong(early)


def test_the_first_factor_is_set_up_in_one_go_and_makes_the_session_strong(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "on_commit", lambda deed, **_: deed())  # the test's own transaction never commits
    client = reauthenticated(signed_in(cast.hospital.person, strong=False))
    client.get(reverse("mfa_activate_totp"))

    answer = client.post(reverse("mfa_activate_totp"), {"code": code(client.session["mfa.totp.secret"])})
    codes = client.get(answer.headers["Location"])

    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert codes.status_code == HTTPStatus.OK
    assert is_strong(client)


def test_a_weak_session_that_raced_the_first_factor_loses_what_it_added(cast: Cast) -> None:
    signin.add_authenticator(cast.hospital.person)
    weak = signed_in(cast.hospital.person, strong=False)
    request = RequestFactory().post("/")
    request.session, request.user = weak.session, cast.hospital.person
    raced = add_passkey(cast.hospital.person)

    authenticator_added.send(sender=Authenticator, request=request, user=cast.hospital.person, authenticator=raced)

    assert [one.type for one in Authenticator.objects.all()] == [Authenticator.Type.TOTP]
    assert not strength.is_strong(request)


def test_removing_a_factor_ends_the_strength_of_every_other_session_at_once(cast: Cast) -> None:
    person = cast.hospital.person
    signin.add_authenticator(person)
    add_passkey(person)
    here, there, bank = (signed_in(one) for one in (person, person, cast.bank.person))
    reauthenticated(here)

    here.post(reverse("mfa_deactivate_totp"))

    assert Authenticator.objects.get().type == Authenticator.Type.WEBAUTHN
    assert (is_strong(here), is_strong(there), is_strong(bank)) == (True, False, True)


def test_removing_the_last_factor_ends_the_strength_of_this_session_too(cast: Cast) -> None:
    signin.add_authenticator(cast.hospital.person)
    here = reauthenticated(signed_in(cast.hospital.person))

    here.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.exists()
    assert not is_strong(here)


def test_a_reset_by_an_administrator_ends_strength_everywhere_and_a_new_password_step_does_not_bring_it_back(
    cast: Cast,
) -> None:
    person = cast.hospital.person
    signin.add_authenticator(person)
    here = signed_in(person)
    before = is_strong(here)

    signin.remove_second_factors(person, by=cast.admin, now=NOON)
    after = is_strong(here)
    here.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    assert (before, after, is_strong(here)) == (True, False, False)


def test_the_factor_of_another_person_in_the_same_browser_does_not_count(cast: Cast) -> None:
    browser = signed_in(cast.hospital.person)
    session = browser.session
    session["account_authentication_methods_user"] = str(cast.bank.person.pk)
    session.save()

    assert not is_strong(browser)


def test_a_session_ends_a_week_after_it_began_however_busy_it_was(
    cast: Cast, clock: Callable[[datetime], None]
) -> None:
    browser = signed_in(cast.hospital.person)
    browser.get(reverse("home"))
    session = browser.session
    session["seen_at"] = int((NOON + timedelta(days=7, seconds=-1)).timestamp())
    session.save()

    clock(NOON + timedelta(days=7, seconds=-1))
    before = is_strong(browser)
    clock(NOON + timedelta(days=7))
    after = browser.get(reverse("tokens"))

    assert before
    assert after.headers["Location"].startswith(reverse("account_login"))
    assert "_auth_user_id" not in browser.session


def test_the_chosen_language_follows_the_person_to_the_next_browser(cast: Cast) -> None:
    first, second = signed_in(cast.hospital.person), signed_in(cast.hospital.person)
    others = signed_in(cast.bank.person)

    first.post(reverse("choose_language"), {"language": "es", "next": "/"})
    first.post(reverse("choose_language"), {"language": "xx", "next": "/"})

    assert '<html lang="es"' in second.get("/").content.decode()
    assert '<html lang="en"' in others.get("/").content.decode()
    assert '<html lang="es"' in Client(headers={"accept-language": "es"}).get("/").content.decode()


def test_a_code_is_good_once_also_on_another_process_and_a_flood_does_not_bring_it_back(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = signin.add_authenticator(cast.hospital.person)
    factor, now_good = totp.TOTP(Authenticator.objects.get()), code(secret)

    once = factor.validate_code(now_good)
    for number in range(350):
        cache.add(f"flood-{number}", 1)
    monkeypatch.setattr(totp, "cache", caches.create_connection("default"))
    again = factor.validate_code(now_good)

    assert (once, again) == (True, False)


def test_tries_at_one_account_are_counted_by_all_processes_together(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = cast.hospital.person.email
    for number in range(5):
        monkeypatch.setattr(ratelimit, "cache", caches.create_connection("default"))
        browser = Client(REMOTE_ADDR=f"198.51.100.{number + 1}")
        browser.post(reverse("account_login"), {"login": email, "password": "wrong"})

    last = Client(REMOTE_ADDR="198.51.100.99")
    last.post(reverse("account_login"), {"login": email, "password": PASSWORD})

    assert "_auth_user_id" not in last.session
