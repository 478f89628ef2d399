"""Do we read CISA's own catalogue and its SSVC answers, entry by entry?"""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from watchbell.formats import kev, vulnrichment

OURS = Path(__file__).parent / "ours.json"
DATA = Path(__file__).parents[3].parent / "shared" / "data"


def test_our_small_catalogue_is_read_with_what_it_does_not_say_left_unknown() -> None:
    first, second = kev.loads(OURS.read_bytes()).entries()

    assert isinstance(first, kev.KevEntry)
    assert (first.cve, first.ransomware, first.cwes) == ("CVE-2026-2001", True, ("CWE-22",))
    assert isinstance(second, kev.KevEntry)
    assert (second.ransomware, second.due_on) == (None, None)


@pytest.mark.skipif(not (DATA / "kev.json").exists(), reason="the KEV catalogue beside the project is absent")
def test_every_entry_of_the_real_catalogue_is_read() -> None:
    catalogue = kev.loads((DATA / "kev.json").read_bytes())

    assert len(catalogue.records) > 1_000
    assert Counter(type(one) for one in catalogue.entries()) == {kev.KevEntry: len(catalogue.records)}


@pytest.mark.skipif(not (DATA / "vulnrichment_ssvc.csv.gz").exists(), reason="the Vulnrichment table is absent")
def test_every_vulnrichment_row_is_read_and_the_unanswered_stay_unknown() -> None:
    with gzip.open(DATA / "vulnrichment_ssvc.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        rows = [row for _, row in vulnrichment.read(lines)]

    read = [row for row in rows if isinstance(row, vulnrichment.VulnrichmentRow)]
    assert len(read) == len(rows) > 10_000
    assert {row.exploitation for row in read} == {"none", "poc", "active", None}
