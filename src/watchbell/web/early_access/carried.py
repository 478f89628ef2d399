"""What happens to a signature while its sender shows their second factor once more? It waits in their session.

Only its 64 bytes do: an envelope holds the terms too, and those lie nowhere but under the engagement's key. One
signature a session, for the page it was sent to, for as long as a detour may take.
"""

import base64
import hashlib
from datetime import timedelta
from typing import Any

from watchbell.web.asking import Asking

CARRIED = "signature"
CARRIED_FOR = timedelta(minutes=10)


def carry(request: Asking, signature: bytes) -> None:
    """This will keep a signature for the page it was sent to, in place of any other."""
    until = int((request.now + CARRIED_FOR).timestamp())
    text = base64.b64encode(signature).decode()
    request.session[CARRIED] = {"for": _place(request), "until": until, "text": text}


def carried(request: Asking) -> str:
    """Return the signature in base64 that was sent to this very page a moment ago, or nothing."""
    kept: Any = request.session.get(CARRIED)
    if not isinstance(kept, dict):
        return ""
    if kept.get("until", 0) <= request.now.timestamp():
        drop(request)
        return ""
    return str(kept.get("text", "")) if kept.get("for") == _place(request) else ""


def drop(request: Asking) -> None:
    """This will forget what was kept."""
    request.session.pop(CARRIED, None)


def _place(request: Asking) -> str:
    """Return the page and the organisation acted for, as one short digest: an agreement's address names people."""
    place = f"{request.actor.organisation} {request.get_full_path()}"
    return hashlib.sha256(place.encode()).hexdigest()
