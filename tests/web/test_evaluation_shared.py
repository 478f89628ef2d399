"""What a developer lets others read, as they meet it: the public without an account, a partner as a partner."""

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from tests.apps.scene_engagements import DICE, TERMS
from tests.apps.scene_evaluation import LATER, Scene, by, signed
from tests.support.cast import Cast
from tests.support.visitors import ELSEWHERE, signed_in
from tests.web.early_access_scene import text_of

from watchbell.apps.engagements import services as access
from watchbell.apps.evaluation import services
from watchbell.apps.evaluation.models import HandedOn, Report
from watchbell.cli import verify_report
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.terms import Kept
from watchbell.formats import strictjson

pytestmark = pytest.mark.django_db
SAID = "We disagree.\n<script>alert(1)</script> \u202eevil"


@pytest.fixture(autouse=True)
def at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: LATER)


@pytest.fixture
def played(cast: Cast) -> tuple[Scene, Report]:
    scene = signed(cast)
    scene.take_in("plain.eval")
    report = services.issue_report(scene.fresh(), **by(cast, now=LATER))
    return scene, services.comment(report, SAID, **by(cast, "lab", now=LATER, rng=False))


def client(cast: Cast, who: str) -> Client:
    return Client(REMOTE_ADDR=ELSEWHERE) if who == "public" else signed_in(cast.people[who], LATER)


def consented(cast: Cast, report: Report, reader: Reader) -> str:
    services.consent(report, reader, **by(cast, "lab", now=LATER))
    return HandedOn.objects.get(report=report, reader=reader, ended_at=None).public_id


def partnered(cast: Cast, scene: Scene) -> None:
    vendor = cast.vendor.organisation.public_id
    chosen = access.choose_partner(scene.engagement.model, vendor, by=cast.lab.actor, now=LATER, rng=DICE)
    access.consent(chosen, by=cast.vendor.actor, now=LATER)


def test_the_developer_looks_at_exactly_what_would_leave_before_it_does(
    cast: Cast, played: tuple[Scene, Report]
) -> None:
    scene, report = played
    lab = client(cast, "lab")
    address = reverse("preview_for_others", args=[scene.engagement.public_id, report.public_id, "public"])

    page = lab.get(address)
    file = lab.get(address + "?file=1")
    lab.post(reverse("consent_to_report", args=[scene.engagement.public_id, report.public_id, "public"]))
    copy = HandedOn.objects.get()
    shared = client(cast, "public").get(reverse("shared_report_file", args=[copy.public_id]))

    told = text_of(page)
    assert "What everybody would read" in told
    assert "TLP:CLEAR" in told
    assert "protocol/calls_before" in told
    assert "too few attempts to be shown" in told
    assert file.content in shared.content
    assert file.headers["Content-Disposition"].startswith("attachment")


def test_everybody_reads_without_an_account_with_the_developers_comment_beside_it(
    cast: Cast, played: tuple[Scene, Report]
) -> None:
    copy = consented(cast, played[1], Reader.PUBLIC)
    public = client(cast, "public")

    listed = public.get(reverse("shared_reports"))
    page = public.get(reverse("shared_report", args=[copy]))

    assert "Northlight Lab, report 1" in text_of(listed)
    assert "As everybody may read it" in text_of(page)
    assert "We disagree.\n&lt;script&gt;" in page.content.decode()
    assert "\\u202eevil" in page.content.decode()
    assert played[0].engagement.public_id not in page.content.decode() + listed.content.decode()
    assert "watchbell journal verify evaluation-report-1-" in text_of(page)


def test_what_is_downloaded_holds_offline_and_one_changed_letter_does_not(
    cast: Cast, played: tuple[Scene, Report], tmp_path: Path
) -> None:
    copy = consented(cast, played[1], Reader.PUBLIC)
    file = client(cast, "public").get(reverse("shared_report_file", args=[copy])).content
    key = strictjson.loads(file)["public_key"]
    (tmp_path / "report.json").write_bytes(file)
    (tmp_path / "changed.json").write_bytes(file.replace(b"We disagree", b"We do agree"))

    held = verify_report.verify_file(tmp_path / "report.json", trusted=[key])
    changed = verify_report.verify_file(tmp_path / "changed.json")
    by_another = verify_report.verify_file(tmp_path / "report.json", trusted=["ab" * 32])

    assert (held.holds, held.reader) == (True, "public")
    assert (changed.holds, by_another.holds) == (False, False)


def test_a_partner_reads_more_than_the_public_and_only_a_partner(cast: Cast, played: tuple[Scene, Report]) -> None:
    scene, report = played
    copy = consented(cast, report, Reader.PARTNER)
    partnered(cast, scene)
    address = reverse("shared_report", args=[copy])

    answers = {who: client(cast, who).get(address) for who in (*cast.people, "public")}

    assert {who for who, one in answers.items() if one.status_code == HTTPStatus.OK} == {"vendor"}
    assert "TLP:AMBER+STRICT" in text_of(answers["vendor"])
    assert "As trusted partners may read it" in text_of(answers["vendor"])


def test_withdrawn_not_consented_and_never_there_are_answered_alike(cast: Cast, played: tuple[Scene, Report]) -> None:
    scene, report = played
    withdrawn, partners = consented(cast, report, Reader.PUBLIC), consented(cast, report, Reader.PARTNER)
    done = reverse("withdraw_report_consent", args=[scene.engagement.public_id, report.public_id, "public"])
    public = client(cast, "public")

    before = public.get(reverse("shared_report", args=[withdrawn])).status_code
    told = client(cast, "lab").post(done, follow=True)
    answers = [
        public.get(reverse(name, args=[copy]))
        for name in ("shared_report", "shared_report_file")
        for copy in (withdrawn, partners, report.public_id, "0" * 32, "x")
    ]

    assert before == HTTPStatus.OK
    assert "You withdrew your consent" in text_of(told)
    assert {one.status_code for one in answers} == {HTTPStatus.NOT_FOUND}
    assert len({text_of(one).partition("Reference")[0] for one in answers}) == 1
    assert "Nothing is here" in text_of(public.get(reverse("shared_reports")))


def test_what_the_terms_do_not_keep_is_not_found_once_it_is_gone(cast: Cast) -> None:
    scene = signed(cast, terms=replace(TERMS, kept_after_end=(Kept.SCORES,)))
    scene.take_in("plain.eval")
    copy = consented(cast, services.issue_report(scene.fresh(), **by(cast, now=LATER)), Reader.PUBLIC)
    address = reverse("shared_report", args=[copy])
    before = client(cast, "public").get(address).status_code

    access.withdraw(scene.engagement, **by(cast, "lab", now=LATER))

    assert (before, client(cast, "public").get(address).status_code) == (HTTPStatus.OK, HTTPStatus.NOT_FOUND)
