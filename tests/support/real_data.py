"""This will take all the real data through a node, twice, and say what came of it.

Run as a program on a throwaway node that `init` made: `python -m tests.support.real_data FOLDER`.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def main() -> None:
    """Print one line of JSON: counts of the first and second reading, coverage, the worklist."""
    django.setup()
    from watchbell.demo import real_data
    from watchbell.demo.story import Story
    from watchbell.demo.telling import Telling

    folder = Path(sys.argv[1])
    told = Story(Telling(aloud=False), ends_at=NOON, rng=random.Random(7))
    real_data.join(told)
    first = real_data.read_published(folder, told)
    lists = real_data.load_lists(folder, told)
    pick("Fortinet FortiOS", told)
    told.work()
    before = looked(told)
    told.now += timedelta(days=1)
    again, lists_again = real_data.read_published(folder, told), real_data.load_lists(folder, told)
    told.work()
    after = looked(told)
    told.now += timedelta(days=1)
    publish_one(told)
    told.work()
    answer = {
        "first": [first.stored, first.unchanged, first.refused],
        "again": [again.stored, again.unchanged, again.refused],
        "lists": [lists.stored, lists.unchanged, lists.refused],
        "lists_again": [lists_again.stored, lists_again.unchanged, lists_again.refused],
        "before": before,
        "changed_by_importing_again": before != after,
        "afterwards": [row for row in looked(told)["rows"] if row["id"] == "CVE-2026-99999"],
        "now": told.now.isoformat(),
    }
    sys.stdout.write(json.dumps(answer) + "\n")


def pick(words: str, told: Any) -> None:
    """Say that one exposed asset holds this product, by its name in the catalogue of exploited flaws."""
    from watchbell.apps.inventory import services as inventory
    from watchbell.apps.vulnerabilities import queries as published
    from watchbell.demo.real_data import KEY
    from watchbell.domain.priority import Exposure

    by = told.actors[KEY]
    details = inventory.NewAsset(name="Firewall", exposed=Exposure.YES)
    asset = inventory.add_asset(details, organisation=by.organisation, by=by, now=told.now, rng=told.rng)
    found = published.products(words)[0]
    label = f"{found.vendor} {found.name}"
    inventory.pick_product(asset=asset, product=found.public_id, label=label, by=by, now=told.now, rng=told.rng)


def looked(told: Any) -> dict[str, Any]:
    """Return coverage and every row of the worklist, as its operator sees them."""
    from watchbell.apps.inventory import queries as inventory
    from watchbell.apps.remediation import queries as remediation
    from watchbell.demo.real_data import KEY

    by = told.actors[KEY]
    coverage = inventory.coverage(by, now=told.now)
    rows = remediation.visible_to(by, now=told.now).order_by("display_id")
    return {
        "components": coverage.components,
        "assessed": coverage.assessed,
        "gaps": dict(coverage.gaps),
        "rows": [
            {
                "id": row.display_id,
                "kev": row.in_kev,
                "backlog": row.backlog,
                "due": row.due_at.isoformat() if row.due_at else None,
                "band": row.band,
                "drawn": row.drawn,
                "outcome": row.outcome,
            }
            for row in rows
        ],
    }


def publish_one(told: Any) -> None:
    """Import one advisory that is new to the world, about a package everyone has."""
    from watchbell.apps.vulnerabilities import services as vulnerabilities
    from watchbell.demo.story import CONSOLE

    record = {
        "schema_version": "1.6.0",
        "id": "TEST-2026-1",
        "published": told.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "modified": told.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aliases": ["CVE-2026-99999"],
        "summary": "An advisory of ours for the test",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "lodash"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
            }
        ],
    }
    line = json.dumps(record).encode()
    vulnerabilities.import_osv([(1, line)], source="test", by=CONSOLE, now=told.now, rng=told.rng)


if __name__ == "__main__":
    main()
