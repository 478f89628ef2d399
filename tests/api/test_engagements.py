"""Early access for programs: from a draft to the receipt, who may do what, and what each refusal says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.conf import settings
from tests.api.scene_early_access import PLACE, programs, sealed_by, signed, written
from tests.api.test_operator import ask, token
from tests.apps.scene_engagements import DIGEST, ENDPOINT, TERMS, Scene, admit, agreed, drafted, offered, started
from tests.apps.scene_engagements import ask as call
from tests.apps.scene_engagements import token as gateway_token
from tests.apps.test_engagements import colleague_of
from tests.conftest import NOON
from tests.support.cast import Cast, another

from watchbell.apps.engagements import services
from watchbell.apps.engagements.models import AccessLine, Engagement, ModelVersion, TermsVersion
from watchbell.apps.journal.models import Entry
from watchbell.domain.handling import OrganisationKind, Scope
from watchbell.domain.metering import Admission
from watchbell.domain.terms import Safeguards
from watchbell.doors.keys import keystore
from watchbell.formats import strictjson
from watchbell.outside.keystore import KeystoreError
from watchbell.outside.keystore.interface import verify_signature

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


def place(scene: Scene) -> str:
    return f"{PLACE}/{scene.engagement.public_id}"


def test_a_model_is_drafted_offered_agreed_started_used_and_withdrawn_by_programs(cast: Cast) -> None:
    scene, key = drafted(cast, digest="ab" * 32), programs(cast)
    lab, evaluator, me = key["lab"], key["evaluator"], cast.evaluator.person.public_id

    model = ask("POST", "/api/v1/models", lab, {"name": "Northlight 2", "digest": DIGEST}).json()
    whom = ask("GET", f"{PLACE}/evaluators", lab).json()
    new = {"model": model["id"], "evaluator": whom[0]["id"], "terms": written()}
    first = ask("POST", PLACE, lab, new, **{"Idempotency-Key": "one"}).json()
    again = ask("POST", PLACE, lab, new, **{"Idempotency-Key": "one"}).json()
    here = f"{PLACE}/{first['id']}"
    unseen = ask("GET", here, evaluator).status_code
    offer = ask("POST", f"{here}/offer", lab, signed(scene, "lab", f"{here}/to-sign/offer", lab))
    people = ask("GET", f"{PLACE}/people", evaluator).json()
    agreement = signed(scene, "evaluator", f"{here}/to-sign/agreement?person={me}", evaluator)
    agree = ask("POST", f"{here}/agree", evaluator, agreement)
    start = ask("POST", f"{here}/start", lab, signed(scene, "lab", f"{here}/to-sign/start", lab))

    assert (again["id"], unseen, [one["id"] for one in people]) == (first["id"], 404, [me])
    assert [one.json()["state"] for one in (offer, agree, start)] == ["offered", "agreed", "active"]
    assert (start.json()["is_open"], start.json()["day"], start.json()["requests"]) == (
        True, 1, {"used": 0, "most": 1000},
    )  # fmt: skip

    way = {"base_url": ENDPOINT.base_url, "credential": ENDPOINT.credential, "models": ENDPOINT.models}
    pointed = ask("PUT", f"{here}/endpoint", lab, way)
    scene.engagement = Engagement.objects.get(public_id=first["id"])
    admission = admit(call(gateway_token(scene)))[0]
    ended = ask("POST", f"{here}/withdraw", lab)
    receipts = ask("GET", f"{here}/receipts", evaluator).json()

    assert (pointed.status_code, isinstance(admission, Admission), ended.json()["state"]) == (204, True, "withdrawn")
    assert [one["key"] for one in receipts] == ["access", "evidence"]
    for one in receipts:
        signature, public = bytes.fromhex(one["signature"]), bytes.fromhex(one["public_key"])
        assert verify_signature(public, signature, one["content"].encode())
        assert strictjson.loads(one["content"])["engagement"] == first["id"]


def operations(scene: Scene) -> list[tuple[str, str, Any]]:
    """Return every operation on one engagement, with a body that fits."""
    seat = scene.engagement.seats.get().public_id
    envelope = sealed_by(scene, "lab", b"{}")
    here = place(scene)
    return [
        ("GET", here, None),
        ("GET", f"{here}/terms?purpose=audit", None),
        ("PUT", f"{here}/terms", written()),
        *(("GET", f"{here}/to-sign/{name}", None) for name in ("offer", "agreement", "start")),
        *(("POST", f"{here}/{name}", envelope) for name in ("offer", "agree", "start")),
        *(("POST", f"{here}/{name}", None) for name in ("decline", "leave", "rescind", "withdraw", "pause", "resume")),
        ("POST", f"{here}/shorten", {"ends_at": "2026-11-05T12:00:00Z"}),
        ("GET", f"{here}/seats", None),
        ("POST", f"{here}/seats", {"person": "0" * 32}),
        ("GET", f"{here}/seats/{seat}/to-sign", None),
        ("POST", f"{here}/seats/{seat}/admit", envelope),
        ("POST", f"{here}/seats/{seat}/end", None),
        ("PUT", f"{here}/endpoint", {"base_url": "https://x.example", "credential": "x", "models": {}}),
        ("GET", f"{here}/tokens", None),
        ("POST", f"{here}/tokens", {"purpose": "run"}),
        ("POST", f"{here}/tokens/{'0' * 32}/end", None),
        ("GET", f"{here}/log", None),
        ("GET", f"{here}/log/export", None),
        ("GET", f"{here}/receipts", None),
    ]


def test_anothers_engagement_answers_byte_for_byte_as_none_at_all(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    others = [another(kind, NOON, Random(kind)) for kind in (OrganisationKind.LAB, OrganisationKind.EVALUATOR)]
    tokens = [token(one, Scope.READ, Scope.ENGAGE) for one in others]
    tokens += [key[name] for name in ("coordinator", "vendor", "bank")]
    before = (AccessLine.objects.count(), Entry.objects.count())

    for method, path, body in operations(scene):
        nothing = path.replace(scene.engagement.public_id, "0" * 32)
        for text in tokens:
            real, none = ask(method, path, text, body), ask(method, nothing, text, body)
            assert real.status_code in (403, 404), (method, path)
            assert (real.status_code, real.content) == (none.status_code, none.content), (method, path)

    assert (AccessLine.objects.count(), Entry.objects.count()) == before


def test_the_evaluator_does_none_of_the_developers_deeds_and_the_developer_none_of_the_evaluators(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    changing = [one for one in operations(scene) if one[0] != "GET"]
    theirs = ("/agree", "/decline", "/leave", "/seats", "/tokens")
    shared = ("/seats/", "/tokens/")

    for method, path, body in changing:
        is_theirs = path.endswith(theirs)
        if any(word in path and path.endswith("/end") for word in shared):
            continue
        answer = ask(method, path, key["lab" if is_theirs else "evaluator"], body)
        assert answer.status_code == 403, (method, path, answer.content)
    assert (scene.fresh().state, scene.engagement.paused_at) == ("active", None)


def test_a_token_that_only_reads_changes_nothing_and_one_that_only_engages_looks_at_nothing(cast: Cast) -> None:
    scene = started(cast)
    reader, writer = token(cast.lab, Scope.READ), token(cast.lab, Scope.ENGAGE)

    for method, path, body in operations(scene):
        answer = ask(method, path, writer if method == "GET" else reader, body)
        assert answer.status_code == 403, (method, path)


def test_what_one_party_is_to_sign_the_other_does_not_read(cast: Cast) -> None:
    scene, key = offered(cast), programs(cast)
    changed = replace(TERMS, safeguards=Safeguards.REMOVED)
    number = ask("GET", f"{place(scene)}/terms?purpose=audit", key["lab"]).headers["ETag"]
    ask("PUT", f"{place(scene)}/terms", key["lab"], changed.as_mapping(), **{"If-Match": number})

    answers = [ask("GET", f"{place(scene)}/to-sign/{name}", key["evaluator"]) for name in ("offer", "start")]
    read = ask("GET", f"{place(scene)}/terms?purpose=read_results", key["evaluator"]).json()

    assert [one.status_code for one in answers] == [403, 403]
    assert ask("GET", f"{place(scene)}/to-sign/agreement", key["lab"]).status_code == 403
    assert (read["number"], read["is_offered"], read["terms"]["safeguards"]) == (1, True, "as_released")


def test_terms_are_opened_with_a_purpose_and_the_developer_reads_who_did_and_what_for(cast: Cast) -> None:
    scene, key = offered(cast), programs(cast)

    without = ask("GET", f"{place(scene)}/terms", key["evaluator"])
    opened = ask("GET", f"{place(scene)}/terms?purpose=audit", key["evaluator"])
    lines = ask("GET", f"{place(scene)}/log", key["lab"]).json()["lines"]

    assert (without.status_code, without.json()["code"]) == (422, "not-as-described")
    assert opened.json()["terms"] == TERMS.as_mapping()
    assert [(one["entry"]["what"], one["entry"]["person"], one["entry"]["purpose"]) for one in lines] == [
        ("opened", cast.evaluator.person.public_id, "audit")
    ]


def test_the_developers_own_programs_open_terms_and_offer_with_a_line_too(cast: Cast) -> None:
    scene, key = drafted(cast), programs(cast)["lab"]

    without = ask("GET", f"{place(scene)}/terms", key)
    opened = ask("GET", f"{place(scene)}/terms?purpose=audit", key)
    ask("GET", f"{place(scene)}/to-sign/offer", key)
    lines = [one["entry"] for one in ask("GET", f"{place(scene)}/log", key).json()["lines"]]

    lin = cast.lab.person.public_id
    assert (without.status_code, opened.status_code) == (422, 200)
    assert [(one["what"], one["material"], one["purpose"], one["person"]) for one in lines] == [
        ("opened", "terms", "audit", lin), ("opened", "offer", "housekeeping", lin),
    ]  # fmt: skip


def test_a_draft_whose_key_is_lost_says_so_and_is_withdrawn(cast: Cast) -> None:
    scene, key = drafted(cast), programs(cast)["lab"]
    here = f"{place(scene)}/terms"
    seen = ask("GET", f"{here}?purpose=audit", key).headers["ETag"]
    (settings.WATCHBELL.keys / f"{scene.engagement.evidence_key}.key").unlink()

    told = [
        ask("GET", f"{here}?purpose=audit", key),
        ask("GET", f"{place(scene)}/to-sign/offer", key),
        ask("PUT", here, key, written(hours=24), **{"If-Match": seen}),
    ]
    withdrawn = ask("POST", f"{place(scene)}/withdraw", key)

    assert {(one.status_code, one.json()["code"]) for one in told} == {(409, "key-lost")}
    assert all("withdraw" in one.json()["todo"] for one in told)
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")


def test_terms_are_replaced_only_on_the_version_that_was_seen(cast: Cast) -> None:
    scene, key = drafted(cast), programs(cast)["lab"]
    here = f"{place(scene)}/terms"
    seen = ask("GET", f"{here}?purpose=housekeeping", key).headers["ETag"]

    blind = ask("PUT", here, key, written(hours=24))
    first = ask("PUT", here, key, written(hours=24), **{"If-Match": seen})
    second = ask("PUT", here, key, written(hours=48), **{"If-Match": seen})

    assert (blind.status_code, first.status_code, second.status_code) == (428, 200, 412)
    assert ask("GET", f"{here}?purpose=housekeeping", key).json()["terms"]["hours"] == 24


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"hours": 721}, "/hours"),
        ({"egress": ["not a host"]}, "/egress"),
        ({"scope": {"models": [], "interfaces": ["messages"]}}, "/scope/models"),
        ({"model_digest": "cd" * 32}, "/model_digest"),
    ],
)
def test_terms_that_make_no_sense_are_refused_with_their_pointer(cast: Cast, changed: Any, pointer: str) -> None:
    scene, key = drafted(cast), programs(cast)["lab"]

    anew = ask("PUT", f"{place(scene)}/terms", key, written(**changed), **{"If-Match": "*"})
    draft = {"model": scene.model.public_id, "evaluator": scene.engagement.evaluator, "terms": written(**changed)}
    drafting = ask("POST", PLACE, key, draft)

    assert (anew.status_code, anew.json()["code"], anew.json()["place"]) == (422, "unacceptable", pointer)
    assert (drafting.status_code, drafting.json()["code"]) == (422, "unacceptable")
    assert drafting.json()["place"] in (pointer, f"/terms{pointer}")
    assert TermsVersion.objects.count() == 1


def test_another_statement_another_key_and_what_is_no_envelope_are_told_apart(cast: Cast) -> None:
    scene, key = drafted(cast), programs(cast)["lab"]
    here = place(scene)
    payload = ask("GET", f"{here}/to-sign/offer", key).content
    right = sealed_by(scene, "lab", payload)
    wrong = {
        "another-statement": sealed_by(scene, "lab", payload[:-1]),
        "not-signed": sealed_by(scene, "evaluator", payload),
        "wrong-value": right | {"payload": "?"},
        "not-as-described": right | {"signatures": []},
    }

    answers = {code: ask("POST", f"{here}/offer", key, body) for code, body in wrong.items()}

    assert {code: answer.json()["code"] for code, answer in answers.items()} == {code: code for code in wrong}
    assert answers["another-statement"].json()["place"] == "/payload"
    assert scene.fresh().state == "draft"
    assert ask("POST", f"{here}/offer", key, right).json()["state"] == "offered"


def test_an_agreement_counts_for_the_people_whom_its_signature_covers(cast: Cast) -> None:
    scene, key = offered(cast), programs(cast)["evaluator"]
    here = place(scene)
    stranger = cast.hospital.person.public_id

    of_another = signed(scene, "evaluator", f"{here}/to-sign/agreement?person={stranger}", key)
    nobody = signed(scene, "evaluator", f"{here}/to-sign/agreement", key)
    start = sealed_by(scene, "evaluator", b'{"agreement":"%b","engagement":"%b","statement":"watchbell-start-1"}' % (
        b"0" * 64, scene.engagement.public_id.encode(),
    ))  # fmt: skip

    answers = [ask("POST", f"{here}/agree", key, body) for body in (of_another, nobody, start)]

    assert [(one.status_code, one.json()["code"]) for one in answers] == [
        (409, "not-yet"), (409, "not-yet"), (422, "another-statement"),
    ]  # fmt: skip
    assert scene.fresh().state == "offered"


def test_a_program_gets_no_token_for_the_gateway_and_is_told_who_does(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    here = f"{place(scene)}/tokens"

    answer = ask("POST", here, key["evaluator"], {"purpose": "run"})
    gateway_token(scene)
    (live,) = ask("GET", here, key["lab"]).json()

    assert (answer.status_code, answer.json()["code"]) == (403, "person-needed")
    assert "Sign in" in answer.json()["todo"]
    assert (live["person"], live["purpose"]) == (cast.evaluator.person.public_id, "run")
    assert "secret" not in str(live)
    assert ask("POST", f"{here}/{live['id']}/end", key["lab"]).status_code == 204
    assert ask("GET", here, key["evaluator"]).json() == []
    assert ask("POST", f"{here}/{live['id']}/end", key["lab"]).status_code == 404


def test_a_person_named_later_waits_for_the_developers_signature_and_either_takes_the_seat_away(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    here, colleague = f"{place(scene)}/seats", colleague_of(cast)
    named = [ask("POST", here, key["evaluator"], {"person": colleague}, **{"Idempotency-Key": "k"}) for _ in "ab"]
    seat = named[0].json()

    envelope = signed(scene, "lab", f"{here}/{seat['id']}/to-sign", key["lab"])
    admitted = [ask("POST", f"{here}/{seat['id']}/admit", key["lab"], envelope).json() for _ in "ab"]
    ended = ask("POST", f"{here}/{seat['id']}/end", key["evaluator"]).json()

    assert (seat["admitted_at"], named[1].json()["id"]) == (None, seat["id"])
    assert admitted[0]["admitted_at"] == admitted[1]["admitted_at"] is not None
    assert ended["ended_at"] is not None
    assert ask("POST", f"{here}/{seat['id']}/admit", key["lab"], envelope).json()["code"] == "not-yet"


def test_the_access_log_is_followed_line_by_line_and_taken_away_whole(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    here = f"{place(scene)}/log"
    admit(call(gateway_token(scene)))

    first = ask("GET", f"{here}?limit=2", key["lab"]).json()
    rest = ask("GET", f"{here}?cursor={first['next']}", key["lab"]).json()
    exported = ask("GET", f"{here}/export", key["lab"])
    header, *lines = [strictjson.loads(one) for one in b"".join(exported.streaming_content).splitlines()]

    whats = [one["entry"]["what"] for one in first["lines"] + rest["lines"]]
    assert whats == ["started", "endpoint_set", "token_made", "call"]
    assert exported.headers["Content-Type"] == "application/x-ndjson"
    assert (header["type"], header["lines"], len(lines)) == ("watchbell-access-log-1", 5, 5)
    assert {one["entry"]["what"] for one in lines} == {*whats, "exported"}


def test_what_is_over_says_so_and_opens_nothing(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    here = place(scene)
    ask("POST", f"{here}/withdraw", key["lab"])

    answers = {
        (method, path): ask(method, f"{here}{path}", key[who], body)
        for who, method, path, body in (
            ("lab", "GET", "/terms?purpose=audit", None),
            ("evaluator", "GET", "/terms?purpose=audit", None),
            ("lab", "PUT", "/endpoint", {"base_url": "https://x.example", "credential": "x", "models": {"m": "m"}}),
            ("lab", "POST", "/pause", None),
            ("lab", "POST", "/shorten", {"ends_at": "2026-11-05T12:00:00Z"}),
        )
    }
    left = ask("POST", f"{here}/leave", key["evaluator"])

    assert {(one.status_code, one.json()["code"]) for one in answers.values()} == {(409, "is-over")}
    assert (left.status_code, left.json()["code"]) == (409, "not-possible")
    assert ask("POST", f"{here}/withdraw", key["lab"]).json()["state"] == "withdrawn"


def broken(*_: object, **__: object) -> Any:
    raise KeystoreError("access", "cannot be read", "Look at the disk")


def test_without_its_keys_a_node_says_when_to_come_back_and_withdraws_and_releases_all_the_same(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, key = started(cast), programs(cast)
    here, model = place(scene), f"/api/v1/models/{scene.model.public_id}"
    second = drafted_again(scene)
    for name in ("open", "seal", "destroy", "sign"):
        monkeypatch.setattr(type(keystore()), name, broken)

    opened = ask("GET", f"{here}/terms?purpose=audit", key["lab"])
    withdrawn = ask("POST", f"{PLACE}/{second}/withdraw", key["lab"])
    released = ask("POST", f"{model}/release", key["lab"], {"to": "partners"})

    assert (opened.status_code, opened.json()["code"]) == (503, "keys-away")
    assert "Retry-After" in opened.headers
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    assert (released.status_code, released.json()["name"]) == (200, None)
    assert scene.fresh().state == "released"


def drafted_again(scene: Scene) -> str:
    evaluator = scene.engagement.evaluator
    return services.draft(scene.model, evaluator, TERMS, **scene.by("lab")).public_id


def test_a_release_is_recorded_at_any_moment_and_ends_what_runs(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)["lab"]
    model = f"/api/v1/models/{scene.model.public_id}"

    planned = ask("POST", f"{model}/plan", key, {"to": "public", "at": "2026-11-09T12:00:00Z"}).json()
    sooner = ask("GET", place(scene), key).json()["ends_at"]
    unknown = ask("POST", f"{model}/plan", key, {"to": "public"}).json()
    released = ask("POST", f"{model}/release", key, {"to": "public"}).json()

    assert (planned["public_release_at"], sooner) == ("2026-11-09T12:00:00Z", "2026-11-09T12:00:00Z")
    assert planned["hours_left"] == 600
    assert unknown["public_release_at"] is None
    assert released["public_release_at"] == "2026-11-04T12:00:00Z"
    assert ask("GET", place(scene), key).json()["state"] == "released"


def test_partners_are_chosen_consent_and_end_it_and_each_sees_its_own(cast: Cast) -> None:
    scene, key = drafted(cast), programs(cast)
    here, place_of = f"/api/v1/models/{scene.model.public_id}/partners", "/api/v1/partnerships"

    def seen() -> dict[str, int]:
        return {name: len(ask("GET", place_of, text).json()["partnerships"]) for name, text in key.items()}

    chosen = ask("POST", here, key["lab"], {"organisation": cast.vendor.organisation.public_id}).json()
    ask("POST", here, key["lab"], {"organisation": cast.bank.organisation.public_id})
    before = seen()
    consented = ask("POST", f"{place_of}/{chosen['id']}/consent", key["vendor"]).json()
    others = [ask("POST", f"{place_of}/{chosen['id']}/{deed}", key["bank"]) for deed in ("consent", "end")]
    mine = ask("POST", f"{place_of}/{chosen['id']}/consent", key["lab"])
    ask("POST", f"{place_of}/{chosen['id']}/end", key["vendor"])

    assert before == {"lab": 2, "vendor": 1, "bank": 1, "evaluator": 0, "coordinator": 0, "hospital": 0}
    assert (chosen["consented_at"], consented["consented_at"]) == (None, "2026-11-04T12:00:00Z")
    assert ([one.status_code for one in others], mine.status_code) == ([404, 404], 403)
    assert seen() == before | {"lab": 1, "vendor": 0}


def test_models_and_engagements_are_listed_part_by_part(cast: Cast) -> None:
    scene, key = drafted(cast), programs(cast)["lab"]
    for _ in range(2):
        drafted_again(scene)
    for digest in ("aa" * 32, "bb" * 32):
        ask("POST", "/api/v1/models", key, {"name": "More", "digest": digest}, **{"Idempotency-Key": digest})

    for address, name, row in ((PLACE, "engagements", Engagement), ("/api/v1/models", "models", ModelVersion)):
        first = ask("GET", f"{address}?limit=2", key).json()
        rest = ask("GET", f"{address}?limit=2&cursor={first['next']}", key).json()
        found = [one["id"] for one in first[name] + rest[name]]
        assert (len(first[name]), rest["next"], len(set(found))) == (2, "", row.objects.count())


@pytest.mark.parametrize(
    ("stage", "deed", "after"),
    [(offered, "decline", "declined"), (offered, "rescind", "rescinded"), (agreed, "leave", "ended")],
)
def test_either_party_ends_it_at_its_own_stage(
    cast: Cast, stage: Callable[[Cast], Scene], deed: str, after: str
) -> None:
    scene, key = stage(cast), programs(cast)
    who = "lab" if deed == "rescind" else "evaluator"

    answer = ask("POST", f"{place(scene)}/{deed}", key[who])

    assert (answer.status_code, answer.json()["state"]) == (200, after)


def test_a_pause_and_an_earlier_end_are_seen_by_both(cast: Cast) -> None:
    scene, key = started(cast), programs(cast)
    here = place(scene)

    ask("POST", f"{here}/pause", key["lab"])
    paused = ask("GET", here, key["evaluator"]).json()
    ask("POST", f"{here}/resume", key["lab"])
    ask("POST", f"{here}/shorten", key["lab"], {"ends_at": (NOON + timedelta(days=2)).isoformat()})
    sooner = ask("GET", here, key["evaluator"]).json()

    assert (paused["is_open"], paused["paused_at"]) == (False, "2026-11-04T12:00:00Z")
    assert (sooner["is_open"], sooner["paused_at"], sooner["ends_at"]) == (True, None, "2026-11-06T12:00:00Z")
