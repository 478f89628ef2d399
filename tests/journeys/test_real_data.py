"""All the real data at hand goes through a node: everything is assessed or says why not, and twice is once."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support import machine, nodes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    if reason := machine.why_missing("data"):
        pytest.skip(reason)
    with nodes.throwaway(tmp_path_factory.mktemp("real") / "node") as node:
        node.make()
        return node.run("tests.support.real_data", str(machine.SHARED_DATA), seconds=600)


def test_every_record_and_catalogue_entry_is_stored_or_there_already(found: Any) -> None:
    stored, unchanged, refused = found["first"]

    assert stored + unchanged >= 60_000
    assert refused == 0


def test_every_parts_list_named_in_the_index_is_loaded(found: Any) -> None:
    index = (Path(machine.SHARED_DATA) / "sboms" / "INDEX.csv").read_text(encoding="utf-8").splitlines()[1:]

    assert found["lists"][0] == len(index)
    assert found["lists"][2] == 0


def test_assessed_and_not_assessable_add_up_to_every_component(found: Any) -> None:
    before = found["before"]

    assert before["components"] > 4_000
    assert before["assessed"] + sum(before["gaps"].values()) == before["components"]
    assert before["assessed"] > 0


def test_what_was_published_before_the_first_import_is_backlog_without_an_invented_date(found: Any) -> None:
    backlog = [row for row in found["before"]["rows"] if row["backlog"]]

    assert backlog
    assert all(row["due"] is None for row in backlog)


def test_known_exploited_flaws_on_an_exposed_asset_have_a_date_and_stand_at_now(found: Any) -> None:
    exploited = [row for row in found["before"]["rows"] if row["kev"]]

    assert exploited
    assert all(row["due"] is not None and row["band"] == "now" for row in exploited)


def test_an_advisory_imported_afterwards_has_a_due_date(found: Any) -> None:
    row = found["afterwards"][0]

    assert not row["backlog"]
    assert row["drawn"] == "unknown"
    assert datetime.fromisoformat(row["due"]) > datetime.fromisoformat(found["now"]) + timedelta(days=59)


def test_importing_everything_again_changes_nothing(found: Any) -> None:
    assert found["again"][0] == 0
    assert found["lists_again"][0] == 0
    assert found["changed_by_importing_again"] is False
