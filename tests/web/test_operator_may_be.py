"""A guess is shown apart, in plain words, and only to whose list it stands on."""

import re

import pytest
from tests.apps.scene_inventory import add, load
from tests.apps.scene_published import take
from tests.apps.test_inventory_tiers import FLAW, vendors, with_cpe
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.visitors import signed_in

from watchbell.apps.vulnerabilities.services import SourceKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbell.doors.moment.now", lambda: NOON)


def test_guesses_have_a_page_of_their_own_with_a_filter_by_asset(cast: Cast) -> None:
    take(SourceKind.CSAF, vendors())
    one, other = add(cast.hospital, "pump"), add(cast.hospital, "scanner")
    load(cast.hospital, one, with_cpe("1.0"))
    hospital = signed_in(cast.hospital.person)

    whole = re.sub(r"<[^>]+>", " ", hospital.get("/inventory/may-be").content.decode())
    empty = hospital.get(f"/inventory/may-be?asset={other.public_id}").content.decode()
    theirs = signed_in(cast.bank.person).get(f"/inventory/may-be?asset={one.public_id}")

    assert FLAW in whole
    assert "1.0 is in [0, 2.0)" in whole
    assert "nothing here is on your worklist" in whole
    assert "No guesses" in empty
    assert theirs.status_code == 404
    assert 'href="/inventory/may-be"' in hospital.get("/inventory/unassessed").content.decode()
