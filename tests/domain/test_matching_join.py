"""Does the range join find exactly what reading one interval after the other finds?"""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchbell.domain.matching.evaluate import holds
from watchbell.domain.matching.join import MAX_IDS, by_advisories, by_versions
from watchbell.domain.matching.ranges import read_affected
from watchbell.domain.versions import Scheme, key

SCHEMA = """
CREATE TABLE vulnerabilities_range_view (package_id INT, lo BLOB, hi BLOB, advisory_id INT);
CREATE TABLE inventory_packageversion (id INTEGER PRIMARY KEY, package_id INT, key BLOB);
"""

texts = st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["", "-rc.1"])).map(
    lambda parts: f"{parts[0]}.{parts[1]}.0{parts[2]}"
)
events = st.lists(st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), texts), min_size=1, max_size=5)
records = st.lists(st.tuples(st.integers(1, 2), events, st.lists(texts, max_size=2)), max_size=6)
in_use = st.lists(st.tuples(st.integers(1, 2), st.one_of(st.none(), texts)), max_size=8)


@given(records, in_use)
@settings(max_examples=150)
def test_the_join_agrees_with_the_plain_answer_in_both_directions(
    records: list[tuple[int, list[tuple[str, str]], list[str]]], in_use: list[tuple[int, str | None]]
) -> None:
    read = [
        (package, read_affected("npm", [{"type": "SEMVER", "events": [{k: v} for k, v in events]}], listed).intervals)
        for package, events, listed in records
    ]
    keys = [(package, key(Scheme.SEMVER, text) if text else None) for package, text in in_use]
    expected = {
        (version, record)
        for version, (its_package, place) in enumerate(keys)
        for record, (package, intervals) in enumerate(read)
        if package == its_package and place is not None and holds(intervals, place)
    }
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    database.executemany(
        "INSERT INTO vulnerabilities_range_view VALUES (?, ?, ?, ?)",
        [(package, i.lo, i.hi, record) for record, (package, intervals) in enumerate(read) for i in intervals],
    )
    database.executemany(
        "INSERT INTO inventory_packageversion VALUES (?, ?, ?)", [(n, *pair) for n, pair in enumerate(keys)]
    )

    forward = database.execute(by_versions(max(1, len(keys)), placeholder="?"), range(max(1, len(keys)))).fetchall()
    reverse = database.execute(by_advisories(max(1, len(read)), placeholder="?"), range(max(1, len(read)))).fetchall()
    database.close()

    assert len(forward) == len(set(forward))
    assert set(forward) == set(reverse) == expected


def test_only_the_versions_and_records_asked_about_are_answered() -> None:
    database = sqlite3.connect(":memory:")
    database.executescript(SCHEMA)
    database.executemany("INSERT INTO vulnerabilities_range_view VALUES (1, x'', x'ff', ?)", [(7,), (8,)])
    database.executemany("INSERT INTO inventory_packageversion VALUES (?, 1, x'20')", [(1,), (2,)])

    forward = database.execute(by_versions(1, placeholder="?"), [2]).fetchall()
    reverse = database.execute(by_advisories(1, placeholder="?"), [8]).fetchall()
    database.close()

    assert sorted(forward) == [(2, 7), (2, 8)]
    assert sorted(reverse) == [(1, 8), (2, 8)]


@pytest.mark.parametrize("count", [0, MAX_IDS + 1])
def test_more_ids_than_fit_in_one_statement_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="at a time"):
        by_versions(count)
