"""People and organisations: who may change what, and how fast a removal acts."""

import random
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from click.testing import CliRunner
from django.apps import apps
from django.contrib.sessions.models import Session
from tests.support.cast import CONSOLE, PASSWORD, Cast, actor
from tests.support.visitors import signed_in

from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import queries, services
from watchbell.apps.orgs.models import Invitation, Membership, Person, Token
from watchbell.cli import boot
from watchbell.cli.admin import admin_verb
from watchbell.domain.handling import Actor, Role, Scope

pytestmark = pytest.mark.django_db


def mint(by: Actor, now: datetime, rng: random.Random, lasts: timedelta = timedelta(days=30)) -> str:
    return services.mint_token("scanner", [Scope.READ], by=by, lasts=lasts, now=now, rng=rng)[1]


def test_a_removed_member_is_refused_on_the_very_next_use_of_their_token(
    cast: Cast, noon: datetime, rng: random.Random
) -> None:
    services.add_member(cast.mallory_person, cast.hospital.organisation, Role.MEMBER, by=CONSOLE, now=noon)
    text = mint(actor(cast.mallory_person, noon), noon, rng)
    membership = Membership.objects.get(person=cast.mallory_person)

    before = queries.actor_for_token(text, now=noon)
    services.remove_member(membership, by=cast.hospital.actor, now=noon)
    after = queries.actor_for_token(text, now=noon)

    assert before is not None
    assert before.organisation == cast.hospital.organisation.public_id
    assert after is None


def test_a_removed_member_who_comes_back_does_not_get_the_old_token_back(
    cast: Cast, noon: datetime, rng: random.Random
) -> None:
    services.add_member(cast.mallory_person, cast.hospital.organisation, Role.MEMBER, by=CONSOLE, now=noon)
    text = mint(actor(cast.mallory_person, noon), noon, rng)
    services.remove_member(Membership.objects.get(person=cast.mallory_person), by=CONSOLE, now=noon)

    services.add_member(cast.mallory_person, cast.hospital.organisation, Role.MEMBER, by=CONSOLE, now=noon)

    assert queries.actor_for_token(text, now=noon) is None


def test_a_token_ends_on_its_date_and_lives_ninety_days_at_most(cast: Cast, noon: datetime, rng: random.Random) -> None:
    text = mint(cast.lab.actor, noon, rng, lasts=timedelta(days=1000))

    assert queries.actor_for_token(text, now=noon + timedelta(days=90, seconds=-1)) is not None
    assert queries.actor_for_token(text, now=noon + timedelta(days=90)) is None


@pytest.mark.parametrize("text", ["", "wb_", "wb_x_y", "Bearer", "wb__", "xx_" + "0" * 32 + "_" + "0" * 64])
def test_garbage_is_not_a_token(cast: Cast, noon: datetime, text: str) -> None:
    assert queries.actor_for_token(text, now=noon) is None


def test_only_a_digest_of_a_token_is_kept(cast: Cast, noon: datetime, rng: random.Random) -> None:
    text = mint(cast.lab.actor, noon, rng)

    kept = Token.objects.get()

    assert text.rsplit("_", 1)[1].encode() not in bytes(kept.secret_digest)
    assert len(bytes(kept.secret_digest)) == 32


def test_someone_without_a_second_factor_makes_no_token(cast: Cast, noon: datetime, rng: random.Random) -> None:
    weak = queries.actor_for_person(cast.lab.person, None, strong=False, authenticated_at=noon)

    with pytest.raises(services.NotAllowed):
        mint(weak, noon, rng)


def test_a_role_change_acts_on_the_next_request(cast: Cast, noon: datetime) -> None:
    membership = Membership.objects.get(person=cast.reader_person)

    services.change_role(membership, Role.MEMBER, by=cast.hospital.actor, now=noon)

    assert actor(cast.reader_person, noon).role is Role.MEMBER


def test_an_organisation_keeps_an_owner(cast: Cast, noon: datetime) -> None:
    membership = Membership.objects.get(person=cast.hospital.person)

    with pytest.raises(services.LastOwner):
        services.remove_member(membership, by=cast.hospital.actor, now=noon)
    with pytest.raises(services.LastOwner):
        services.change_role(membership, Role.READER, by=cast.admin, now=noon)
    with pytest.raises(services.LastOwner):
        services.erase_person(cast.hospital.person, by=cast.admin, now=noon)


