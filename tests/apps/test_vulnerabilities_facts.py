"""What the catalogues say, what is known of a vulnerability from all of them together, and which products they name."""

import json
import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import NOON

from watchbell.apps.journal.models import Entry
from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.models import CatalogueAssertion, Product
from watchbell.domain.handling import system
from watchbell.domain.priority import Exposure, Impact, assess
from watchbell.domain.refusal import Refused
from watchbell.formats import strictjson

CONSOLE = system("console")
DICE = random.Random(14409)
pytestmark = pytest.mark.django_db


def kev(*cves: str, count: int | None = None, **more: Any) -> bytes:
    entries = [
        {
            "cveID": cve,
            "vendorProject": "Acme",
            "product": f"Pump {cve[-1]}",
            "vulnerabilityName": f"Acme Pump {cve}",
            "dateAdded": "2026-10-01",
            "shortDescription": "Words",
            "requiredAction": "Mend it",
            "dueDate": "2026-10-22",
            "knownRansomwareCampaignUse": "Unknown",
            "notes": "",
            "cwes": [],
        }
        | more
        for cve in cves
    ]
    size = len(entries) if count is None else count
    return json.dumps({"title": "KEV", "count": size, "vulnerabilities": entries}).encode()


def take_kev(content: bytes, now: datetime = NOON) -> services.Report:
    return services.import_kev(content, by=CONSOLE, now=now, rng=DICE)


def take_osv(*records: dict[str, Any], now: datetime = NOON) -> None:
    lines = [(at, json.dumps(record).encode()) for at, record in enumerate(records, start=1)]
    services.import_osv(lines, source="osv", by=CONSOLE, now=now, rng=DICE)


def osv(name: str, published: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": name, "modified": published, "published": published, **more}


SSVC = "cve,exploitation,automatable,technical_impact,ssvc_date,cvss,vector,vendor,product,published"
CVES = [f"CVE-2026-{number}" for number in range(1000, 1010)]


def take_ssvc(*lines: str) -> services.Report:
    return services.import_vulnrichment([f"{line}\n" for line in (SSVC, *lines)], by=CONSOLE, now=NOON, rng=DICE)


def test_a_listing_is_kept_with_its_day_and_the_moment_it_became_known() -> None:
    report = take_kev(kev(*CVES))

    facts = queries.facts_for([CVES[0]])[CVES[0]]
    assert report.stored == 10
    assert facts.in_kev
    assert (facts.kev_since, facts.kev_known_at, facts.summary) == (date(2026, 10, 1), NOON, f"Acme Pump {CVES[0]}")


def test_the_same_catalogue_again_changes_nothing_and_leaves_no_entry() -> None:
    take_kev(kev(*CVES))
    seq = queries.changed_since(0)[-1].seq

    report = take_kev(kev(*CVES), now=NOON + timedelta(days=1))

    assert (report.stored, report.unchanged) == (0, 10)
    assert queries.changed_since(seq) == []
    assert Entry.objects.filter(action="kev.imported").count() == 1


@pytest.mark.parametrize(
    "broken",
    [kev(*CVES, count=11), kev(), kev(CVES[0]), kev(*CVES, cveID="nonsense"), b"{", b'{"vulnerabilities": {}}'],
    ids=["wrong count", "empty", "nine tenths gone", "other names", "cut off", "other shape"],
)
def test_a_broken_catalogue_changes_nothing_and_says_so(broken: bytes) -> None:
    take_kev(kev(*CVES))

    with pytest.raises(Refused):
        take_kev(broken)

    assert CatalogueAssertion.objects.filter(ended_at__isnull=True).count() == 10


def test_a_listing_that_is_taken_back_ends_and_one_that_returns_is_news() -> None:
    take_kev(kev(*CVES))
    take_kev(kev(*CVES[1:]), now=NOON + timedelta(days=1))
    gone = queries.facts_for([CVES[0]])[CVES[0]]
    take_kev(kev(*CVES), now=NOON + timedelta(days=2))
    back = queries.facts_for([CVES[0]])[CVES[0]]

    assert not gone.in_kev
    assert (back.in_kev, back.kev_known_at, back.listed_in_kev_since) == (True, NOON + timedelta(days=2), True)


def test_one_bad_entry_is_refused_alone() -> None:
    document = strictjson.loads(kev(*CVES))
    document["vulnerabilities"][3]["dateAdded"] = "some day"

    report = take_kev(json.dumps(document).encode())

    assert (report.stored, report.refused) == (9, 1)
    assert report.refusals[0].place == "/vulnerabilities/3/dateAdded"


def test_answers_that_nobody_gave_stay_unknown() -> None:
    take_osv(osv("A-1", aliases=[CVES[0]]), osv("A-2", aliases=[CVES[1]]))
    take_ssvc(f"{CVES[0]},Active,YES,Total,2026-03-01,9.8,,,,", f"{CVES[1]},,,,,,,,,")

    known, unknown = (queries.facts_for([cve])[cve] for cve in CVES[:2])

    assert (known.exploitation, known.automatable, known.impact) == ("active", True, Impact.TOTAL)
    assert (unknown.exploitation, unknown.automatable, unknown.impact) == (None, None, None)


def test_a_wrong_answer_is_refused_with_its_line() -> None:
    report = take_ssvc(f"{CVES[0]},maybe,yes,total,,,,,,", f"{CVES[1]},none,no,partial,,,,,,")

    assert (report.stored, report.refused) == (1, 1)
    assert report.refusals[0].place == "line 2"


def test_a_probability_is_kept_and_one_above_one_is_refused() -> None:
    head = "#model_version:v2026.01.01,score_date:2026-11-04T00:00:00+0000"
    lines = [f"{line}\n" for line in (head, "cve,epss,percentile", f"{CVES[0]},0.25,0.9", f"{CVES[1]},1.5,0.9")]
    take_osv(osv("A-1", aliases=[CVES[0]]))

    report = services.import_epss(lines, by=CONSOLE, now=NOON, rng=DICE)

    assert (report.stored, report.refused) == (1, 1)
    assert queries.facts_for([CVES[0]])[CVES[0]].epss == 0.25


def test_what_was_published_before_the_first_import_is_backlog_and_what_comes_later_is_not() -> None:
    take_osv(osv("A-1"))
    take_osv(osv("A-2", "2026-11-05T00:00:00Z"), now=NOON + timedelta(days=2))

    facts = queries.facts_for(["A-1", "A-2"])

    assert queries.first_import_at() == NOON
    assert (facts["A-1"].is_backlog, facts["A-2"].is_backlog) == (True, False)
    assert facts["A-2"].known_at == NOON + timedelta(days=2)


def test_our_own_advisory_is_never_backlog() -> None:
    from django.db import transaction

    take_osv(osv("A-1"))
    with transaction.atomic():
        services.store_advisory(json.dumps(osv("WB-1")).encode(), by=CONSOLE, now=NOON, rng=DICE)

    assert not queries.facts_for(["WB-1"])["WB-1"].is_backlog


def test_a_feed_that_is_switched_on_later_brings_its_own_backlog() -> None:
    take_osv(osv("A-1"))
    later = NOON + timedelta(days=365)
    line = json.dumps(osv("DSA-1", "2027-05-01T00:00:00Z")).encode()

    services.import_osv([(1, line)], source="osv-debian", by=CONSOLE, now=later, rng=DICE)

    assert queries.facts_for(["DSA-1"])["DSA-1"].is_backlog


def test_a_listing_that_came_after_the_catalogue_was_first_read_lifts_a_flaw_out_of_the_backlog() -> None:
    take_osv(osv("A-1", aliases=[CVES[0]]))
    take_kev(kev(*CVES[1:]))
    take_kev(kev(*CVES), now=NOON + timedelta(days=1))

    facts = queries.facts_for([CVES[0]])[CVES[0]]

    assert (facts.is_backlog, facts.listed_in_kev_since) == (True, True)
    assert not assess(facts.on(Exposure.NO)).backlog


def test_the_facts_of_all_records_of_one_flaw_are_told_together_whichever_id_is_asked_for() -> None:
    fixed = [{"package": {"ecosystem": "PyPI", "name": "a"},
              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}]}]  # fmt: skip
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    take_osv(osv("GHSA-a", "2026-02-01T00:00:00Z", aliases=[CVES[0]], summary="Words"))
    later = NOON + timedelta(days=1)
    take_osv(
        osv("PYSEC-1", aliases=[CVES[0]], affected=fixed, severity=[{"type": "CVSS_V3", "score": vector}]), now=later
    )

    asked = queries.facts_for(["PYSEC-1", CVES[0].lower(), "nobody"])

    assert set(asked) == {"PYSEC-1", CVES[0]}
    facts = asked["PYSEC-1"]
    assert facts == asked[CVES[0]] == queries.facts_for([facts.public_id])[facts.public_id]
    assert facts.published_at == datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    assert (facts.known_at, facts.fix_known_at, facts.cvss_vector) == (NOON, later, vector)
    assert facts.summary == "Words"
    assert len(facts.records) == 2


