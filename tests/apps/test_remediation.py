"""The worklist says what to do, by when and why; it follows the facts, keeps people's deeds, and loses nothing."""

import csv
import io
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from tests.apps.scene_inventory import (
    CONSOLE,
    DICE,
    LONG_AGO,
    add,
    between,
    from_on,
    list_in_kev,
    load,
    osv,
    publish,
    row,
    rows,
    sbom,
    work,
)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import services as inventory
from watchbell.apps.inventory.models import Asset
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs.models import Organisation
from watchbell.apps.remediation import queries, services
from watchbell.apps.remediation.models import Action, Desk, WorklistRow
from watchbell.apps.remediation.services import Evidence, refreshing
from watchbell.apps.vulnerabilities import services as published
from watchbell.domain.lifecycle import NotPossible, Remediation
from watchbell.domain.priority import Exposure

pytestmark = pytest.mark.django_db
CVE = "CVE-2026-1001"
SEEN = Evidence(note="Ticket 7: done and looked at.")
GATE = sbom("pkg:pypi/gate@1.0")


def days(number: int) -> datetime:
    """Return the last second of a day after NOON's, in UTC."""
    return datetime(2026, 11, 4, 23, 59, 59, tzinfo=UTC) + timedelta(days=number)


def hit(cast: Cast, *, exposed: Exposure = Exposure.UNKNOWN, **record: Any) -> WorklistRow:
    """Return the one row of a hospital that runs an affected version."""
    load(cast.hospital, add(cast.hospital, exposed=exposed), GATE)
    publish(osv(CVE, "gate", *between("0", "2.0"), **record))
    work()
    return row(cast.hospital, CVE)


def ssvc(cve: str, automatable: str, impact: str) -> None:
    text = io.StringIO()
    names = (
        "cve", "published", "exploitation", "automatable", "technical_impact", "ssvc_date", "cvss_version",
        "cvss_base", "cvss_vector", "cwe", "vendor", "product",
    )  # fmt: skip
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerow(dict.fromkeys(names, "") | {
        "cve": cve, "exploitation": "none", "automatable": automatable, "technical_impact": impact,
    })  # fmt: skip
    published.import_vulnrichment(io.StringIO(text.getvalue()), by=CONSOLE, now=NOON, rng=DICE)


def test_a_new_advisory_gets_a_date_at_the_end_of_the_last_day_where_the_hospital_is(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.hospital.organisation.pk).update(time_zone="America/Chicago")

    found = hit(cast)

    # Sixty days from 4 November (06:00 in Chicago): the end of 3 January, six hours behind UTC.
    assert found.due_at == datetime(2027, 1, 4, 5, 59, 59, tzinfo=UTC)
    assert (found.outcome, found.drawn, found.backlog) == ("60D", "unknown", False)
    assert (found.exposures, found.assets, found.exposed, found.tier) == (1, 1, "unknown", "exact")


def test_a_term_that_crosses_the_change_of_clocks_still_ends_at_local_midnight(cast: Cast) -> None:
    Organisation.objects.filter(pk=cast.hospital.organisation.pk).update(time_zone="America/Chicago")
    spring = datetime(2027, 3, 13, 18, 0, tzinfo=UTC)
    load(cast.hospital, add(cast.hospital, now=spring), GATE, now=spring)
    publish(osv(CVE, "gate", *between("0", "2.0")), now=spring)
    list_in_kev(CVE, now=spring)
    work(spring)

    # Three days from 13 March; the clocks went forward on the 14th.
    assert row(cast.hospital, CVE).due_at == datetime(2027, 3, 17, 4, 59, 59, tzinfo=UTC)


def test_what_attackers_use_on_an_exposed_asset_is_now(cast: Cast) -> None:
    hit(cast, exposed=Exposure.YES)

    list_in_kev(CVE)
    work()

    found = row(cast.hospital, CVE)
    assert (found.band, found.in_kev, found.due_at) == ("now", True, days(3))
    assert found.forensics_offered
    assert not found.forensics_required


def test_what_was_published_before_the_node_began_is_backlog_without_an_invented_date(cast: Cast) -> None:
    old = hit(cast, published=LONG_AGO)
    publish(osv("CVE-2026-1002", "gate", *between("0", "2.0")), now=NOON + timedelta(days=1))
    work()

    new = row(cast.hospital, "CVE-2026-1002")
    assert (old.backlog, old.due_at) == (True, None)
    assert (new.backlog, new.due_at) == (False, days(61))
    assert [one.display_id for one in rows(cast.hospital)] == ["CVE-2026-1002", CVE]


def test_backlog_that_attackers_use_stays_now_on_an_exposed_asset(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), GATE)
    publish(osv(CVE, "gate", *between("0", "2.0"), published=LONG_AGO))
    list_in_kev(CVE)
    work()

    assert (row(cast.hospital, CVE).band, row(cast.hospital, CVE).due_at) == ("now", days(3))