def test_owners_of_one_organisation_change_nothing_in_another(cast: Cast, noon: datetime, rng: random.Random) -> None:
    membership = Membership.objects.get(person=cast.reader_person)

    with pytest.raises(services.NotAllowed):
        services.change_role(membership, Role.OWNER, by=cast.bank.actor, now=noon)
    with pytest.raises(services.NotAllowed):
        services.remove_member(membership, by=cast.bank.actor, now=noon)
    with pytest.raises(services.NotAllowed):
        services.invite("x@y.example", cast.hospital.organisation, Role.OWNER, by=cast.bank.actor, now=noon, rng=rng)


def test_readers_and_owners_do_not_make_node_administrators(cast: Cast, noon: datetime, rng: random.Random) -> None:
    for by in (cast.reader, cast.hospital.actor, cast.mallory):
        with pytest.raises(services.NotAllowed):
            services.invite("x@y.example", None, None, by=by, now=noon, rng=rng)


def test_an_invitation_works_once(cast: Cast, noon: datetime, rng: random.Random) -> None:
    invitation, secret = services.invite(
        "nurse@hospital.example", cast.hospital.organisation, Role.MEMBER, by=cast.hospital.actor, now=noon, rng=rng
    )
    accept = {"password": PASSWORD, "display_name": "Nurse", "now": noon, "rng": rng}

    person = services.accept_invitation(invitation.public_id, secret, **accept)

    assert actor(person, noon).organisation == cast.hospital.organisation.public_id
    with pytest.raises(services.BadInvitation):
        services.accept_invitation(invitation.public_id, secret, **accept)


@pytest.mark.parametrize("spoil", ["secret", "late", "revoked", "unknown"])
def test_a_spoilt_invitation_answers_alike_whatever_spoilt_it(
    cast: Cast, noon: datetime, rng: random.Random, spoil: str
) -> None:
    invitation, secret = services.invite(
        "n@hospital.example", cast.hospital.organisation, Role.MEMBER, by=cast.hospital.actor, now=noon, rng=rng
    )
    at, public_id = noon, invitation.public_id
    if spoil == "secret":
        secret = "0" * 32
    if spoil == "late":
        at = noon + timedelta(days=7)
    if spoil == "revoked":
        Invitation.objects.update(revoked_at=noon)
    if spoil == "unknown":
        public_id = "f" * 32

    with pytest.raises(services.BadInvitation, match="used, expired, withdrawn or mistyped"):
        services.open_invitation(public_id, secret, now=at)


def test_an_invitation_never_changes_the_password_of_an_account_that_exists(
    cast: Cast, noon: datetime, rng: random.Random
) -> None:
    invitation, secret = services.invite(
        cast.mallory_person.email.upper(), cast.bank.organisation, Role.READER, by=cast.bank.actor, now=noon, rng=rng
    )

    person = services.accept_invitation(
        invitation.public_id, secret, password="another one entirely", display_name="M", now=noon, rng=rng
    )

    assert person == cast.mallory_person
    assert person.check_password(PASSWORD)


def test_an_erased_person_leaves_no_name_and_no_way_in(cast: Cast, noon: datetime, rng: random.Random) -> None:
    services.add_member(cast.mallory_person, cast.bank.organisation, Role.MEMBER, by=CONSOLE, now=noon)
    text = mint(actor(cast.mallory_person, noon), noon, rng)

    services.erase_person(cast.mallory_person, by=cast.admin, now=noon)

    person = Person.objects.get(pk=cast.mallory_person.pk)
    assert "mallory" not in f"{person.email}{person.display_name}"
    assert not person.is_active
    assert not person.has_usable_password()
    assert queries.actor_for_token(text, now=noon) is None


def test_every_deed_leaves_exactly_one_entry_without_a_name(cast: Cast, noon: datetime, rng: random.Random) -> None:
    before = Entry.objects.count()

    mint(cast.lab.actor, noon, rng)
    services.declare_client(cast.vendor.organisation, cast.hospital.organisation, by=cast.vendor.actor, now=noon)

    entries = list(Entry.objects.order_by("pk")[before:])
    assert [entry.action for entry in entries] == ["token.made", "client.declared"]
    assert "example" not in str([(entry.actor_id, entry.subject_id, entry.facts) for entry in entries])


def test_two_accounts_never_share_an_address_in_another_case(cast: Cast, noon: datetime, rng: random.Random) -> None:
    with pytest.raises(services.AlreadyThere):
        services.create_person("OWNER@LAB.example", by=CONSOLE, now=noon, rng=rng)


