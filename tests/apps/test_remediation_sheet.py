"""The Monday sheet holds at most ten dated actions and ten from the backlog, and one update is one action."""

from datetime import UTC, datetime, timedelta

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
    sbom,
    work,
)
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.remediation import services
from watchbell.apps.remediation.services import Evidence
from watchbell.apps.remediation.sheet import Kind, Sheet, this_week, week_of
from watchbell.domain.priority import Exposure

pytestmark = pytest.mark.django_db
SEEN = Evidence(note="Done and looked at.")


def sheet(cast: Cast, now: datetime = NOON) -> Sheet:
    return this_week(cast.hospital.actor, zone="UTC", now=now)


def test_several_vulnerabilities_ended_by_one_update_are_one_action(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    publish(
        osv("CVE-2026-1001", "gate", *between("0", "1.9")),
        osv("CVE-2026-1002", "gate", *between("0", "1.10")),
        osv("CVE-2026-1003", "gate", *between("0", "1.2")),
    )
    work()

    (step,) = sheet(cast).dated

    assert (step.kind, step.what, step.version, step.closes) == (Kind.UPDATE, "gate", "1.10", 3)


def test_an_urgent_update_is_not_held_up_by_a_patient_one_and_counts_what_else_it_ends(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital, exposed=Exposure.YES), sbom("pkg:pypi/gate@1.0"))
    publish(
        osv("CVE-2026-1001", "gate", *between("0", "1.5")),
        osv("CVE-2026-1002", "gate", *between("0", "1.4")),
        osv("CVE-2026-1003", "gate", *between("0", "3.0")),
        osv("CVE-2020-1004", "gate", *between("0", "1.5"), published=LONG_AGO),
    )
    list_in_kev("CVE-2026-1001")
    work()

    now, later = sheet(cast).dated

    assert (now.version, now.closes, now.first.display_id, now.in_kev) == ("1.5", 3, "CVE-2026-1001", True)
    assert (later.version, later.closes) == ("3.0", 4)
    assert now.due_at is not None
    assert later.due_at is not None
    assert now.due_at < later.due_at


def test_without_a_fix_the_action_is_to_ask_and_without_a_version_to_find_it_out(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0", "pkg:pypi/wall"))
    publish(osv("CVE-2026-1001", "gate", *from_on("0")), osv("CVE-2026-1002", "wall", *between("0", "2")))
    work()

    found = sheet(cast)

    assert sorted(step.kind for step in found.dated) == [Kind.ASK_VENDOR, Kind.FIND_VERSION]
    assert found.cannot_tell == 1


def test_a_week_holds_ten_dated_actions_and_ten_from_the_backlog_and_counts_the_rest(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom(*(f"pkg:pypi/p{at}@1.0" for at in range(30))))
    publish(*(osv(f"CVE-2026-{1000 + at}", f"p{at}", *between("0", "2")) for at in range(13)))
    publish(*(osv(f"CVE-2020-{1000 + at}", f"p{at}", *between("0", "2"), published=LONG_AGO) for at in range(15, 30)))
    work()

    found = sheet(cast)

    assert (len(found.dated), len(found.backlog), found.can_wait) == (10, 10, 8)
    assert all(step.due_at is None for step in found.backlog)


def test_what_was_done_from_the_backlog_this_week_is_not_asked_for_again_until_monday(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom(*(f"pkg:pypi/p{at}@1.0" for at in range(15))))
    publish(*(osv(f"CVE-2020-{1000 + at}", f"p{at}", *between("0", "2"), published=LONG_AGO) for at in range(15)))
    work()
    for step in sheet(cast).backlog[:4]:
        services.mark_patched(row=step.first, evidence=SEEN, by=cast.hospital.actor, now=NOON, rng=DICE)

    assert len(sheet(cast).backlog) == 6
    assert len(sheet(cast, NOON + timedelta(days=7)).backlog) == 10


def test_what_is_done_or_accepted_leaves_the_sheet(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0", "pkg:pypi/wall@1.0"))
    publish(osv("CVE-2026-1001", "gate", *between("0", "2")), osv("CVE-2026-1002", "wall", *between("0", "2")))
    work()
    deed = {"evidence": SEEN, "by": cast.hospital.actor, "now": NOON, "rng": DICE}
    services.mark_patched(row=row(cast.hospital, "CVE-2026-1001"), **deed)
    services.accept_until(row=row(cast.hospital, "CVE-2026-1002"), until=NOON + timedelta(days=9), **deed)

    assert sheet(cast).dated == ()


def test_the_week_begins_on_monday_where_the_hospital_is() -> None:
    # Sunday evening in Chicago is Monday in UTC.
    sunday = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)

    begins, ends = week_of(sunday, zone="America/Chicago")

    assert begins.astimezone(UTC) == datetime(2026, 10, 26, 5, 0, tzinfo=UTC)
    assert ends.astimezone(UTC) == datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    assert week_of(sunday, zone="UTC")[0] == datetime(2026, 11, 2, tzinfo=UTC)


def test_at_the_weekend_the_sheet_already_looks_at_the_next_week(cast: Cast) -> None:
    friday, saturday = datetime(2026, 11, 6, 12, tzinfo=UTC), datetime(2026, 11, 7, 12, tzinfo=UTC)

    ends = [this_week(cast.hospital.actor, zone="UTC", now=now).week_ends_at for now in (friday, saturday)]

    assert ends == [datetime(2026, 11, 9, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)]


def test_nobody_else_gets_the_operators_sheet(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    publish(osv("CVE-2026-1001", "gate", *between("0", "2")))
    work()

    for viewer in (cast.coordinator.actor, cast.admin, cast.bank.actor, CONSOLE):
        found = this_week(viewer, zone="UTC", now=NOON)
        assert (found.dated, found.backlog, found.can_wait) == ((), (), 0)
