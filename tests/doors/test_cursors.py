"""Page cursors are sealed: they cannot be read, forged, or moved to another list or person."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from watchbell.domain.refusal import Refused
from watchbell.doors import cursors, keys

POSITIONS = st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53), st.text(max_size=40)), max_size=5)


@pytest.fixture(autouse=True, scope="module")
def node_keys() -> None:
    settings.WATCHBELL.home.mkdir(parents=True, exist_ok=True)
    keys.make_node_keys()


@given(POSITIONS)
def test_a_cursor_gives_back_the_position_it_was_made_for(position: cursors.Position) -> None:
    text = "".join(part for part in map(str, position) if "\x00" not in part and part.isprintable())
    place = [text, 7, None]

    assert cursors.unseal("worklist", "me", cursors.seal("worklist", "me", place)) == place


@pytest.mark.parametrize(("list_name", "viewer"), [("findings", "me"), ("worklist", "you")])
def test_a_cursor_opens_only_in_its_own_list_for_its_own_viewer(list_name: str, viewer: str) -> None:
    cursor = cursors.seal("worklist", "me", ["2026-11-04", 3])

    with pytest.raises(Refused):
        cursors.unseal(list_name, viewer, cursor)


@given(st.text(max_size=80))
def test_garbage_is_refused_and_never_an_error(text: str) -> None:
    with pytest.raises(Refused):
        cursors.unseal("worklist", "me", text)


def test_a_cursor_shows_nothing_of_what_it_holds() -> None:
    cursor = cursors.seal("worklist", "me", ["CVE-2024-21762"])

    assert "CVE" not in cursor
    assert cursor != cursors.seal("worklist", "me", ["CVE-2024-21762"])
