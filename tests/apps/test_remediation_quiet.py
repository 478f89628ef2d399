"""A line all of whose exposures others speak free is quiet and visible, asks for nothing, and comes back by itself."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from tests.apps.scene_inventory import DICE, add, between, list_in_kev, load, osv, publish, row, sbom, work
from tests.apps.scene_vex import not_affected, openvex, stated, take_back, take_in
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import services as inventory
from watchbell.apps.inventory import statements
from watchbell.apps.inventory.models import Match
from watchbell.apps.journal.models import Entry
from watchbell.apps.remediation import queries, services, sheet
from watchbell.apps.remediation.models import WorklistRow
from watchbell.apps.remediation.queries import Part
from watchbell.apps.remediation.services import Evidence
from watchbell.apps.vulnerabilities import queries as known
from watchbell.apps.vulnerabilities import services as published
from watchbell.domain.advisory import VexStatus
from watchbell.domain.handling import system
from watchbell.domain.lifecycle import NotPossible, Remediation
from watchbell.domain.priority import Exposure

pytestmark = pytest.mark.django_db
CVE = "CVE-2026-1001"
GATE = "pkg:pypi/gate@1.0"
LATER = NOON + timedelta(hours=1)
SEEN = Evidence(note="Ticket 7: done and looked at.")


def quieted(cast: Cast, *, exposed: Exposure = Exposure.UNKNOWN, **record: Any) -> WorklistRow:
    """Return the hospital's row about a flaw that its maker says is not in it."""
    load(cast.hospital, add(cast.hospital, exposed=exposed), sbom(GATE))
    publish(osv(CVE, "gate", *between("0", "2.0"), **record))
    take_in(cast.hospital, openvex(not_affected(CVE, GATE, impact_statement="Built without it.")))
    work()
    return row(cast.hospital, CVE)


def story(cast: Cast) -> list[str]:
    found = queries.story(cast.hospital.actor, row(cast.hospital, CVE).public_id, now=NOON)
    return list(found.values_list("what", flat=True))


def test_a_quiet_line_leaves_the_open_counts_and_stays_on_a_list_of_its_own_with_who_said_so(cast: Cast) -> None:
    found = quieted(cast)

    viewer = cast.hospital.actor
    totals = queries.totals(viewer, now=NOON)
    week = sheet.this_week(viewer, zone="UTC", now=NOON)
    (told,) = statements.said_of(viewer, found.group_id, now=NOON)

    assert (found.closed_because, found.exposures, found.quieted, found.due_at is not None) == ("quieted", 1, 1, True)
    assert (totals.to_do, totals.settled, totals.quieted, totals.attacked) == (0, 0, 1, 0)
    assert (week.dated, week.can_wait) == ((), 0)
    assert queries.worklist(viewer, now=NOON, part=Part.QUIETED).rows == (found,)
    assert queries.worklist(viewer, now=NOON, part=Part.SETTLED).rows == ()
    assert (told.status, told.is_quiet, told.asset_name) == (VexStatus.NOT_AFFECTED, True, "web server")
    assert (told.holds[0].one.author, told.holds[0].one.impact) == ("Acme", "Built without it.")
    assert told.holds[0].at is not None
    assert queries.lines_about([found.group_id], [found.organisation_id]) == []
    assert story(cast) == ["found", "quieted"]
    assert Match.objects.count() == 1
    assert statements.said_of(cast.bank.actor, found.group_id, now=NOON) == []


NEWER = {"author": "Acme", "at": "2026-10-02T00:00:00Z", "number": 2}
COMING_BACK = {
    "withdrawn": lambda cast, document: take_back(cast.hospital, document),
    "superseded": lambda cast, _: take_in(cast.hospital, openvex(stated(CVE, "affected", GATE), **NEWER)),
    "under investigation": lambda cast, _: take_in(
        cast.hospital, openvex(stated(CVE, "under_investigation", GATE), **NEWER)
    ),
    "disputed": lambda cast, _: take_in(cast.hospital, openvex(stated(CVE, "affected", GATE), author="Somebody")),
    "another variant": lambda cast, _: load(
        cast.hospital, add(cast.hospital, "ward server"), sbom("pkg:pypi/gate@0.9")
    ),
}


