"""Machines without a package URL: from a line of a table to a dated row, asked once where it is only possible."""

import json
from itertools import permutations
from typing import Any

import pytest
from tests.apps.scene_inventory import DICE, add, list_in_kev, row, rows, table, work
from tests.apps.scene_published import csaf, take
from tests.apps.test_inventory_matching import undone
from tests.conformance.equipment import figures
from tests.conftest import NOON
from tests.support.cast import Cast, Player

from watchbell.apps.inventory import queries, recognised, services
from watchbell.apps.inventory.models import Asset, Gap, Machine, PickedProduct, Sameness, Unassessable, Unit
from watchbell.apps.inventory.services import catalogue
from watchbell.apps.inventory.services.recognising import forget_unused_machines
from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities import services as sources
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.handling import system
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.equipment.catalogue import catalogue_of
from watchbell.domain.matching.equipment.recognise import recognise
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.refusal import Refused
from watchbell.formats import csaf_reader

pytestmark = pytest.mark.django_db
CSAF = SourceKind.CSAF
LATER = "2030-02-01T00:00:00Z"
NUMBER = "6TG2200-1AB00-0XA0"
PLATE = {"vendor": "ACME", "product": "Tidegate TG-2200", "firmware": "V2.8"}


def advisory(
    name: str = "ACME-1", product: str = "Tidegate TG-2200", numbers: tuple[str, ...] = (), **more: Any
) -> Any:
    """Return Acme's advisory about versions below 3.0 of one product; its flaw carries the document's number."""
    document = csaf(name, (f"CVE-2030-10{name[-1]}0", product, "<3.0", ""), **more)
    if numbers:
        leaf = document["product_tree"]["branches"][0]["branches"][0]["branches"][0]["product"]
        leaf["product_identification_helper"] = {"model_numbers": list(numbers)}
    return document


def take_table(player: Player, *lines: dict[str, str]) -> services.Loaded:
    columns = {"name": "", "vendor": "", "product": "", "model": "", "firmware": "", "exposed": "no"}
    received = services.Received(content=table(*(columns | line for line in lines)))
    organisation = player.organisation.public_id
    return services.load_csv(received, organisation=organisation, by=player.actor, now=NOON, rng=DICE)


def ask(player: Player) -> list[recognised.Question]:
    return recognised.questions(player.actor, now=NOON)


def say(player: Player, question: Sameness, answer: Answer | None) -> None:
    services.answer_same(question=question, answer=answer, by=player.actor, now=NOON, rng=DICE)
    work()


def standing(player: Player) -> tuple[Any, ...]:
    """Return all that the order of events must not change."""
    cover = queries.coverage(player.actor, now=NOON)
    lines = [
        (one.display_id, one.tier, one.exposures, one.assets, one.due_at, one.closed_because) for one in rows(player)
    ]
    seen = [
        (one.machine, one.is_known, [(each.product, each.tier, each.because) for each in one.seen])
        for asset in Asset.objects.filter(organisation_id=player.organisation.public_id).order_by("name")
        for one in recognised.recognised_in(asset)
    ]
    return lines, seen, (cover.components, cover.assessed, cover.gaps, cover.questions)


# From a line to a row --------------------------------------------------------------------------


def test_a_line_of_a_table_becomes_a_dated_row_whether_the_advisory_or_the_table_came_first(cast: Cast) -> None:
    """The full name, a number alone, a family, and a thing nobody names; two advisories and a table in any order."""

    def load() -> None:
        take_table(
            cast.hospital,
            {"name": "gate", **PLATE, "product": "controller, hall 3", "model": NUMBER},
            {"name": "weir", "vendor": "Acme", "product": "Weirmaster 910", "firmware": "4.0"},
            {"name": "sluice", "vendor": "Acme", "product": "Weirmaster"},
            {"name": "kettle", "product": "Kettle"},
        )

    def first() -> None:
        take(CSAF, advisory("ACME-1", numbers=(NUMBER,)))

    def second() -> None:
        take(CSAF, advisory("ACME-2", "Weirmaster 910"))

    found = []
    for order in permutations((load, first, second)):
        with undone():
            for event in order:
                event()
                work()
            found.append(standing(cast.hospital))

    lines, _, counts = found[0]
    assert [one[:2] for one in lines] == [("CVE-2030-1010", "exact")]
    assert lines[0][4] is not None
    assert counts == (4, 2, {Reason.NO_PACKAGE_IDENTITY: 2}, 1)
    assert all(one[0] == lines and one[2] == counts for one in found)
    # a product called by its very name is picked when the table comes last; the machine is recognised all the same
    assert all(one[1] == found[0][1] for one in found)