def test_an_umbrella_is_as_urgent_as_the_worst_it_speaks_of() -> None:
    take_osv(osv("RUSTSEC-1", aliases=CVES[:2]))
    take_kev(kev(CVES[1]))

    assert queries.facts_for(["RUSTSEC-1"])["RUSTSEC-1"].in_kev


def test_a_new_listing_is_a_change_that_readers_hear_of() -> None:
    take_osv(osv("A-1"))
    seq = queries.changed_since(0)[-1].seq

    take_kev(kev(CVES[0]))

    assert [change.cve for change in queries.changed_since(seq)] == [CVES[0]]


def test_a_product_is_found_by_the_beginning_of_any_word_and_the_rest_anywhere() -> None:
    take_kev(kev("CVE-2026-1001", vendorProject="Fortinet", product="FortiOS SSL VPN"))
    take_kev(kev("CVE-2026-1001", "CVE-2026-1002", vendorProject="fortinet ", product="FortiOS  ssl vpn"))

    assert Product.objects.count() == 1
    for text in ("forti", "FORTINET", "ssl vpn", "vpn", "fortinet tios"):
        assert [(one.vendor, one.name, one.listings) for one in queries.products(text)] == [
            ("Fortinet", "FortiOS SSL VPN", 2)
        ]
    for text in ("", "f", "%%", "__", "windows", "'; --"):
        assert queries.products(text) == []


def test_a_picked_product_leads_to_the_vulnerabilities_that_name_it() -> None:
    take_kev(kev(*CVES))
    product = queries.products("pump 3")[0]

    assert [name.display_id for name in queries.listed_for(product.public_id)] == ["CVE-2026-1003"]
    assert queries.products_listing(["CVE-2026-1003", "CVE-1999-0001"]) == {"CVE-2026-1003": [product.public_id]}