@pytest.mark.parametrize("how", COMING_BACK)
def test_a_quiet_line_comes_back_by_itself_with_the_deed_that_was_done_about_it(cast: Cast, how: str) -> None:
    load(cast.hospital, add(cast.hospital), sbom(GATE))
    publish(osv(CVE, "gate", *between("0", "2.0")))
    work()
    services.plan(row=row(cast.hospital, CVE), by=cast.hospital.actor, now=NOON, rng=DICE)
    due = row(cast.hospital, CVE).due_at
    document = take_in(cast.hospital, openvex(not_affected(CVE, GATE))).document
    work()
    was = row(cast.hospital, CVE).closed_because

    COMING_BACK[how](cast, document)
    work()

    found = row(cast.hospital, CVE)
    assert (was, found.closed_because, found.is_settled) == ("quieted", "", False)
    assert (found.state, found.due_at, found.exposures) == (Remediation.PLANNED, due, 1)
    assert story(cast) == ["found", "plan", "quieted", "found again"]


def test_a_new_asset_that_the_statement_speaks_of_too_stays_quiet(cast: Cast) -> None:
    quieted(cast)

    load(cast.hospital, add(cast.hospital, "ward server"), sbom(GATE))
    work()

    found = row(cast.hospital, CVE)
    assert (found.closed_because, found.quieted, found.assets) == ("quieted", 2, 2)
    assert story(cast) == ["found", "quieted"]


@pytest.mark.parametrize(
    "statement",
    [stated(CVE, "not_affected", GATE), stated(CVE, "affected", GATE), stated(CVE, "under_investigation", GATE)],
    ids=["unexplained", "affected", "under investigation"],
)
def test_a_word_that_is_not_quiet_or_says_not_why_keeps_nothing_quiet_and_is_shown(
    cast: Cast, statement: dict[str, Any]
) -> None:
    load(cast.hospital, add(cast.hospital), sbom(GATE))
    publish(osv(CVE, "gate", *between("0", "2.0")))
    take_in(cast.hospital, openvex(statement))
    work()

    found = row(cast.hospital, CVE)
    (told,) = statements.said_of(cast.hospital.actor, found.group_id, now=NOON)

    assert (found.closed_because, found.quieted) == ("", 0)
    assert len(told.holds) == 1
    assert not told.is_quiet
    assert told.holds[0].one.is_unexplained is (statement["status"] == "not_affected")


def test_what_is_only_partly_spoken_free_asks_for_the_rest_alone(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital, "gateway", exposed=Exposure.YES), sbom(GATE))
    load(cast.hospital, add(cast.hospital, "archive", exposed=Exposure.NO), sbom("pkg:pypi/gate@1.1"))
    publish(osv(CVE, "gate", *between("0", "2.0")))
    take_in(cast.hospital, openvex(not_affected(CVE, GATE)))
    work()

    found = row(cast.hospital, CVE)
    assert (found.closed_because, found.exposures, found.quieted, found.assets) == ("", 1, 1, 1)
    assert found.exposed == "no"