def test_a_withdrawn_or_fixed_advisory_takes_back_what_it_raised_visibly(cast: Cast) -> None:
    take(CSAF, advisory("ACME-1", numbers=(NUMBER,)), advisory("ACME-2", "Tidegate TG-2400"))
    take_table(
        cast.hospital,
        {"name": "gate", **PLATE, "product": "controller", "model": NUMBER},
        {"name": "old", "vendor": "Acme", "product": "Tidegate"},
    )
    work()
    assert [one.closed_because for one in rows(cast.hospital)] == [""]
    assert queries.coverage(cast.hospital.actor, now=NOON).questions == 1

    withdrawn = {"category": "csaf_withdrawn"}
    take(CSAF, *(advisory(one, at=LATER, **withdrawn) for one in ("ACME-1", "ACME-2")))
    work()

    assert [one.closed_because for one in rows(cast.hospital)] == ["withdrawn"]
    cover = queries.coverage(cast.hospital.actor, now=NOON)
    assert (cover.assessed, cover.gaps, cover.questions) == (0, {Reason.NO_PACKAGE_IDENTITY: 2}, 0)
    assert Unassessable.objects.count() == 2
    assert not PickedProduct.objects.exists()
    assert not Sameness.objects.exists()


def test_a_machine_outside_the_range_is_assessed_and_one_without_a_version_alerts_as_possible(cast: Cast) -> None:
    take(CSAF, advisory())
    take_table(
        cast.hospital,
        {"name": "new gate", **PLATE, "firmware": "3.0"},
        {"name": "bare gate", **PLATE, "firmware": ""},
    )

    work()

    (one,) = rows(cast.hospital)
    assert (one.tier, one.assets) == ("possible", 1)
    shown = queries.exposures_of(cast.hospital.actor, one.group_id, now=NOON)
    assert [(each.asset_name, each.version) for each in shown] == [("bare gate", "")]
    assert queries.coverage(cast.hospital.actor, now=NOON).not_assessed == 0


def test_a_new_table_takes_the_place_of_the_machines_before_it_and_loses_no_answer(cast: Cast) -> None:
    take(CSAF, advisory())
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Tidegate", "firmware": "2.0"})
    work()
    (question,) = ask(cast.hospital)
    say(cast.hospital, question.rows[0][0], Answer.YES)
    assert len(rows(cast.hospital)) == 1

    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Kettle"})
    work()
    forget_unused_machines()
    assert [one.closed_because for one in rows(cast.hospital)] == ["gone"]
    take_table(cast.hospital, {"name": "gate", "vendor": "acme", "product": "TIDEGATE", "firmware": "2.1"})
    work()

    assert ask(cast.hospital) == []
    assert [one.closed_because for one in rows(cast.hospital)] == [""]
    assert Machine.objects.count() == 2


# The question ----------------------------------------------------------------------------------


def test_a_possible_machine_is_asked_once_for_its_type_and_is_never_safe_before(cast: Cast) -> None:
    take(CSAF, advisory())
    line = {"vendor": "Acme", "product": "Tidegate"}
    take_table(cast.hospital, {"name": "gate", **line, "firmware": "2.0"}, {"name": "weir", **line, "firmware": "2.5"})
    work()

    (question,) = ask(cast.hospital)
    cover = queries.coverage(cast.hospital.actor, now=NOON)
    assert (question.machine, question.assets, [one.product for one, _ in question.rows]) == (
        "Acme Tidegate", 2, ["Acme Tidegate TG-2200"],
    )  # fmt: skip
    assert rows(cast.hospital) == []
    assert (cover.components, cover.assessed, cover.questions) == (2, 0, 1)

    say(cast.hospital, question.rows[0][0], Answer.YES)
    one = row(cast.hospital, "CVE-2030-1010")
    cover = queries.coverage(cast.hospital.actor, now=NOON)
    assert (one.tier, one.assets, one.due_at is not None) == ("probable", 2, True)
    assert (cover.assessed, cover.gaps, cover.questions) == (2, {}, 0)
    assert not Gap.objects.exists()

    take_table(cast.hospital, {"name": "lock", "vendor": "ACME", "product": "TIDEGATE V2.6"})
    work()
    assert (ask(cast.hospital), row(cast.hospital, "CVE-2030-1010").assets) == ([], 3)

    say(cast.hospital, question.rows[0][0], None)
    assert [len(each.rows) for each in ask(cast.hospital)] == [1]
    assert row(cast.hospital, "CVE-2030-1010").closed_because == "gone"
    assert queries.coverage(cast.hospital.actor, now=NOON).not_assessed == 3


