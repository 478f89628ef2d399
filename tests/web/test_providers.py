"""Signing in with another house's account: only as whom it was linked to, and only on an answer that was asked for."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast
from tests.support.identity_provider import CLIENT_ID, SECRET, IdentityProvider, SigningKey, Visitor
from tests.support.visitors import signed_in

from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import queries, services
from watchbell.apps.orgs.models import Identity
from watchbell.apps.orgs.models import IdentityProvider as Row
from watchbell.cli import boot
from watchbell.cli.oidc import oidc_verb
from watchbell.doors import keys, moment, oidc, providers, signin
from watchbell.outside.keystore import FolderKeystore, KeyKind, KeyMissing

NAME = "example"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


@pytest.fixture
def house(cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[IdentityProvider]:
    """The other house, whom this node may reach on loopback; its visitor is the hospital's owner."""
    store = FolderKeystore(tmp_path / "keys")
    monkeypatch.setattr(keys, "keystore", lambda: store)
    with IdentityProvider(NOON.timestamp()) as provider:
        provider.visitor = Visitor(email=cast.hospital.person.email)
        monkeypatch.setattr(settings, "WATCHBELL", replace(settings.WATCHBELL, egress_allow=(provider.issuer,)))
        yield provider


def configured(house: IdentityProvider, *, trusts_email: bool = False, asserts_mfa: bool = False) -> Row:
    wanted = providers.Wanted(NAME, house.issuer, CLIENT_ID, "Example", trusts_email, asserts_mfa)
    providers.add(wanted, SECRET, by=CONSOLE, now=NOON, rng=moment.dice())
    return Row.objects.get(name=NAME)


def sealing_keys() -> set[str]:
    return set(keys.keystore().names())


def linked(row: Row, person: Any, subject: str = "subject-1") -> None:
    services.link_identity(row, person, subject, by=CONSOLE, now=NOON, rng=moment.dice())


def begun(browser: Client, *, back_to: str = "") -> str:
    answer = browser.get(reverse("oidc_begin", args=[NAME]), {"next": back_to} if back_to else {})
    assert answer.status_code == HTTPStatus.FOUND
    return str(answer.headers["Location"])


def returned(browser: Client, answer: dict[str, str]) -> Any:
    return browser.get(reverse("oidc_back", args=[NAME]), answer)


def went(browser: Client, house: IdentityProvider) -> Any:
    """Return what the node answers after the whole trip there and back."""
    return returned(browser, house.consent(begun(browser)))


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def is_strong(browser: Client) -> bool:
    return browser.get(reverse("tokens")).status_code == HTTPStatus.OK


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_sign_in_page_offers_each_provider_and_no_script(house: IdentityProvider) -> None:
    configured(house)

    page = text_of(Client().get(reverse("account_login"), {"next": "/organisation/"}))

    assert "Sign in with Example" in page
    assert 'href="/account/with/example/?next=/organisation/"' in page.replace("%2F", "/")


def test_a_linked_person_comes_back_to_where_they_wanted_and_owes_their_second_factor(
    cast: Cast, house: IdentityProvider
) -> None:
    linked(configured(house), cast.hospital.person)
    signin.add_authenticator(cast.hospital.person)
    browser = Client()

    answer = returned(browser, house.consent(begun(browser, back_to="/organisation/")))

    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(browser)


def test_somebody_without_a_factor_yet_is_led_to_add_one(cast: Cast, house: IdentityProvider) -> None:
    linked(configured(house), cast.hospital.person)
    browser = Client()

    answer = returned(browser, house.consent(begun(browser, back_to="/organisation/")))

    assert answer.headers["Location"] == "/organisation/"
    assert browser.get(reverse("tokens")).headers["Location"] == reverse("mfa_index")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_off_the_node_afterwards(cast: Cast, house: IdentityProvider, elsewhere: str) -> None:
    linked(configured(house), cast.hospital.person)
    browser = Client()

    answer = returned(browser, house.consent(begun(browser, back_to=elsewhere)))

    assert answer.headers["Location"] == "/"


