"""What does one bill of materials with 100,000 components against 1,000,000 ranges do to a node?

`python -m benchmarks large_sbom [COMPONENTS [RANGES]]`; on SQLite, and on PostgreSQL instead when
WATCHBELL_DATABASE_URL names a server. Printed: how long the answer takes, what loading and matching cost, the most
memory of the worker's own process, how often progress is shown and the longest silence, and how soon a worker stops
once somebody cancels. Records come in through the service; their ranges are then copied to packages of other
names by SQL, because importing a million records measures something else. CPU time, user and system; waits by the wall.
"""

import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from benchmarks.worklist import NOW, own_database

COMPONENTS, RANGES, RECORDS = 100_000, 1_000_000, 10_000
OF_PACKAGES = """
INSERT INTO vulnerabilities_package (ecosystem, name)
SELECT ecosystem, name || '-c' || {clone} FROM vulnerabilities_package WHERE name NOT LIKE '%-c%'
"""
OF_RANGES = """
INSERT INTO vulnerabilities_range ({columns}, package_id)
SELECT {columns}, copy.id FROM vulnerabilities_range JOIN vulnerabilities_package AS its ON its.id = package_id
JOIN vulnerabilities_package AS copy ON copy.ecosystem = its.ecosystem AND copy.name = its.name || '-c' || {clone}
WHERE its.name NOT LIKE '%-c%'
"""


def main(arguments: list[str]) -> None:
    """Fill a node of its own and let a worker of its own work on it."""
    if arguments[:1] in (["--fill"], ["--work"]):
        node(arguments[0], int(arguments[1]), int(arguments[2]))
        return
    components, ranges = [int(word) for word in arguments] + [COMPONENTS, RANGES][len(arguments) :]
    server = os.environ.get("WATCHBELL_DATABASE_URL", "")
    own = own_database(server) if server.startswith("postgresql://") else nullcontext("")
    with tempfile.TemporaryDirectory(prefix="watchbell-bench-") as home, own as url:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WATCHBELL_")}
        environment |= {"WATCHBELL_HOME": home, "DJANGO_SETTINGS_MODULE": "watchbell.config.settings"}
        environment |= {"WATCHBELL_DATABASE_URL": url, "WATCHBELL_KEYS_SHARED": "yes"} if url else {}
        print(f"-- {'PostgreSQL' if url else 'SQLite'}, {components:,} components, {ranges:,} ranges", flush=True)
        for phase in ("--fill", "--work"):
            command = [sys.executable, "-m", "benchmarks.large_sbom", phase, str(components), str(ranges)]
            subprocess.run(command, env=environment, check=True)


def node(phase: str, components: int, ranges: int) -> None:
    """Do one phase in this process."""
    import django

    django.setup()
    (fill if phase == "--fill" else work)(components, ranges)


