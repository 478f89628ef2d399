"""The funnel counts what the viewer may know; of other operators it says a sum, and only when five agreed to it."""

import random
from datetime import timedelta
from types import SimpleNamespace

import pytest
from tests.apps.scene_inventory import CONSOLE, DICE, add, between, load, osv, publish, row, sbom, work
from tests.conftest import NOON
from tests.support.cast import Cast, Player, actor

from watchbell.apps.orgs import services as orgs
from watchbell.apps.orgs.models import Organisation
from watchbell.apps.remediation import funnel as funnels
from watchbell.apps.remediation import services
from watchbell.apps.remediation.funnel import Funnel, Stage, Step
from watchbell.apps.remediation.services import Evidence
from watchbell.domain.handling import OrganisationKind, Role

pytestmark = pytest.mark.django_db
SEEN = Evidence(note="Done and looked at.")


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> None:
    """The node published WB-2026-0001 two days ago."""

    class Public:
        def values_list(self, *names: str) -> list[tuple[object, ...]]:
            row = SimpleNamespace(case="none", tracking_id="WB-2026-0001", published_at=NOON - timedelta(days=2))
            return [tuple(getattr(row, name) for name in names)]

    monkeypatch.setattr(funnels.advisories, "public", lambda *, now: Public())


def operators(count: int, *, sharing: bool) -> list[Player]:
    made = []
    for at in range(count):
        details = orgs.NewOrganisation(name=f"Town {at}", kinds=frozenset({OrganisationKind.OPERATOR}))
        organisation = orgs.create_organisation(details, by=CONSOLE, now=NOON, rng=DICE)
        Organisation.objects.filter(pk=organisation.pk).update(shares_counts=sharing)
        person = orgs.create_person(f"owner@town{at}.example", by=CONSOLE, now=NOON, rng=random.Random(at))
        orgs.add_member(person, organisation, Role.OWNER, by=CONSOLE, now=NOON)
        made.append(Player(organisation, person, actor(person, NOON)))
    return made


def run_gate(players: list[Player]) -> None:
    for player in players:
        load(player, add(player), sbom("pkg:pypi/gate@1.0"))
    publish(osv("WB-2026-0001", "gate", *between("0", "2")))
    work()


def step(found: Funnel, stage: Stage) -> Step:
    return next(one for one in found.steps if one.stage is stage)


@pytest.mark.parametrize(("count", "shown"), [(4, None), (5, 5)])
def test_others_counts_are_shown_only_when_five_stand_behind_them(
    cast: Cast, issued: None, count: int, shown: int | None
) -> None:
    run_gate(operators(count, sharing=True))

    found = funnels.funnel(cast.coordinator.actor, now=NOON)

    assert (step(found, Stage.MATCHED).count, step(found, Stage.DEPLOYED).count) == (shown, None)


def test_those_who_did_not_agree_are_in_no_sum(cast: Cast, issued: None) -> None:
    run_gate(operators(6, sharing=False))

    assert step(funnels.funnel(cast.coordinator.actor, now=NOON), Stage.MATCHED).count is None


def test_an_operator_sees_its_own_lines_whatever_others_agreed_to(cast: Cast, issued: None) -> None:
    run_gate([cast.hospital, *operators(3, sharing=True)])
    found = row(cast.hospital, "WB-2026-0001")
    later = NOON + timedelta(days=4)
    services.mark_patched(row=found, evidence=SEEN, by=cast.hospital.actor, now=later, rng=DICE)
    found.refresh_from_db()
    services.verify(row=found, evidence=SEEN, by=cast.hospital.actor, now=later, rng=DICE)

    shown = funnels.funnel(cast.hospital.actor, now=later)

    matched, deployed = step(shown, Stage.MATCHED), step(shown, Stage.DEPLOYED)
    assert (matched.count, matched.median_days, matched.organisations) == (1, 2.0, 1)
    assert (deployed.count, deployed.median_days) == (1, 4.0)


def test_the_funnel_of_someone_who_belongs_to_nobody_is_empty(cast: Cast, issued: None) -> None:
    run_gate(operators(5, sharing=True)[:0])

    found = funnels.funnel(cast.mallory, now=NOON)

    assert [one.count for one in found.steps] == [0, 0, 0, 0, 0, None, None]
    assert found.narrowest is None