def test_an_identity_that_nobody_linked_opens_nothing_even_with_a_known_address(
    cast: Cast, house: IdentityProvider
) -> None:
    configured(house)
    browser = Client()

    answer = went(browser, house)

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not is_signed_in(browser)
    assert not Identity.objects.exists()


@pytest.mark.parametrize("in_token", [True, False])
def test_a_trusted_provider_opens_the_account_with_the_address_it_verified_and_links_it_for_good(
    cast: Cast, house: IdentityProvider, in_token: bool
) -> None:
    configured(house, trusts_email=True)
    house.email_in_token = in_token
    house.visitor.email = cast.hospital.person.email.upper()
    first, second = Client(), Client()

    went(first, house)
    house.visitor.email = "moved@elsewhere.example"
    went(second, house)

    assert is_signed_in(first)
    assert is_signed_in(second)
    assert Identity.objects.get().person == cast.hospital.person


@pytest.mark.parametrize("verified", [False, None, "true", "True", 1, []])
def test_an_address_that_was_not_verified_opens_nothing(cast: Cast, house: IdentityProvider, verified: Any) -> None:
    configured(house, trusts_email=True)
    house.visitor.email_verified = verified
    browser = Client()

    went(browser, house)

    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "alike", ["owner@hosp\u0131tal.example", "owner@hospital.example\u200b", "", "\u212a@x.example"]
)
def test_an_address_that_only_looks_alike_opens_nothing(cast: Cast, house: IdentityProvider, alike: str) -> None:
    configured(house, trusts_email=True)
    house.visitor.email = alike
    browser = Client()

    went(browser, house)

    assert not is_signed_in(browser)


def test_a_trusted_address_does_not_open_an_account_that_is_linked_to_another_identity(
    cast: Cast, house: IdentityProvider
) -> None:
    linked(configured(house, trusts_email=True), cast.hospital.person, "the-real-one")
    browser = Client()

    went(browser, house)

    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("believed", "said", "strong"),
    [
        (True, {"amr": ["pwd", "mfa"]}, True),
        (True, {"acr": "phrh"}, True),
        (True, {"amr": ["pwd"]}, False),
        (True, {"amr": "mfa"}, False),
        (True, {"acr": "1"}, False),
        (True, {}, False),
        (False, {"amr": ["mfa"], "acr": "phrh"}, False),
    ],
)
def test_the_second_factor_is_left_out_only_when_the_provider_is_believed_and_says_it_was_used(
    cast: Cast, house: IdentityProvider, believed: bool, said: dict[str, Any], strong: bool
) -> None:
    linked(configured(house, asserts_mfa=believed), cast.hospital.person)
    signin.add_authenticator(cast.hospital.person)
    house.visitor.more = said
    browser = Client()

    went(browser, house)

    assert is_signed_in(browser) is strong
    assert is_strong(browser) is strong


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://other.example"},
    "another audience": {"aud": "somebody-else"},
    "two audiences, no party": {"aud": [CLIENT_ID, "somebody-else"]},
    "another party": {"azp": "somebody-else"},
    "another nonce": {"nonce": "0" * 43},
    "no nonce": {"nonce": None},
    "ended": {"exp": int(NOON.timestamp()) - 61},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "tomorrow"},
    "made long ago": {"iat": int(NOON.timestamp()) - 601},
    "made in the future": {"iat": int(NOON.timestamp()) + 61},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 1},
}


