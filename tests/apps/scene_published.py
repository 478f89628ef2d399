"""A few words for scenes about records of three kinds: CVE records, CSAF documents, and taking them in."""

import json
import random
from datetime import datetime
from typing import Any

from tests.conftest import NOON

from watchbell.apps.vulnerabilities import services as published
from watchbell.apps.vulnerabilities.services import SourceKind
from watchbell.domain.handling import system

CONSOLE = system("console")
DICE = random.Random(1605)  # not the seed of the cast: equal dice would draw equal ids
LATER = "2030-01-01T00:00:00Z"


def cve(name: str, *affected: dict[str, Any], state: str = "PUBLISHED", at: str = LATER, **more: Any) -> dict[str, Any]:
    """Return a CVE record whose numbering authority names these products."""
    said: dict[str, Any] = {"providerMetadata": {"orgId": "8254265b-2729-46b6-b9e3-3dfca2d5bfca", "shortName": "acme"}}
    if state == "PUBLISHED":
        said |= {"title": f"Flaw {name}", "descriptions": [{"lang": "en", "value": "A flaw."}]}
        said["affected"] = list(affected)
    else:
        said["rejectedReasons"] = [{"lang": "en", "value": "Not a flaw."}]
    meta = {"cveId": name, "assignerShortName": "acme", "state": state, "datePublished": LATER, "dateUpdated": at}
    return {"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": meta, "containers": {"cna": said | more}}


def product(
    vendor: str, name: str, *versions: dict[str, Any], default: str = "unaffected", **more: Any
) -> dict[str, Any]:
    """Return one entry of a CVE record's products; versions as `up_to` gives them."""
    return {"vendor": vendor, "product": name, "defaultStatus": default, "versions": list(versions)} | more


def up_to(version: str, since: str = "0", kind: str = "custom") -> dict[str, Any]:
    return {"version": since, "lessThan": version, "status": "affected", "versionType": kind}


def csaf(
    name: str, *flaws: tuple[str, str, str, str], at: str = LATER, label: str = "WHITE", **more: Any
) -> dict[str, Any]:
    """Return a document of Acme; each flaw is (id, product, version or range, purl)."""
    branches, vulnerabilities = [], []
    for number, (flaw, called, version, purl) in enumerate(flaws):
        leaf: dict[str, Any] = {"name": f"Acme {called} {version}", "product_id": f"P{number}"}
        if purl:
            leaf["product_identification_helper"] = {"purl": purl}
        kind = "product_version_range" if version[:1] in "<>v" else "product_version"
        inner = {"category": kind, "name": version, "product": leaf}
        branches.append({"category": "product_name", "name": called, "branches": [inner]})
        key = {"cve": flaw} if flaw.startswith("CVE-") else {"ids": [{"system_name": "Acme", "text": flaw}]}
        vulnerabilities.append(key | {"title": f"Flaw {flaw}", "product_status": {"known_affected": [f"P{number}"]}})
    document = {
        "category": "csaf_security_advisory", "csaf_version": "2.0", "title": f"Acme advisory {name}",
        "publisher": {"category": "vendor", "name": "Acme", "namespace": "https://acme.example"},
        "distribution": {"tlp": {"label": label}},
        "tracking": {
            "id": name, "status": "final", "version": "1", "initial_release_date": LATER, "current_release_date": at,
            "revision_history": [{"date": LATER, "number": "1", "summary": "first"}],
        },
    } | more  # fmt: skip
    if not label:
        del document["distribution"]
    tree = {"branches": [{"category": "vendor", "name": "Acme", "branches": branches}]}
    return {"document": document, "product_tree": tree, "vulnerabilities": vulnerabilities}


def take(kind: SourceKind, *records: dict[str, Any], now: datetime = NOON, source: str = "") -> published.Report:
    """Import these records, which must all be readable, under the kind's own name."""
    lines = list(enumerate([json.dumps(record).encode() for record in records], start=1))
    report = published.import_records(kind, lines, source=source or kind.value, by=CONSOLE, now=now, rng=DICE)
    assert not report.refused, report.refusals
    return report
