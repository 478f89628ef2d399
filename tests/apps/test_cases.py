"""Cases: who sees what before and after the embargo, what a vendor decides, and when silence ends."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.support.cast import CONSOLE, Cast, Player
from tests.support.desk import VECTOR, Desk, another_vendor, blob_store, fresh

from watchbell.apps.cases import kept, models, queries, services
from watchbell.apps.cases.models import Case, Participant, Proposal
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import reading
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.models import Finding
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services as orgs
from watchbell.domain.advisory import Claim, ClaimedProduct, EvidenceLevel
from watchbell.domain.handling import Actor, Role, Tlp
from watchbell.domain.lifecycle import Consent, Embargo, NotPossible, Report, ReportEvent
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.outside.blobs import BlobStore

pytestmark = pytest.mark.django_db

LOWER = "CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:N/A:N"


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return blob_store(tmp_path)


@pytest.fixture
def desk(cast: Cast, store: BlobStore, noon: datetime, rng: random.Random) -> Desk:
    return Desk(cast, store, noon, rng)


def part(case: Case, player: Player) -> Participant:
    return case.participants.get(organisation=player.organisation.public_id)


def page(case: Case, by: Actor, now: datetime) -> queries.CasePage:
    found = services.open_case_page(fresh(case), by=by, now=now)
    assert found is not None
    return found


def test_a_case_is_seen_by_its_finder_and_its_coordinator_and_by_nobody_else(desk: Desk, cast: Cast) -> None:
    case = desk.case()

    seers = [
        name
        for name in ("lab", "evaluator", "coordinator", "vendor", "hospital", "bank")
        if queries.visible_to(getattr(cast, name).actor, now=desk.now).filter(pk=case.pk).exists()
    ]

    assert seers == ["lab", "coordinator"]
    assert not queries.visible_to(cast.admin, now=desk.now).exists()
    assert services.open_case_page(case, by=cast.mallory, now=desk.now) is None


def test_only_valid_findings_are_coordinated_and_each_in_one_case(desk: Desk, cast: Cast) -> None:
    row = desk.finding()
    desk.case(row)

    with pytest.raises(services.AlreadyCoordinated):
        desk.case(row)
    findings.reopen(finding=row, by=desk.by, now=desk.now)
    with pytest.raises(services.CannotOpen, match="valid"):
        desk.case(row)
    with pytest.raises(services.CannotOpen, match="do not exist"):
        services.open_case(["f" * 32], title="", by=desk.by, now=desk.now, rng=desk.rng)
    with pytest.raises(services.NotAllowed):
        services.open_case([row.public_id], title="", by=cast.lab.actor, now=desk.now, rng=desk.rng)
    assert Case.objects.count() == 1


def test_an_invited_vendor_reads_neither_title_nor_report_until_it_accepts_the_embargo(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    vendor = desk.invite(case)
    proposal = desk.propose(case)
    desk.send(case, vendor)

    before = page(case, cast.vendor.actor, desk.now)
    services.accept(proposal, by=cast.vendor.actor, now=desk.now)
    after = page(case, cast.vendor.actor, desk.now)

    assert (before.line.title, before.reads_report, before.vulnerabilities, before.findings) == ("", False, [], [])
    assert [one.organisation for one in before.participants] == [cast.vendor.organisation.public_id]
    assert (after.line.title, after.reads_report) == ("Pump overflow", True)
    assert len(after.vulnerabilities) == len(after.findings) == 1
    assert part(case, cast.vendor).report == Report.RECEIVED
    assert part(case, cast.vendor).vendor_aware_at == desk.now


def test_a_newcomer_joins_the_embargo_in_force_before_reading(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    newcomer = desk.invite(case, cast.hospital, CaseRole.DEPLOYER)

    before = page(case, cast.hospital.actor, desk.now)
    services.join(case, by=cast.hospital.actor, now=desk.now)
    after = page(case, cast.hospital.actor, desk.now)

    assert newcomer.consent == Consent.INVITED
    assert (before.reads_report, after.reads_report) == (False, True)


def test_who_declines_the_embargo_reads_the_report_only_after_its_end(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    desk.invite(case, cast.hospital, CaseRole.DEPLOYER)
    services.decline(case, by=cast.hospital.actor, now=desk.now)

    before = page(case, cast.hospital.actor, desk.now)
    services.terminate(case, by=desk.by, now=desk.now)
    after = page(case, cast.hospital.actor, desk.now)

    assert (before.reads_report, after.reads_report) == (False, True)


def test_nothing_below_e2_is_sent_unless_a_coordinator_says_so_on_record(desk: Desk) -> None:
    case = desk.case(desk.finding(level=EvidenceLevel.E0_ASSERTED))
    vendor = desk.invite(case)

    with pytest.raises(services.NotYet, match="E2"):
        desk.send(case, vendor)
    sent = services.send_report(case, vendor, by=desk.by, now=desk.now, despite_evidence=True)

    assert sent.report == Report.RECEIVED
    assert Entry.objects.get(action="report.sent").facts["below_e2"] == 1


def test_a_project_that_never_spoke_to_us_has_at_most_one_open_report(desk: Desk, cast: Cast) -> None:
    first, second = desk.case(), desk.case()
    desk.send(first, desk.invite(first))
    waiting = desk.invite(second)

    with pytest.raises(services.NotYet, match="never answered"):
        desk.send(second, waiting)
    [lane] = queries.lanes(first, cast.vendor.actor, now=desk.now).filter(participant__isnull=False)
    services.post(lane, "We are here.", by=cast.vendor.actor, now=desk.now, rng=desk.rng)
    sent = desk.send(second, waiting)

    assert sent.report == Report.RECEIVED


def test_the_vendors_severity_stands_beside_the_finders_and_only_the_vendor_sets_it(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    flaw = case.vulnerabilities.get()

    for someone in (desk.by, cast.lab.actor):
        with pytest.raises(services.NotAllowed):
            services.set_severity(flaw, LOWER, by=someone, now=desk.now)
    with pytest.raises(ValueError, match="AV"):
        services.set_severity(flaw, "CVSS:3.1/AC:L", by=cast.vendor.actor, now=desk.now)
    services.set_severity(flaw, LOWER, by=cast.vendor.actor, now=desk.now)

    flaw.refresh_from_db()
    assert flaw.finder_severity == VECTOR
    assert [one.vector for one in flaw.vendor_severities.all()] == [LOWER]


def test_silence_is_no_answer_and_never_not_affected(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    flaw = case.vulnerabilities.get()

    before = flaw.statuses.get()
    bare = services.ProductAnswer(product="infusepump", status=Standing.NOT_AFFECTED)
    with pytest.raises(services.NotYet, match="reason"):
        services.set_status(flaw, bare, by=cast.vendor.actor, now=desk.now)
    answer = services.ProductAnswer(
        product="infusepump", status=Standing.FIXED, purl="pkg:pypi/infusepump", fixed_in="2.1.1"
    )
    services.set_status(flaw, answer, by=cast.vendor.actor, now=desk.now)

    assert (before.product, before.status) == ("infusepump", Standing.NO_ANSWER)
    assert flaw.statuses.get().status == Standing.FIXED


def test_an_answer_under_the_vendors_own_name_leaves_no_row_that_still_waits_for_it(desk: Desk, cast: Cast) -> None:
    flaw = desk.accepted().vulnerabilities.get()
    answer = services.ProductAnswer(
        product="Infuse Pump Server", status=Standing.FIXED, purl="pkg:pypi/InfusePump@2.0", fixed_in="2.1"
    )

    services.set_status(flaw, answer, by=cast.vendor.actor, now=desk.now)
    services.set_status(flaw, answer, by=cast.vendor.actor, now=desk.now)

    assert [(row.product, row.status) for row in flaw.statuses.all()] == [("Infuse Pump Server", Standing.FIXED)]


def test_a_vendor_accepting_its_report_is_evidence_at_e4(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()

    row = Finding.objects.get(public_id=case.findings.get().finding)
    assert row.level == EvidenceLevel.E4_VENDOR_CONFIRMED
    assert part(case, cast.vendor).report == Report.ACCEPTED


def test_a_fix_is_ready_only_for_an_accepted_report(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    desk.send(case, desk.invite(case))

    with pytest.raises(NotPossible, match="accepted"):
        services.fix_ready(case, by=cast.vendor.actor, now=desk.now)
    services.accept_report(case, by=cast.vendor.actor, now=desk.now, rng=desk.rng)
    services.fix_ready(case, by=cast.vendor.actor, now=desk.now)

    assert part(case, cast.vendor).path == "VFd"


def test_a_report_can_be_deferred_and_closed_and_never_lost(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    desk.send(case, desk.invite(case))
    services.answer_report(case, ReportEvent.VALIDATE, by=cast.vendor.actor, now=desk.now)

    with pytest.raises(services.NotYet, match="accepted or deferred"):
        services.close(case, by=desk.by, now=desk.now)
    services.answer_report(case, ReportEvent.DEFER, by=cast.vendor.actor, now=desk.now)
    services.close(case, by=desk.by, now=desk.now)

    assert part(case, cast.vendor).report == Report.CLOSED
    with pytest.raises(services.NotAllowed, match="closed"):
        services.post(case.lanes.first(), "Hello", by=desk.by, now=desk.now, rng=desk.rng)  # type: ignore[arg-type]


def test_an_embargo_needs_an_end_with_a_zone_in_reach(desk: Desk) -> None:
    case = desk.case()
    reply = desk.now + timedelta(days=1)

    for end in (desk.now - timedelta(days=1), desk.now + timedelta(days=200), datetime(2026, 12, 1, 12, 0)):  # noqa: DTZ001
        with pytest.raises(NotPossible):
            services.propose_embargo(case, ends_at=end, reply_by=reply, by=desk.by, now=desk.now, rng=desk.rng)


def test_nobody_accepts_their_own_proposal(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    proposal = desk.propose(case)

    with pytest.raises(services.NotAllowed, match="somebody else"):
        services.accept(proposal, by=desk.by, now=desk.now)

    assert fresh(case).embargo.state == Embargo.PROPOSED


def test_the_shortest_proposal_wins_and_the_longer_one_becomes_a_revision(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    longer = desk.propose(case, days=60)
    shorter = desk.propose(case, days=20, by=cast.lab.actor)

    embargo = services.accept(longer, by=cast.lab.actor, now=desk.now)

    shorter.refresh_from_db()
    longer.refresh_from_db()
    assert (embargo.state, embargo.ends_at) == (Embargo.REVISE, desk.now + timedelta(days=20))
    assert (shorter.state, longer.state) == ("accepted", "open")


def test_an_embargo_is_lengthened_only_with_finder_and_vendor(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    end = case.embargo.ends_at
    revision = desk.propose(case, days=60)

    services.accept(revision, by=cast.vendor.actor, now=desk.now)
    without_finder = fresh(case).embargo
    services.accept(revision, by=cast.lab.actor, now=desk.now)
    with_finder = fresh(case).embargo

    assert (without_finder.state, without_finder.ends_at) == (Embargo.REVISE, end)
    assert (with_finder.state, with_finder.ends_at) == (Embargo.ACTIVE, desk.now + timedelta(days=60))


def test_who_has_not_agreed_to_a_longer_embargo_hears_no_news_until_they_do(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    desk.invite(case, cast.hospital, CaseRole.DEPLOYER)
    services.join(case, by=cast.hospital.actor, now=desk.now)
    everyone = case.lanes.get(participant__isnull=True)
    services.post(everyone, "Before", by=desk.by, now=desk.now, rng=desk.rng)
    revision = desk.propose(case, days=60)
    for who in (cast.vendor.actor, cast.lab.actor):
        services.accept(revision, by=who, now=desk.now)
    later = desk.now + timedelta(hours=1)
    services.post(everyone, "After", by=desk.by, now=later, rng=desk.rng)

    lapsed = queries.messages(everyone, cast.hospital.actor, now=later)
    services.join(case, by=cast.hospital.actor, now=later)
    joined = queries.messages(everyone, cast.hospital.actor, now=later)

    assert [one.text for one in lapsed] == ["Before"]
    assert [one.text for one in joined] == ["Before", "After"]


def test_a_refused_revision_leaves_the_embargo_as_it_was(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    revision = desk.propose(case, days=60)

    embargo = services.reject(revision, by=cast.vendor.actor, now=desk.now)

    assert (embargo.state, embargo.ends_at) == (Embargo.ACTIVE, desk.now + timedelta(days=30))
    with pytest.raises(NotPossible, match="already"):
        services.accept(revision, by=cast.lab.actor, now=desk.now)


@pytest.mark.parametrize("note", [services.note_public, services.note_exploit])
def test_public_knowledge_ends_the_embargo_at_once(desk: Desk, cast: Cast, note: object) -> None:
    case = desk.accepted()
    desk.propose(case, days=60)

    after = note(case, by=cast.vendor.actor, now=desk.now)  # type: ignore[operator]

    assert after.embargo.state == Embargo.EXITED
    assert after.world.is_public
    assert not Proposal.objects.filter(state="open").exists()
    with pytest.raises(NotPossible, match="begins only while nothing"):
        desk.propose(case)


def test_attacks_alone_leave_the_decision_to_people_and_the_node_may_note_them(desk: Desk) -> None:
    case = desk.accepted()

    after = services.note_attacks(case, by=CONSOLE, now=desk.now)

    assert after.embargo.state == Embargo.ACTIVE
    assert after.world.is_attacked
    with pytest.raises(NotPossible, match="already"):
        services.note_attacks(case, by=CONSOLE, now=desk.now)


def test_public_knowledge_makes_every_vendor_aware_and_lets_a_proposal_fall(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    desk.invite(case)
    desk.propose(case)

    after = services.note_public(case, by=cast.lab.actor, now=desk.now)

    assert after.embargo.state == Embargo.NONE
    assert part(case, cast.vendor).vendor_aware_at == desk.now


def test_the_embargo_ends_when_every_fix_is_deployed(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    services.fix_ready(case, by=cast.vendor.actor, now=desk.now)

    services.fix_deployed(case, by=cast.vendor.actor, now=desk.now)

    assert fresh(case).embargo.state == Embargo.EXITED


def test_the_end_of_an_embargo_allows_publication_and_does_not_publish(desk: Desk) -> None:
    case = desk.accepted()
    before, after = desk.now + timedelta(days=29), desk.now + timedelta(days=30)

    with pytest.raises(NotPossible, match="in force until"):
        services.record_publication(case, by=desk.by, now=before)
    services.check_may_publish(fresh(case), now=after)

    assert fresh(case).public_at is None


def test_a_vendor_sees_its_own_lane_and_the_one_for_all_and_no_other(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    rival = another_vendor("rival", desk.now, desk.rng)
    desk.invite(case, rival)
    lanes = {lane.participant: lane for lane in case.lanes.all()}
    services.post(lanes[part(case, rival)], "For the rival", by=desk.by, now=desk.now, rng=desk.rng)

    seen = page(case, cast.vendor.actor, desk.now)

    assert {lane.participant for lane, _ in seen.lanes} == {part(case, cast.vendor), None}
    assert "For the rival" not in str([[one.text for one in said] for _, said in seen.lanes])
    with pytest.raises(services.NotAllowed, match="not yours"):
        services.post(lanes[part(case, rival)], "Hi", by=cast.vendor.actor, now=desk.now, rng=desk.rng)
    told = Entry.objects.get(action="message.posted").concerns.values_list("organisation_id", flat=True)
    assert cast.vendor.organisation.public_id not in set(told)


def test_a_look_at_a_case_its_vendor_does_not_know_of_is_on_record_for_its_finder(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    services.open_case_page(case, by=desk.by, now=desk.now)
    looks = Entry.objects.filter(action="case.read")

    before = looks.filter(concerns__organisation_id=cast.lab.organisation.public_id).count()
    desk.send(case, desk.invite(case))
    services.open_case_page(case, by=desk.by, now=desk.now)

    assert before == 1
    assert looks.count() == 1


def test_a_red_case_is_seen_by_named_persons_only(desk: Desk, cast: Cast) -> None:
    case = desk.case()
    colleague = orgs.create_person("second@coordinator.example", by=CONSOLE, now=desk.now, rng=desk.rng)
    orgs.add_member(colleague, cast.coordinator.organisation, Role.MEMBER, by=CONSOLE, now=desk.now)
    from tests.support.cast import actor

    services.raise_marking(case, Tlp.RED, by=desk.by, now=desk.now)
    someone = actor(colleague, desk.now)
    unnamed = queries.visible_to(someone, now=desk.now).exists()
    services.assign(case, colleague.public_id, by=desk.by, now=desk.now)

    assert not unnamed
    assert queries.visible_to(someone, now=desk.now).exists()
    assert queries.visible_to(cast.lab.actor, now=desk.now).exists()
    with pytest.raises(services.NotAllowed, match="never lowered"):
        services.raise_marking(case, Tlp.GREEN, by=desk.by, now=desk.now)


def test_who_leaves_a_case_sees_nothing_of_it_any_more(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()

    services.leave(case, by=cast.vendor.actor, now=desk.now)

    assert services.open_case_page(case, by=cast.vendor.actor, now=desk.now) is None
    assert fresh(case).embargo.state == Embargo.ACTIVE
    with pytest.raises(services.NotAllowed):
        services.fix_ready(case, by=cast.vendor.actor, now=desk.now)


def test_an_invited_vendor_cannot_open_the_report_by_ending_the_embargo_or_calling_it_public(
    desk: Desk, cast: Cast
) -> None:
    case = desk.accepted()
    rival = another_vendor("rival", desk.now, desk.rng)
    desk.send(case, desk.invite(case, rival))

    for deed in (services.terminate, services.note_public, services.note_exploit):
        with pytest.raises(services.NotAllowed):
            deed(case, by=rival.actor, now=desk.now)

    assert fresh(case).embargo.state == Embargo.ACTIVE


def test_strangers_do_nothing_in_a_case(desk: Desk, cast: Cast) -> None:
    case = desk.accepted()
    before = Entry.objects.count()
    deeds = [
        lambda by: services.join(case, by=by, now=desk.now),
        lambda by: services.terminate(case, by=by, now=desk.now),
        lambda by: services.note_public(case, by=by, now=desk.now),
        lambda by: services.close(case, by=by, now=desk.now),
        lambda by: services.fix_ready(case, by=by, now=desk.now),
        lambda by: services.accept_report(case, by=by, now=desk.now, rng=desk.rng),
        lambda by: services.raise_marking(case, Tlp.RED, by=by, now=desk.now),
        lambda by: desk.propose(case, by=by),
        lambda by: services.post(case.lanes.first(), "x", by=by, now=desk.now, rng=desk.rng),  # type: ignore[arg-type]
    ]

    for deed in deeds:
        for stranger in (cast.hospital.actor, cast.admin, cast.mallory, cast.reader, cast.evaluator.actor):
            with pytest.raises(services.NotAllowed):
                deed(stranger)

    assert Entry.objects.count() == before


def test_a_public_reporter_takes_part_without_an_account(desk: Desk, cast: Cast) -> None:
    claim = Claim(submitter_item_id="", title="Overflow", products=(ClaimedProduct(name="infusepump"),))
    received, _ = findings.report(
        reading.form(claim, b"title=Overflow"), store=desk.store, by=cast.mallory, now=desk.now, rng=desk.rng
    )
    row = Finding.objects.get(public_id=received.results[0].finding)
    findings.confirm_valid(finding=row, by=desk.by, now=desk.now)

    case = desk.case(row)

    contact = case.participants.exclude(contact="").get()
    assert contact.role_set == {CaseRole.FINDER, CaseRole.REPORTER}
    assert case.marking == Tlp.AMBER


def test_every_column_of_this_room_has_its_fate_written_down() -> None:
    declared = {row.model: set(row.columns) for row in kept.KEPT}
    rooms = [one for one in vars(models).values() if isinstance(one, type) and one.__module__ == models.__name__]

    for model in rooms:
        columns = {column.attname for column in model._meta.concrete_fields}
        assert declared[model._meta.label] == columns
