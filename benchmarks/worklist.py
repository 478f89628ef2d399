"""How long does the first page of a worklist with 1,000,000 exposures take, against reading one row by its key?

`python -m benchmarks worklist`; SQLite always, and PostgreSQL too when WATCHBELL_DATABASE_URL names
a server (a database of its own is made there and dropped). The node is filled through the services
people use where that takes seconds, and by bulk inserts for the components. Wall-clock time in one
process; p95 and median over 300 looks; the page holds 50 rows.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

LOOKS = 300
ASSETS, PACKAGES, HELD, RECORDS_EACH = 500, 4000, 400, 5
NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)


def main(arguments: list[str]) -> None:
    """Print the figures for each database."""
    if arguments[:1] == ["--once"]:
        once()
        return
    server = os.environ.get("WATCHBELL_DATABASE_URL", "")
    total = ASSETS * HELD * RECORDS_EACH
    print(f"{total:,} exposures: {ASSETS} assets with {HELD} components, {RECORDS_EACH} records each", flush=True)
    measured("SQLite", "")
    if server.startswith("postgresql://"):
        with own_database(server) as url:
            measured("PostgreSQL", url)
    else:
        print("PostgreSQL skipped: set WATCHBELL_DATABASE_URL=postgresql://... to a server that may make databases")


def measured(name: str, url: str) -> None:
    """Fill and measure a node of its own, in a process of its own."""
    print(f"-- {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as home:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WATCHBELL_")}
        environment |= {"WATCHBELL_HOME": home, "DJANGO_SETTINGS_MODULE": "watchbell.config.settings"}
        environment |= {"WATCHBELL_DATABASE_URL": url} if url else {}
        subprocess.run([sys.executable, "-m", "benchmarks", "worklist", "--once"], env=environment, check=True)


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """Make a database on this server for the block, and drop it afterwards."""
    import psycopg

    name = f"watchbell_bench_{random.randrange(10**9)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def once() -> None:
    """Fill this node and print what its pages cost."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    viewer, zone = fill()
    look(viewer, zone)


def fill() -> tuple[Any, str]:
    """Fill the node and return who looks."""
    from watchbell.apps.inventory.services import matching
    from watchbell.apps.orgs import queries as orgs_queries
    from watchbell.apps.orgs import services as orgs
    from watchbell.apps.remediation import services as remediation
    from watchbell.apps.vulnerabilities import services as published
    from watchbell.domain.handling import OrganisationKind, Role, system

    dice, console = random.Random(1), system("bench")
    with told("import the records"):
        published.import_osv(enumerate(records(), start=1), source="osv", by=console, now=NOW, rng=dice)
    details = orgs.NewOrganisation(name="Great Utility", kinds=frozenset({OrganisationKind.OPERATOR}))
    organisation = orgs.create_organisation(details, by=console, now=NOW, rng=dice)
    person = orgs.create_person("owner@utility.example", by=console, now=NOW, rng=dice)
    orgs.add_member(person, organisation, Role.OWNER, by=console, now=NOW)
    actor = orgs_queries.actor_for_person(person, None, strong=True, authenticated_at=NOW)
    with told("load the lists"):
        versions = fill_assets(organisation.public_id, console, dice)
    with told("match the versions"):
        for start in range(0, len(versions), matching.VERSIONS_AT_ONCE):
            matching.match_versions(versions[start : start + matching.VERSIONS_AT_ONCE])
    with told("write the worklist"):
        remediation.refresh(organisation=organisation.public_id, by=console, now=NOW, rng=dice)
    with told("refresh it again, nothing new"):
        remediation.refresh(organisation=organisation.public_id, by=console, now=NOW, rng=dice)
    return actor, organisation.time_zone


def records() -> Iterator[bytes]:
    """Yield the records: some long public, some new."""
    for number in range(PACKAGES * RECORDS_EACH):
        published = "2020-01-01T00:00:00Z" if number % 3 else "2030-01-01T00:00:00Z"
        events = [{"introduced": "0"}, {"fixed": f"{2 + number % 4}.0"}]
        affected = {"package": {"ecosystem": "PyPI", "name": f"package-{number % PACKAGES}"}}
        yield json.dumps(
            {
                "id": f"CVE-2026-{100000 + number}",
                "modified": published,
                "published": published,
                "summary": f"A flaw in package {number % PACKAGES}",
                "affected": [affected | {"ranges": [{"type": "ECOSYSTEM", "events": events}]}],
            }
        ).encode()


