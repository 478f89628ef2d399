"""Catalogues that come as tables: KEV, EPSS, Vulnrichment and an operator's own list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.formats import epss, inventory_csv, kev, tables, vulnrichment
from watchbell.formats.inventory_csv import Exposed


def kev_document(count: int, *entries: dict[str, object]) -> dict[str, object]:
    return {
        "title": "t",
        "catalogVersion": "2026.01.31",
        "dateReleased": "2026-01-31T00:00:00Z",
        "count": count,
        "vulnerabilities": list(entries),
    }


LISTED = {
    "cveID": "CVE-2026-0001",
    "vendorProject": "Acme",
    "product": "Pump",
    "dateAdded": "2026-01-31",
    "dueDate": "2026-02-21",
    "knownRansomwareCampaignUse": "Unknown",
}


def test_an_unknown_ransomware_use_is_not_read_as_no() -> None:
    (entry,) = kev.read(kev_document(1, LISTED)).entries()

    assert isinstance(entry, kev.KevEntry)
    assert entry.ransomware is None
    assert entry.added_on.isoformat() == "2026-01-31"


@pytest.mark.parametrize("document", [kev_document(2, LISTED), kev_document(0), {"count": 0}])
def test_a_catalogue_that_was_cut_short_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        kev.read(document)

    assert caught.value.refusal.code == "incomplete"


def test_one_bad_entry_does_not_hide_the_others() -> None:
    bad = {**LISTED, "dateAdded": "soon"}

    first, second = kev.read(kev_document(2, bad, LISTED)).entries()

    assert isinstance(first, Refused)
    assert first.refusal.place == "/vulnerabilities/0/dateAdded"
    assert isinstance(second, kev.KevEntry)


HEADER = "cve,exploitation,automatable,technical_impact,ssvc_date,cvss,vector,cwe,vendor,product,published"


def test_a_drifting_case_is_evened_out_and_an_empty_answer_stays_unknown() -> None:
    lines = [HEADER, "CVE-2026-0001,None,Yes,TOTAL,,9.8,,,n/a,Pump,", "CVE-2026-0002,,,,,,,,,,"]

    (_, first), (_, second) = vulnrichment.read(lines)

    assert isinstance(first, vulnrichment.VulnrichmentRow)
    assert (first.exploitation, first.automatable, first.technical_impact, first.vendor) == ("none", "yes", "total", "")
    assert isinstance(second, vulnrichment.VulnrichmentRow)
    assert (second.exploitation, second.base_score) == (None, None)


@pytest.mark.parametrize(
    "row",
    [
        "CVE-2026-1,maybe,no,total,,,,,,,",
        "CVE-2026-1,poc,no,total,,11,,,,,",
        "nothing,poc,no,total,,,,,,,",
        "CVE-2026-1,poc",
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_next_is_read(row: str) -> None:
    (line, refused), (_, read) = vulnrichment.read([HEADER, row, "CVE-2026-2,poc,no,total,,,,,,,"])

    assert line == 2
    assert isinstance(refused, Refused)
    assert refused.refusal.place == "line 2"
    assert isinstance(read, vulnrichment.VulnrichmentRow)


def test_epss_keeps_its_model_and_day_and_refuses_impossible_probabilities_by_line() -> None:
    lines = [
        "#model_version:v2025.03.14,score_date:2026-01-31T00:00:00+0000",
        "cve,epss,percentile",
        "CVE-2026-1,0.5,0.9",
        "CVE-2026-2,1.5,0.9",
        "CVE-2026-3,nan,0.1",
        "CVE-2026-4,-0.1,0",
    ]

    table = epss.read(lines)
    scores = dict(table.scores)

    assert (table.model_version, table.score_date[:10]) == ("v2025.03.14", "2026-01-31")
    assert scores[3] == epss.EpssScore(cve="CVE-2026-1", probability=0.5, percentile=0.9)
    assert [line for line, one in scores.items() if isinstance(one, Refused)] == [4, 5, 6]


def test_epss_without_a_day_is_refused_since_it_cannot_be_aged() -> None:
    with pytest.raises(Refused) as caught:
        epss.read(["cve,epss,percentile", "CVE-2026-1,0.5,0.9"])

    assert caught.value.refusal.code == "no-header"


def test_a_spreadsheet_in_other_words_and_with_semicolons_is_read() -> None:
    lines = ["Manufacturer;Software;Installed Version;Internet Facing;Room", "Acme;Pump;1.0;Yes;4b", "Acme;Gate;;;"]

    (_, pump), (_, gate) = inventory_csv.read(lines)

    assert isinstance(pump, inventory_csv.InventoryLine)
    assert (pump.vendor, pump.product, pump.version, pump.exposed, pump.extra) == (
        "Acme",
        "Pump",
        "1.0",
        Exposed.YES,
        {"room": "4b"},
    )
    assert isinstance(gate, inventory_csv.InventoryLine)
    assert gate.exposed is Exposed.UNKNOWN


def test_a_line_that_names_nothing_is_refused_alone() -> None:
    (_, refused), (_, read) = inventory_csv.read(["product,version", ",1.0", "Pump,1.0"])

    assert isinstance(refused, Refused)
    assert isinstance(read, inventory_csv.InventoryLine)


def test_a_list_without_a_column_for_products_is_refused_whole() -> None:
    with pytest.raises(Refused) as caught:
        list(inventory_csv.read(["colour,size", "red,4"]))

    assert caught.value.refusal.code == "missing-column"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text('ab,;"\n\t\x00 x1', max_size=20), max_size=8))
def test_any_table_is_read_or_refused_line_by_line(lines: list[str]) -> None:
    try:
        found = list(tables.rows(["a,b", *lines], tables.Shape(required=("a",))))
    except Refused:
        return

    assert all(isinstance(row, dict | Refused) for _, row in found)