@pytest.mark.parametrize("order", list(permutations(range(4)))[::2])
def test_rows_do_not_depend_on_what_came_first(cast: Cast, order: tuple[int, ...]) -> None:
    asset = add(cast.hospital)
    steps = [
        lambda: load(cast.hospital, asset, sbom("pkg:pypi/gate@1.0", "pkg:pypi/wall")),
        lambda: publish(osv("GHSA-1", "gate", *between("0", "2.0"), aliases=[CVE])),
        lambda: publish(
            osv("PYSEC-1", "gate", *between("0", "1.5"), aliases=[CVE]), osv("PYSEC-2", "wall", *from_on("0"))
        ),
        lambda: list_in_kev(CVE),
    ]
    for at in order:
        steps[at]()
        work()

    shown = [
        (one.display_id, one.tier, one.exposures, one.undetermined, one.band, one.outcome, one.due_at, one.rank,
         one.fix_version, one.in_kev, one.drawn, one.low, one.high, one.state, one.closed_because)
        for one in rows(cast.hospital)
        if not one.closed_because
    ]  # fmt: skip
    assert shown[0][:7] == (CVE, "exact", 1, 0, "now", "3D", days(3))
    assert shown[0][8] == "2.0"
    assert shown[1][:4] == ("PYSEC-2", "cannot tell", 0, 1)
    assert len(shown) == 2


def test_refreshing_again_changes_nothing(cast: Cast) -> None:
    hit(cast)
    before = (list(WorklistRow.objects.values()), Action.objects.count(), Entry.objects.count())

    result = services.refresh(
        organisation=cast.hospital.organisation.public_id, by=cast.hospital.actor, now=NOON + timedelta(1), rng=DICE
    )

    assert (result.found, result.changed, result.closed) == (0, 0, 0)
    assert (list(WorklistRow.objects.values()), Action.objects.count(), Entry.objects.count()) == before


def test_a_fix_that_becomes_known_later_moves_the_date_and_says_so(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), GATE)
    publish(osv(CVE, "gate", *from_on("0")))
    work()
    before = row(cast.hospital, CVE)
    later = NOON + timedelta(days=10)

    publish(osv(CVE, "gate", *between("0", "2.0"), modified="2030-01-02T00:00:00Z"), now=later)
    work(later)

    after = row(cast.hospital, CVE)
    assert (before.due_at, after.due_at) == (days(60), days(70))
    moved = Action.objects.get(row=after, what="date moved")
    assert (moved.note, moved.due_before, moved.due_after) == ("a fix became known", days(60), days(70))


def test_a_date_never_moves_later_without_a_rule(cast: Cast) -> None:
    found = hit(cast)
    earlier = NOON - timedelta(days=5)
    WorklistRow.objects.update(due_at=days(55), order_at=days(55), clock_started_at=earlier)

    services.refresh(organisation=found.organisation_id, by=cast.hospital.actor, now=NOON, rng=DICE)

    assert row(cast.hospital, CVE).due_at == days(55)
    assert not Action.objects.filter(what="date moved").exists()


def test_answering_that_an_asset_is_not_exposed_changes_its_rows(cast: Cast) -> None:
    hit(cast)
    list_in_kev(CVE)
    work()
    assert row(cast.hospital, CVE).outcome == "3D"

    inventory.answer_exposed(asset=Asset.objects.get(), answer=Exposure.NO, by=cast.hospital.actor, now=NOON)
    work()

    found = row(cast.hospital, CVE)
    assert (found.exposed, found.outcome, found.due_at) == ("no", "14D", days(14))
    assert Action.objects.filter(what="date moved").latest("id").note == "the answers changed"


def test_published_answers_are_drawn_as_known(cast: Cast) -> None:
    hit(cast, exposed=Exposure.YES)

    ssvc(CVE, "yes", "total")
    work()

    assert (row(cast.hospital, CVE).outcome, row(cast.hospital, CVE).drawn) == ("3D", "known")


def test_a_new_list_without_the_affected_version_verifies_the_fix_and_keeps_the_row(cast: Cast) -> None:
    found = hit(cast)

    load(cast.hospital, Asset.objects.get(), sbom("pkg:pypi/gate@2.0"), now=NOON + timedelta(hours=1))
    work(NOON + timedelta(hours=1))

    found.refresh_from_db()
    assert (found.state, found.closed_because, found.is_settled) == (Remediation.VERIFIED, "gone", True)
    assert Action.objects.filter(row=found).last().note == "The lists in force no longer hold an affected version."  # type: ignore[union-attr]


