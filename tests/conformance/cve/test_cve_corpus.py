"""Is every author's word in a CVE record kept apart, and do all of them read back as they came?"""

from pathlib import Path

import pytest

from watchbell.domain.advisory import CreditKind, ReferenceKind
from watchbell.domain.matching.evaluate import judge, judge_commit
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.packages import Package
from watchbell.formats import cve, strictjson
from watchbell.formats.cve_record import CveRecord, CveState

LINES = (Path(__file__).parent / "ours.ndjson").read_bytes().splitlines()


@pytest.fixture(scope="module")
def records() -> dict[str, CveRecord]:
    return {record.id: record for record in map(cve.loads, LINES)}


def test_every_record_is_written_back_with_all_that_we_do_not_know(records: dict[str, CveRecord]) -> None:
    assert [strictjson.loads(cve.dumps(one)) for one in records.values()] == [strictjson.loads(line) for line in LINES]
    assert records["CVE-2026-1001"].record["containers"]["cna"]["x_future"] == {"kept": True}


def test_the_numbering_authority_and_the_commenting_publisher_are_heard_apart(records: dict[str, CveRecord]) -> None:
    record = records["CVE-2026-1001"]

    assert [(one.provider.name, one.provider.is_cna) for one in record.containers] == [
        ("acme", True),
        ("CISA-ADP", False),
    ]
    assert [(one.by, one.vector[-11:]) for one in record.severities] == [
        ("acme", "C:H/I:N/A:N"),
        ("CISA-ADP", "C:H/I:H/A:H"),
    ]
    assert [(one.by, one.date_added) for one in record.adps[0].kev] == [("CISA-ADP", "2026-02-02")]


def test_an_ssvc_answer_in_any_case_is_known_and_one_that_is_none_stays_unknown(records: dict[str, CveRecord]) -> None:
    (answers,) = records["CVE-2026-1001"].adps[0].ssvc

    assert (answers.by, answers.exploitation, answers.automatable) == ("CISA-ADP", "poc", "yes")
    assert answers.technical_impact is None


def test_where_the_two_contradict_each_other_the_authoritys_versions_count(records: dict[str, CveRecord]) -> None:
    ledger, appliance = records["CVE-2026-1001"].claims()

    assert (ledger.by, ledger.package) == ("acme", Package("RubyGems", "ledger"))
    assert [str(one) for one in ledger.ranges.intervals] == ["[1.0.0, 1.2.3)", "[2.0.0, 2.1.0)"]
    assert judge("50", ledger.ranges, record="CVE-2026-1001").status is Status.FIXED
    assert appliance.platforms == ("Arm",)
    assert judge("V8.1 SP2", appliance.ranges, record="x").status is Status.AFFECTED
    assert judge("8.1 SP3", appliance.ranges, record="x").status is Status.FIXED
    assert judge("9.0", appliance.ranges, record="x").status is Status.CANNOT_TELL


def test_where_the_authority_names_nothing_the_publishers_product_counts_under_its_name(
    records: dict[str, CveRecord],
) -> None:
    record = records["CVE-2026-1003"]

    (pumps,) = record.claims()

    assert (pumps.by, pumps.product.vendor, pumps.product.name) == ("CISA-ADP", "pumps", "pump_manager")
    assert judge("anything 1", pumps.ranges, record=record.id).status is not Status.NOT_AFFECTED
    assert judge("4.2", pumps.ranges, record=record.id).status is Status.AFFECTED
    assert record.summary == "An issue in Pump Manager."


def test_a_rejected_record_takes_back_all_that_it_claimed(records: dict[str, CveRecord]) -> None:
    record = records["CVE-2026-1002"]

    assert (record.state, record.is_rejected, record.claims()) == (CveState.REJECTED, True, ())
    assert record.replaced_by == ("CVE-2026-1001",)
    assert record.cna.descriptions == (("en", "A duplicate of CVE-2026-1001."),)
    assert record.rejected_at is not None


def test_a_kernel_named_by_commits_and_by_releases_is_told_by_either(records: dict[str, CveRecord]) -> None:
    (kernel,) = records["CVE-2026-1004"].claims()

    said = {version: judge(version, kernel.ranges, record="x").status for version in ("2.6.11", "6.6.29", "6.6.99")}

    assert said == {"2.6.11": Status.NOT_AFFECTED, "6.6.29": Status.AFFECTED, "6.6.99": Status.FIXED}
    assert judge("6.7.1", kernel.ranges, record="x").status is Status.AFFECTED
    assert judge_commit("9A8B7C6D5E4F", kernel.ranges, record="x").status is Status.FIXED


def test_words_links_and_people_are_taken_as_they_stand(records: dict[str, CveRecord]) -> None:
    record = records["CVE-2026-1001"]

    assert (record.summary, record.cwes) == ("The ledger follows paths", ("CWE-22", "CWE-20"))
    assert [one.kind for one in record.cna.references] == [ReferenceKind.FIX, ReferenceKind.ADVISORY]
    assert [one.kind for one in record.cna.credits] == [CreditKind.FINDER, CreditKind.TOOL, CreditKind.FINDER]
    assert record.published_at is not None
    assert record.published_at.isoformat() == "2026-02-01T10:00:00+00:00"
