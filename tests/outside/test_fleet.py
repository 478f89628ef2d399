"""Do all engines find the same in a fleet, and is that what reading one component after the other finds?"""

import importlib.util
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import machine

from watchbell.domain.matching import join
from watchbell.domain.matching.evaluate import holds
from watchbell.domain.matching.outcomes import Reason
from watchbell.domain.matching.packages import Identified, package_of_purl
from watchbell.domain.versions import Unparsable, key, scheme_for
from watchbell.outside.fleet import generated, parquet, self_test
from watchbell.outside.fleet.bulk import building
from watchbell.outside.fleet.duckdb import InDuckdb
from watchbell.outside.fleet.interface import FleetError, Match, Shard, shards
from watchbell.outside.fleet.postgresql import InPostgresql
from watchbell.outside.fleet.sqlite import InSqlite

needs_duckdb = pytest.mark.skipif(
    importlib.util.find_spec("duckdb") is None, reason="DuckDB is not installed (the extra fleet)"
)
SERVER = machine.postgres_url() or os.environ.get("WATCHBELL_DATABASE_URL", "")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("fleet") / "a fleet's #1?.sqlite3"
    with building(file) as build:
        generated.fill(build, rows=600, records=150, rng=Random(5))
    return file


def test_the_file_holds_what_reading_one_component_after_the_other_finds(tmp_path: Path) -> None:
    known = generated.packages(12, 4, rng=Random(1))
    ranges = list(generated.ranges(known, 60, rng=Random(2)))
    purls = [purl for its in known for purl in its.purls]
    assets = generated.components(purls, 120, each=30, rng=Random(3))
    held = [(asset, purl) for asset, inside in assets for purl in inside]

    with building(tmp_path / "fleet") as build:
        build.add_ranges(ranges)
        assert build.add_components(held) == len(held)
    with closing(InSqlite(tmp_path / "fleet")) as engine:
        found = {(one.asset, one.package, one.version, one.advisory) for one in engine.matches()}
        unassessed = engine.unassessed()

    expected, unread = set(), set()
    for asset, purl in held:
        named = package_of_purl(purl)
        assert isinstance(named, Identified)
        assert named.version is not None
        scheme = scheme_for(named.package.ecosystem)
        assert scheme is not None
        try:
            place = key(scheme, named.version)
        except Unparsable:
            unread.add((asset, purl))
            continue
        expected |= {
            (asset, named.package.name, named.version, row.advisory)
            for row in ranges
            if row.package == named.package and holds([row.interval], place)
        }
    assert expected
    assert found == expected
    assert unassessed.get(Reason.UNPARSABLE_VERSION, 0) >= len(unread)


@needs_duckdb
def test_duckdb_answers_as_sqlite_does_whole_and_in_parts() -> None:
    assert self_test.differences({"DuckDB": InDuckdb}, rng=Random(11), rows=600, records=150) == []


@pytest.mark.skipif(not SERVER.startswith("postgresql://"), reason=machine.why_missing("postgres"))
def test_postgresql_answers_as_sqlite_does_and_leaves_nothing_behind() -> None:
    import psycopg

    engines = {"PostgreSQL": lambda file: InPostgresql(file, url=SERVER)}

    found = self_test.differences(engines, rng=Random(12), rows=600, records=150)

    assert found == []
    with psycopg.connect(SERVER) as connection:
        kept = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'fleet%' AND schemaname NOT LIKE 'pg_temp%'"
        assert connection.execute(kept).fetchone() == (0,)


@needs_duckdb
def test_a_fleet_comes_back_from_parquet_as_it_was(fleet: Path, tmp_path: Path) -> None:
    parquet.write(fleet, tmp_path / "it's")
    parquet.read(tmp_path / "it's", tmp_path / "again")

    with closing(InSqlite(fleet)) as one, closing(InSqlite(tmp_path / "again")) as other:
        assert sorted(one.matches()) == sorted(other.matches())
        assert one.unassessed() == other.unassessed()
        assert (one.tally(), one.checksum()) == (other.tally(), other.checksum())
    with pytest.raises(FleetError, match="exists already"):
        parquet.write(fleet, tmp_path / "it's")


@needs_duckdb
def test_a_folder_that_is_no_fleet_is_refused_with_what_to_do(fleet: Path, tmp_path: Path) -> None:
    parquet.write(fleet, tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / f"{join.HOLDINGS}.parquet").unlink()
    shutil.copytree(tmp_path / "whole", tmp_path / "bent")
    (tmp_path / "bent" / f"{join.RANGES}.parquet").write_bytes(b"PAR1, or not")

    for folder in ("cut", "bent"):
        with pytest.raises(FleetError, match="anew"):
            InDuckdb(tmp_path / folder)
        with pytest.raises(FleetError, match="anew"):
            parquet.read(tmp_path / folder, tmp_path / "file")
    assert not (tmp_path / "file").exists()


