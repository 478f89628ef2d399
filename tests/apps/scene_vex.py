"""A few words for scenes about VEX: documents in three formats, and taking them in."""

import json
from datetime import datetime
from typing import Any

from tests.apps.scene_inventory import DICE
from tests.conftest import NOON
from tests.support.cast import Player

from watchbell.apps.inventory import services as inventory
from watchbell.apps.inventory.models import Asset, VexDocument, VexStatement

SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"


def stated(flaw: str, status: str, *products: str, parts: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """Return one OpenVEX statement on these package URLs, or on these parts of them."""
    named = [{"@id": one, "subcomponents": [{"@id": part} for part in parts]} for one in products]
    return {"vulnerability": {"name": flaw}, "status": status, "products": named} | more


def openvex(
    *statements: dict[str, Any], author: str = "Acme", at: str = "2026-10-01T00:00:00Z", number: int = 1
) -> bytes:
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": f"https://acme.example/vex/{author}/{number}",
        "author": author, "timestamp": at, "version": number, "statements": list(statements),
    }  # fmt: skip
    return json.dumps(document).encode()


def not_affected(flaw: str, *products: str, **more: Any) -> dict[str, Any]:
    return stated(flaw, "not_affected", *products, justification="vulnerable_code_not_present", **more)


def bill(*parts: dict[str, Any], serial: str = SERIAL, subject: dict[str, Any] | None = None, **more: Any) -> bytes:
    """Return a CycloneDX document with a serial number, of these components."""
    document: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    document |= {"serialNumber": serial} if serial else {}
    document |= {"metadata": {"component": subject}} if subject else {}
    components = [{"type": "library", "name": one["purl"].split("/")[-1].split("@")[0]} | one for one in parts]
    return json.dumps(document | {"components": components} | more).encode()


def analysed(flaw: str, ref: str, state: str = "not_affected", **more: Any) -> dict[str, Any]:
    """Return one vulnerability of a CycloneDX document, about the thing this reference or link means."""
    analysis = {"state": state, "justification": "code_not_reachable"} | more
    return {"id": flaw, "analysis": analysis, "affects": [{"ref": ref}]}


def take_in(player: Player, content: bytes, *, asset: Asset | None = None, now: datetime = NOON) -> inventory.Taken:
    received = inventory.Received(content=content)
    organisation = player.organisation.public_id
    return inventory.import_vex(received, organisation=organisation, asset=asset, by=player.actor, now=now, rng=DICE)


def take_back(player: Player, document: VexDocument, *, now: datetime = NOON) -> None:
    organisation = player.organisation.public_id
    inventory.withdraw_vex(document.public_id, organisation=organisation, by=player.actor, now=now, rng=DICE)


def fates(player: Player) -> list[tuple[int, int, str]]:
    """Return for how many matches each statement holds, was replaced, and why it holds for none."""
    mine = VexStatement.objects.filter(document__organisation_id=player.organisation.public_id)
    return list(mine.order_by("pk").values_list("holds", "replaced", "because"))
