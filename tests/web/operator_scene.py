"""A small hospital in the middle of its week: a firewall under attack, updates that close several flaws."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

from tests.apps import scene_inventory as scene
from tests.apps import scene_vex as vex
from tests.apps.scene_published import csaf, take
from tests.support.cast import Cast

from watchbell.apps.inventory import services as inventory
from watchbell.apps.remediation import queries as worklist
from watchbell.apps.remediation import services as remediation
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities import services as sources
from watchbell.apps.vulnerabilities.services.sources import NOTHING_HELD, ensure_source, note_success
from watchbell.domain.priority import Exposure

RNG = random.Random(2026)
WORST = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
MILD = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N"}]
OLD = (
    "requests",
    "urllib3",
    "certifi",
    "idna",
    "jinja2",
    "click",
    "werkzeug",
    "flask",
    "pyyaml",
    "pillow",
    "lxml",
    "rsa",
)


def play(cast: Cast, now: datetime) -> None:
    """Fill the node: what was known before, the hospital's lists, what was published since, and what was done."""
    began = now - timedelta(days=9)
    _known_before(began)
    _read(now)
    _lists(cast, began + timedelta(hours=1))
    scene.work(now=began + timedelta(hours=2))
    _published_since(now - timedelta(days=2))
    scene.work(now=now - timedelta(days=1))
    _done(cast, now - timedelta(hours=20))
    scene.work(now=now - timedelta(hours=1))


def play_long(cast: Cast, now: datetime) -> None:
    """Play the same with so many updates due that the sheet cannot hold them all."""
    play(cast, now)
    names = [f"module-{number:02}" for number in range(12)]
    machine = scene.add(cast.hospital, "Imaging workstation", Exposure.YES, now=now - timedelta(hours=9))
    scene.publish(
        *(scene.osv(f"GHSA-{name}", name, *scene.between("1", "2.1"), severity=WORST) for name in names),
        now=now - timedelta(hours=9),
    )
    bill = scene.sbom(*(f"pkg:pypi/{name}@2.0" for name in names))
    scene.load(cast.hospital, machine, bill, now=now - timedelta(hours=9))
    _speak(cast, now - timedelta(hours=8))
    scene.work(now=now - timedelta(hours=1))


def _speak(cast: Cast, at: datetime) -> None:
    """Let a maker say of one flaw that it is not in its product, of another that it is, and of a third nothing."""
    words = vex.openvex(
        vex.not_affected("GHSA-module-00", "pkg:pypi/module-00@2.0", impact_statement="It is built without that part."),
        vex.stated("GHSA-module-01", "affected", "pkg:pypi/module-01@2.0", action_statement="Update it."),
        vex.not_affected("GHSA-module-02", "pkg:pypi/module-02@3.0"),
        author="Imaging Works",
    )
    vex.take_in(cast.hospital, words, now=at)


def play_short(cast: Cast, now: datetime) -> None:
    """Give the hospital a firewall whose list holds five things that records name."""
    names = ("corridor-signon", "ledger", "pager", "rota", "tray")
    records = [scene.osv(f"GHSA-{name}", name, *scene.between("2.0", "2.8")) for name in names]
    scene.publish(*records, now=now - timedelta(days=2))
    firewall = scene.add(cast.hospital, "Firewall", Exposure.YES, now=now - timedelta(days=1))
    bill = scene.sbom(*(f"pkg:pypi/{name}@2.4" for name in names))
    scene.load(cast.hospital, firewall, bill, now=now - timedelta(days=1))
    scene.work(now=now - timedelta(hours=1))


def play_machines(cast: Cast, now: datetime) -> None:
    """Give the hospital a gate that is recognised, a family that may be two products, and a kettle nobody names."""
    for number, flaw in (("2200", "CVE-2030-1010"), ("2400", "CVE-2030-1020")):
        take(sources.SourceKind.CSAF, csaf(f"ACME-{number}", (flaw, f"Tidegate TG-{number}", "<3.0", "")), now=now)
    lines = (("gate", "Tidegate TG-2200", "2.8"), ("old gates", "Tidegate", "2.1"), ("kitchen", "Kettle", ""))
    content = scene.table(
        *({"name": name, "vendor": "Acme", "product": product, "firmware": version} for name, product, version in lines)
    )
    for player in (cast.hospital, cast.bank):
        received, organisation = inventory.Received(content=content), player.organisation.public_id
        inventory.load_csv(received, organisation=organisation, by=player.actor, now=now, rng=scene.DICE)
    scene.work(now=now)


def _read(at: datetime) -> None:
    """Note that every source in use was read whole not long ago."""
    for name, kind in (("osv", sources.SourceKind.OSV), ("cisa-kev", sources.SourceKind.KEV)):
        note_success(ensure_source(name=name, kind=kind, rng=RNG), now=at - timedelta(hours=5), answer=NOTHING_HELD)


def _known_before(at: datetime) -> None:
    records = [
        scene.osv(
            f"GHSA-old-{name}", name, *scene.between("0", "99.0"), published=scene.LONG_AGO, modified=scene.LONG_AGO
        )
        for name in OLD
    ]
    scene.publish(*records, now=at)
    kev(
        ("CVE-2025-10001", "Fortinet", "FortiOS", "FortiOS lets anyone in without a password"),
        ("CVE-2025-10002", "Acme", "Infusion Pump", "The pump's service port has a fixed password"),
        now=at,
    )
    _ssvc("CVE-2025-10001,active,yes,total\n", now=at)


