"""A few words for scenes about what operators run: records, catalogues, bills of materials, and the worker's turn."""

import csv
import io
import json
import random
from datetime import datetime
from typing import Any

from tests.conftest import NOON
from tests.support.cast import Player

from watchbell.apps.inventory import services as inventory
from watchbell.apps.inventory.models import Asset
from watchbell.apps.remediation.models import WorklistRow
from watchbell.apps.vulnerabilities import services as published
from watchbell.domain.handling import system
from watchbell.domain.priority import Exposure
from watchbell.worker.run import run_until_idle

CONSOLE = system("console")
DICE = random.Random(2604)  # not the seed of the cast: equal dice would draw equal ids
LONG_AGO = "2020-01-01T00:00:00Z"
LATER = "2030-01-01T00:00:00Z"


def osv(name: str, package: str, *events: dict[str, str], ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    """Return a record about one package, published after every import here unless said otherwise."""
    affected = [{"package": {"ecosystem": ecosystem, "name": package}}]
    if events:
        affected[0]["ranges"] = [{"type": "ECOSYSTEM", "events": list(events)}]  # type: ignore[assignment]
    return {
        "id": name,
        "modified": LATER,
        "published": LATER,
        "affected": affected,
        "summary": f"About {package}",
    } | more


def between(introduced: str, fixed: str) -> tuple[dict[str, str], ...]:
    return {"introduced": introduced}, {"fixed": fixed}


def from_on(introduced: str) -> tuple[dict[str, str], ...]:
    return ({"introduced": introduced},)


def publish(*records: dict[str, Any], now: datetime = NOON) -> None:
    lines = list(enumerate([json.dumps(record).encode() for record in records], start=1))
    report = published.import_osv(lines, source="osv", by=CONSOLE, now=now, rng=DICE)
    assert not report.refused, report.refusals


def list_in_kev(*cves: str, product: str = "Gate", now: datetime = NOON) -> None:
    entries = [
        {
            "cveID": cve,
            "vendorProject": "Acme",
            "product": product,
            "vulnerabilityName": f"Acme {product} flaw",
            "dateAdded": "2026-11-01",
            "shortDescription": "A flaw.",
            "requiredAction": "Update.",
            "dueDate": "2026-11-22",
            "knownRansomwareCampaignUse": "Unknown",
            "notes": "",
        }
        for cve in cves
    ]
    catalogue = {
        "title": "KEV", "catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T00:00:00.0000Z",
        "count": len(entries), "vulnerabilities": entries,
    }  # fmt: skip
    published.import_kev(json.dumps(catalogue).encode(), by=CONSOLE, now=now, rng=DICE)


def sbom(*purls: str, named: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return a CycloneDX document with these package URLs, and these (name, version) without one."""
    components: list[dict[str, str]] = [
        {"type": "library", "bom-ref": f"c{at}", "name": purl.split("/")[-1].split("@")[0], "purl": purl}
        for at, purl in enumerate(purls)
    ]
    components += [
        {"type": "library", "bom-ref": f"n{at}", "name": name, "version": version}
        for at, (name, version) in enumerate(named)
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return json.dumps(document).encode()


def table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, sorted({name for row in rows for name in row}))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def add(player: Player, name: str = "web server", exposed: Exposure = Exposure.UNKNOWN, now: datetime = NOON) -> Asset:
    details = inventory.NewAsset(name=name, exposed=exposed)
    organisation = player.organisation.public_id
    return inventory.add_asset(details, organisation=organisation, by=player.actor, now=now, rng=DICE)


def load(player: Player, asset: Asset, content: bytes, now: datetime = NOON) -> inventory.Loaded:
    received = inventory.Received(content=content)
    return inventory.load_sbom(received, asset=asset, by=player.actor, now=now, rng=DICE)


def work(now: datetime = NOON) -> None:
    """Let the worker do all that waits."""
    run_until_idle(now=now, rng=DICE)


def rows(player: Player) -> list[WorklistRow]:
    mine = WorklistRow.objects.filter(organisation_id=player.organisation.public_id)
    return list(mine.order_by("order_at", "rank", "display_id"))


def row(player: Player, display_id: str) -> WorklistRow:
    return WorklistRow.objects.get(organisation_id=player.organisation.public_id, display_id=display_id)
