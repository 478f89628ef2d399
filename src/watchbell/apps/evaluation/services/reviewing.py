"""This will put a reader's note beside a transcript, and count how many were read and what was seen in them.

A note is never changed and never removed: whoever sees it otherwise later writes another, and the newest counts. What
was written is sealed under the evidence key; its kind, who wrote it and when stand in the open for both parties.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import IsOver, held, record, require_evaluator
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Protocol, Review, Sample
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.apps.evaluation.words import DOUBTS, ReviewKind
from watchbell.domain import evaluation as rules
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.sentence import Sentence
from watchbell.outside.keystore import Keystore

MOST_NOTE = 5_000
FLAG = "reviewers"
"""How an open flag of the report begins that readers of transcripts raised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What somebody saw in a transcript, and what they say about it; the words may be none."""

    kind: ReviewKind
    text: str = ""


@transaction.atomic
def note_transcript(sample: Sample, noted: Noted, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Review:
    """Write a note on a sample's transcript.

    Raises NotAllowed for anyone but the evaluator's people, IsOver once the evidence is due, ValueError for a text that
    is too long.
    """
    row = sample.protocol
    engagement = engagement_of(row)
    require_evaluator(engagement, by)
    if len(noted.text) > MOST_NOTE:
        raise ValueError(Sentence("A note has up to {most} letters.", most=MOST_NOTE))
    engagement = held(engagement)
    if engagement.evidence_gone_at is not None or access.evidence_is_due(engagement, now):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    place, text, sealed = new_id(rng), noted.text.strip(), b""
    if text:
        sealed = access.seal(
            engagement, "review", text.encode(), key=Material.EVIDENCE, place=place, now=now, keys=keys
        )
    made = Review.objects.create(
        public_id=place,
        protocol=row,
        sample=sample.digest,
        arm=sample.arm,
        kind=noted.kind,
        sealed=sealed,
        person=by.person or "",
        at=now,
    )
    record("evaluation.transcript_reviewed", engagement, by=by, now=now, review=place, kind=noted.kind.value)
    return made


def words_of(review: Review, *, keys: Keystore) -> str:
    """Return what was written, for services and pages that opened the transcript; "" where nothing was."""
    sealed, engagement = bytes(review.sealed), engagement_of(review.protocol)
    if not sealed:
        return ""
    opened = access.open_sealed(engagement, "review", sealed, key=Material.EVIDENCE, place=review.public_id, keys=keys)
    return opened.decode()


def reviewed(row: Protocol, value: rules.Protocol) -> dict[str, Any]:
    """Return how many transcripts of each model were read, by how many people, and what was seen last in each."""
    rows = list(Review.objects.filter(protocol=row).order_by("at", "pk").values_list("arm", "sample", "kind", "person"))
    newest = {(arm, sample): kind for arm, sample, kind, _ in rows}
    there = Counter(Sample.objects.filter(protocol=row).values_list("arm", flat=True))
    return {
        "people": len({person for *_, person in rows}),
        "models": [
            {
                "model": model,
                "of": there[arm],
                "read": sum(one == arm for one, _ in newest),
                "kinds": dict(sorted(Counter(kind for (one, _), kind in newest.items() if one == arm).items())),
            }
            for arm, model in enumerate(value.models)
        ],
    }


def flags_of(said: dict[str, Any]) -> list[str]:
    """Return an open flag for each kind of doubt that readers had, whichever model it was about."""
    seen = {kind for one in said["models"] for kind in one["kinds"]}
    return [f"{FLAG}: {kind.value}" for kind in DOUBTS if kind.value in seen]
