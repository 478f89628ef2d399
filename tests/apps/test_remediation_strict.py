"""An owner may count what nobody has published at its worst: previewed, on record, and taken back as it came."""

from itertools import product

import pytest
from tests.apps.scene_inventory import DICE, add, between, list_in_kev, load, osv, publish, row, rows, sbom, work
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.journal.models import Entry
from watchbell.apps.remediation import queries, services
from watchbell.apps.remediation.models import Action
from watchbell.apps.remediation.strictness import Preview, preview
from watchbell.domain.handling import Actor
from watchbell.domain.priority import Exposure, Facts, Impact, Inputs, assess, outcome_of

WORST = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
VECTORS = (None, "rubbish", WORST[0]["score"], "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N")


@pytest.fixture
def hospital(cast: Cast) -> Cast:
    """Three lines whose urgency nobody knows: one dated, one attacked, one that was there before the node was."""
    names = ("gate", "wall", "moat")
    asset = add(cast.hospital, exposed=Exposure.YES)
    load(cast.hospital, asset, sbom(*(f"pkg:pypi/{name}@1.0" for name in names)))
    publish(
        osv("CVE-2026-1001", "gate", *between("0", "2.0")),
        osv("CVE-2026-1002", "wall", *between("0", "2.0"), severity=WORST),
        osv("CVE-2026-1003", "moat", *between("0", "2.0"), published="2020-01-01T00:00:00Z"),
    )
    list_in_kev("CVE-2026-1002")
    work()
    return cast


def choose(by: Actor, cast: Cast, *, strict: bool) -> bool:
    organisation = cast.hospital.organisation.public_id
    return services.choose_strict(organisation=organisation, strict=strict, by=by, now=NOON, rng=DICE)


def stand(cast: Cast) -> dict[str, tuple[object, ...]]:
    return {one.display_id: (one.outcome, one.due_at, one.rank, one.drawn, one.reason) for one in rows(cast.hospital)}


@pytest.mark.parametrize("strict", [False, True])
def test_answers_that_were_kept_come_to_the_same_outcome_as_fresh_ones(strict: bool) -> None:
    answers = product((True, False), Exposure, (None, True, False), (None, *Impact), VECTORS)
    for in_kev, exposed, automatable, impact, vector in answers:
        facts = Facts(in_kev, exposed, automatable, impact, vector)
        kept = assess(facts, strict=not strict).inputs.record()

        assert outcome_of(Inputs.restored(kept), strict=strict) is assess(facts, strict=strict).outcome, facts


@pytest.mark.parametrize("strict", [True, False])
def test_the_preview_counts_exactly_what_the_choice_then_moves(hospital: Cast, strict: bool) -> None:
    if not strict:
        choose(hospital.hospital.actor, hospital, strict=True)
        work()
    told, before = preview(hospital.hospital.actor, strict=strict, now=NOON), stand(hospital)

    choose(hospital.hospital.actor, hospital, strict=strict)
    work()

    after = stand(hospital)
    moved = [name for name in after if after[name][0] != before[name][0]]
    redated = [name for name in after if after[name][1] != before[name][1]]
    assert told == Preview(len(moved), len(redated), 3)
    assert (told.moves, told.dated) == (3, 1)  # the attacked one keeps its three days and then owes forensics


def test_the_list_follows_says_why_and_comes_back_as_it_was(hospital: Cast) -> None:
    before = stand(hospital)

    choose(hospital.hospital.actor, hospital, strict=True)
    work()
    strict = row(hospital.hospital, "CVE-2026-1001")
    moved = Action.objects.get(row=strict, what="date moved")
    choose(hospital.hospital.actor, hospital, strict=False)
    work()

    assert (strict.outcome, strict.low, strict.high, strict.drawn) == ("3D", "60D", "3D", "unknown")
    assert strict.reason["why"]["key"] == "strict"
    assert moved.note == "the unknown counts otherwise"
    assert stand(hospital) == before


def test_a_choice_is_on_record_once_and_only_its_own_operator_follows_it(hospital: Cast) -> None:
    load(hospital.bank, add(hospital.bank, exposed=Exposure.YES), sbom("pkg:pypi/gate@1.0"))
    work()

    changes = [choose(hospital.hospital.actor, hospital, strict=True) for _ in range(2)]
    work()

    entry = Entry.objects.get(action="remediation.strict_chosen")
    concerned = list(entry.concerns.values_list("organisation_id", flat=True))
    assert (changes, concerned) == ([True, False], [hospital.hospital.organisation.public_id])
    assert queries.strict_since(hospital.hospital.actor, now=NOON) == NOON
    assert queries.strict_since(hospital.bank.actor, now=NOON) is None
    assert row(hospital.bank, "CVE-2026-1001").outcome == "60D"


@pytest.mark.parametrize("who", ["reader", "bank", "coordinator", "admin"])
def test_nobody_but_its_owner_chooses(hospital: Cast, who: str) -> None:
    by = getattr(hospital, who)

    with pytest.raises(services.NotAllowed):
        choose(by if isinstance(by, Actor) else by.actor, hospital, strict=True)

    assert queries.strict_since(hospital.hospital.actor, now=NOON) is None
