"""Advisories: what is drafted from a case, when it may go public, and what stays as it was published."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from tests.support.cast import CONSOLE, Cast, Player, actor
from tests.support.desk import VECTOR, Desk, another_vendor, blob_store, fresh

from watchbell.apps.advisories import kept, models, queries, services
from watchbell.apps.advisories.models import Advisory, Rendering, Version
from watchbell.apps.advisories.services import versions
from watchbell.apps.advisories.words import Format, State
from watchbell.apps.cases import services as cases
from watchbell.apps.cases.models import Case
from watchbell.apps.cases.words import Standing
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services as orgs
from watchbell.apps.vulnerabilities.models import SourceRecord
from watchbell.domain.advisory import Handling, Publisher, RemediationKind, VexStatus
from watchbell.domain.handling import ANONYMOUS, Actor, Role, Tlp
from watchbell.domain.lifecycle import Embargo, NotPossible
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.domain.refusal import Refused
from watchbell.formats import osv, strictjson
from watchbell.worker.run import run_until_idle
from watchbell.worker.subscriptions import SUBSCRIPTIONS

pytestmark = pytest.mark.django_db

FOLLOWING = tuple(one for one in SUBSCRIPTIONS if one.handler == "advisories")

HARBOUR = Publisher("Harbour Clearinghouse", "https://harbour.example")
LOWER = "CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:N/A:N"


@pytest.fixture
def desk(cast: Cast, tmp_path: Path, noon: datetime, rng: random.Random) -> Desk:
    return Desk(cast, blob_store(tmp_path), noon, rng)


def fixed_case(desk: Desk) -> Case:
    """Return a case under embargo whose vendor has named its fix and its severity."""
    case, vendor = desk.accepted(), desk.cast.vendor.actor
    flaw = case.vulnerabilities.get()
    answer = cases.ProductAnswer(
        product="infusepump", status=Standing.FIXED, purl="pkg:pypi/infusepump", affected_from="2.0", fixed_in="2.1.1"
    )
    cases.set_status(flaw, answer, by=vendor, now=desk.now)
    cases.set_severity(flaw, LOWER, by=vendor, now=desk.now)
    cases.name_cve(flaw, "CVE-2026-41414", by=vendor, now=desk.now)
    cases.fix_ready(case, by=vendor, now=desk.now)
    return fresh(case)


def draft(desk: Desk, case: Case, by: Actor | None = None) -> Advisory:
    return services.draft_from_case(case.public_id, publisher=HARBOUR, by=by or desk.by, now=desk.now, rng=desk.rng)


def edited(desk: Desk, advisory: Advisory) -> Advisory:
    content = replace(queries.working_copy(advisory), summary="Update the pump.")
    return services.edit(advisory, content, etag=advisory.etag, by=desk.by, now=desk.now)


def publish(
    desk: Desk, advisory: Advisory, *, label: Tlp = Tlp.CLEAR, by: Actor | None = None, now: datetime | None = None
) -> Advisory:
    return services.publish(
        advisory, label=label, etag=advisory.etag, by=by or desk.by, now=now or desk.now, rng=desk.rng
    )


def published(desk: Desk, label: Tlp = Tlp.CLEAR) -> Advisory:
    case = fixed_case(desk)
    advisory = edited(desk, draft(desk, case))
    cases.terminate(case, by=desk.by, now=desk.now)
    return publish(desk, advisory, label=label)


def colleague(desk: Desk, player: Player, name: str) -> Actor:
    person = orgs.create_person(
        f"{name}@{player.person.email.partition('@')[2]}", by=CONSOLE, now=desk.now, rng=desk.rng
    )
    orgs.add_member(person, player.organisation, Role.MEMBER, by=CONSOLE, now=desk.now)
    return actor(person, desk.now)


def test_a_draft_says_what_the_parties_said_the_vendors_severity_first(desk: Desk) -> None:
    content = queries.working_copy(draft(desk, fixed_case(desk)))

    [flaw] = content.vulnerabilities
    [affected] = flaw.affected
    assert flaw.cve == "CVE-2026-41414"
    assert [(one.vector, one.by) for one in flaw.severities] == [(LOWER, "vendor"), (VECTOR, "finder")]
    assert (affected.ecosystem, affected.package, affected.vendor) == ("PyPI", "infusepump", "Acme Infusion")
    assert [(one.introduced, one.fixed) for one in affected.ranges[0].events] == [("2.0", ""), ("", "2.1.1")]
    assert [one.kind for one in flaw.remediations] == [RemediationKind.VENDOR_FIX]


def test_a_vendor_who_has_not_answered_is_under_investigation_and_never_left_out(desk: Desk) -> None:
    content = queries.working_copy(draft(desk, desk.accepted()))

    [affected] = content.vulnerabilities[0].affected
    assert affected.status is VexStatus.UNDER_INVESTIGATION
    assert affected.ranges[0].events[0].introduced == "0"


def test_drafting_twice_gives_the_same_draft(desk: Desk) -> None:
    case = fixed_case(desk)

    assert draft(desk, case) == draft(desk, case)


def test_only_the_coordinating_organisation_drafts_and_reads_drafts(desk: Desk, cast: Cast) -> None:
    case = fixed_case(desk)
    advisory = draft(desk, case)

    for outsider in (cast.lab.actor, cast.vendor.actor, cast.hospital.actor, cast.admin, cast.mallory):
        with pytest.raises(services.NotAllowed):
            draft(desk, case, by=outsider)
        with pytest.raises(services.NotAllowed):
            publish(desk, advisory, by=outsider)
        assert not queries.drafts(outsider, now=desk.now).exists()
        assert queries.of_case(case.public_id, outsider, now=desk.now) is None
    assert queries.of_case(case.public_id, desk.by, now=desk.now) == advisory


def test_nothing_goes_public_while_an_embargo_is_in_force(desk: Desk) -> None:
    case = fixed_case(desk)
    advisory = edited(desk, draft(desk, case))

    with pytest.raises(NotPossible, match="in force until"):
        publish(desk, advisory)

    assert not queries.public(now=desk.now).exists()
    assert fresh(case).public_at is None
    assert not SourceRecord.objects.exists()


def test_the_date_of_an_embargo_makes_nothing_public_by_itself(desk: Desk) -> None:
    edited(desk, draft(desk, fixed_case(desk)))
    years_later = desk.now + timedelta(days=2000)

    assert not queries.public(now=years_later).exists()


def test_after_the_embargos_end_a_person_may_publish_and_the_embargo_is_over(desk: Desk) -> None:
    case = fixed_case(desk)
    advisory = edited(desk, draft(desk, case))

    publish(desk, advisory, now=desk.now + timedelta(days=31))

    assert fresh(case).embargo.state == Embargo.EXITED


@pytest.mark.parametrize("label", [Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED])
def test_nothing_stricter_than_green_is_published(desk: Desk, label: Tlp) -> None:
    case = fixed_case(desk)
    advisory = draft(desk, case)
    cases.terminate(case, by=desk.by, now=desk.now)

    with pytest.raises(Refused, match="Only TLP:CLEAR and TLP:GREEN"):
        publish(desk, advisory, label=label)

    assert not queries.visible_to(desk.by, now=desk.now).exists()


def test_a_draft_is_as_strict_as_its_case_until_someone_chooses_a_label_which_is_on_record(desk: Desk) -> None:
    case = fixed_case(desk)
    first = draft(desk, case)
    relabelled = replace(queries.working_copy(first), handling=Handling(Tlp.CLEAR))
    after = services.edit(first, relabelled, etag=first.etag, by=desk.by, now=desk.now)
    cases.terminate(case, by=desk.by, now=desk.now)

    done = publish(desk, after)

    assert first.marking == after.marking == case.marking == Tlp.AMBER_STRICT
    assert queries.working_copy(after).handling.tlp is Tlp.AMBER_STRICT
    assert (done.marking, queries.working_copy(done).handling.tlp) == (Tlp.CLEAR, Tlp.CLEAR)
    assert Entry.objects.get(action="advisory.published").facts["marking"] == int(Tlp.CLEAR)


def test_a_green_advisory_reaches_the_circle_and_neither_the_public_nor_anyones_inventory(
    desk: Desk, cast: Cast
) -> None:
    circle = [cast.coordinator.organisation, cast.hospital.organisation]
    orgs.create_community("Regional hospitals", circle, by=CONSOLE, now=desk.now, rng=desk.rng)

    advisory = published(desk, Tlp.GREEN)

    readers = [
        name
        for name in ("hospital", "bank", "lab", "vendor", "coordinator")
        if queries.by_tracking_id(advisory.tracking_id, getattr(cast, name).actor, now=desk.now)
    ]
    assert readers == ["hospital", "coordinator"]
    assert queries.rendered(advisory.tracking_id, Format.CSAF, cast.hospital.actor, now=desk.now) is not None
    for outsider in (ANONYMOUS, cast.bank.actor, cast.mallory, cast.admin):
        assert queries.rendered(advisory.tracking_id, Format.CSAF, outsider, now=desk.now) is None
        assert not queries.readable_by(outsider, now=desk.now).exists()
    assert not queries.public(now=desk.now).exists()
    assert not SourceRecord.objects.exists()
    assert Case.objects.get(public_id=advisory.case).public_at is None


def test_a_green_advisory_can_be_opened_to_everyone_later_and_never_the_other_way(desk: Desk) -> None:
    advisory = published(desk, Tlp.GREEN)

    clear = publish(desk, advisory)

    assert queries.public(now=desk.now).get() == clear
    assert SourceRecord.objects.get().record_id == clear.tracking_id
    with pytest.raises(Refused, match="stays TLP:CLEAR"):
        publish(desk, clear, label=Tlp.GREEN)


def test_an_embargo_binds_a_green_advisory_as_well(desk: Desk) -> None:
    advisory = draft(desk, fixed_case(desk))

    with pytest.raises(NotPossible, match="in force until"):
        publish(desk, advisory, label=Tlp.GREEN)


def test_a_red_case_shows_its_draft_to_the_persons_it_names_and_to_no_colleague(desk: Desk, cast: Cast) -> None:
    case = fixed_case(desk)
    advisory = draft(desk, case)
    other = colleague(desk, cast.coordinator, "second")
    before = queries.drafts(other, now=desk.now).count()

    cases.raise_marking(case, Tlp.RED, by=desk.by, now=desk.now)

    assert before == 1
    assert not queries.drafts(other, now=desk.now).exists()
    assert queries.of_case(case.public_id, other, now=desk.now) is None
    assert queries.drafts(desk.by, now=desk.now).get() == advisory
    assert queries.label(advisory) is Tlp.RED
    deeds = (
        lambda: services.edit(advisory, queries.working_copy(advisory), etag=advisory.etag, by=other, now=desk.now),
        lambda: services.share(advisory, etag=advisory.etag, by=other, now=desk.now),
        lambda: publish(desk, advisory, by=other),
    )
    for deed in deeds:
        with pytest.raises(services.NotAllowed):
            deed()


def test_raising_a_cases_label_raises_its_draft_and_leaves_what_is_published(desk: Desk) -> None:
    out = published(desk)
    case = fixed_case(desk)
    advisory = draft(desk, case)
    for one in (Case.objects.get(public_id=out.case), case):
        cases.raise_marking(one, Tlp.RED, by=desk.by, now=desk.now)

    for _ in range(2):
        run_until_idle(now=desk.now, rng=desk.rng, subscriptions=FOLLOWING)

    advisory.refresh_from_db()
    out.refresh_from_db()
    assert (advisory.marking, queries.working_copy(advisory).handling.tlp) == (Tlp.RED, Tlp.RED)
    assert advisory.etag == services.etag_of(bytes(advisory.content))
    assert out.marking == Tlp.CLEAR
    assert [one.facts for one in Entry.objects.filter(action="advisory.marked")] == [{"marking": int(Tlp.RED)}]


def test_a_draft_is_shown_to_those_who_hear_the_case_as_it_was_then(desk: Desk, cast: Cast) -> None:
    case = fixed_case(desk)
    advisory = draft(desk, case)
    desk.invite(case, cast.hospital, CaseRole.DEPLOYER)
    hidden = queries.shown_to_case(case.public_id, cast.vendor.actor, now=desk.now)

    services.share(advisory, etag=advisory.etag, by=desk.by, now=desk.now)
    edited(desk, Advisory.objects.get())

    shown = queries.shown_to_case(case.public_id, cast.vendor.actor, now=desk.now)
    assert hidden is None
    assert shown is not None
    assert queries.shared_copy(shown).summary == ""
    for nobody in (cast.hospital.actor, cast.bank.actor, cast.mallory, ANONYMOUS):
        assert queries.shown_to_case(case.public_id, nobody, now=desk.now) is None
    with pytest.raises(services.ChangedMeanwhile):
        services.share(advisory, etag=advisory.etag, by=desk.by, now=desk.now)
    entry = Entry.objects.get(action="advisory.shared")
    told = {one.organisation_id for one in entry.concerns.all()}
    assert told == {one.organisation.public_id for one in (cast.coordinator, cast.lab, cast.vendor)}
    cases.raise_marking(case, Tlp.RED, by=desk.by, now=desk.now)
    other = colleague(desk, cast.vendor, "second")
    assert queries.shown_to_case(case.public_id, other, now=desk.now) is None


def test_the_address_of_a_contact_without_an_account_never_gets_into_an_advisory(desk: Desk) -> None:
    case = desk.case()
    address = "security@small.example"
    vendor = cases.invite(case, cases.Party(contact=address), [CaseRole.VENDOR], by=desk.by, now=desk.now, rng=desk.rng)
    desk.send(case, vendor)

    advisory = publish(desk, draft(desk, case))

    [affected] = queries.working_copy(advisory).vulnerabilities[0].affected
    written = [bytes(advisory.content), *(bytes(one.body) for one in Rendering.objects.all())]
    assert (affected.product, affected.vendor) == ("infusepump", "")
    assert len(written) == 3
    assert not any(part in octets for octets in written for part in (address.encode(), b"small.example"))


def test_publishing_makes_the_case_public_and_the_record_everyones_in_one_transaction(desk: Desk) -> None:
    advisory = published(desk)

    case = Case.objects.get(public_id=advisory.case)
    record = SourceRecord.objects.get(source__name="watchbell")
    assert advisory.tracking_id == "WB-2026-0001"
    assert case.public_at == desk.now
    assert record.record_id == "WB-2026-0001"
    assert Entry.objects.filter(action="advisory.published").count() == 1


def test_a_publication_that_fails_leaves_nothing_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = fixed_case(desk)
    advisory = edited(desk, draft(desk, case))
    cases.terminate(case, by=desk.by, now=desk.now)

    def fails(*args: object, **kwargs: object) -> None:
        raise ConnectionError("the disk is full")

    monkeypatch.setattr(versions.vulnerabilities, "store_advisory", fails)
    with pytest.raises(ConnectionError), transaction.atomic():
        publish(desk, advisory)

    advisory.refresh_from_db()
    assert (advisory.state, advisory.tracking_id) == (State.DRAFT, "")
    assert not Version.objects.exists()
    assert fresh(case).public_at is None


def test_the_rendered_bytes_read_back_as_what_was_published(desk: Desk) -> None:
    advisory = published(desk)

    found = queries.rendered("WB-2026-0001", Format.OSV, now=desk.now)
    csaf = queries.rendered("WB-2026-0001", Format.CSAF, now=desk.now)

    assert found is not None
    assert csaf is not None
    record = osv.loads(found.body)
    assert (record.id, record.aliases) == ("WB-2026-0001", ("CVE-2026-41414",))
    assert record.affected[0].name == "infusepump"
    assert found.etag == services.etag_of(found.body)
    assert strictjson.loads(csaf.body)["document"]["tracking"]["id"] == "WB-2026-0001"
    assert queries.rendered("WB-2026-0002", Format.OSV, now=desk.now) is None
    assert queries.rendered("WB-2026-0001", Format.OSV, now=desk.now - timedelta(seconds=1)) is None
    assert queries.latest(advisory, now=desk.now) == queries.read(bytes(advisory.versions.get().content))


def test_a_second_version_leaves_the_first_as_it_was(desk: Desk) -> None:
    advisory = published(desk)
    first = Version.objects.get()
    before = (bytes(first.content), [bytes(one.body) for one in first.renderings.order_by("pk")])
    later = desk.now + timedelta(days=1)
    content = replace(queries.working_copy(advisory), summary="Update the pump today.")

    working = services.edit(advisory, content, etag=advisory.etag, by=desk.by, now=later)
    unpublished = queries.latest(working, now=later)
    services.publish(
        working, label=Tlp.CLEAR, summary="Clearer words.", etag=working.etag, by=desk.by, now=later, rng=desk.rng
    )

    first.refresh_from_db()
    newest = queries.latest(advisory, now=later)
    assert (bytes(first.content), [bytes(one.body) for one in first.renderings.order_by("pk")]) == before
    assert unpublished is not None
    assert unpublished.summary == "Update the pump."
    assert newest is not None
    assert [(one.number, one.summary) for one in newest.revisions] == [
        (1, "Initial publication."),
        (2, "Clearer words."),
    ]
    assert (newest.published_at, newest.modified_at) == (desk.now, later)


def test_an_advisory_that_comes_to_speak_of_two_flaws_or_of_one_again_leaves_no_old_record_matching(desk: Desk) -> None:
    advisory = published(desk)

    living = [sorted(_matching())]
    for count in (2, 1):
        told = queries.working_copy(advisory)
        flaws = (*told.vulnerabilities, replace(told.vulnerabilities[0], aliases=("CVE-2026-41415",)))[:count]
        advisory = services.edit(
            advisory, replace(told, vulnerabilities=flaws), etag=advisory.etag, by=desk.by, now=desk.now
        )
        advisory = publish(desk, advisory)
        living.append(sorted(_matching()))

    name = advisory.tracking_id
    assert living == [[name], [f"{name}-1", f"{name}-2"], [name]]


def _matching() -> set[str]:
    return {one.record_id for one in SourceRecord.objects.filter(withdrawn_at__isnull=True, ranges__retracted=False)}


def test_the_second_editor_is_told_that_the_first_changed_it_already(desk: Desk) -> None:
    advisory = draft(desk, fixed_case(desk))
    content = queries.working_copy(advisory)
    seen = advisory.etag
    services.edit(advisory, replace(content, title="One"), etag=seen, by=desk.by, now=desk.now)

    with pytest.raises(services.ChangedMeanwhile):
        services.edit(advisory, replace(content, title="Two"), etag=seen, by=desk.by, now=desk.now)
    with pytest.raises(services.ChangedMeanwhile):
        services.publish(advisory, label=Tlp.CLEAR, etag=seen, by=desk.by, now=desk.now, rng=desk.rng)


def test_a_withdrawn_advisory_stays_readable_says_why_and_matches_nothing(desk: Desk) -> None:
    advisory = published(desk)
    later = desk.now + timedelta(days=1)

    services.withdraw(advisory, reason="It is no flaw.", by=desk.by, now=later, rng=desk.rng)

    found = queries.by_tracking_id("WB-2026-0001", now=later)
    record = queries.rendered("WB-2026-0001", Format.OSV, now=later)
    assert found is not None
    assert found.state == State.WITHDRAWN
    assert record is not None
    assert osv.loads(record.body).withdrawn
    assert SourceRecord.objects.get(record_id="WB-2026-0001").withdrawn_at == later
    with pytest.raises(services.ChangedMeanwhile):
        services.withdraw(found, reason="Again.", by=desk.by, now=later, rng=desk.rng)


def test_tracking_ids_count_up_and_drafts_take_none(desk: Desk) -> None:
    first = published(desk)
    draft(desk, desk.accepted())
    second = published(desk)

    assert (first.tracking_id, second.tracking_id) == ("WB-2026-0001", "WB-2026-0002")


def test_two_vendors_stand_side_by_side_in_one_draft(desk: Desk) -> None:
    case = fixed_case(desk)
    rival = another_vendor("Rival Pumps", desk.now, desk.rng)
    joined = desk.invite(case, rival)
    cases.join(case, by=rival.actor, now=desk.now)
    desk.send(case, joined)
    answer = cases.ProductAnswer(product="rivalpump", status=Standing.NOT_AFFECTED, statement="Other parser.")
    cases.set_status(case.vulnerabilities.get(), answer, by=rival.actor, now=desk.now)

    content = queries.working_copy(draft(desk, case))

    stated = {(one.vendor, one.product): one.status for one in content.vulnerabilities[0].affected}
    assert stated["Acme Infusion", "infusepump"] is VexStatus.AFFECTED
    assert stated["Rival Pumps", "rivalpump"] is VexStatus.NOT_AFFECTED
    assert stated["Rival Pumps", "infusepump"] is VexStatus.UNDER_INVESTIGATION


def test_every_column_of_this_room_has_its_fate_written_down() -> None:
    declared = {row.model: set(row.columns) for row in kept.KEPT}

    for model in (models.Advisory, Version, Rendering, models.TrackingCounter):
        columns = {column.attname for column in model._meta.concrete_fields}
        assert declared[model._meta.label] == columns
