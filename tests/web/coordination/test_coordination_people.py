"""Who works on a case, who would lose sight of it, and what of it each reads: labels, drafts, names."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import NOON
from tests.support.cast import CONSOLE, Cast, Player, actor
from tests.support.desk import Desk, another_vendor, fresh
from tests.support.visitors import signed_in
from tests.web.coordination_scene import Scene, as_, do, text_of

from watchbell.apps.advisories import services as publishing
from watchbell.apps.advisories.models import Advisory
from watchbell.apps.cases import queries as cases
from watchbell.apps.cases import services
from watchbell.apps.findings.models import Finding
from watchbell.apps.journal.models import Entry
from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Person
from watchbell.domain.handling import Role, Tlp

pytestmark = pytest.mark.django_db


def page_of(client: Client, case: Any) -> str:
    return text_of(client.get(reverse("case", args=[case.public_id])))


def asked(page: str, deed: str) -> str:
    """Return the list of persons that a deed's form offers; nothing when the page has no such form."""
    found = re.search(rf'<select[^>]*id="{deed}_person".*?</select>', page, re.DOTALL)
    return found[0] if found else ""


def colleague(desk: Desk, player: Player, name: str) -> Person:
    email = f"{name.lower()}@{player.person.email.partition('@')[2]}"
    person = orgs.create_person(email, by=CONSOLE, now=desk.now, rng=desk.rng)
    Person.objects.filter(pk=person.pk).update(display_name=name)
    orgs.add_member(person, player.organisation, Role.MEMBER, by=CONSOLE, now=desk.now)
    person.refresh_from_db()
    return person


def test_a_colleague_named_in_a_case_stands_among_those_who_work_on_it(scene: Scene, desk: Desk, cast: Cast) -> None:
    ana = colleague(desk, cast.vendor, "Ana")
    client = as_(cast.vendor)
    before = page_of(client, scene.case)

    answer = do(client, scene.case, "assign", person=ana.public_id)

    after = page_of(client, scene.case)
    assert answer.status_code == HTTPStatus.FOUND
    ours = f'<option value="{ana.public_id}">Ana</option>'
    assert [ours in asked(page, "assign") for page in (before, after)] == [True, False]
    assert [ours in asked(page, "unassign") for page in (before, after)] == [False, True]
    assert re.search(r"Acme Infusion</strong><br><span class=\"quiet\">[^<]*\bAna\b", after)
    assert "Ana" not in page_of(as_(cast.lab), scene.case)
    assert "2 persons named" in page_of(as_(cast.lab), scene.case)


def test_a_colleague_is_named_no_longer_and_under_red_loses_sight_but_never_the_last_of_a_house(
    scene: Scene, desk: Desk, cast: Cast
) -> None:
    case, ana, client = scene.case, colleague(desk, cast.vendor, "Ana"), as_(cast.vendor)
    do(client, case, "assign", person=ana.public_id)
    services.raise_marking(case, Tlp.RED, by=desk.by, now=desk.now)
    before = page_status(ana, case)

    gone = do(client, case, "unassign", person=ana.public_id)
    last = do(client, case, "unassign", person=cast.vendor.person.public_id)
    by_others = do(as_(cast.lab), case, "unassign", person=cast.vendor.person.public_id)

    assert (before, page_status(ana, case), page_status(cast.vendor.person, case)) == (200, 404, 200)
    assert gone.status_code == HTTPStatus.FOUND
    assert "Name somebody else first" in text_of(last)
    assert "Select a valid choice" in text_of(by_others)
    entry = Entry.objects.get(action="case.unassigned")
    assert entry.facts["person"] == ana.public_id
    assert cast.lab.organisation.public_id not in {one.organisation_id for one in entry.concerns.all()}


def test_who_takes_their_own_name_out_of_a_red_case_is_led_away_from_it(scene: Scene, desk: Desk, cast: Cast) -> None:
    ana = colleague(desk, cast.vendor, "Ana")
    services.assign(scene.case, ana.public_id, by=cast.vendor.actor, now=desk.now)
    services.raise_marking(scene.case, Tlp.RED, by=desk.by, now=desk.now)

    answer = do(signed_in(ana), scene.case, "unassign", person=ana.public_id)

    assert answer.headers["Location"] == reverse("cases")
    assert page_status(ana, scene.case) == HTTPStatus.NOT_FOUND


