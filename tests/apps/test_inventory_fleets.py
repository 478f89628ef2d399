"""A fleet's file says of each version what the node says, holds nobody else's inventory, and is on record."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.apps.scene_inventory import CONSOLE, add, between, load, osv, publish, sbom, work
from tests.conftest import NOON
from tests.support.cast import Cast

from watchbell.apps.inventory import services
from watchbell.apps.inventory.models import Match, PackageVersion
from watchbell.apps.journal.models import Entry
from watchbell.domain.matching import join
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.outside.fleet.interface import FleetError
from watchbell.outside.fleet.sqlite import InSqlite

pytestmark = pytest.mark.django_db
VERSIONS = ("0.9", "1.0", "1.1", "2.0rc1", "2.0", "10.0", "unknown")
BOUNDS = ("0", "1.0", "2.0rc1", "2.0", "what?")


def records(rng: random.Random) -> list[dict[str, Any]]:
    """Return records with ranges, bounds that cannot be read, and versions listed by name."""
    made = []
    for number in range(30):
        kind, name = rng.choice([("PyPI", "gate"), ("PyPI", "wall"), ("Maven", "org.example:gate"), ("npm", "gate")])
        ranges = [{"type": "ECOSYSTEM", "events": list(between(rng.choice(BOUNDS[:4]), rng.choice(BOUNDS)))}]
        listed = rng.sample(VERSIONS, rng.randrange(3))
        affected = {"package": {"ecosystem": kind, "name": name}, "versions": listed}
        if rng.random() < 0.7:
            affected["ranges"] = ranges
        made.append(osv(f"TEST-{number}", name, affected=[affected]))
    return made


@pytest.mark.parametrize("seed", range(4))
def test_the_file_says_of_each_version_what_the_node_says(cast: Cast, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    purls = [f"pkg:{kind}@{one}" for kind in ("pypi/gate", "pypi/wall", "npm/gate") for one in VERSIONS]
    purls += [f"pkg:maven/org.example/gate@{one}" for one in (*VERSIONS, "1.0-x", "1.0.0.x")]
    load(cast.hospital, add(cast.hospital), sbom(*rng.sample(purls, 20), "pkg:pypi/gate"))
    publish(*records(rng))
    work()
    stored = Match.objects.values_list("version_id", "record_id", "status")
    said = {(version, record): status for version, record, status in stored}

    services.export_fleet(tmp_path / "fleet", [cast.hospital.organisation.public_id], by=CONSOLE, now=NOON)
    with closing(sqlite3.connect(tmp_path / "fleet")) as file:
        query = (
            f"SELECT version_id, advisory_id, doubt FROM {join.MATCHES} JOIN {join.VERSIONS} AS v ON v.id = version_id"
        )
        found = {(version, record): doubt for version, record, doubt in file.execute(query)}
        doubted = {row[0] for row in file.execute(f"SELECT id FROM {join.VERSIONS} WHERE doubt <> ''")}
        named = {row[0] for row in file.execute("SELECT purl FROM fleet_gap")}
    shown = {one.pk: f"{one.ecosystem} {one.name} {one.raw}" for one in PackageVersion.objects.all()}
    open_versions = doubted | {pk for pk, words in shown.items() if words in named}

    affected = {pair for pair, status in said.items() if status == Status.AFFECTED}
    assert affected
    assert {pair for pair, doubt in found.items() if not doubt} <= affected
    assert {pair for pair in affected if pair[0] not in doubted} <= set(found)
    assert {pair[0] for pair, status in said.items() if status == Status.CANNOT_TELL} <= open_versions


def test_a_file_holds_the_operators_it_is_asked_for_and_each_of_them_can_read_that_it_was_made(
    cast: Cast, tmp_path: Path
) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0", "printer", named=(("firmware", "3"),) * 3))
    load(cast.bank, add(cast.bank, "till"), sbom("pkg:pypi/wall@1.0"))
    publish(osv("PYSEC-1", "gate", *between("0", "2")), osv("PYSEC-2", "wall", *between("0", "2")))
    hospital, bank = cast.hospital.organisation.public_id, cast.bank.organisation.public_id

    one = services.export_fleet(tmp_path / "one", [hospital], by=CONSOLE, now=NOON)
    both = services.export_fleet(tmp_path / "both", [hospital, bank], by=CONSOLE, now=NOON)
    with closing(InSqlite(tmp_path / "one")) as alone, closing(InSqlite(tmp_path / "both")) as together:
        named = [[(match.asset, match.advisory) for match in sorted(part.matches())] for part in (alone, together)]
        gaps = alone.unassessed()

    assert named[0] == [("web server", "PYSEC-1")]
    assert sorted(named[1]) == sorted([(f"{hospital}/web server", "PYSEC-1"), (f"{bank}/till", "PYSEC-2")])
    assert (one.assets, one.components, one.unassessed) == (1, 1, 4)
    assert (both.assets, both.components, both.records) == (2, 2, 2)
    assert gaps == {Reason.NO_PACKAGE_IDENTITY: 4}
    entries = Entry.objects.filter(action="inventory.exported").order_by("pk")
    assert [entry.subject_id for entry in entries] == [hospital, *sorted([hospital, bank])]


def test_nobody_takes_anothers_inventory_out_and_a_refused_export_leaves_no_file(cast: Cast, tmp_path: Path) -> None:
    load(cast.hospital, add(cast.hospital), sbom("pkg:pypi/gate@1.0"))
    hospital = cast.hospital.organisation.public_id
    for actor in (cast.bank.actor, cast.coordinator.actor, cast.admin, cast.mallory):
        with pytest.raises(services.NotAllowed):
            services.export_fleet(tmp_path / "fleet", [hospital], by=actor, now=NOON)

    PackageVersion.objects.update(key_format=1)
    with pytest.raises(FleetError, match="anew"):
        services.export_fleet(tmp_path / "fleet", [hospital], by=CONSOLE, now=NOON)
    with pytest.raises(FleetError, match="no folder"):
        services.export_fleet(tmp_path / "nowhere" / "fleet", [hospital], by=CONSOLE, now=NOON)

    assert list(tmp_path.iterdir()) == []
    assert not Entry.objects.filter(action="inventory.exported").exists()