def test_a_flaw_that_cannot_be_told_is_quiet_only_where_somebody_speaks_of_it(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate"))
    publish(osv(CVE, "gate", *between("0", "2.0")))
    work()
    before = (row(cast.hospital, CVE).tier, row(cast.hospital, CVE).closed_because)
    take_in(cast.hospital, openvex(not_affected(CVE, GATE)))
    work()
    of_a_version = row(cast.hospital, CVE).closed_because

    take_in(cast.hospital, openvex(not_affected(CVE, "pkg:pypi/gate"), number=2, at="2026-10-02T00:00:00Z"))
    work()

    assert (before, of_a_version, row(cast.hospital, CVE).closed_because) == (("cannot tell", ""), "", "quieted")


def test_what_attackers_use_on_an_exposed_asset_stands_first_among_the_quiet(cast: Cast) -> None:
    load(cast.hospital, add(cast.hospital, exposed=Exposure.YES), sbom(GATE, "pkg:pypi/door@1.0"))
    publish(osv("CVE-2026-1000", "door", *between("0", "2")), now=NOON - timedelta(days=80))
    publish(osv(CVE, "gate", *between("0", "2.0")))
    list_in_kev(CVE)
    take_in(cast.hospital, openvex(not_affected(CVE, GATE), not_affected("CVE-2026-1000", "pkg:pypi/door")))
    work()

    viewer = cast.hospital.actor
    mine = queries.visible_to(viewer, now=NOON).filter(closed_because="quieted")

    assert queries.totals(viewer, now=NOON).attacked == 1
    assert [one.display_id for one in mine.order_by("quiet_place", "order_at")] == [CVE, "CVE-2026-1000"]
    assert mine.get(display_id="CVE-2026-1000").order_at < mine.get(display_id=CVE).order_at


def test_a_picked_product_is_spoken_of_by_its_maker_and_name(cast: Cast) -> None:
    list_in_kev(CVE, product="Gate")
    choice = published_choice("Acme Gate")
    asset = add(cast.hospital, exposed=Exposure.YES)
    inventory.pick_product(
        asset=asset, product=choice, label="Acme Gate", version="", by=cast.hospital.actor, now=NOON, rng=DICE
    )
    work()
    before = row(cast.hospital, CVE).closed_because

    take_in(cast.hospital, csaf_vex("Acme", "Gate"))
    work()
    quiet = row(cast.hospital, CVE).closed_because
    inventory.unpick_product(asset=asset, product=choice, by=cast.hospital.actor, now=NOON)
    work()

    assert (before, quiet, row(cast.hospital, CVE).closed_because) == ("", "quieted", "gone")


def published_choice(label: str) -> str:
    return known.products(label)[0].public_id


def csaf_vex(vendor: str, product: str) -> bytes:
    """Return a CSAF VEX document that speaks a product free by its maker and name."""
    leaf = {"category": "product_name", "name": product, "product": {"name": f"{vendor} {product}", "product_id": "P"}}
    moment = "2026-10-01T00:00:00Z"
    document = {
        "category": "csaf_vex", "csaf_version": "2.0", "title": "Gate",
        "publisher": {"category": "vendor", "name": vendor, "namespace": "https://acme.example"},
        "tracking": {
            "id": "ACME-1", "status": "final", "version": "1", "initial_release_date": moment,
            "current_release_date": moment, "revision_history": [{"date": moment, "number": "1", "summary": "first"}],
        },
    }  # fmt: skip
    flaw = {
        "cve": CVE, "product_status": {"known_not_affected": ["P"]}, "notes": [{"category": "summary", "text": "-"}],
        "flags": [{"label": "component_not_present", "product_ids": ["P"]}],
    }  # fmt: skip
    tree = {"branches": [{"category": "vendor", "name": vendor, "branches": [leaf]}]}
    return json.dumps({"document": document, "product_tree": tree, "vulnerabilities": [flaw]}).encode()


def test_a_quiet_line_whose_flaw_reaches_nothing_any_more_is_closed_and_one_that_is_hidden_is_to_do(cast: Cast) -> None:
    quieted(cast)

    load(cast.hospital, add(cast.hospital), sbom(named=(("gate", "1.0"),)), now=LATER)
    work(LATER)
    hidden = row(cast.hospital, CVE)
    load(cast.hospital, add(cast.hospital), sbom(GATE), now=LATER)
    work(LATER)
    again = row(cast.hospital, CVE).closed_because
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/other@1"), now=LATER)
    work(LATER)
    gone = row(cast.hospital, CVE)

    assert (hidden.tier, hidden.closed_because, hidden.is_settled) == ("cannot tell", "", False)
    assert again == "quieted"
    assert (gone.closed_because, gone.state) == ("gone", Remediation.OPEN)


def test_nothing_is_done_about_a_quiet_line_and_what_its_operator_settled_stays_settled(cast: Cast) -> None:
    found = quieted(cast)
    with pytest.raises(NotPossible, match="VEX statements keep this quiet"):
        services.plan(row=found, by=cast.hospital.actor, now=NOON, rng=DICE)
    publish(osv("CVE-2026-1002", "gate", *between("0", "2.0")))
    work()
    until = NOON + timedelta(days=3)
    other = row(cast.hospital, "CVE-2026-1002")
    services.accept_until(row=other, until=until, evidence=SEEN, by=cast.hospital.actor, now=NOON, rng=DICE)
    take_in(cast.hospital, openvex(not_affected("CVE-2026-1002", GATE), number=2))
    work()
    accepted = row(cast.hospital, "CVE-2026-1002")
    organisation = cast.hospital.organisation.public_id
    late = until + timedelta(hours=1)

    services.refresh(organisation=organisation, by=system("tests"), now=late, rng=random.Random(3))

    assert (accepted.state, accepted.closed_because) == (Remediation.ACCEPTED_UNTIL, "")
    assert row(cast.hospital, "CVE-2026-1002").closed_because == "quieted"


def test_bringing_a_quiet_list_up_to_date_again_changes_nothing(cast: Cast) -> None:
    before = WorklistRow.objects.values().get(pk=quieted(cast).pk)
    entries = Entry.objects.filter(action="remediation.refreshed").count()
    published.import_osv([], source="osv", by=system("tests"), now=LATER, rng=DICE)

    organisation = cast.hospital.organisation.public_id
    services.refresh(organisation=organisation, by=system("tests"), now=LATER, rng=random.Random(5))

    assert WorklistRow.objects.values().get(pk=before["id"]) == before
    assert Entry.objects.filter(action="remediation.refreshed").count() == entries
