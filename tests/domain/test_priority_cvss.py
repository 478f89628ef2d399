"""Do CVSS vectors suggest what they should, and nothing they do not say?"""

import csv
import gzip
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.priority import Impact
from watchbell.domain.priority.cvss import Hints, hints, parse, score

REAL = Path(__file__).parents[3] / "shared" / "data" / "vulnrichment_ssvc.csv.gz"
WORST_3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
WORST_4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
WORST_2 = "AV:N/AC:L/Au:N/C:C/I:C/A:C"


@pytest.mark.parametrize("vector", [WORST_3, WORST_3.replace("3.1", "3.0"), WORST_4])
def test_a_network_attack_without_luck_login_or_click_that_takes_everything_is_automatable_and_total(vector):
    assert hints(vector) == Hints(automatable=True, impact=Impact.TOTAL)


@pytest.mark.parametrize(
    "change", ["AV:N>AV:A", "AV:N>AV:L", "AV:N>AV:P", "AC:L>AC:H", "PR:N>PR:L", "PR:N>PR:H", "UI:N>UI:R"]
)
def test_anything_in_the_attackers_way_makes_a_version_3_vector_not_automatable(change):
    assert hints(WORST_3.replace(*change.split(">"))) == Hints(automatable=False, impact=Impact.TOTAL)


@pytest.mark.parametrize("change", ["AV:N>AV:A", "AC:L>AC:H", "AT:N>AT:P", "PR:N>PR:L", "UI:N>UI:P", "UI:N>UI:A"])
def test_anything_in_the_attackers_way_makes_a_version_4_vector_not_automatable(change):
    assert hints(WORST_4.replace(*change.split(">"))) == Hints(automatable=False, impact=Impact.TOTAL)


@pytest.mark.parametrize("change", ["/C:H>/C:L", "/I:H>/I:N", "/A:H>/A:L"])
def test_less_than_everything_is_partial_in_version_3(change):
    assert hints(WORST_3.replace(*change.split(">"))).impact is Impact.PARTIAL


@pytest.mark.parametrize("change", ["/VC:H>/VC:L", "/VI:H>/VI:N", "/VA:H>/VA:L"])
def test_less_than_everything_is_partial_in_version_4(change):
    assert hints(WORST_4.replace(*change.split(">"))).impact is Impact.PARTIAL


def test_in_version_4_what_the_supplier_says_about_automation_wins_over_our_guess():
    assert hints(WORST_4 + "/AU:N").automatable is False
    assert hints(WORST_4.replace("AC:L", "AC:H") + "/AU:Y").automatable is True
    assert hints(WORST_4 + "/AU:X").automatable is True


def test_version_2_says_too_little_to_suggest_anything():
    assert hints(WORST_2) == Hints()
    assert hints(f"({WORST_2})") == Hints()


def test_metrics_that_come_later_than_the_base_change_nothing():
    assert hints(WORST_3 + "/E:U/RL:O/MAV:L/MPR:H") == hints(WORST_3)
    assert hints(f"  {WORST_3}/ ") == hints(WORST_3)


def test_metrics_may_stand_in_any_order():
    first, *rest = WORST_3.split("/")

    for order in list(permutations(rest))[::5000]:
        assert hints("/".join([first, *order])) == hints(WORST_3)


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        ("", "metric 1, '', is not NAME:VALUE"),
        ("high", "metric 1, 'high', is not NAME:VALUE"),
        ("CVSS:3.1", "the base metric AV is missing"),
        ("CVSS:3.1/AV:N/AC", "metric 2, 'AC', is not NAME:VALUE"),
        (WORST_3 + "/AV:N", "metric 9 gives AV a second time"),
        (WORST_3.replace("UI:N/", ""), "the base metric UI is missing; it is one of N, R"),
        (WORST_3.replace("UI:N", "UI:Q"), "UI:'Q' is not one of N, R"),
        (WORST_3.replace("AV:N", "AV:NA"), "AV:'NA' is not one of"),
        (WORST_3.replace("3.1", "9.9"), "'CVSS:9.9' is not a version we read"),
        (WORST_4 + "/AU:Q", "AU:'Q' is not one of Y, N, X"),
        (WORST_3.lower(), "is not a version we read"),
    ],
)
def test_a_malformed_vector_is_refused_with_the_place_of_the_fault(vector, said):
    with pytest.raises(ValueError, match=r"^'") as refusal:
        hints(vector)

    assert said in str(refusal.value)


@given(st.text(max_size=150))
def test_no_text_does_anything_but_parse_or_be_refused_in_a_few_words(text):
    said = ""
    try:
        parse(text)
    except ValueError as refusal:
        said = str(refusal)

    assert len(said) < 1500


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        (WORST_3, 9.8),
        (WORST_3.replace("S:U", "S:C"), 10.0),
        (WORST_3.replace("3.1", "3.0"), 9.8),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N", 5.5),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
        (WORST_4, 9.3),
        (WORST_2, 10.0),
        ("AV:N/AC:M/Au:N/C:N/I:P/A:N", 4.3),
    ],
)
def test_base_scores_are_those_of_the_standard(vector, expected):
    assert score(vector) == expected


def test_a_score_leaves_out_what_is_not_base():
    assert score(WORST_4 + "/E:U/MAV:L") == score(WORST_4)
    assert score(WORST_3 + "/E:U/MAV:L") == score(WORST_3)
    assert score(WORST_2 + "/E:U") == score(WORST_2)


@pytest.mark.parametrize("vector", ["CVSS:3.1/AV:N", "nonsense", WORST_4.replace("AT:N", "AT:Q")])
def test_a_malformed_vector_has_no_score(vector):
    with pytest.raises(ValueError, match=r"^'"):
        score(vector)


@pytest.mark.skipif(not REAL.exists(), reason="the real CVSS vectors are not beside this checkout")
def test_real_vectors_all_read_and_score_as_their_records_say():
    with gzip.open(REAL, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["vector"]][::10]
    base_only = [row for row in rows if len(parse(row["vector"])[1]) == (11 if "CVSS:4.0" in row["vector"] else 8)]

    wrong = [row["cve"] for row in base_only if score(row["vector"]) != float(row["cvss"])]

    assert len(base_only) > 3000
    assert len(wrong) <= len(base_only) // 100, f"some records contradict themselves, but not so many: {wrong}"