def test_a_list_that_only_names_the_package_proves_nothing(cast: Cast) -> None:
    found = hit(cast)

    load(cast.hospital, Asset.objects.get(), sbom(named=(("Gate", "2.0"),)))
    work()
    work()

    found.refresh_from_db()
    assert (found.tier, found.is_settled, found.state) == ("cannot tell", False, Remediation.OPEN)
    assert Action.objects.filter(row=found, what="cannot tell").count() == 1


def test_a_withdrawn_record_closes_its_row_with_the_reason(cast: Cast) -> None:
    found = hit(cast)
    stamp = "2030-01-02T00:00:00Z"

    publish(osv(CVE, "gate", *between("0", "2.0"), modified=stamp, withdrawn=stamp))
    work()

    found.refresh_from_db()
    assert (found.closed_because, found.state, found.is_settled) == ("withdrawn", Remediation.OPEN, True)


def test_a_flaw_that_comes_back_opens_its_row_again(cast: Cast) -> None:
    found = hit(cast)
    load(cast.hospital, Asset.objects.get(), sbom("pkg:pypi/gate@2.0"))
    work()

    load(cast.hospital, Asset.objects.get(), sbom("pkg:pypi/gate@1.1"))
    work()

    found.refresh_from_db()
    assert (found.state, found.closed_because, found.is_settled) == (Remediation.OPEN, "", False)


def test_a_list_loaded_after_the_fix_was_verified_that_still_holds_the_flaw_opens_the_row(cast: Cast) -> None:
    found = hit(cast)
    now = NOON + timedelta(hours=1)
    services.mark_patched(row=found, evidence=SEEN, by=cast.hospital.actor, now=now, rng=DICE)
    services.verify(row=found, evidence=SEEN, by=cast.hospital.actor, now=now, rng=DICE)
    services.refresh(organisation=found.organisation_id, by=cast.hospital.actor, now=now, rng=DICE)
    found.refresh_from_db()
    assert found.is_settled

    later = NOON + timedelta(hours=2)
    load(cast.hospital, Asset.objects.get(), sbom("pkg:pypi/gate@1.0", "pkg:pypi/wall@1"), now=later)
    work(later)

    found.refresh_from_db()
    assert (found.state, found.is_settled) == (Remediation.OPEN, False)


def test_two_vulnerabilities_that_turn_out_to_be_one_leave_one_row_open(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), GATE)
    publish(osv("GHSA-1", "gate", *between("0", "2.0")), osv("PYSEC-1", "gate", *between("0", "2.0")))
    work()
    assert len(rows(cast.hospital)) == 2

    publish(osv("PYSEC-1", "gate", *between("0", "2.0"), aliases=["GHSA-1"], modified="2030-01-02T00:00:00Z"))
    work()

    assert sorted(one.closed_because for one in rows(cast.hospital)) == ["", "merged"]


def test_deeds_walk_the_row_and_leave_their_story(cast: Cast) -> None:
    found = hit(cast)
    deed = {"by": cast.hospital.actor, "now": NOON, "rng": DICE}

    services.plan(row=found, **deed)
    services.wait_on_vendor(row=found, **deed)
    services.mitigate(row=found, evidence=SEEN, **deed)
    services.mark_patched(row=found, evidence=SEEN, **deed)
    services.verify(row=found, evidence=SEEN, **deed)
    services.reopen(row=found, **deed)

    told = queries.story(cast.hospital.actor, found.public_id, now=NOON).values_list("what", flat=True)
    assert list(told) == ["found", "plan", "wait on vendor", "mitigate", "patch", "verify", "reopen"]
    assert Entry.objects.filter(action__startswith="remediation.", subject_id=found.public_id).count() == 6


def test_a_deed_that_lowers_the_shown_risk_needs_a_note(cast: Cast) -> None:
    found = hit(cast)

    with pytest.raises(NotPossible):
        services.mark_patched(row=found, evidence=Evidence(), by=cast.hospital.actor, now=NOON, rng=DICE)
    with pytest.raises(NotPossible):
        services.verify(row=found, evidence=SEEN, by=cast.hospital.actor, now=NOON, rng=DICE)


def test_the_second_to_change_a_row_is_told_that_someone_was_first(cast: Cast) -> None:
    found = hit(cast)
    stale = WorklistRow.objects.get(pk=found.pk)
    services.plan(row=found, by=cast.hospital.actor, now=NOON, rng=DICE)

    with pytest.raises(services.ChangedMeanwhile):
        services.wait_on_vendor(row=stale, by=cast.hospital.actor, now=NOON, rng=DICE)


def test_only_the_operators_people_who_may_write_change_its_worklist(cast: Cast) -> None:
    found = hit(cast)

    for stranger in (cast.bank.actor, cast.coordinator.actor, cast.admin, cast.reader, cast.mallory):
        with pytest.raises(services.NotAllowed):
            services.plan(row=found, by=stranger, now=NOON, rng=DICE)