def fill_assets(organisation: str, by: Any, dice: random.Random) -> list[int]:
    """Make the assets with their components, and return the numbers of the versions in them."""
    from django.db import transaction

    from watchbell.apps.inventory import services as inventory
    from watchbell.apps.inventory.contents import Version
    from watchbell.apps.inventory.models import Asset, Document, Listing
    from watchbell.apps.inventory.services import dictionary
    from watchbell.apps.vulnerabilities.services import bulk
    from watchbell.domain.matching.packages import package

    found = dictionary.ensure_versions(Version(package("PyPI", f"package-{at}"), "1.0") for at in range(PACKAGES))
    versions = sorted(entry.id for entry in found.values())
    document = Document.objects.create(
        public_id=f"{1:032x}", organisation_id=organisation, digest="0" * 64, format="bench", size=1, loaded_at=NOW
    )
    for number in range(ASSETS):
        details = inventory.NewAsset(name=f"asset {number}")
        asset = inventory.add_asset(details, organisation=organisation, by=by, now=NOW, rng=dice)
        held = dice.sample(versions, HELD)
        with transaction.atomic():
            listing = Listing.objects.create(
                asset=asset, document=document, components=HELD, assessed=HELD, started_at=NOW
            )
            rows = [(listing.pk, version, 1, "") for version in held]
            bulk.insert("inventory_component", ("listing_id", "version_id", "times", "names"), rows)
            Asset.objects.filter(pk=asset.pk).update(listing=listing)
    return versions


def look(viewer: Any, zone: str) -> None:
    """Print what each look costs, and how often one row could be read by its key in that time."""
    from watchbell.apps.inventory import queries as inventory
    from watchbell.apps.remediation import queries
    from watchbell.apps.remediation.models import WorklistRow
    from watchbell.apps.remediation.sheet import this_week

    first = queries.worklist(viewer, now=NOW)
    deep = first
    for _ in range(20):
        deep = queries.worklist(viewer, now=NOW, after=deep.older, limit=200)
    keys = list(WorklistRow.objects.values_list("pk", flat=True)[:LOOKS])
    exposures = sum(WorklistRow.objects.values_list("exposures", flat=True))
    print(f"{WorklistRow.objects.count():,} rows for {exposures:,} exposures")
    group = first.rows[0].group_id
    one = timed(lambda at: WorklistRow.objects.get(pk=keys[at % len(keys)]))
    looks: dict[str, tuple[Callable[[int], Any], int]] = {
        "first page": (lambda at: queries.worklist(viewer, now=NOW), LOOKS),
        "a page after 4,000 rows": (lambda at: queries.worklist(viewer, now=NOW, after=deep.older), LOOKS),
        "where one row reaches": (lambda at: inventory.exposures_of(viewer, group, now=NOW), LOOKS // 3),
        "totals of all rows": (lambda at: queries.totals(viewer, now=NOW), LOOKS // 10),
        "coverage of all lists": (lambda at: inventory.coverage(viewer, now=NOW), LOOKS // 10),
        "this week's sheet": (lambda at: this_week(viewer, zone=zone, now=NOW), LOOKS // 10),
    }
    print(f"{'one row by its key':26} p95 {one[0]:8.2f} ms  median {one[1]:8.2f} ms")
    for name, (deed, times) in looks.items():
        p95, middle = timed(deed, times)
        print(f"{name:26} p95 {p95:8.2f} ms  median {middle:8.2f} ms  ratio of medians {middle / one[1]:7.1f}x")
    print("aim: p95 of the first page at most 100 ms")


def timed(deed: Callable[[int], Any], times: int = LOOKS) -> tuple[float, float]:
    """Return the 95th percentile and the median of a deed, in milliseconds."""
    spans = []
    for at in range(times):
        started = time.perf_counter()
        deed(at)
        spans.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(spans, n=20)[-1], statistics.median(spans)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long the block took."""
    started = time.perf_counter()
    yield
    print(f"{what:26} {time.perf_counter() - started:8.1f} s", flush=True)