def test_recipients_are_asked_again_at_each_sending(cast: Cast, noon: datetime) -> None:
    organisation = cast.hospital.organisation.public_id
    before = queries.recipients(organisation)

    services.remove_member(Membership.objects.get(person=cast.reader_person), by=cast.hospital.actor, now=noon)

    assert "reader@hospital.example" in before
    assert "reader@hospital.example" not in queries.recipients(organisation)


def test_a_weaker_invitation_takes_no_right_away_and_leaves_the_organisation_its_owner(
    cast: Cast, noon: datetime, rng: random.Random
) -> None:
    invitation, secret = services.invite(
        cast.hospital.person.email,
        cast.hospital.organisation,
        Role.READER,
        by=cast.hospital.actor,
        now=noon,
        rng=rng,
    )

    services.accept_invitation(invitation.public_id, secret, password="", display_name="", now=noon, rng=rng)

    assert actor(cast.hospital.person, noon).role is Role.OWNER
    with pytest.raises(services.LastOwner):
        services.add_member(cast.hospital.person, cast.hospital.organisation, Role.READER, by=CONSOLE, now=noon)


def test_an_owner_who_is_removed_leaves_no_open_link_behind(cast: Cast, noon: datetime, rng: random.Random) -> None:
    services.add_member(cast.mallory_person, cast.hospital.organisation, Role.OWNER, by=CONSOLE, now=noon)
    by = actor(cast.mallory_person, noon)
    invitation, secret = services.invite(
        "again@nowhere.example", cast.hospital.organisation, Role.OWNER, by=by, now=noon, rng=rng
    )

    services.remove_member(Membership.objects.get(person=cast.mallory_person), by=cast.hospital.actor, now=noon)

    with pytest.raises(services.BadInvitation):
        services.open_invitation(invitation.public_id, secret, now=noon)


def everything_kept_of(*rooms: str) -> str:
    """Return every column of every row of these apps as text, sessions opened."""
    models = [model for room in rooms for model in apps.get_app_config(room).get_models(include_auto_created=True)]
    rows = [str(row) for model in models for row in model.objects.values()]
    return "\n".join([*rows, *(str(one.get_decoded()) for one in Session.objects.all())]).lower()


def test_after_erasure_no_column_holds_the_name_and_no_row_lets_them_in(
    cast: Cast, noon: datetime, rng: random.Random
) -> None:
    person = services.create_person("zebedee@zoo.example", by=CONSOLE, now=noon, rng=rng, name="Zebedee Quagga")
    services.add_member(person, cast.bank.organisation, Role.MEMBER, by=CONSOLE, now=noon)
    services.mint_token(
        "Zebedee's laptop", [Scope.READ], by=actor(person, noon), lasts=timedelta(days=1), now=noon, rng=rng
    )
    services.invite("ZEBEDEE@zoo.example", cast.hospital.organisation, Role.READER, by=CONSOLE, now=noon, rng=rng)
    EmailAddress.objects.create(user=person, email="zebedee@zoo.example", verified=True)
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Quagga key"})
    details = services.NewProvider("0" * 32, "zoo", "Zoo", "https://id.example", "node", b"sealed")
    provider = services.add_provider(details, by=CONSOLE, now=noon)
    services.link_identity(provider, person, "quagga-7", by=CONSOLE, now=noon, rng=rng)
    theirs, others = signed_in(person), signed_in(cast.bank.person)
    session = theirs.session
    session["account_login"] = {"email": "zebedee@zoo.example"}
    session.save()
    before = everything_kept_of("orgs", "account", "mfa", "journal")

    services.erase_person(person, by=cast.admin, now=noon)

    assert "zebedee" in before
    assert "quagga" in before
    after = everything_kept_of("orgs", "account", "mfa", "journal")
    assert "zebedee" not in after
    assert "quagga" not in after
    assert "_auth_user_id" not in theirs.session
    assert "_auth_user_id" in others.session
    person.refresh_from_db()
    assert person.get_full_name() == "erased person"
    assert Entry.objects.latest("pk").action == "person.erased"


def test_the_console_erases_only_after_the_address_was_typed_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot, "boot", lambda: None)
    run, email = CliRunner(), cast.mallory_person.email

    mistyped = run.invoke(admin_verb, ["person", "erase", email], input="someone@else.example\n")
    still_there = queries.person_by_email(email)
    last_owner = run.invoke(admin_verb, ["person", "erase", cast.hospital.person.email, "--yes"])
    erased = run.invoke(admin_verb, ["person", "erase", email], input=f"{email}\n")

    assert (mistyped.exit_code, last_owner.exit_code, erased.exit_code) == (1, 1, 0)
    assert still_there is not None
    assert "last owner" in last_owner.output
    assert queries.person_by_email(email) is None
