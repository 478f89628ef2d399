"""Does our copy of BOD 26-04 say what the published table says?"""

import csv
from itertools import product
from pathlib import Path

import pytest

from watchbell.domain.priority import TABLE_ID, Impact, Outcome, decide

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "ssvc" / "cisa_bod_26_04_1_0_0.csv"
WORDS = {
    "fix on system upgrade": Outcome.AT_UPGRADE,
    "60 days": Outcome.SIXTY_DAYS,
    "14 days": Outcome.FOURTEEN_DAYS,
    "3 days": Outcome.THREE_DAYS,
    "3 days & forensic investigation": Outcome.THREE_DAYS_AND_FORENSICS,
}
ANSWERS = list(product((False, True), (False, True), (False, True), tuple(Impact)))


def test_the_table_names_itself_as_published():
    assert TABLE_ID == "cisa:DT_BOD2604:1.0.0"


def test_the_table_has_an_outcome_for_all_sixteen_combinations():
    assert len(ANSWERS) == 16
    assert {decide(*answers) for answers in ANSWERS} == set(Outcome)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published table is not beside this checkout")
def test_every_row_equals_the_published_one():
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]

    assert len(rows) == 16
    for _, kev, exposed, automatable, impact, outcome in rows:
        assert decide(kev == "yes", exposed == "yes", automatable == "yes", Impact(impact)) is WORDS[outcome]


@pytest.mark.parametrize("answers", ANSWERS)
def test_no_worse_answer_ever_gives_more_time(answers):
    kev, exposed, automatable, impact = answers
    worse = [
        (True, exposed, automatable, impact),
        (kev, True, automatable, impact),
        (kev, exposed, True, impact),
        (kev, exposed, automatable, Impact.TOTAL),
    ]

    assert all(decide(*each).urgency >= decide(*answers).urgency for each in worse)


def test_outcomes_grow_more_urgent_in_the_order_they_are_written():
    assert [outcome.value for outcome in sorted(Outcome, key=lambda each: each.urgency)] == [
        "FSU",
        "60D",
        "14D",
        "3D",
        "3DF",
    ]