@pytest.mark.parametrize("told", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_token_that_breaks_a_rule_opens_nothing(cast: Cast, house: IdentityProvider, told: dict[str, Any]) -> None:
    linked(configured(house), cast.hospital.person)
    house.tells = told
    browser = Client()

    answer = went(browser, house)

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not is_signed_in(browser)


def test_a_token_that_another_key_signed_opens_nothing(cast: Cast, house: IdentityProvider) -> None:
    linked(configured(house), cast.hospital.person)
    browser = Client()
    answer = house.consent(begun(browser))
    honest = house.key.public
    house.key = type("Forger", (SigningKey,), {"public": honest})()

    returned(browser, answer)

    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "0" * 43},
        {"state": ""},
        {"iss": "https://other.example"},
        {"iss": ""},
        {"code": ""},
        {"code": "guessed"},
        {"code": "x" * 5000},
        {"error": "access_denied"},
    ],
)
def test_an_answer_that_was_not_asked_for_opens_nothing_and_uses_the_journey_up(
    cast: Cast, house: IdentityProvider, changed: dict[str, str]
) -> None:
    linked(configured(house), cast.hospital.person)
    browser = Client()
    answer = house.consent(begun(browser))

    returned(browser, {**answer, **changed})
    again = returned(browser, answer)

    assert again.status_code == HTTPStatus.FORBIDDEN
    assert not is_signed_in(browser)


def test_somebody_elses_answer_and_a_late_one_open_nothing(
    cast: Cast, house: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(configured(house), cast.hospital.person)
    mine, stranger = Client(), Client()
    answer = house.consent(begun(mine))

    returned(stranger, answer)
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON + timedelta(minutes=10, seconds=1))
    returned(mine, answer)

    assert not is_signed_in(stranger)
    assert not is_signed_in(mine)


def test_a_provider_that_begins_to_lead_elsewhere_is_not_followed(cast: Cast, house: IdentityProvider) -> None:
    linked(configured(house), cast.hospital.person)
    for name in ("token_endpoint", "jwks_uri", "userinfo_endpoint"):
        house.configures = {name: "http://169.254.169.254/latest"}
        answer = Client().get(reverse("oidc_begin", args=[NAME]))
        assert answer.status_code == HTTPStatus.FORBIDDEN, name


def test_a_private_provider_is_refused_until_the_environment_names_it(
    cast: Cast, house: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "WATCHBELL", replace(settings.WATCHBELL, egress_allow=()))
    before = sealing_keys()

    with pytest.raises(oidc.NotBelieved, match="inner network"):
        configured(house)

    assert not Row.objects.exists()
    assert sealing_keys() == before
    assert house.asked == []


def test_someone_signed_in_links_their_own_identity_by_a_form_and_removes_it_again(
    cast: Cast, house: IdentityProvider
) -> None:
    configured(house)
    owner = signed_in(cast.hospital.person)
    page = owner.post(reverse("oidc_link", args=[NAME]))
    journey = oidc.Journey(**owner.session["oidc"])
    address = oidc.address(Row.objects.get(), journey, return_to=providers.return_address(NAME))

    returned(owner, house.consent(address))
    shown = text_of(owner.get(reverse("mfa_index")))
    owner.post(reverse("oidc_unlink", args=[NAME]))

    assert f'href="{house.issuer}/authorize?' in text_of(page)
    assert "Remove the link" in shown
    assert not Identity.objects.exists()
    actions = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert actions[-3:] == ["provider.added", "identity.linked", "identity.unlinked"]


@pytest.mark.parametrize("case", ["another address", "not verified", "another person came back", "weak by then"])
def test_an_identity_is_linked_only_to_the_person_who_asked_with_the_address_it_verified(
    cast: Cast, house: IdentityProvider, case: str
) -> None:
    configured(house)
    owner = signed_in(cast.hospital.person)
    owner.post(reverse("oidc_link", args=[NAME]))
    kept = owner.session["oidc"]
    browser = {
        "another person came back": signed_in(cast.bank.person),
        "weak by then": signed_in(cast.hospital.person, strong=False),
    }.get(case, owner)
    session = browser.session
    session["oidc"] = kept
    session.save()
    house.visitor.email = "x@y.example" if case == "another address" else cast.hospital.person.email
    house.visitor.email_verified = case != "not verified"
    address = oidc.address(Row.objects.get(), oidc.Journey(**kept), return_to=providers.return_address(NAME))

    returned(browser, house.consent(address))

    assert not Identity.objects.exists()


