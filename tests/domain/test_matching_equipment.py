"""Is a machine recognised by what stands on its plate, and never called safe because it was not?"""

import random
import re

import pytest

from watchbell.domain.matching.equipment.answers import Answer, Recognition, with_answers
from watchbell.domain.matching.equipment.catalogue import Catalogue, catalogue_of
from watchbell.domain.matching.equipment.machine import Machine
from watchbell.domain.matching.equipment.recognise import MOST_QUESTIONS, recognise
from watchbell.domain.matching.equipment.vendors import is_same_vendor, spellings, table
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.products import ProductClaim, ProductName
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.matching.version_text import read_version_text

LISTED: tuple[tuple[str, str, str, str, str], ...] = (
    ("NL-1", "Siemens", "SIMATIC S7-1500 CPU family (incl. SIPLUS variants)", "", "< V2.9"),
    ("NL-1", "Siemens", "SIMATIC S7-1500 Software Controller", "", "< V21.9"),
    ("NL-2", "Siemens", "SIMATIC S7-300 CPU 315-2 PN/DP (6ES7315-2EH14-0AB0)", "6ES7315-2EH14-0AB0", "< V3.2.17"),
    ("NL-2", "Siemens", "SIMATIC S7-300 CPU 317-2 PN/DP (6ES7317-2EK14-0AB0)", "6ES7317-2EK14-0AB0", "< V3.2.17"),
    ("NL-3", "Siemens", "SCALANCE X204-2 (6GK5204-2BB10-2AA3)", "6GK5204-2BB10-2AA3", "< V5.2.5"),
    ("NL-3", "Siemens", "SCALANCE X204-2LD (6GK5204-2BC10-2AA3)", "6GK5204-2BC10-2AA3", "< V5.2.5"),
    ("NL-4", "Siemens AG", "OpenPCS 7 V8.2", "", "all"),
    ("NL-4", "Siemens AG", "OpenPCS 7 V8.1 and earlier", "", "all"),
    ("NL-5", "Northlight Controls GmbH", "Harbour 420", "NL420*", "< 2.1"),
    ("NL-5", "Northlight Controls GmbH", "Harbour 42xx", "", "< 2.1"),
    ("NL-6", "Moxa", "NPort 5210 5230 and 5232", "", "<= 2.9"),
    ("NL-7", "Schneider Electric", "Modicon M221", "", "all"),
    ("NL-8", "Vonets", "VAP11G", "", "dated releases"),
    ("NL-8", "Vonets", "VAP11G-500", "", "< 3.4"),
)
SURE = (Tier.EXACT, Tier.PROBABLE)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of(_claims())


def _claims() -> list[tuple[str, ProductClaim]]:
    return [
        (record, ProductClaim(product=_product(vendor, name, number), ranges=read_version_text(versions)))
        for record, vendor, name, number, versions in LISTED
    ]


def _product(vendor: str, name: str, number: str) -> ProductName:
    return ProductName(vendor=vendor, name=name, model_numbers=(number,) if number else ())


def _found(said: Recognition) -> dict[str, tuple[Tier, Status]]:
    return {one.listed.name: (one.tier, one.outcome.status) for one in said.matches}


def _sure(said: Recognition) -> set[str]:
    return {one.listed.name for one in said.matches if one.tier in SURE}


@pytest.mark.parametrize(
    ("machine", "name", "tier", "status"),
    [
        (Machine(vendor="Siemens", model="6ES7 315-2EH14-0AB0", version="V3.2.10"), "315-2 PN", "exact", "affected"),
        (Machine(vendor="Siemens", model="6ES7315-2EH14-0AB0", version="3.2.17"), "315-2 PN", "exact", "fixed"),
        (Machine(vendor="Siemens", model="6ES7315-2EH14-0AB0"), "315-2 PN", "exact", "cannot tell"),
        (Machine(model="6ES7317-2EK14-0AB0", version="3.1"), "317-2 PN", "probable", "affected"),
        (Machine(vendor="Siemens", product="scalance x204-2", version="5.2.4"), "X204-2 ", "exact", "affected"),
        (Machine(vendor="Simens", product="SCALANCE X204-2LD"), "X204-2LD", "exact", "cannot tell"),
        (Machine(text="Moxa NPort 5230 fw 2.8"), "NPort", "exact", "affected"),
        (Machine(vendor="Telemecanique", product="M221", version="1.5"), "M221", "probable", "affected"),
        (Machine(vendor="Siemens", product="OpenPCS 7", version="8.2 Upd 1"), "OpenPCS 7 V8.2", "exact", "affected"),
        (Machine(vendor="Siemens", product="OpenPCS 7", version="7.1"), "V8.1 and", "probable", "affected"),
        (Machine(vendor="Northlight", product="Harbor 420"), "Harbour 420", "probable", "cannot tell"),
        (Machine(vendor="Northlight", model="NL420-DE-4"), "Harbour 420", "probable", "cannot tell"),
        (Machine(vendor="Northlight", product="Harbour 4217", version="2.0"), "42xx", "probable", "affected"),
        (Machine(vendor="Vonets", product="VAP11G", version="3.3"), "VAP11G", "exact", "cannot tell"),
    ],
)  # fmt: skip
def test_what_is_on_the_plate_names_the_product_and_its_version_decides(
    machine: Machine, name: str, tier: str, status: str, catalogue: Catalogue
) -> None:
    found = {one: both for one, both in _found(recognise(machine, catalogue)).items() if name in one}

    assert (tier, status) in {(str(one), str(other)) for one, other in found.values()}


