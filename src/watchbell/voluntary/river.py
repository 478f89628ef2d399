"""What else happens on a node: a flaw found, judged, coordinated, published and matched, the same in every world."""

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from watchbell.apps.advisories import services as advisories
from watchbell.apps.cases import services as cases
from watchbell.apps.cases.services.opening import Party
from watchbell.apps.cases.words import Standing
from watchbell.apps.findings import queries as finding_queries
from watchbell.apps.findings import services as findings
from watchbell.apps.findings.words import Channel
from watchbell.apps.inventory import services as inventory
from watchbell.apps.vulnerabilities import services as vulnerabilities
from watchbell.apps.vulnerabilities.services import Place, SourceKind
from watchbell.domain.advisory import EvidenceLevel, Publisher
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle.rules import CaseRole
from watchbell.domain.priority import Exposure
from watchbell.doors import keys, uploads
from watchbell.voluntary.cast import CONSOLE
from watchbell.voluntary.stage import Stage
from watchbell.worker.run import run_until_idle

RECORD = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2023-74",
    "published": "2023-05-26T00:00:00Z",
    "modified": "2023-05-26T00:00:00Z",
    "aliases": ["CVE-2023-32681"],
    "summary": "Proxy credentials are sent to the destination after a redirect",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "requests"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.3.0"}, {"fixed": "2.31.0"}]}],
        }
    ],
}
PARTS = ("pkg:pypi/requests@2.28.2", "pkg:pypi/infusepump@1.0")
SEVERITY = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def flow(stage: Stage, home: Path) -> None:
    """This will let a record come in, an operator say what it runs, and two flaws of the lab's go their ways."""
    rng = random.Random(7)  # noqa: S311 (the same in every world)
    _import(stage, home, rng)
    _inventory(stage, rng)
    _find(stage, rng)
    run_until_idle(now=stage.now, rng=rng)
    _publish(stage, _coordinate(stage, 0, rng), rng)
    _coordinate(stage, 1, rng)
    run_until_idle(now=stage.now, rng=rng)


def _import(stage: Stage, home: Path, rng: random.Random) -> None:
    path = home / "record.json"
    path.write_text(json.dumps(RECORD), encoding="utf-8")
    vulnerabilities.import_path(SourceKind.OSV, Place(str(path)), by=CONSOLE, now=stage.now, rng=rng)


def _inventory(stage: Stage, rng: random.Random) -> None:
    for who in ("hospital", "bank"):
        deed: dict[str, Any] = {"by": stage.cast.actors[who], "now": stage.now, "rng": rng}
        details = inventory.NewAsset(name="Records server", exposed=Exposure.YES)
        asset = inventory.add_asset(details, organisation=stage.cast.organisation(who), **deed)
        inventory.load_sbom(inventory.Received(content=_sbom()), asset=asset, **deed)


def _sbom() -> bytes:
    parts = []
    for purl in PARTS:
        name, _, version = purl.rpartition("/")[2].partition("@")
        parts.append({"type": "library", "bom-ref": name, "name": name, "version": version, "purl": purl})
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}).encode()


def _find(stage: Stage, rng: random.Random) -> None:
    lines = b"".join(
        json.dumps({"id": f"nl-{number}", "title": f"Overflow {number}", "product": {"purl": PARTS[1]}}).encode()
        + b"\n"
        for number in range(3)
    )
    upload = uploads.read_upload(lines, name="claims", channel=Channel.API)
    findings.submit(upload, store=keys.blob_store(), by=stage.cast.actors["lab"], now=stage.now, rng=rng)


def _coordinate(stage: Stage, number: int, rng: random.Random) -> Any:
    coordinator, vendor = stage.cast.actors["coordinator"], stage.cast.actors["vendor"]
    deed: dict[str, Any] = {"by": coordinator, "now": stage.now}
    [row] = [one for one in finding_queries.visible_to(coordinator, now=stage.now) if one.item_id == f"nl-{number}"]
    findings.confirm_valid(finding=row, **deed)
    shown = findings.Evidence(
        level=EvidenceLevel.E2_REPRODUCED,
        party=stage.cast.organisation("other evaluator"),
        entry_point="POST /import",
        controlled_by="anyone",
    )
    findings.raise_evidence(finding=row, evidence=shown, rng=rng, **deed)
    case = cases.open_case([row.public_id], title=f"Overflow {number}", rng=rng, **deed)
    party = cases.invite(case, Party(organisation=str(vendor.organisation)), [CaseRole.VENDOR], rng=rng, **deed)
    end, reply = stage.now + timedelta(days=30), stage.now + timedelta(days=2)
    cases.accept(cases.propose_embargo(case, ends_at=end, reply_by=reply, rng=rng, **deed), by=vendor, now=stage.now)
    cases.send_report(case, party, **deed)
    cases.accept_report(case, by=vendor, now=stage.now, rng=rng)
    return case


def _publish(stage: Stage, case: Any, rng: random.Random) -> None:
    vendor = stage.cast.actors["vendor"]
    deed: dict[str, Any] = {"by": stage.cast.actors["coordinator"], "now": stage.now}
    page = cases.open_case_page(case, by=vendor, now=stage.now)
    if page is None:
        raise RuntimeError("the vendor cannot open its own case")
    for flaw in page.vulnerabilities:
        cases.set_severity(flaw, SEVERITY, by=vendor, now=stage.now)
        answer = cases.ProductAnswer(
            product="Infusepump", status=Standing.FIXED, purl="pkg:pypi/infusepump", affected_from="0", fixed_in="1.1"
        )
        cases.set_status(flaw, answer, by=vendor, now=stage.now)
    cases.terminate(case, **deed)
    publisher = Publisher("Harbour Clearinghouse", "https://harbour.example")
    draft = advisories.draft_from_case(case.public_id, publisher=publisher, rng=rng, **deed)
    advisories.publish(draft, label=Tlp.CLEAR, etag=draft.etag, rng=rng, **deed)