def test_removing_a_provider_ends_its_sessions_its_links_and_its_pages_at_once(
    cast: Cast, house: IdentityProvider
) -> None:
    row = configured(house, asserts_mfa=True)
    linked(row, cast.hospital.person)
    house.visitor.more = {"amr": ["mfa"]}
    browser = Client()
    went(browser, house)
    before = is_strong(browser)

    providers.remove(NAME, by=CONSOLE, now=NOON)

    assert before
    assert not is_strong(browser)
    assert not is_signed_in(browser)
    assert browser.get(reverse("oidc_begin", args=[NAME])).status_code == HTTPStatus.NOT_FOUND
    assert "Example" not in text_of(browser.get(reverse("account_login")))
    with pytest.raises(KeyMissing):
        keys.keystore().open(oidc.secret_key(row.public_id), oidc.secret_place(row.public_id), row.sealed_secret)


class Killed(BaseException):
    """Nothing of ours catches this, as nothing of ours outlives a SIGKILL."""


@pytest.mark.parametrize("deed", ["add", "remove"])
def test_a_key_that_a_killed_add_or_remove_leaves_is_destroyed_by_the_next_one_and_no_other_key(
    cast: Cast, house: IdentityProvider, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    keys.keystore().ensure("another", KeyKind.AEAD)
    if deed == "remove":
        configured(house)
    with monkeypatch.context() as dying:
        dying.setattr(services, "add_provider", die)
        dying.setattr(FolderKeystore, "destroy", die)
        with pytest.raises(Killed):
            configured(house) if deed == "add" else providers.remove(NAME, by=CONSOLE, now=NOON)
    left = sealing_keys()

    row = configured(house)

    assert len(left) == 2
    assert sealing_keys() == {"another", oidc.secret_key(row.public_id)}


@pytest.mark.django_db
def test_without_a_provider_no_such_page_answers() -> None:
    for page in ("oidc_begin", "oidc_back"):
        assert Client().get(reverse(page, args=[NAME])).status_code == HTTPStatus.NOT_FOUND


def test_without_a_provider_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys, django; django.setup(); import watchbell.config.urls;"
        "print([name for name in sys.modules if 'oidc' in name or 'identity_token' in name or 'socialaccount' in name])"
    )

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_the_console_adds_lists_and_removes_a_provider_and_never_shows_its_secret(
    cast: Cast, house: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot, "boot", lambda: None)
    run, before = CliRunner(), sealing_keys()
    words = ["add", NAME, "--issuer", house.issuer, "--client-id", CLIENT_ID, "--trust-email"]

    added = run.invoke(oidc_verb, words, input=f"{SECRET}\n")
    again = run.invoke(oidc_verb, [*words, "--json"], input=f"{SECRET}\n")
    shown = run.invoke(oidc_verb, ["list"])
    row = queries.provider(NAME)
    removed = run.invoke(oidc_verb, ["remove", NAME])

    assert "http://localhost:8000/account/with/example/back/" in added.output
    assert (added.exit_code, again.exit_code, shown.exit_code, removed.exit_code) == (0, 1, 0, 0)
    assert "trusts its addresses" in shown.output
    assert row is not None
    assert SECRET.encode() not in bytes(row.sealed_secret)
    assert SECRET not in added.output + again.output + shown.output + removed.output
    assert sealing_keys() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Has Spaces"},
        {"name": ""},
        {"issuer": "ftp://a.example"},
        {"issuer": "http://a.example"},
        {"issuer": "https://a.example/?x=1"},
        {"client_id": ""},
        {"label": "x" * 61},
    ],
)
def test_a_provider_that_is_written_wrongly_is_refused_with_what_to_change(cast: Cast, wrong: dict[str, str]) -> None:
    wanted = replace(providers.Wanted(NAME, "https://a.example", CLIENT_ID), **wrong)

    with pytest.raises(providers.BadProvider):
        providers.add(wanted, SECRET, by=CONSOLE, now=NOON, rng=moment.dice())