@pytest.mark.parametrize(
    "machine",
    [
        Machine(text="S7 1500"),
        Machine(vendor="Siemens", product="SIMATIC S7-1500"),
        Machine(vendor="Siemens", product="SCALANCE X204"),
        Machine(vendor="Siemens", product="OpenPCS 7"),
        Machine(vendor="Siemens", model="6ES7315-2EH14"),
        Machine(vendor="Acme", product="SCALANCE X204-2"),
        Machine(vendor="Siemens", product="SCALANCE X204-2", model="6GK5204-2BB10-2CA2"),
        Machine(vendor="Siemens", product="SCALANCE X204-2FM"),
        Machine(vendor="Northlight", product="Harbour"),
    ],
    ids=lambda one: one.shown,
)
def test_less_than_a_model_or_a_sibling_is_a_question_and_never_safe(machine: Machine, catalogue: Catalogue) -> None:
    said = recognise(machine, catalogue)

    assert said.tier is Tier.POSSIBLE
    assert all(one.question for one in said.matches)
    assert {one.outcome.status for one in said.matches} <= {Status.AFFECTED, Status.CANNOT_TELL}


@pytest.mark.parametrize(
    "machine",
    [
        Machine(text="Pump 3, hall 2"),
        Machine(vendor="Rockwell Automation", product="SCALANCE X204-2"),
        Machine(vendor="Siemens", product="OpenPCS 7", version="9.0"),
        Machine(vendor="Vonets", product="VM300"),
        Machine(),
    ],
    ids=lambda one: one.shown or "nothing",
)
def test_a_machine_that_no_record_names_cannot_be_told(machine: Machine, catalogue: Catalogue) -> None:
    said = recognise(machine, catalogue)

    assert said.tier is Tier.CANNOT_TELL
    assert said.because.endswith(("cannot be told", "its order number"))


def _lines() -> list[str]:
    bare = [(vendor, re.sub(r"\(.*?\)", "", name), number.replace("*", "")) for _, vendor, name, number, _ in LISTED]
    return [f"{vendor} {name} {number}" for vendor, name, number in bare]


def test_case_punctuation_and_word_order_do_not_change_an_outcome(catalogue: Catalogue, rng: random.Random) -> None:
    for line in _lines():
        words = line.split()
        rng.shuffle(words)
        others = (line.upper(), line.lower(), re.sub(r"[-/]", " ", line), " ".join(words), f"({line});")

        found = [_found(recognise(Machine(text=one), catalogue)) for one in others]

        assert found == [_found(recognise(Machine(text=line), catalogue))] * len(others), line


def test_irrelevant_words_never_raise_an_outcome(catalogue: Catalogue, rng: random.Random) -> None:
    order = list(Tier)
    for line in (*_lines(), "S7 1500", "Siemens SCALANCE X204", "Harbour", "NPort 5230"):
        words = [*line.split(), *rng.sample(["Kesselhaus", "quarterly", "inspected", "Zwickau", "q", "blue", "77"], 3)]
        rng.shuffle(words)

        before = _found(recognise(Machine(text=line), catalogue))
        after = _found(recognise(Machine(text=" ".join(words)), catalogue))

        for name, (tier, _) in after.items():
            assert order.index(tier) >= order.index(before.get(name, (Tier.CANNOT_TELL,))[0]), (words, name)