@pytest.mark.parametrize("answer", [Answer.NO, Answer.UNSURE])
def test_no_and_not_sure_are_not_asked_again_and_leave_the_machine_among_what_could_not_be_checked(
    cast: Cast, answer: Answer
) -> None:
    take(CSAF, advisory())
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Tidegate", "firmware": "2.0"})
    work()
    (question,) = ask(cast.hospital)

    say(cast.hospital, question.rows[0][0], answer)
    take(CSAF, advisory("ACME-2"))
    work()

    assert (ask(cast.hospital), rows(cast.hospital)) == ([], [])
    assert queries.coverage(cast.hospital.actor, now=NOON).gaps == {Reason.NO_PACKAGE_IDENTITY: 1}
    (one,) = recognised.recognised_in(Asset.objects.get())
    assert [(each.tier, each.answer) for each in one.seen] == [(None if answer is Answer.NO else Tier.POSSIBLE, answer)]


def test_a_person_can_say_that_what_was_recognised_for_sure_is_something_else(cast: Cast) -> None:
    take(CSAF, advisory())
    take_table(cast.hospital, {"name": "gate", **PLATE})
    work()
    (seen,) = recognised.recognised_in(Asset.objects.get())[0].seen
    assert (seen.tier, rows(cast.hospital)[0].closed_because) == (Tier.EXACT, "")
    question = Sameness.objects.get(public_id=seen.question)

    say(cast.hospital, question, Answer.NO)
    take_table(cast.hospital, {"name": "gate", **PLATE}, {"name": "other", **PLATE})
    work()
    said_no = rows(cast.hospital)[0].closed_because, queries.coverage(cast.hospital.actor, now=NOON).not_assessed
    say(cast.hospital, question, None)

    assert said_no == ("gone", 2)
    assert (rows(cast.hospital)[0].closed_because, rows(cast.hospital)[0].assets) == ("", 2)


def test_the_second_of_two_people_is_told_that_somebody_answered_first(cast: Cast) -> None:
    take(CSAF, advisory())
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Tidegate"})
    work()
    question = ask(cast.hospital)[0].rows[0][0]
    seen = question.updated_at
    later = NOON.replace(hour=NOON.hour + 1)

    def answer(what: Answer) -> Sameness:
        by = cast.hospital.actor
        return services.answer_same(question=question, answer=what, seen=seen, by=by, now=later, rng=DICE)

    answer(Answer.YES)

    with pytest.raises(services.AnsweredMeanwhile):
        answer(Answer.NO)
    assert Sameness.objects.get().says == "yes"


def test_what_one_operator_is_asked_and_answers_reaches_no_other(cast: Cast) -> None:
    take(CSAF, advisory())
    line = {"name": "gate", "vendor": "Acme", "product": "Tidegate", "firmware": "2.0"}
    for player in (cast.hospital, cast.bank):
        take_table(player, line)
    work()
    question = ask(cast.hospital)[0].rows[0][0]

    say(cast.hospital, question, Answer.YES)

    assert (len(rows(cast.hospital)), len(rows(cast.bank))) == (1, 0)
    assert (len(ask(cast.hospital)), len(ask(cast.bank))) == (0, 1)
    assert question not in recognised.visible_to(cast.bank.actor, now=NOON)
    for stranger in (cast.bank.actor, cast.coordinator.actor, cast.reader):
        assert stranger is cast.reader or not recognised.asked(stranger, now=NOON).filter(pk=question.pk).exists()
        with pytest.raises(services.NotAllowed):
            services.answer_same(question=question, answer=Answer.NO, by=stranger, now=NOON, rng=DICE)
    assert not recognised.visible_to(cast.coordinator.actor, now=NOON).exists()


def test_the_journal_names_no_machine_and_no_product(cast: Cast) -> None:
    take(CSAF, advisory())
    take_table(cast.hospital, {"name": "gate", "vendor": "Acme", "product": "Tidegate"})
    work()
    say(cast.hospital, ask(cast.hospital)[0].rows[0][0], Answer.UNSURE)
    services.describe(
        services.Described(model="6TG2200-1AB00-0XA0"),
        asset=Asset.objects.get(),
        by=cast.hospital.actor,
        now=NOON,
        rng=DICE,
    )

    said = json.dumps(
        list(Entry.objects.values("action", "subject_kind", "subject_id", "facts", "digests")), default=str
    )

    assert {"inventory.answered_same", "inventory.described"} <= set(Entry.objects.values_list("action", flat=True))
    assert not any(word in said.casefold() for word in ("acme", "tidegate", "gate", "6tg"))


# By hand ---------------------------------------------------------------------------------------


