"""Where does the next page start? In a sealed cursor: it cannot be read, forged or moved to another list."""

import base64
import json

from watchbell.domain.refusal import refuse
from watchbell.doors.keys import CURSORS, keystore
from watchbell.formats import strictjson
from watchbell.outside.keystore import aad

Position = list[str | int | None]


def seal(list_name: str, viewer: str, position: Position) -> str:
    """Return an opaque cursor for this viewer's place in this list."""
    text = json.dumps(position, separators=(",", ":")).encode()
    sealed = keystore().seal(CURSORS, aad("doors", list_name, "cursor", viewer), text)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(list_name: str, viewer: str, cursor: str) -> Position:
    """Return the position a cursor holds. Raises Refused when it is not one of ours for this list and viewer."""
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = strictjson.loads(keystore().open(CURSORS, aad("doors", list_name, "cursor", viewer), sealed))
    except Exception as error:
        raise refuse(
            "bad-cursor",
            "This page cursor is not one of this list's.",
            place="cursor",
            todo="Start again without a cursor.",
        ) from error
    return list(position)
