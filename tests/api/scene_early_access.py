"""The two parties of an engagement as programs: tokens, terms, and envelopes signed with the keys they hold."""

import base64
from typing import Any

from tests.api.test_operator import ask, token
from tests.apps.scene_engagements import TERMS, Scene
from tests.support.cast import Cast, Player

from watchbell.domain.handling import Scope
from watchbell.domain.terms import signed_bytes

PLACE = "/api/v1/engagements"


def programs(cast: Cast) -> dict[str, str]:
    """Return a token of every scope that early access takes, for each player by name."""
    names = ("lab", "evaluator", "coordinator", "vendor", "hospital", "bank")
    return {name: token(player_of(cast, name), Scope.READ, Scope.ENGAGE) for name in names}


def player_of(cast: Cast, name: str) -> Player:
    """Return one player by name."""
    player: Player = getattr(cast, name)
    return player


def sealed_by(scene: Scene, who: str, payload: bytes) -> dict[str, Any]:
    """Return the envelope that `watchbell key sign` would print for this download."""
    mark = scene.pens[who].sign(signed_bytes(payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.watchbell.engagement+json",
        "signatures": [{"keyid": "", "sig": base64.b64encode(mark).decode()}],
    }


def signed(scene: Scene, who: str, address: str, key: str) -> dict[str, Any]:
    """Return the envelope of what is to be signed at this address, downloaded with this token."""
    answer = ask("GET", address, key)
    assert answer.status_code == 200, answer.content
    assert answer.headers["Content-Type"] == "application/vnd.watchbell.engagement+json"
    return sealed_by(scene, who, answer.content)


def written(**changed: Any) -> dict[str, Any]:
    """Return terms as the interface takes them."""
    return {**TERMS.as_mapping(), **changed}
