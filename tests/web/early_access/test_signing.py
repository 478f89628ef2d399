"""Each party signs with its own key: it reads what it signs, downloads the bytes, and hands in what its tool wrote."""

import base64
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in
from tests.web.early_access_scene import Early, address, envelope, text_of

from watchbell.apps.engagements.models import SigningKey
from watchbell.domain.handling import Role
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.terms import signed_bytes

pytestmark = pytest.mark.django_db
LONG_AGO = NOON - timedelta(minutes=6)


def hand_in(client: Client, where: str, given: bytes, *, as_file: bool = False) -> Any:
    answers = {"file": SimpleUploadedFile("a.dsse.json", given)} if as_file else {"text": given.decode()}
    return client.post(where, answers, follow=True)


def to_sign(client: Client, where: str) -> bytes:
    path, _, query = where.partition("?")
    return bytes(client.get(f"{path}file/?{query}").content)


def test_an_offer_is_read_downloaded_signed_and_made(lab: Client, early: Early) -> None:
    where = address("sign_statement", early.drafted, "offer")

    page, payload = text_of(lab.get(where)), to_sign(lab, where)
    told = hand_in(lab, where, envelope(early.drafted, "lab", payload), as_file=True)

    assert "Northlight Lab offers State Evaluation Office early access on these terms, version 1." in page
    assert "30 days at most, counted from your start." in page
    assert "watchbell key sign offer-" in page
    assert "The offer is made." in text_of(told)
    assert early.drafted.fresh().stands is State.OFFERED


def test_a_bare_signature_from_a_tool_of_ones_own_does_as_well(lab: Client, early: Early) -> None:
    where = address("sign_statement", early.drafted, "offer")
    signature = early.drafted.pens["lab"].sign(signed_bytes(to_sign(lab, where)))

    hand_in(lab, where, base64.b64encode(signature))

    assert early.drafted.fresh().stands is State.OFFERED


def test_the_evaluator_opens_the_terms_chooses_its_people_and_agrees(
    evaluator: Client, cast: Cast, early: Early
) -> None:
    opened = evaluator.post(address("read_terms", early.offered), {"purpose": "run"})
    people = [cast.evaluator.person.public_id, early.colleagues[0].public_id]
    where = f"{address('sign_statement', early.offered, 'agreement')}?person={people[0]}&person={people[1]}"

    page = text_of(evaluator.get(where))
    told = hand_in(evaluator, where, envelope(early.offered, "evaluator", to_sign(evaluator, where)))

    assert "Choose one to 3 people." in text_of(opened)
    assert "and names these people. " in page
    assert "Ana Ruiz" in page
    assert "You agreed. Access begins when the developer starts it, or never." in text_of(told)
    assert early.offered.fresh().stands is State.AGREED


@pytest.mark.parametrize(("number", "foreign"), [(4, False), (0, False), (1, True)])
def test_too_many_people_none_or_somebody_elses_are_refused_before_anything_is_signed(
    evaluator: Client, cast: Cast, early: Early, number: int, foreign: bool
) -> None:
    own = [cast.evaluator.person, *early.colleagues]
    people = [cast.lab.person] if foreign else own[:number]
    query = "&".join(f"person={one.public_id}" for one in people)

    told = evaluator.get(f"{address('sign_statement', early.offered, 'agreement')}?{query}", follow=True)

    said = "Name people of your own organisation only." if foreign else "Name one to 3 people; the terms allow no more."
    assert said in text_of(told)


def test_a_start_and_a_later_admission_are_signed_by_the_developer(lab: Client, early: Early) -> None:
    start = address("sign_statement", early.agreed, "start")
    seat = early.running.engagement.seats.get(admitted_at=None)
    admission = f"{address('sign_statement', early.running, 'admission')}?seat={seat.public_id}"

    started = hand_in(lab, start, envelope(early.agreed, "lab", to_sign(lab, start)))
    admitted = hand_in(lab, admission, envelope(early.running, "lab", to_sign(lab, admission)))

    assert "The window is open." in text_of(started)
    assert early.agreed.fresh().stands is State.ACTIVE
    assert "They are let in, from now on." in text_of(admitted)
    seat.refresh_from_db()
    assert seat.admitted_at == NOON