def test_nobody_names_a_stranger_or_a_person_of_another_organisation(scene: Scene, desk: Desk, cast: Cast) -> None:
    colleague(desk, cast.vendor, "Ana")
    for person in (cast.lab.person, cast.mallory_person):
        answer = do(as_(cast.vendor), scene.case, "assign", person=person.public_id)

        assert "Select a valid choice" in text_of(answer)
    named = cases.named_persons(scene.case, now=NOON)
    assert named[cast.vendor.organisation.public_id] == [cast.vendor.person.public_id]


def test_before_a_label_is_raised_the_page_says_who_loses_sight_and_so_it_comes(
    scene: Scene, desk: Desk, cast: Cast
) -> None:
    case, client = scene.case, as_(cast.coordinator)
    silent = another_vendor("Silent Pumps", desk.now, desk.rng)
    services.invite(
        case,
        services.Party(silent.organisation.public_id),
        ["observer"],
        by=desk.by,
        now=desk.now,
        rng=desk.rng,  # type: ignore[list-item]
    )
    extra = colleague(desk, cast.lab, "Ben")
    before = page_of(client, case)

    answer = do(client, case, "mark", marking="RED")

    assert "Silent Pumps names nobody and loses sight of it altogether." in before
    assert "1 of Acme Infusion, 1 of Harbour Clearinghouse, 1 of Northlight Lab" in before
    assert answer.status_code == HTTPStatus.FOUND
    assert fresh(case).marking == Tlp.RED
    seers = {
        name: page_status(person, case)
        for name, person in (("named", cast.lab.person), ("colleague", extra), ("unnamed vendor", silent.person))
    }
    assert seers == {"named": 200, "colleague": 404, "unnamed vendor": 404}
    assert "Give it a stricter label" not in page_of(client, case)


def page_status(person: Person, case: Any) -> int:
    return signed_in(person).get(reverse("case", args=[case.public_id])).status_code


def test_only_the_coordinator_raises_a_label_and_only_upwards(scene: Scene, cast: Cast) -> None:
    by_vendor = do(as_(cast.vendor), scene.case, "mark", marking="RED")
    lower = do(as_(cast.coordinator), scene.case, "mark", marking="GREEN")

    assert [one.status_code for one in (by_vendor, lower)] == [HTTPStatus.OK, HTTPStatus.OK]
    assert "Select a valid choice" in text_of(lower)
    assert "Give it a stricter label" not in page_of(as_(cast.vendor), scene.case)
    assert fresh(scene.case).marking == Tlp.AMBER_STRICT


def test_a_vendor_reads_the_draft_when_the_coordinator_shows_it_and_not_before(scene: Scene, cast: Cast) -> None:
    path, row = reverse("shared_draft", args=[scene.case.public_id]), scene.draft
    before = as_(cast.vendor).get(path).status_code

    shared = as_(cast.coordinator).post(reverse("share_draft", args=[row.public_id]), {"etag": row.etag})
    stale = as_(cast.coordinator).post(reverse("share_draft", args=[row.public_id]), {"etag": "0" * 64}, follow=True)

    read = as_(cast.vendor).get(path)
    assert (before, shared.status_code, read.status_code) == (404, 302, 200)
    assert "Somebody else changed this advisory" in text_of(stale)
    assert "It is not published, and it may still change." in text_of(read)
    assert "TLP:AMBER+STRICT" in text_of(read)
    assert path in page_of(as_(cast.vendor), scene.case)
    assert as_(cast.bank).get(path).status_code == HTTPStatus.FORBIDDEN
    assert as_(cast.coordinator).get(reverse("shared_draft", args=["0" * 32])).status_code == HTTPStatus.NOT_FOUND


