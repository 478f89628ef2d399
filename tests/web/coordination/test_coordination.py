"""Coordinators, vendors and labs settle flaws on their pages: each sees and does what is theirs."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.desk import VECTOR, Desk, another_vendor, fresh
from tests.support.visitors import signed_in
from tests.web.coordination_scene import Scene, as_, do, text_of

from watchbell.apps.advisories import queries as advisories
from watchbell.apps.advisories.models import Advisory
from watchbell.apps.cases.models import Case, VendorStatus
from watchbell.apps.findings.models import Finding, Submission
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services as orgs
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.handling import Role, Tlp
from watchbell.domain.lifecycle import Consent, Embargo, Report

pytestmark = pytest.mark.django_db

SARIF = b"""{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "finder"}}, "results": [
  {"ruleId": "path-join", "message": {"text": "A name leaves the folder."}},
  {"ruleId": "compare", "message": {"text": "A token is compared letter by letter."}}]}]}"""


def decide(client: Client, finding: Any, deed: str, **answers: Any) -> Any:
    return client.post(reverse("decide_finding", args=[finding.public_id, deed]), answers)


def next_step(client: Client, case: Any) -> str:
    page = text_of(client.get(reverse("case", args=[case.public_id])))
    found = re.search(r'class="next-step"><div>\s*<strong>(.*?)</strong>', page, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found.group(1)).strip()


def fresh_case_of(advisory: Any) -> Case:
    return Case.objects.get(public_id=advisory.case)


def test_strangers_and_other_roles_meet_closed_doors_and_empty_rooms(scene: Scene, cast: Cast) -> None:
    case, finding, draft = scene.case.public_id, scene.waiting.public_id, scene.draft.public_id
    upload = scene.waiting.submission.public_id
    forbidden, nothing = HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND
    asked = [
        (cast.vendor.person, "/board", forbidden),
        (cast.vendor.person, "/findings/", forbidden),
        (cast.lab.person, "/queue/", forbidden),
        (cast.vendor.person, f"/findings/{finding}", forbidden),
        (cast.vendor.person, f"/drafts/{draft}", forbidden),
        (cast.vendor.person, f"/submissions/{upload}", nothing),
        (cast.hospital.person, "/cases/", forbidden),
        (cast.hospital.person, f"/cases/{case}", forbidden),
        (cast.hospital.person, f"/submissions/{upload}", nothing),
        (cast.lab.person, f"/cases/{'0' * 32}", nothing),
        (cast.lab.person, f"/notices/{scene.notice.public_id}", nothing),
        (cast.admin_person, f"/cases/{case}", forbidden),
        (cast.admin_person, f"/findings/{finding}", forbidden),
        (cast.mallory_person, "/board", forbidden),
        (cast.mallory_person, f"/submissions/{upload}", nothing),
        (cast.mallory_person, f"/notices/{scene.notice.public_id}", nothing),
    ]

    answers = [signed_in(person).get(path).status_code for person, path, _ in asked]
    nobody = [Client().get(path).headers.get("Location", "") for _, path, _ in asked]

    assert answers == [wanted for _, _, wanted in asked]
    assert all(place.startswith("/account/sign-in/?next=") for place in nobody)


def test_another_vendor_cannot_tell_a_case_that_is_not_its_own_from_one_that_is_not_there(
    scene: Scene, cast: Cast
) -> None:
    orgs_kind = signed_in(cast.bank.person)
    own, none = (orgs_kind.get(f"/cases/{key}").status_code for key in (scene.case.public_id, "0" * 32))

    assert own == none


def test_the_board_counts_what_waits_and_lists_it_oldest_first(scene: Scene, cast: Cast) -> None:
    page = text_of(as_(cast.coordinator).get("/board"))

    figures = re.findall(r'class="figure"><span class="count">(\d+)</span></span> <span class="word">([^<]+)', page)
    assert [(word, int(number)) for number, word in figures] == [
        ("new", 3),
        ("waiting for evidence", 0),
        ("with vendors", 2),
        ("embargo ends this week", 0),
        ("exploited", 0),
    ]
    assert page.index("Path traversal in archive upload") < page.index("every patient")
    assert "somebody without an account" in page


def test_the_queue_says_of_each_finding_how_likely_it_is_real_and_why_it_stands_there(scene: Scene, cast: Cast) -> None:
    text = text_of(as_(cast.coordinator).get("/queue/"))

    assert "Chance it is real" in text
    assert scene.waiting.title in text
    assert "nothing like it from this source was judged yet" in text
    assert "impact not said, taken as 5 of 10" in text


def test_a_long_queue_is_read_page_by_page_and_each_finding_once(
    scene: Scene, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watchbell.web.coordination.paging.slice_of.__kwdefaults__", {"size": 2})
    client, path, seen = as_(cast.coordinator), "/findings/?state=valid", []

    for _ in range(10):
        page = text_of(client.get(path))
        seen += re.findall(r'row-link" href="/findings/([^"]+)"', page)
        further = re.search(r'href="(\?[^"]+)" rel="next"', page)
        if further is None:
            break
        path = "/findings/" + further.group(1).replace("&amp;", "&")
    back = re.search(r'href="(\?[^"]+)" rel="prev"', page)
    assert back is not None
    before = text_of(client.get("/findings/" + back.group(1).replace("&amp;", "&")))

    valid = set(Finding.objects.filter(state="valid").values_list("public_id", flat=True))
    assert len(seen) == len(set(seen))
    assert set(seen) == valid
    assert len(re.findall(r"row-link", before)) == 2


@pytest.mark.parametrize("cursor", ["garbage", "AAAA"])
def test_a_cursor_of_another_list_is_refused_and_breaks_nothing(scene: Scene, cast: Cast, cursor: str) -> None:
    answer = as_(cast.coordinator).get(f"/findings/?after={cursor}")

    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_a_claim_is_shown_as_text_and_never_runs(scene: Scene, cast: Cast) -> None:
    page = text_of(as_(cast.coordinator).get(f"/findings/{scene.waiting.public_id}"))

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert scene.twin.title in page


def test_a_finding_is_settled_by_each_decision_and_can_be_reopened(scene: Scene, cast: Cast) -> None:
    client, row = as_(cast.coordinator), scene.waiting

    decide(client, row, "reject", reason="not-a-flaw", note="It is on purpose.")
    row.refresh_from_db()
    rejected = row.state
    decide(client, row, "reopen")
    decide(client, scene.twin, "duplicate", original=row.public_id)
    decide(client, row, "valid")
    decide(client, row, "evidence", level="2", entry_point="POST /upload", controlled_by="anyone", note="")

    row.refresh_from_db()
    scene.twin.refresh_from_db()
    assert rejected == "rejected"
    assert (row.state, row.level) == ("valid", 2)
    assert scene.twin.duplicate_of == row


def test_evidence_that_names_no_entry_is_refused_and_what_was_typed_survives(scene: Scene, cast: Cast) -> None:
    answer = decide(as_(cast.coordinator), scene.waiting, "evidence", level="2", note="I saw it crash")

    assert "Name the entry point" in text_of(answer)
    assert "I saw it crash" in text_of(answer)


def test_the_second_analyst_is_told_that_the_decision_was_taken(scene: Scene, cast: Cast) -> None:
    client = as_(cast.coordinator)
    decide(client, scene.waiting, "valid")

    again = decide(client, scene.waiting, "valid")

    assert again.status_code == HTTPStatus.OK
    assert "It was found valid already." in text_of(again)


def test_a_reader_of_the_coordinator_looks_and_changes_nothing(scene: Scene, cast: Cast) -> None:
    orgs.add_member(cast.mallory_person, cast.coordinator.organisation, Role.READER, by=cast.admin, now=NOON)
    client = signed_in(cast.mallory_person)

    page = text_of(client.get(f"/findings/{scene.waiting.public_id}"))
    answers = [
        decide(client, scene.waiting, "valid").status_code,
        do(client, scene.case, "close").status_code,
        client.get("/cases/open").status_code,
        client.post(f"/drafts/{scene.draft.public_id}/publish").status_code,
    ]

    assert "decide_finding" not in page
    assert "It is valid</button>" not in page
    assert answers == [HTTPStatus.FORBIDDEN] * 4


def test_a_case_is_opened_from_chosen_findings(scene: Scene, cast: Cast, desk: Desk) -> None:
    client, rows = as_(cast.coordinator), [desk.finding(), desk.finding()]
    chosen = [row.public_id for row in rows]

    asked = client.get("/cases/open", {"finding": chosen})
    answer = client.post("/cases/open", {"finding": chosen, "title": "Two overflows"})

    assert all(row.title in text_of(asked) for row in rows)
    case = Case.objects.get(title="Two overflows")
    assert answer.headers["Location"] == f"/cases/{case.public_id}"
    assert case.findings.count() == 2


def test_a_finding_that_is_in_a_case_opens_no_second_one(scene: Scene, cast: Cast) -> None:
    finding = scene.case.findings.get().finding

    answer = as_(cast.coordinator).post("/cases/open", {"finding": [finding], "title": "Again"})

    assert "in a case already" in text_of(answer)
    assert not Case.objects.filter(title="Again").exists()


def test_a_case_runs_from_invitation_to_ready_fix_on_its_pages(cast: Cast, scene: Scene, desk: Desk) -> None:
    coordinator, vendor, case = as_(cast.coordinator), as_(cast.vendor), desk.case()
    ends, reply = NOON + timedelta(days=30), NOON + timedelta(days=2)
    steps = [next_step(coordinator, case)]

    do(coordinator, case, "invite", organisation=cast.vendor.organisation.public_id, role="vendor")
    steps.append(next_step(coordinator, case))
    moments = {"ends_at": f"{ends:%Y-%m-%dT%H:%M}", "reply_by": f"{reply:%Y-%m-%dT%H:%M}"}
    do(coordinator, case, "propose", **moments)
    hidden = text_of(vendor.get(f"/cases/{case.public_id}"))
    steps.append(next_step(vendor, case))
    proposal = fresh(case).embargo.proposals.get()
    do(vendor, case, "accept", proposal=proposal.public_id)
    do(coordinator, case, "send", participant=case.participants.get(contact="", roles__role="vendor").public_id)
    steps.append(next_step(vendor, case))
    do(vendor, case, "accept-report", text="Thank you, we reproduced it.")
    steps.append(next_step(vendor, case))
    flaw = case.vulnerabilities.get().public_id
    do(vendor, case, "status", vulnerability=flaw, product="infusepump", status="fixed", fixed_in="2.1")
    do(vendor, case, "severity", vulnerability=flaw, vector=VECTOR)
    steps.append(next_step(vendor, case))
    do(vendor, case, "fix-ready")
    steps.append(next_step(coordinator, case))
    coordinator.post(reverse("start_draft", args=[case.public_id]))
    steps.append(next_step(coordinator, case))

    assert steps[0] == "Invite the vendor"
    assert steps[1] == "Propose an embargo, or send the report without one"
    assert steps[2] == "Reply to the embargo proposal by Fri 6 Nov 2026, 12:00 UTC (in 2 days)"
    assert steps[3].startswith("Say what this report is")
    assert steps[4].startswith("Say how your products stand")
    assert steps[5].startswith("Tell us when the fix is ready")
    assert steps[6:] == ["Draft the advisory", "Publish the advisory"]
    assert next_step(coordinator, fresh_case_of(scene.published)) == "Close the case"
    assert "Pump overflow" not in hidden
    assert "POST /import" not in hidden
    own = fresh(case).participants.get(organisation=cast.vendor.organisation.public_id)
    assert (own.report, own.path.value, fresh(case).embargo.ends_at) == (Report.ACCEPTED, "VFd", ends)
    assert VendorStatus.objects.get(participant=own, product="infusepump").purl == "pkg:pypi/infusepump"


def test_a_proposed_end_is_typed_in_the_organisations_zone_and_kept_as_one_instant(
    cast: Cast, scene: Scene, desk: Desk
) -> None:
    case = desk.case()
    cast.coordinator.organisation.time_zone = "America/Denver"
    cast.coordinator.organisation.save(update_fields=["time_zone"])

    do(as_(cast.coordinator), case, "propose", ends_at="2026-12-04T09:00", reply_by="2026-11-06T09:00")

    assert fresh(case).embargo.proposals.get().ends_at.isoformat() == "2026-12-04T16:00:00+00:00"


@pytest.mark.parametrize(
    ("deed", "answers", "report"),
    [
        ("not-a-flaw", {"text": "It is a feature."}, Report.INVALID),
        ("duplicate", {"text": "You sent it in May."}, Report.DEFERRED),
        ("later", {"text": ""}, Report.DEFERRED),
        ("need-information", {"text": "Which version?"}, Report.RECEIVED),
        ("accept-report", {"text": ""}, Report.ACCEPTED),
    ],
)
def test_a_vendor_answers_a_report_in_each_of_the_five_ways(
    cast: Cast, scene: Scene, desk: Desk, deed: str, answers: dict[str, str], report: Report
) -> None:
    case = desk.case()
    desk.send(case, desk.invite(case))

    do(as_(cast.vendor), case, deed, **answers)

    own = fresh(case).participants.get(organisation=cast.vendor.organisation.public_id)
    said = list(own.lane.messages.values_list("text", flat=True))
    assert own.report == report
    assert said == [text for text in answers.values() if text]


def test_a_deed_the_rules_refuse_says_why_and_keeps_what_was_typed(cast: Cast, scene: Scene) -> None:
    flaw = scene.case.vulnerabilities.get().public_id
    client = as_(cast.vendor)

    status = do(client, scene.case, "status", vulnerability=flaw, product="Pump 9", status="not_affected")
    past = do(as_(cast.coordinator), scene.case, "propose", ends_at="2026-11-01T00:00", reply_by="2026-10-01T00:00")

    assert "needs a reason" in text_of(status)
    assert 'value="Pump 9"' in text_of(status)
    assert "The end lies in the past" in text_of(past)
    assert 'value="2026-11-01T00:00"' in text_of(past)


def test_a_report_below_e2_is_held_back_unless_the_coordinator_says_so(cast: Cast, scene: Scene, desk: Desk) -> None:
    case = desk.case(desk.finding(level=EvidenceLevel.E0_ASSERTED))
    vendor, client = desk.invite(case), as_(cast.coordinator)

    held = do(client, case, "send", participant=vendor.public_id)
    do(client, case, "send", participant=vendor.public_id, despite_evidence="on")

    assert "Nothing below E2 is sent" in text_of(held)
    vendor.refresh_from_db()
    assert vendor.report_sent_at == NOON


def test_a_vendor_reads_its_own_lane_and_everyones_but_no_others(cast: Cast, scene: Scene, desk: Desk) -> None:
    lab_lane = scene.case.lanes.get(participant__organisation=cast.lab.organisation.public_id)
    do(as_(cast.coordinator), scene.case, "post", lane=lab_lane.public_id, text="For the lab alone.")

    page = text_of(as_(cast.vendor).get(f"/cases/{scene.case.public_id}"))
    tried = do(as_(cast.vendor), scene.case, "post", lane=lab_lane.public_id, text="Hello")

    assert "POST /import" in page
    assert "A fix is being tested." in page
    assert "The advisory is being drafted." in page
    assert "For the lab alone." not in page
    assert "For the lab alone." in text_of(as_(cast.lab).get(f"/cases/{scene.case.public_id}"))
    assert lab_lane.messages.count() == 1
    assert tried.status_code == HTTPStatus.OK


def test_public_knowledge_ends_the_embargo_at_once(cast: Cast, scene: Scene) -> None:
    do(as_(cast.vendor), scene.case, "public")

    case = fresh(scene.case)
    assert (case.embargo.state, case.public_at) == (Embargo.EXITED, NOON)


def test_a_newcomer_joins_or_declines_the_embargo(cast: Cast, scene: Scene, desk: Desk) -> None:
    case = desk.accepted()
    other = as_(cast.coordinator)
    second = another_vendor("Pumpworks", NOON, desk.rng)
    desk.invite(case, second)
    client = as_(second)

    before = text_of(client.get(f"/cases/{case.public_id}"))
    do(client, case, "join")

    assert "Join the embargo" in before
    assert "Pump overflow" not in before
    assert case.participants.get(organisation=second.organisation.public_id).consent == Consent.SIGNATORY
    assert other.get(f"/cases/{case.public_id}").status_code == HTTPStatus.OK


def test_each_look_at_a_case_its_vendor_does_not_know_of_is_on_record(cast: Cast, scene: Scene, desk: Desk) -> None:
    case = desk.case()
    before = Entry.objects.filter(action="case.read").count()

    as_(cast.coordinator).get(f"/cases/{case.public_id}")
    as_(cast.coordinator).get(f"/cases/{scene.case.public_id}")

    assert Entry.objects.filter(action="case.read").count() == before + 1


def test_a_case_is_left_and_closed_by_those_who_may(cast: Cast, scene: Scene, desk: Desk) -> None:
    case = desk.case()

    left = do(as_(cast.lab), case, "leave")
    refused = do(as_(cast.lab), case, "close")
    closed = do(as_(cast.coordinator), case, "close")

    assert left.headers["Location"] == "/cases/"
    assert refused.status_code == HTTPStatus.NOT_FOUND
    assert closed.status_code == HTTPStatus.FOUND
    assert fresh(case).closed_at == NOON
    assert next_step(as_(cast.coordinator), case) == "This case is closed"


def test_an_unknown_deed_and_a_stranger_to_the_case_are_answered_alike(cast: Cast, scene: Scene, desk: Desk) -> None:
    case = desk.case()

    answers = [do(as_(cast.vendor), case, "post", text="x"), do(as_(cast.coordinator), case, "bribe")]

    assert [one.status_code for one in answers] == [HTTPStatus.NOT_FOUND] * 2


def _edited(page: str, **changes: str) -> dict[str, str]:
    """Return the answers a browser would send back from the editor, some of them changed."""
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    fields |= {name: text.strip() for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)<', page)}
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = chosen.group(1) if chosen else ""
    return {key: value for key, value in fields.items() if not key.startswith("csrf")} | changes


def test_an_advisory_is_edited_previewed_and_published_with_its_consequence_beside_the_button(
    cast: Cast, scene: Scene
) -> None:
    client, row = as_(cast.coordinator), scene.draft
    edit = f"/drafts/{row.public_id}/edit"
    do(client, scene.case, "terminate")
    answers = _edited(text_of(client.get(edit)), **{"head-title": "Pump import"})

    saved = client.post(edit, answers)
    preview = text_of(client.get(f"/drafts/{row.public_id}"))
    row.refresh_from_db()
    unchosen = client.post(f"/drafts/{row.public_id}/publish", {"etag": row.etag})
    published = client.post(f"/drafts/{row.public_id}/publish", {"etag": row.etag, "label": "CLEAR"})

    row.refresh_from_db()
    assert unchosen.status_code == HTTPStatus.OK
    assert saved.headers["Location"] == f"/drafts/{row.public_id}"
    assert "any embargo counts as over, and it is matched against every inventory" in preview
    assert re.findall(r'name="label" value="(\w+)"([^>]*)', preview) == [
        ("CLEAR", ' id="publish_label_0" required'),
        ("GREEN", ' id="publish_label_1" required'),
    ]
    assert published.headers["Location"] == f"/advisories/{row.tracking_id}"
    assert Client().get(published.headers["Location"]).status_code == HTTPStatus.OK


def test_saving_the_editor_unchanged_changes_nothing_of_what_was_drafted(cast: Cast, scene: Scene) -> None:
    client, row = as_(cast.coordinator), scene.draft
    before = advisories.working_copy(row)
    edit = f"/drafts/{row.public_id}/edit"

    client.post(edit, _edited(text_of(client.get(edit))))

    assert advisories.working_copy(Advisory.objects.get(pk=row.pk)) == before


def test_the_editor_takes_products_out_adds_one_and_keeps_what_it_does_not_ask(cast: Cast, scene: Scene) -> None:
    client, row = as_(cast.coordinator), scene.draft
    edit = f"/drafts/{row.public_id}/edit"
    page = text_of(client.get(edit))
    changes = {
        "flaw0-product1-product": "Pump 9",
        "flaw0-product1-status": "affected",
        "flaw0-product1-affected_from": "9.0",
        "flaw0-workarounds": "Unplug it.\nPut it on its own network.",
        "head-references": "https://acme.example/fix",
    }

    client.post(edit, _edited(page, **changes))

    [flaw] = advisories.working_copy(Advisory.objects.get(pk=row.pk)).vulnerabilities
    first, added = flaw.affected
    assert first == advisories.working_copy(row).vulnerabilities[0].affected[0]
    assert (added.name, added.ranges[0].events[0].introduced) == ("Pump 9", "9.0")
    assert [one.details for one in flaw.remediations if one.kind == "workaround"] == [
        "Unplug it.",
        "Put it on its own network.",
    ]
    assert flaw.severities


def test_two_editors_do_not_overwrite_each_other(cast: Cast, scene: Scene) -> None:
    client, row = as_(cast.coordinator), scene.draft
    edit = f"/drafts/{row.public_id}/edit"
    page = text_of(client.get(edit))
    client.post(edit, _edited(page, **{"head-title": "First"}))

    second = client.post(edit, _edited(page, **{"head-title": "Second"}))

    assert "Somebody else changed this advisory" in text_of(second)
    assert 'value="Second"' in text_of(second)
    row.refresh_from_db()
    assert row.title == "First"


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("CLEAR", "The embargo is in force until"),
        ("GREEN", "The embargo is in force until"),
        ("AMBER", "Select a valid choice"),
        ("", "This field is required"),
    ],
)
def test_nothing_is_published_under_embargo_or_under_another_label_than_clear_and_green(
    cast: Cast, scene: Scene, label: str, why: str
) -> None:
    client, row = as_(cast.coordinator), scene.draft

    answer = client.post(f"/drafts/{row.public_id}/publish", {"etag": row.etag, "label": label})

    assert answer.status_code == HTTPStatus.OK
    assert why in text_of(answer)
    row.refresh_from_db()
    assert row.published_at is None


def test_a_published_advisory_is_withdrawn_with_its_reason(cast: Cast, scene: Scene) -> None:
    row = scene.published

    as_(cast.coordinator).post(f"/drafts/{row.public_id}/withdraw", {"summary": "It was wrong."})

    row.refresh_from_db()
    assert row.withdrawn_at == NOON


def test_a_lab_hands_a_file_in_and_is_answered_item_by_item_and_again_alike(cast: Cast, scene: Scene) -> None:
    client = as_(cast.lab)

    def send() -> str:
        file = SimpleUploadedFile("run.sarif", SARIF)
        return text_of(client.post("/submissions/new", {"file": file, "marking": "GREEN"}))

    first, count = send(), Submission.objects.count()
    second = send()

    assert first.count("Stored") == second.count("Stored") > 0
    assert Submission.objects.count() == count
    row = Submission.objects.latest("pk")
    assert (row.organisation, row.channel, row.marking) == (cast.lab.organisation.public_id, "submit", Tlp.GREEN)


@pytest.mark.parametrize("content", [b"not findings", b"{}", b"\x00\x01", b'{"version": "2.1.0", "runs": ['])
def test_a_file_that_is_not_findings_is_refused_and_nothing_is_stored(cast: Cast, scene: Scene, content: bytes) -> None:
    before = Submission.objects.count()

    answer = as_(cast.lab).post("/submissions/new", {"file": SimpleUploadedFile("x.json", content)})

    assert answer.status_code == HTTPStatus.OK
    assert "Please look at this again" in text_of(answer)
    assert Submission.objects.count() == before


def test_a_table_of_findings_comes_back_as_a_table_that_runs_nothing_and_changes_nothing_when_sent_again(
    cast: Cast, scene: Scene
) -> None:
    client, content = as_(cast.lab), b"id,title,product\nt-1,=1+1,Ledger\n"
    client.post("/submissions/new", {"file": SimpleUploadedFile("t.csv", content)})
    row = Submission.objects.latest("pk")

    table = client.get(f"/submissions/{row.public_id}/table")
    client.post("/submissions/new", {"file": SimpleUploadedFile("again.csv", table.content)})

    assert "'=1+1" in table.content.decode()
    assert table.headers["Content-Disposition"].startswith('attachment; filename="TLP-AMBER-STRICT-findings-')
    again = Submission.objects.latest("pk")
    assert (again.pk > row.pk, again.stored, again.same) == (True, 0, 1)
    assert as_(cast.hospital).get(f"/submissions/{row.public_id}/table").status_code == HTTPStatus.NOT_FOUND


def test_a_lab_follows_each_finding_as_far_as_it_may_know(cast: Cast, scene: Scene, desk: Desk) -> None:
    client = as_(cast.lab)

    def reached(submission: Any) -> str:
        return text_of(client.get(f"/submissions/{submission.public_id}"))

    published = Finding.objects.get(public_id=Case.objects.get(public_id=scene.published.case).findings.get().finding)
    waiting = reached(scene.waiting.submission)

    assert "Waits for a decision" in waiting
    assert scene.published.tracking_id in reached(published.submission)


def test_a_finder_does_not_learn_from_the_list_that_somebody_else_reported_the_same(
    cast: Cast, scene: Scene, desk: Desk
) -> None:
    decide(as_(cast.coordinator), scene.twin, "valid")
    decide(as_(cast.coordinator), scene.waiting, "duplicate", original=scene.twin.public_id)

    page = text_of(as_(cast.lab).get(f"/submissions/{scene.waiting.submission.public_id}"))

    assert "Found valid" in page
    assert "Same as another report" not in page
    assert scene.twin.title not in page


def test_a_notice_is_read_once_for_the_organisation_and_leads_to_its_case(cast: Cast, scene: Scene) -> None:
    client = as_(cast.coordinator)
    listed = text_of(client.get("/notices"))

    answer = client.post(f"/notices/{scene.notice.public_id}/read", {"go": "1"})

    assert "A vendor&#x27;s fix is ready." in listed
    assert answer.headers["Location"] == f"/cases/{scene.case.public_id}"
    scene.notice.refresh_from_db()
    assert scene.notice.read_at == NOON
    assert text_of(client.get("/notices")).count("Mark as read") == 1


def test_looking_changes_nothing(cast: Cast, scene: Scene) -> None:
    client = as_(cast.coordinator)
    for name, args in (
        ("decide_finding", [scene.waiting.public_id, "valid"]),
        ("case_deed", [scene.case.public_id, "close"]),
        ("publish_draft", [scene.draft.public_id]),
        ("withdraw_draft", [scene.published.public_id]),
        ("start_draft", [scene.case.public_id]),
        ("mark_notice_read", [scene.notice.public_id]),
    ):
        assert client.get(reverse(name, args=args)).status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("coordinator", ["Board", "Cases", "Advisories", "Submissions", "Notices"]),
        ("vendor", ["Cases", "Submissions", "Notices"]),
        ("lab", ["Cases", "Submissions", "Notices"]),
        ("hospital", ["Notices"]),
    ],
)
def test_home_and_rail_show_each_role_its_own_places(cast: Cast, scene: Scene, who: str, words: list[str]) -> None:
    page = text_of(signed_in(cast.people[who]).get("/"))

    rail = re.search(r'<nav class="rail".*?</nav>', page, re.DOTALL)
    assert rail is not None
    shown = [word for word in ("Board", "Cases", "Advisories", "Submissions", "Notices") if f">{word}</a>" in rail[0]]
    assert shown == words