def test_nobody_but_the_operator_sees_its_worklist(cast: Cast) -> None:
    found = hit(cast)

    for viewer in (cast.coordinator.actor, cast.admin, cast.bank.actor, cast.vendor.actor, cast.mallory):
        assert queries.row(viewer, found.public_id, now=NOON) is None
        assert queries.worklist(viewer, now=NOON).rows == ()
        assert not queries.story(viewer, found.public_id, now=NOON).exists()
    assert queries.row(cast.reader, found.public_id, now=NOON) == found


def test_an_acceptance_ends_by_itself(cast: Cast) -> None:
    found = hit(cast)
    until = NOON + timedelta(days=5)
    deed = {"row": found, "evidence": SEEN, "by": cast.hospital.actor, "now": NOON, "rng": DICE}
    with pytest.raises(NotPossible):
        services.accept_until(until=NOON, **deed)
    services.accept_until(until=until, **deed)
    assert queries.worklist(cast.hospital.actor, now=NOON).rows == ()

    assert queries.with_acceptances_over(now=NOON) == []
    assert queries.with_acceptances_over(now=until) == [found.organisation_id]
    services.refresh(organisation=found.organisation_id, by=cast.hospital.actor, now=until, rng=DICE)

    found.refresh_from_db()
    assert (found.state, found.accepted_until) == (Remediation.OPEN, None)


def test_where_forensic_triage_is_required_a_new_list_alone_settles_nothing(cast: Cast) -> None:
    found = hit(cast, exposed=Exposure.YES)
    list_in_kev(CVE)
    ssvc(CVE, "yes", "total")
    work()
    found.refresh_from_db()
    assert found.forensics_required

    load(cast.hospital, Asset.objects.get(), sbom("pkg:pypi/gate@2.0"))
    work()
    found.refresh_from_db()
    assert (found.state, found.is_settled) == (Remediation.PATCHED, False)

    services.record_forensics(row=found, evidence=SEEN, by=cast.hospital.actor, now=NOON, rng=DICE)
    services.verify(row=found, evidence=SEEN, by=cast.hospital.actor, now=NOON, rng=DICE)
    assert WorklistRow.objects.get(pk=found.pk).is_settled


def test_a_refresh_that_was_overtaken_writes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    found = hit(cast)
    facts_for = refreshing.published.facts_for

    def overtaken(names: Any) -> Any:
        Desk.objects.filter(organisation_id=found.organisation_id).update(turn=99)
        return facts_for(names)

    monkeypatch.setattr(refreshing.published, "facts_for", overtaken)
    WorklistRow.objects.update(title="as it was")
    with pytest.raises(services.Overtaken):
        services.refresh(organisation=found.organisation_id, by=cast.hospital.actor, now=NOON, rng=DICE)

    assert row(cast.hospital, CVE).title == "as it was"


def test_pages_follow_each_other_without_a_gap_in_both_directions(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), GATE)
    publish(*(osv(f"CVE-2026-{2000 + at}", "gate", *between("0", "2.0")) for at in range(7)))
    publish(*(osv(f"CVE-2020-{2000 + at}", "gate", *between("0", "2.0"), published=LONG_AGO) for at in range(4)))
    work()
    viewer = cast.hospital.actor

    forth = []
    page = queries.worklist(viewer, now=NOON, limit=3)
    forth += page.rows
    while page.older:
        page = queries.worklist(viewer, now=NOON, limit=3, after=page.older)
        forth += page.rows
    back = list(page.rows)
    while page.newer:
        page = queries.worklist(viewer, now=NOON, limit=3, before=page.newer)
        back = [*page.rows, *back]

    assert len(forth) == 11
    assert forth == back
    assert [one.due_at is None for one in forth] == [False] * 7 + [True] * 4
    counts = queries.totals(viewer, now=NOON)
    assert (counts.overdue, counts.dated, counts.undated, counts.settled, counts.to_do) == (0, 7, 4, 0, 11)
    assert queries.totals(viewer, now=NOON + timedelta(days=70)).overdue == 7


def test_one_vulnerability_in_many_assets_is_one_row_with_counts(cast: Cast) -> None:
    for at in range(3):
        exposed = Exposure.NO if at else Exposure.YES
        load(cast.hospital, add(cast.hospital, f"server {at}", exposed), sbom("pkg:pypi/gate@1.0", "pkg:pypi/gate@1.1"))
    publish(osv(CVE, "gate", *between("0", "2.0")))
    work()

    (found,) = rows(cast.hospital)
    assert (found.exposures, found.assets, found.exposed) == (6, 3, "yes")


def test_one_operators_news_leaves_the_other_untouched(cast: Cast) -> None:
    hit(cast)
    load(cast.bank, add(cast.bank), sbom("pkg:pypi/wall@1.0"))
    work()

    assert rows(cast.bank) == []