def test_a_green_advisory_has_a_page_for_its_circle_and_none_for_anyone_else(
    scene: Scene, desk: Desk, cast: Cast
) -> None:
    circle = [cast.coordinator.organisation, cast.hospital.organisation]
    orgs.create_community("Regional hospitals", circle, by=CONSOLE, now=desk.now, rng=desk.rng)
    services.terminate(scene.case, by=desk.by, now=desk.now)
    row = Advisory.objects.get(pk=scene.draft.pk)
    client = as_(cast.coordinator)
    client.post(reverse("publish_draft", args=[row.public_id]), {"etag": row.etag, "label": "GREEN"})
    row.refresh_from_db()
    pages = [reverse(name, args=[row.tracking_id]) for name in ("advisory", "advisory_csaf", "advisory_osv")]

    own = [as_(cast.hospital).get(path) for path in pages]
    others = [one.get(path).status_code for path in pages for one in (Client(), as_(cast.bank))]
    opened = client.post(
        reverse("publish_draft", args=[row.public_id]), {"etag": row.etag, "label": "CLEAR", "summary": "For everyone."}
    )

    assert [one.status_code for one in own] == [200, 200, 200]
    assert "TLP:GREEN" in text_of(own[0])
    assert own[1].headers["Cache-Control"] == "private, no-store"
    assert others == [404] * 6
    assert row.tracking_id in text_of(as_(cast.hospital).get(reverse("advisories")))
    assert opened.status_code == HTTPStatus.FOUND
    assert Client().get(pages[0]).status_code == HTTPStatus.OK


def test_the_next_version_of_a_public_advisory_asks_for_no_label(scene: Scene, cast: Cast) -> None:
    page = text_of(as_(cast.coordinator).get(reverse("draft", args=[scene.published.public_id])))

    assert 'name="summary"' in page
    assert 'name="label"' not in page


def test_who_may_not_read_the_report_yet_learns_no_name_from_the_proposals(
    scene: Scene, desk: Desk, cast: Cast
) -> None:
    case = desk.case()
    desk.invite(case)
    desk.propose(case, days=20, by=cast.lab.actor)
    services.accept(case.embargo.proposals.get(), by=desk.by, now=desk.now)
    desk.propose(case, days=10, by=cast.lab.actor)

    before = page_of(as_(cast.vendor), case)
    services.join(case, by=cast.vendor.actor, now=desk.now)
    desk.send(case, cases.page(fresh(case), cast.vendor.actor, now=NOON).own)  # type: ignore[union-attr, arg-type]
    after = page_of(as_(cast.vendor), case)

    assert before.count("omeone in this case") > 1
    assert [name for name in ("Northlight Lab", "Harbour Clearinghouse") if name in before] == []
    assert "Northlight Lab proposes that everyone keeps quiet" in after


def test_the_others_who_reported_it_have_words_of_their_own_when_the_first_is_rejected(
    scene: Scene, cast: Cast
) -> None:
    client, row, twin = as_(cast.coordinator), scene.waiting, scene.twin
    address = reverse("decide_finding", args=[row.public_id, "reject"])
    alone = text_of(client.get(reverse("finding", args=[row.public_id])))
    client.post(reverse("decide_finding", args=[twin.public_id, "duplicate"]), {"original": row.public_id})
    linked = text_of(client.get(reverse("finding", args=[row.public_id])))

    without = client.post(address, {"reason": "not-a-flaw", "note": "For you."})
    client.post(address, {"reason": "not-a-flaw", "note": "For you.", "others_note": "For the others."})

    seen = text_of(as_(cast.vendor).get(reverse("submission", args=[twin.submission.public_id])))
    assert ("others_note" in alone, "others_note" in linked, "1 other finder" in linked) == (False, True, True)
    assert without.status_code == HTTPStatus.OK
    assert Finding.objects.get(pk=row.pk).state == "rejected"
    assert "For the others." in seen
    assert "For you." not in seen


def test_a_draft_of_a_red_case_has_no_page_for_a_colleague_it_does_not_name(
    scene: Scene, desk: Desk, cast: Cast
) -> None:
    other = colleague(desk, cast.coordinator, "Cleo")
    pages = [reverse(name, args=[scene.draft.public_id]) for name in ("draft", "edit_draft")]
    before = [signed_in(other).get(path).status_code for path in pages]

    services.raise_marking(scene.case, Tlp.RED, by=desk.by, now=desk.now)

    after = [signed_in(other).get(path).status_code for path in pages]
    assert (before, after) == ([200, 200], [404, 404])
    assert "TLP:RED" in text_of(as_(cast.coordinator).get(pages[0]))
    assert scene.draft.title not in text_of(signed_in(other).get(reverse("drafts")))
    with pytest.raises(publishing.NotAllowed):
        publishing.share(scene.draft, etag=scene.draft.etag, by=actor(other, NOON), now=NOON)