def test_nothing_is_exact_without_its_vendor_by_name(catalogue: Catalogue) -> None:
    for line, (_, vendor, *_rest) in zip(_lines(), LISTED, strict=True):
        said = recognise(Machine(text=line.removeprefix(vendor)), catalogue)

        assert said.tier is not Tier.EXACT, line


def test_the_order_in_which_records_come_changes_nothing(catalogue: Catalogue, rng: random.Random) -> None:
    claims = _claims()
    rng.shuffle(claims)
    other = catalogue_of(claims)

    for line in (*_lines(), "S7 1500", "Siemens SCALANCE X204"):
        machine = Machine(text=line)
        first, second = recognise(machine, catalogue), recognise(machine, other)
        assert [(one.key, one.tier, one.because) for one in first.matches] == [
            (one.key, one.tier, one.because) for one in second.matches
        ]


def test_an_answer_is_remembered_for_the_type_whatever_its_version_and_record(catalogue: Catalogue) -> None:
    asked = recognise(Machine(vendor="Siemens", product="SCALANCE X204", version="5.2.4"), catalogue)
    yes, no = (next(one for one in asked.matches if name in one.listed.name) for name in ("X204-2 ", "X204-2LD"))

    again = recognise(Machine(vendor="SIEMENS", product="Scalance X-204 V5.3"), catalogue)
    settled = with_answers(again, {yes.key: Answer.YES, no.key: Answer.NO})

    assert yes.question == "Is this Siemens SCALANCE X204-2 (6GK5204-2BB10-2AA3)?"
    assert _found(settled)[yes.listed.name] == (Tier.PROBABLE, Status.FIXED)
    assert [one.listed.name for one in settled.declined] == [no.listed.name]
    assert all(one.question is None for one in (*settled.matches, *settled.declined))


def test_whoever_is_unsure_is_not_asked_again_and_no_to_all_is_not_safe(catalogue: Catalogue) -> None:
    asked = recognise(Machine(vendor="Siemens", product="SCALANCE X204"), catalogue)

    unsure = with_answers(asked, {one.key: Answer.UNSURE for one in asked.matches})
    none = with_answers(asked, {one.key: Answer.NO for one in asked.matches})

    assert _found(unsure) == _found(asked)
    assert all(one.question is None for one in unsure.matches)
    assert (none.tier, none.because) == (Tier.CANNOT_TELL, "a person said that it is none of the products found")


def test_a_no_sets_aside_what_was_sure_as_well_and_a_yes_adds_nothing_to_it(catalogue: Catalogue) -> None:
    sure = recognise(Machine(vendor="Siemens", product="SCALANCE X204-2", model="6GK5204-2BB10-2AA3"), catalogue)
    (exact, *_) = sure.matches

    declined = with_answers(sure, {exact.key: Answer.NO})
    confirmed = with_answers(sure, {exact.key: Answer.YES})

    assert exact.tier is Tier.EXACT
    assert exact.listed in [one.listed for one in declined.declined]
    assert [(one.tier, one.because) for one in confirmed.matches] == [(one.tier, one.because) for one in sure.matches]


def test_a_vendor_goes_by_each_of_its_names_and_a_longer_name_hides_the_shorter() -> None:
    assert is_same_vendor("HPE", "Hewlett Packard Enterprise")
    assert is_same_vendor("Allen-Bradley", "ROCKWELL automation")
    assert not is_same_vendor("Hewlett-Packard", "Hewlett Packard Enterprise")
    assert not is_same_vendor("Acme", "Tide")
    assert "Hewlett Packard Enterprise ProLiant" in spellings("hpe ProLiant")
    assert spellings("Tide Stack") == ["Tide Stack"]


def test_a_part_of_something_else_is_a_question_and_questions_beyond_the_limit_are_counted() -> None:
    whole = ProductName(vendor="Northlight", name="Harbour 420")
    ranges = read_version_text("all")
    named = [ProductName(vendor="Tide", name=f"Stack TS{number}") for number in range(100, 130)]
    parts = [("NL-9", ProductClaim(product=one, ranges=ranges, within=(whole,))) for one in named]
    catalogue = catalogue_of(parts)

    one = recognise(Machine(vendor="Tide", product="Stack TS101"), catalogue)
    many = recognise(Machine(vendor="Tide", product="Stack"), catalogue)

    assert one.tier is Tier.POSSIBLE
    assert (len(many.matches), many.left_out) == (MOST_QUESTIONS, 10)


def test_every_other_name_of_a_vendor_has_a_reason() -> None:
    assert all(vendor and name and reason for vendor, name, _, reason in table())
    assert len({name.casefold() for _, name, _, _ in table()}) == len(table())