def test_a_signature_that_does_not_fit_is_said_so_and_what_was_pasted_survives(lab: Client, early: Early) -> None:
    where = address("sign_statement", early.drafted, "offer")
    payload = to_sign(lab, where)
    wrong = {
        "The signature does not fit": envelope(early.drafted, "evaluator", payload),
        "This is a signature under something else than what stands here": envelope(early.drafted, "lab", b"{}"),
        "found": b"nothing of the kind",
        "The signature does not fit: it is not over": base64.b64encode(bytes(64)),
    }

    said = {text: hand_in(lab, where, given) for text, given in wrong.items()}

    assert [text for text, answer in said.items() if text not in text_of(answer) and text != "found"] == []
    assert all("Please look at this again" in text_of(answer) for answer in said.values())
    assert "nothing of the kind" in said["found"].content.decode()
    assert early.drafted.fresh().stands is State.DRAFT


def test_neither_file_nor_text_is_asked_for_again(lab: Client, early: Early) -> None:
    told = lab.post(address("sign_statement", early.drafted, "offer"), {"text": ""})

    assert "Give the file or its text, one of them." in text_of(told)


def test_signing_takes_a_second_factor_shown_within_five_minutes(cast: Cast, early: Early) -> None:
    from tests.web.node import protect

    protect(cast.lab.person)
    late = signed_in(cast.lab.person, LONG_AGO)
    where = address("sign_statement", early.drafted, "offer")
    given = envelope(early.drafted, "lab", to_sign(late, where)).decode()

    page, sent = late.get(where), late.post(where, {"text": given})

    assert "This binds your organisation, so show your second factor first." in text_of(page)
    assert "Hand in the signature" not in text_of(page)
    assert sent.status_code == HTTPStatus.FOUND
    assert sent.headers["Location"].startswith(f"{reverse('mfa_reauthenticate')}?next=")
    assert early.drafted.fresh().stands is State.DRAFT


@pytest.mark.parametrize("as_file", [True, False])
def test_a_signature_survives_showing_the_second_factor_once_more(cast: Cast, early: Early, as_file: bool) -> None:
    from tests.web.node import protect

    protect(cast.lab.person)
    client, where = signed_in(cast.lab.person, LONG_AGO), address("sign_statement", early.drafted, "offer")
    given = envelope(early.drafted, "lab", to_sign(client, where))

    sent = hand_in(client, where, given, as_file=as_file)
    kept = dict(client.session.items())
    waiting = client.get(where)
    shows_its_factor(client, cast)
    page = client.get(where).content.decode()
    elsewhere = client.get(address("sign_statement", early.agreed, "start")).content.decode()
    pasted = re.search(r'<textarea name="text"[^>]*>\s*([A-Za-z0-9+/=]{88})</textarea>', page)

    assert sent.redirect_chain[0][0].startswith(reverse("mfa_reauthenticate"))
    assert "is kept for ten minutes while you confirm" in text_of(waiting)
    assert pasted is not None
    assert pasted.group(1) not in elsewhere
    assert len(str(kept["signature"])) < 300
    assert "payload" not in str(kept)
    hand_in(client, where, pasted.group(1).encode())
    assert early.drafted.fresh().stands is State.OFFERED
    assert "signature" not in client.session


def test_a_signature_is_kept_for_ten_minutes_and_no_longer(
    cast: Cast, early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, where = signed_in(cast.lab.person, LONG_AGO), address("sign_statement", early.drafted, "offer")
    client.post(where, {"text": envelope(early.drafted, "lab", to_sign(client, where)).decode()})

    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON + timedelta(minutes=10))
    page = client.get(where)

    assert "is kept for ten minutes" not in text_of(page)
    assert "signature" not in client.session


def test_what_is_no_signature_under_this_statement_is_not_kept_and_that_is_said(cast: Cast, early: Early) -> None:
    client, where = signed_in(cast.lab.person, LONG_AGO), address("sign_statement", early.drafted, "offer")

    client.post(where, {"text": envelope(early.drafted, "lab", b"{}").decode()})
    page = client.get(where)

    assert "This is a signature under something else than what stands here" in text_of(page)
    assert "signature" not in client.session