def fill(components: int, ranges: int) -> None:
    """Make the node: keys, tables, records, and their ranges under many names."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from watchbell.apps.vulnerabilities import services as published
    from watchbell.apps.vulnerabilities.models import Range
    from watchbell.domain.handling import system
    from watchbell.doors import keys

    call_command("migrate", verbosity=0)
    keys.make_node_keys()
    published.import_osv(
        enumerate(records(), start=1), source="osv", by=system("bench"), now=NOW, rng=random.SystemRandom()
    )
    columns = ", ".join(
        field.column for field in Range._meta.concrete_fields if field.column not in ("id", "package_id")
    )
    for clone in range(1, ranges // RECORDS):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(OF_PACKAGES.format(clone=clone))
            cursor.execute(OF_RANGES.format(clone=clone, columns=columns))


def records() -> Iterator[bytes]:
    """Yield a record for each of 10,000 packages; one of twenty reaches a version that somebody runs."""
    for number in range(RECORDS):
        events = [{"introduced": "0"}, {"fixed": "2.0" if number % 20 == 0 else "0.5"}]
        affected = {
            "package": {"ecosystem": "PyPI", "name": f"p{number}"},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
        yield json.dumps({"id": f"TEST-{number}", "modified": "2026-01-01T00:00:00Z", "affected": [affected]}).encode()


def bill(components: int, ranges: int) -> bytes:
    """Return a bill of materials, a third of it in packages that records name."""
    rng, clones = random.Random(3), max(1, ranges // RECORDS)
    purls = []
    for number in range(components):
        known = f"p{rng.randrange(RECORDS)}-c{rng.randrange(1, clones + 1)}"
        purls.append(f"pkg:pypi/{known if number % 3 == 0 else f'other-{number}'}@1.{number}")
    parts = [{"type": "library", "name": "part", "purl": purl} for purl in purls]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}).encode()


def work(components: int, ranges: int) -> None:
    """Hand the bill in, cancel it in the middle, hand it in anew, and print what all of that took."""
    from watchbell.apps.inventory import services as inventory
    from watchbell.apps.inventory.models import Match, PackageVersion
    from watchbell.apps.orgs import services as orgs
    from watchbell.domain.handling import OrganisationKind, system
    from watchbell.doors import keys, moment

    by, dice, content = system("bench"), random.SystemRandom(), bill(components, ranges)
    details = orgs.NewOrganisation(name="Great Utility", kinds=frozenset({OrganisationKind.OPERATOR}))
    owner = orgs.create_organisation(details, by=by, now=moment.now(), rng=dice).public_id
    plant = inventory.NewAsset(name="plant")
    asset = inventory.add_asset(plant, organisation=owner, by=by, now=moment.now(), rng=dice)

    def hand_in() -> None:
        received = inventory.Received(content=content, store=keys.blob_store())
        inventory.hand_in_sbom(received, asset=asset, by=by, now=moment.now(), rng=dice)

    started = time.perf_counter()
    hand_in()
    print(f"answered after {time.perf_counter() - started:.2f} s ({len(content) / 1e6:.1f} MB)", flush=True)
    print(f"a worker stops {cancelled():.2f} s after somebody cancels", flush=True)
    hand_in()
    said = list[float]()
    spent = everything(said)
    silence = max(later - earlier for earlier, later in itertools.pairwise(said))
    print(f"loaded and matched in {spent:.1f} s CPU, {components / spent:,.0f} components/s", flush=True)
    print(f"progress shown {len(said):,} times, longest silence {silence:.2f} s", flush=True)
    print(f"{PackageVersion.objects.count():,} versions, {Match.objects.count():,} matches", flush=True)
    print(f"most memory of the worker's process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def worker() -> Any:
    """Return a worker as a node has it, without periodic work."""
    from watchbell.doors import moment
    from watchbell.worker.run import Worker

    return Worker(clock=moment.now, rng=random.SystemRandom(), is_periodic=False)


def everything(said: list[float]) -> float:
    """Let a worker do all that waits, noting each word of progress; return the CPU seconds it took."""
    from watchbell.apps.jobs.progress import Progress

    report = Progress.report

    def noted(self: Progress, **words: Any) -> None:
        said.append(time.perf_counter())
        report(self, **words)

    Progress.report = noted  # type: ignore[method-assign]
    started, one = time.process_time(), worker()
    while one.turn():
        pass
    Progress.report = report  # type: ignore[method-assign]
    return time.process_time() - started


def cancelled() -> float:
    """Cancel the load once it is under way, from elsewhere; return the seconds until the worker has let go of it."""
    from django.db import connection

    from watchbell.apps.jobs import services as jobs
    from watchbell.apps.jobs.models import Job
    from watchbell.domain.handling import system
    from watchbell.doors import moment

    asked: list[float] = []

    def ask() -> None:
        while not (busy := Job.objects.filter(kind="inventory.load", state="running", progress_done__gt=0).first()):
            time.sleep(0.02)
        asked.append(time.perf_counter())
        jobs.cancel(public_id=busy.public_id, by=system("bench"), now=moment.now())
        connection.close()

    other = threading.Thread(target=ask)
    other.start()
    one = worker()
    while other.is_alive() or Job.objects.filter(kind="inventory.load", state="running").exists():
        one.turn()
    other.join()
    return time.perf_counter() - asked[0]


if __name__ == "__main__":
    main(sys.argv[1:])
