"""What happened, and what became of it? An incident opened for its two parties, and the record they take along."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watchbell.apps.engagements import queries as engagements
from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Incident
from watchbell.apps.journal.body import instant
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.terms import Purpose
from watchbell.outside.keystore import Keystore

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

FORMAT = "watchbell-incident-1"
TOLD_WITHIN = timedelta(hours=1)
"""How soon after it was noticed the developer is to have an incident (requirement R10)."""


def open_incident(
    incident: Incident, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> tuple[str, str]:
    """Return what was seen and why it was settled, "" where nobody said; the developer reads who opened it.

    Raises NotAllowed for anyone but the parties' own, IsOver once the evidence is due.
    """
    engagement, name = engagements.named(incident.engagement), incident.public_id
    access.note_opening(engagement, "incident", purpose, by=by, now=now, keys=keys, rng=rng)
    note, reason = bytes(incident.sealed_note), bytes(incident.sealed_reason)
    return (
        _opened(engagement, "incident", name, note, keys=keys),
        _opened(engagement, "incident-reason", name, reason, keys=keys),
    )


def incident_record(
    incident: Incident, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> dict[str, object]:
    """Return all that stands here of an incident, as JSON values: when, what was halted, and both parties' words.

    Names no person. Raises what `open_incident` raises.
    """
    note, reason = open_incident(incident, purpose, by=by, now=now, keys=keys, rng=rng)
    engagement, run = engagements.named(incident.engagement), incident.run
    took = incident.told_at - incident.noticed_at
    return {
        "format": FORMAT,
        "id": incident.public_id,
        "engagement": engagement.public_id,
        "developer": engagement.developer,
        "evaluator": engagement.evaluator,
        "model": engagement.model.digest,
        "protocol": incident.protocol.digest if incident.protocol else None,
        "kind": incident.kind,
        "note": note,
        "noticed_at": instant(incident.noticed_at),
        "told_at": instant(incident.told_at),
        "told_after_seconds": int(took.total_seconds()),
        "told_within_seconds": int(TOLD_WITHIN.total_seconds()),
        "halted": {"run": run.public_id, "log": run.log_digest} if run else None,
        "tokens_ended": incident.tokens_ended,
        "settled_at": instant(incident.settled_at) if incident.settled_at else None,
        "reason": reason,
    }


def _opened(engagement: "Engagement", what: str, name: str, sealed: bytes, *, keys: Keystore) -> str:
    if not sealed:
        return ""
    return access.open_sealed(engagement, what, sealed, key=Material.EVIDENCE, place=name, keys=keys).decode()