def test_a_machine_described_by_hand_is_counted_recognised_and_taken_off_again(cast: Cast) -> None:
    asset = add(cast.hospital, "pump house")

    def describe() -> Unit:
        said = services.Described(model=f" {NUMBER} ", version="2.8")
        return services.describe(said, asset=asset, by=cast.hospital.actor, now=NOON, rng=DICE)

    unit = describe()
    assert describe() == unit
    work()
    before = queries.coverage(cast.hospital.actor, now=NOON)
    take(CSAF, advisory(numbers=(NUMBER,)))
    work()
    after = queries.coverage(cast.hospital.actor, now=NOON)

    assert (before.components, before.assessed, before.gaps) == (1, 0, {Reason.NO_PACKAGE_IDENTITY: 1})
    assert (after.components, after.assessed, after.gaps) == (1, 1, {})
    assert [one.tier for one in rows(cast.hospital)] == ["probable"]

    services.take_off(unit=unit, by=cast.hospital.actor, now=NOON)
    work()

    assert [one.closed_because for one in rows(cast.hospital)] == ["gone"]
    assert queries.coverage(cast.hospital.actor, now=NOON).components == 0


@pytest.mark.parametrize(
    ("said", "place"),
    [({"vendor": "Acme"}, "product"), ({"product": "x" * 201}, "product"), ({"model": "a\0b"}, "model")],
)
def test_a_description_that_names_nothing_or_is_too_long_is_refused_and_nothing_is_kept(
    cast: Cast, said: dict[str, str], place: str
) -> None:
    asset = add(cast.hospital)

    with pytest.raises(Refused) as refused:
        services.describe(services.Described(**said), asset=asset, by=cast.hospital.actor, now=NOON, rng=DICE)

    assert refused.value.refusal.place == place
    assert not Machine.objects.exists()


# Other names, and the catalogue ----------------------------------------------------------------


def test_a_vendor_is_found_under_each_of_its_names_when_people_pick_and_when_tables_are_loaded(cast: Cast) -> None:
    listed = json.dumps(kev("Hewlett Packard Enterprise", "Tidewall 9")).encode()
    sources.import_kev(listed, by=system("console"), now=NOON, rng=DICE)

    take_table(cast.hospital, {"name": "wall", "vendor": "HPE", "product": "tidewall 9"})

    assert [one.name for one in published.products("hpe tidewall")] == ["Tidewall 9"]
    assert PickedProduct.objects.get().name == "Hewlett Packard Enterprise Tidewall 9"
    assert published.products("hp tidewall") == []


def kev(vendor: str, product: str) -> dict[str, Any]:
    entry = {
        "cveID": "CVE-2026-1001", "vendorProject": vendor, "product": product, "vulnerabilityName": "A flaw",
        "dateAdded": "2026-11-01", "shortDescription": "A flaw.", "requiredAction": "Update.", "dueDate": "2026-11-22",
        "knownRansomwareCampaignUse": "Unknown", "notes": "",
    }  # fmt: skip
    return {
        "title": "KEV", "catalogVersion": "1", "dateReleased": "2026-11-01T00:00:00.0000Z", "count": 1,
        "vulnerabilities": [entry],
    }  # fmt: skip


def test_an_advisory_that_comes_in_while_machines_are_looked_at_is_not_missed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_table(cast.hospital, {"name": "gate", **PLATE})
    is_current, coming = catalogue.is_current, [advisory()]

    def meanwhile(held: catalogue.Held) -> bool:
        if coming:
            take(CSAF, coming.pop())
        return is_current(held)

    monkeypatch.setattr(catalogue, "is_current", meanwhile)
    work()

    assert [one.tier for one in rows(cast.hospital)] == ["probable"]
    assert Machine.objects.get().matched_with == catalogue.current().digest


def test_looking_again_writes_nothing_and_does_not_even_make_the_catalogue(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(CSAF, advisory())
    take_table(cast.hospital, {"name": "gate", **PLATE})
    work()
    monkeypatch.setattr(catalogue, "current", lambda: pytest.fail("the catalogue was made again"))

    list_in_kev("CVE-2026-1001")
    take(CSAF, advisory())
    work()

    assert len(rows(cast.hospital)) == 1


@pytest.mark.skipif(not figures.ADVISORIES.is_dir(), reason="the industrial advisories are absent")
def test_what_is_stored_recognises_every_labelled_line_as_the_documents_themselves_do(cast: Cast) -> None:
    paths = sorted(figures.ADVISORIES.glob("*.json"))[::6]
    lines = list(enumerate((path.read_bytes() for path in paths), start=1))
    sources.import_records(CSAF, lines, source="csaf", by=system("console"), now=NOON, rng=DICE)
    ids = {csaf_reader.loads(content).id for _, content in lines}
    direct = catalogue_of(claim for claim in figures.advisories() if claim[0] in ids)

    def told(machine: Any, made: Any) -> dict[str, Tier]:
        tiers: dict[str, Tier] = {}
        for match in recognise(machine, made).matches:
            tiers.setdefault(" ".join(match.listed.name.casefold().split()), match.tier)
        return {name: tier for name, tier in tiers.items() if tier in figures.SURE}

    stored = catalogue.current().catalogue
    for one in figures.labelled():
        assert told(one.machine, stored) == told(one.machine, direct), one.machine.shown
