"""Every word about a flaw keeps its asserter and its day; none is chosen over another, and nothing old is said."""

from datetime import date, timedelta

import pytest
from tests.apps.scene_inventory import CONSOLE, DICE, list_in_kev, osv, publish
from tests.conftest import NOON

from watchbell.apps.vulnerabilities import queries, services
from watchbell.apps.vulnerabilities.queries import Fact

pytestmark = pytest.mark.django_db
CVE = "CVE-2026-1001"
VECTORS = [
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
]
SEVERITY = [{"type": "CVSS", "score": one} for one in VECTORS]


def said(*, whole: bool = False) -> list[tuple[Fact, str, str, date | None, object]]:
    """Return what is said of the flaw: fact, asserter, what it is about, day, and the vector or figure."""
    group = queries.group_of(CVE)
    assert group is not None
    found = queries.asserted_of([group.public_id], whole=whole)[group.public_id]
    return [
        (one.fact, one.by, one.about, one.on, one.says.get("vector") or one.says.get("probability")) for one in found
    ]


def take_epss(figure: str, day: int) -> services.Report:
    head = f"#model_version:v2026.01.01,score_date:2026-11-{day:02}T00:00:00+0000\n"
    lines = [head, "cve,epss,percentile\n", f"{CVE},{figure},0.9\n"]
    return services.import_epss(lines, by=CONSOLE, now=NOON + timedelta(days=day), rng=DICE)


def test_each_source_keeps_its_own_vector_and_a_record_read_whole_gives_all_of_its() -> None:
    publish(osv("GHSA-1", "gate", aliases=[CVE], severity=SEVERITY, modified="2030-01-02T00:00:00Z"))
    publish(osv("PYSEC-1", "gate", aliases=[CVE], severity=SEVERITY[1:], modified="2030-01-03T00:00:00Z"))
    table = ["cve,exploitation,automatable,technical_impact,ssvc_date,vector\n", f"{CVE},none,yes,total,2026-11-03,"]
    table[1] += "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n"
    services.import_vulnrichment(table, by=CONSOLE, now=NOON, rng=DICE)

    kept, whole = said(), said(whole=True)

    assert kept == [
        (Fact.SSVC, "cisa-vulnrichment", CVE, date(2026, 11, 3), "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        (Fact.CVSS, "cisa-vulnrichment", CVE, date(2026, 11, 3), "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        (Fact.CVSS, "osv", "GHSA-1", date(2030, 1, 2), VECTORS[0]),
        (Fact.CVSS, "osv", "PYSEC-1", date(2030, 1, 3), VECTORS[1]),
    ]
    assert [one for one in whole if one not in kept] == [(Fact.CVSS, "osv", "GHSA-1", date(2030, 1, 2), VECTORS[1])]


def test_a_probability_has_the_first_day_on_which_it_stood_and_the_same_figure_again_is_no_news() -> None:
    publish(osv("GHSA-1", "gate", aliases=[CVE]))

    reports = [(one.stored, one.unchanged) for one in (take_epss("0.25", 4), take_epss("0.25", 5))]
    first = said()
    take_epss("0.5", 6)

    assert reports == [(1, 0), (0, 1)]
    assert first == [(Fact.EPSS, "first-epss", CVE, date(2026, 11, 4), 0.25)]
    assert said() == [(Fact.EPSS, "first-epss", CVE, date(2026, 11, 6), 0.5)]


def test_what_was_withdrawn_or_left_its_catalogue_is_said_no_more() -> None:
    publish(osv("GHSA-1", "gate", aliases=[CVE], severity=SEVERITY))
    list_in_kev(CVE, "CVE-2026-1002")
    before = {fact for fact, *_ in said()}

    list_in_kev("CVE-2026-1002")
    publish(
        osv(
            "GHSA-1",
            "gate",
            aliases=[CVE],
            severity=SEVERITY,
            withdrawn="2030-01-02T00:00:00Z",
            modified="2031-01-01T00:00:00Z",
        )
    )

    assert before == {Fact.KEV, Fact.CVSS}
    assert said(whole=True) == []