def _published_since(at: datetime) -> None:
    """Three flaws one update ends, one under attack, one without a fix, one whose urgency nobody knows."""
    scene.publish(
        scene.osv(
            "GHSA-django-1", "django", *scene.between("4.0", "4.2.11"), severity=WORST, aliases=["CVE-2026-20001"]
        ),
        scene.osv("GHSA-django-2", "django", *scene.between("4.0", "4.2.14"), severity=WORST),
        scene.osv("GHSA-django-3", "django", *scene.between("4.0", "4.2.9.1"), severity=MILD),
        scene.osv(
            "GHSA-records-1", "fernwright-records", *scene.from_on("1.0"), severity=WORST, aliases=["CVE-2026-20002"]
        ),
        scene.osv("GHSA-sso-1", "corridor-signon", *scene.between("2.0", "2.8")),
        scene.osv("GHSA-plain-1", "label-printer", *scene.between("1.0", "1.9")),
        now=at,
    )
    kev(
        ("CVE-2025-10001", "Fortinet", "FortiOS", "FortiOS lets anyone in without a password"),
        ("CVE-2025-10002", "Acme", "Infusion Pump", "The pump's service port has a fixed password"),
        ("CVE-2026-20001", "Django", "Django", "Django runs what strangers send"),
        now=at,
    )
    _ssvc("CVE-2026-20001,active,yes,total\nCVE-2026-20002,none,yes,partial\n", now=at)


def _lists(cast: Cast, at: datetime) -> None:
    hospital = cast.hospital
    firewall = scene.add(hospital, "Firewall", Exposure.YES, now=at)
    _pick(cast, firewall, "Fortinet FortiOS", "7.4.1", at)
    pumps = scene.add(hospital, "Infusion pumps (12)", Exposure.NO, now=at)
    _pick(cast, pumps, "Acme Infusion Pump", "", at)
    server = scene.add(hospital, "Patient records server", Exposure.YES, now=at)
    inventory.say_who_patches(asset=server, who="IT, with Fernwright", by=hospital.actor, now=at)
    parts = [f"pkg:pypi/{name}@2.0" for name in OLD]
    parts += ["pkg:pypi/django@4.2.8", "pkg:pypi/fernwright-records@1.4.2", "pkg:pypi/corridor-signon@2.4"]
    unclear = (("Badge reader service", "3.1"), ("Backup agent", ""), ("Dose calculator", "11"))
    scene.load(hospital, server, scene.sbom(*parts, "pkg:pypi/label-printer", named=unclear), now=at)
    desk = scene.add(hospital, "Front desk computers (9)", Exposure.UNKNOWN, now=at)
    scene.load(hospital, desk, scene.sbom("pkg:pypi/requests@2.0", "pkg:pypi/django@4.2.8"), now=at)


def _pick(cast: Cast, asset: Any, label: str, version: str, at: datetime) -> None:
    found = published.products(label)[0]
    inventory.pick_product(
        asset=asset, product=found.public_id, label=label, version=version, by=cast.hospital.actor, now=at, rng=RNG
    )


def _done(cast: Cast, at: datetime) -> None:
    note = remediation.Evidence(note="Asked the supplier by letter; the service network is closed meanwhile.")
    for row in worklist.visible_to(cast.hospital.actor, now=at).filter(subject_name="fernwright-records"):
        remediation.plan(row=row, evidence=note, by=cast.hospital.actor, now=at, rng=RNG)


def kev(*entries: tuple[str, str, str, str], now: datetime) -> None:
    listed = [
        {
            "cveID": cve, "vendorProject": vendor, "product": product, "vulnerabilityName": name,
            "dateAdded": f"{now:%Y-%m-%d}", "shortDescription": f"{name}.", "requiredAction": "Apply the update.",
            "dueDate": f"{now:%Y-%m-%d}", "knownRansomwareCampaignUse": "Unknown", "notes": "",
        }
        for cve, vendor, product, name in entries
    ]  # fmt: skip
    catalogue = {
        "title": "KEV", "catalogVersion": "1", "dateReleased": f"{now:%Y-%m-%d}T00:00:00.0000Z",
        "count": len(listed), "vulnerabilities": listed,
    }  # fmt: skip
    sources.import_kev(json.dumps(catalogue).encode(), by=scene.CONSOLE, now=now, rng=RNG)


def epss(*rows: str, now: datetime) -> None:
    head = f"#model_version:v2026.01.01,score_date:{now:%Y-%m-%d}T00:00:00+0000"
    lines = [f"{line}\n" for line in (head, "cve,epss,percentile", *rows)]
    sources.import_epss(lines, by=scene.CONSOLE, now=now, rng=RNG)


def _ssvc(lines: str, *, now: datetime) -> None:
    head = "cve,exploitation,automatable,technical_impact\n"
    sources.import_vulnrichment((head + lines).splitlines(keepends=True), by=scene.CONSOLE, now=now, rng=RNG)