@given(st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_every_match_is_in_exactly_one_part(fleet: Path, count: int) -> None:
    with closing(InSqlite(fleet)) as engine:
        whole = sorted(engine.matches())
        parts = [list(engine.matches(one)) for one in shards(count)]
        again = [list(engine.matches(one)) for one in shards(count)]

    assert sorted(match for part in parts for match in part) == whole
    assert parts == again


@pytest.mark.parametrize("part", [Shard(3, 3), Shard(-1, 3), Shard(0, 0)])
def test_a_part_that_is_not_there_is_refused(fleet: Path, part: Shard) -> None:
    with closing(InSqlite(fleet)) as engine, pytest.raises(ValueError, match="there is no part"):
        engine.tally(part)
    with pytest.raises(ValueError, match="cannot be cut"):
        shards(0)


def test_both_directions_find_what_the_whole_match_finds(fleet: Path) -> None:
    with closing(sqlite3.connect(fleet)) as database:
        whole = sorted(database.execute(f"SELECT * FROM {join.MATCHES}").fetchall(), key=repr)
        advisories = [row[0] for row in database.execute("SELECT id FROM fleet_advisory")]
        assets = [row[0] for row in database.execute("SELECT id FROM fleet_asset")]
        by_record = database.execute(join.assets_of_advisories(len(advisories), placeholder="?"), advisories)
        by_asset = database.execute(join.advisories_of_assets(len(assets), placeholder="?"), assets)
        columns = tuple(column[0] for column in by_asset.description)

        assert columns == join.COLUMNS
        assert sorted(by_record.fetchall(), key=repr) == sorted(by_asset.fetchall(), key=repr) == whole


def test_what_cannot_be_assessed_is_counted_and_a_component_held_twice_stands_once(tmp_path: Path) -> None:
    rows = [("ward", "pkg:npm/a@1.0.0"), ("ward", "pkg:npm/a@1.0.0"), ("desk", "pkg:npm/a@1.0.0")]
    rows += [("ward", "pkg:npm/a"), ("ward", "pkg:npm/a@latest"), ("desk", "printer"), ("ward", "pkg:npm/a@1%001")]

    with building(tmp_path / "fleet") as build:
        assert build.add_components(rows) == 7
    with closing(InSqlite(tmp_path / "fleet")) as engine, closing(sqlite3.connect(tmp_path / "fleet")) as database:
        held = database.execute(
            f"SELECT count(*) FROM {join.HOLDINGS} JOIN {join.VERSIONS} ON id = version_id WHERE key IS NOT NULL"
        ).fetchone()
        counts = engine.unassessed()

    assert held == (2,)
    assert counts == {Reason.NO_VERSION: 1, Reason.UNPARSABLE_VERSION: 1, Reason.NO_PACKAGE_IDENTITY: 2}


def test_a_build_that_was_cut_short_leaves_no_file(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        yield from [("ward", "pkg:npm/a@1.0.0"), ("desk", "pkg:npm/a@1.0.0")]
        raise OSError("the list ended in the middle")

    with pytest.raises(OSError, match="in the middle"), building(tmp_path / "fleet") as build:
        build.add_components(rows())

    assert list(tmp_path.iterdir()) == []
    (tmp_path / "fleet").write_text("not ours")
    with pytest.raises(FleetError, match="exists already"), building(tmp_path / "fleet"):
        pass
    with pytest.raises(FleetError, match="build it"):
        InSqlite(tmp_path / "fleet")
    with pytest.raises(FleetError, match="build it"):
        InSqlite(tmp_path / "nowhere")


def test_a_match_says_which_bounds_it_lies_in(tmp_path: Path) -> None:
    with building(tmp_path / "fleet") as build:
        build.add_ranges(generated.of_events("npm", "a", "TEST-1", [{"introduced": "1.0"}, {"fixed": "1.2.3"}]))
        build.add_ranges(generated.of_events("npm", "a", "TEST-2", [{"introduced": "0"}, {"last_affected": "1.2.0"}]))
        build.add_components([("ward", "pkg:npm/A@1.2.0")])
    with closing(InSqlite(tmp_path / "fleet")) as engine:
        found = sorted(engine.matches())

    assert found == [
        Match("ward", "npm", "a", "1.2.0", "TEST-1", "1.0", "1.2.3", "", ""),
        Match("ward", "npm", "a", "1.2.0", "TEST-2", "0", "", "1.2.0", ""),
    ]