def shows_its_factor(client: Client, cast: Cast) -> None:
    """Let the session of a signed-in person be one in which the factor was shown just now, with all it held."""
    fresh, session = signed_in(cast.lab.person).session, client.session
    session["account_authentication_methods"] = fresh["account_authentication_methods"]
    session.save()


def test_whoever_has_no_factor_here_is_shown_where_to_set_one_up(cast: Cast, early: Early) -> None:
    late = signed_in(cast.lab.person, LONG_AGO)

    sent = late.post(reverse("add_signing_key"), {"text": "x"})

    assert sent.headers["Location"] == reverse("mfa_index")


def test_nothing_that_is_not_ones_own_to_sign_is_there(lab: Client, evaluator: Client, early: Early) -> None:
    asked = [
        (evaluator, address("sign_statement", early.agreed, "start")),
        (evaluator, address("sign_statement", early.offered, "offer")),
        (lab, address("sign_statement", early.offered, "agreement")),
        (lab, address("sign_statement", early.offered, "anything")),
        (lab, f"{address('sign_statement', early.running, 'admission')}?seat={'0' * 32}"),
        (evaluator, address("statement_file", early.agreed, "start")),
    ]

    assert {client.get(where).status_code for client, where in asked} == {HTTPStatus.NOT_FOUND}


def test_what_cannot_be_signed_yet_says_why(lab: Client, early: Early) -> None:
    told = lab.get(address("sign_statement", early.offered, "start"), follow=True)

    assert "The evaluator has not agreed yet." in text_of(told)


def test_signing_twice_changes_nothing_and_says_what_stands(lab: Client, early: Early) -> None:
    where = address("sign_statement", early.agreed, "start")
    given = envelope(early.agreed, "lab", to_sign(lab, where))
    hand_in(lab, where, given)

    again = hand_in(lab, where, given)

    assert "Access runs on the terms that both signed." in text_of(again)


def test_a_public_key_is_added_and_retired_by_an_owner(lab: Client) -> None:
    pen = Ed25519PrivateKey.generate()
    armoured = pen.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    added = lab.post(reverse("add_signing_key"), {"file": SimpleUploadedFile("k.pub", armoured)}, follow=True)
    row = SigningKey.objects.get(public_key=pen.public_key().public_bytes_raw())
    retired = lab.post(reverse("retire_signing_key", args=[row.public_id]), follow=True)

    assert "The key counts from now on." in text_of(added)
    assert "The key is retired. What it signed stays signed." in text_of(retired)
    row.refresh_from_db()
    assert row.retired_at == NOON


@pytest.mark.parametrize("write", [bytes.hex, lambda raw: base64.b64encode(raw).decode()], ids=["hex", "base64"])
def test_a_key_is_taken_as_bare_text_too(lab: Client, write: Any) -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()

    lab.post(reverse("add_signing_key"), {"text": write(raw)})

    assert SigningKey.objects.filter(public_key=raw).exists()


@pytest.mark.parametrize("given", ["nothing", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_key_is_refused_and_survives(lab: Client, given: str) -> None:
    told = lab.post(reverse("add_signing_key"), {"text": given})

    assert "That is no public key we can use" in text_of(told)
    assert given.splitlines()[0] in told.content.decode()


def test_a_secret_key_pasted_by_mistake_is_never_kept_or_shown_again(lab: Client) -> None:
    secret = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    told = lab.post(reverse("add_signing_key"), {"text": secret.decode()})

    assert secret.splitlines()[1].decode() not in told.content.decode()
    assert "That is a secret key." in text_of(told)


def test_a_member_reads_the_keys_and_adds_none(cast: Cast, early: Early) -> None:
    member = signed_in(early.colleagues[0])

    assert "Counts" in text_of(member.get(reverse("signing_keys")))
    assert member.get(reverse("add_signing_key")).status_code == HTTPStatus.FORBIDDEN
    assert cast.evaluator.actor.role is Role.OWNER


def test_another_organisations_key_is_not_there(lab: Client, early: Early) -> None:
    raw = early.running.pens["evaluator"].public_key().public_bytes_raw()
    row = SigningKey.objects.get(public_key=raw)

    assert lab.post(reverse("retire_signing_key", args=[row.public_id])).status_code == HTTPStatus.NOT_FOUND
