"""This will register a developer's models and set their release dates: facts about its own model, always possible.

A release ends every window onto the model, since early access is what comes before it. Nothing anybody
else does, and no state of anything, makes recording one impossible.
"""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from watchbell.apps.engagements.models import Engagement, ModelVersion, UsedWindow
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import close
from watchbell.apps.engagements.services.material import seal_name
from watchbell.apps.engagements.services.standing import held, moment, record, require_lab, require_owner
from watchbell.apps.engagements.words import What
from watchbell.apps.journal import services as journal
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.lifecycle.engagement import EngagementEvent
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import Terms, Unacceptable
from watchbell.outside.keystore import Keystore

LONGEST_NAME = 200


class Release(StrEnum):
    """To whom a model is released."""

    PARTNERS = "partner_release_at"
    PUBLIC = "public_release_at"


@transaction.atomic
def register_model(name: str, digest: str, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> ModelVersion:
    """Register one of the developer's own models by the SHA-256 of its weights; the same one again is the first.

    Raises NotAllowed, and Unacceptable for a digest or a name that is none.
    """
    organisation = require_lab(by)
    digest, name = digest.strip().lower(), name.strip()
    Terms(model_digest=digest, models=("any",))  # says where, when the digest is none
    if not 0 < len(name) <= LONGEST_NAME:
        raise Unacceptable("/name", Sentence("Give the model a name of at most {most} characters.", most=LONGEST_NAME))
    there = ModelVersion.objects.filter(organisation=organisation, digest=digest).first()
    if there is not None:
        return there
    public_id = new_id(rng)
    model = ModelVersion.objects.create(
        public_id=public_id,
        organisation=organisation,
        digest=digest,
        sealed_name=seal_name(public_id, name, keys=keys),
        registered_at=now,
    )
    journal.record(at=now, by=by, action="model.registered", subject=model, digests={"model": digest})
    return model


@transaction.atomic
def release(model: ModelVersion, to: Release, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> ModelVersion:
    """Record that the developer has released its model, to its partners or to everyone; ends every window onto it.

    Recording it again changes nothing. Raises NotAllowed for anyone but the developer.
    """
    require_owner(model, by)
    model = _held_model(model)
    there = getattr(model, to.value)
    if there is None or there > now:
        setattr(model, to.value, now)
        model.save(update_fields=[to.value])
        journal.record(at=now, by=by, action=f"model.{to.name.lower()}_released", subject=model)
    for engagement in _open_ones(model):
        close(engagement, EngagementEvent.RELEASE, by=by, now=now, keys=keys, rng=rng)
    return model


@transaction.atomic
def plan_release(
    model: ModelVersion, to: Release, at: datetime | None, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> ModelVersion:
    """Note when the developer means to release its model, or that it does not know yet; windows end then at the latest.

    A date that has come already is a release. A later date than before lengthens nothing. Raises NotAllowed.
    """
    if at is not None and at <= now:
        return release(model, to, by=by, now=now, keys=keys, rng=rng)
    require_owner(model, by)
    model = _held_model(model)
    there = getattr(model, to.value)
    if there is not None and there <= now:
        return model  # it is released: that is a fact now
    setattr(model, to.value, at)
    model.save(update_fields=[to.value])
    journal.record(at=now, by=by, action=f"model.{to.name.lower()}_planned", subject=model)
    for engagement in _open_ones(model):
        if at is not None and engagement.ends_at is not None and at < engagement.ends_at:
            cut_short(engagement, at, by=by, now=now)
    return model


def cut_short(engagement: Engagement, ends_at: datetime, *, by: Actor, now: datetime) -> None:
    """Let a held engagement's window end earlier than it would; never later."""
    Engagement.objects.filter(pk=engagement.pk, ends_at__gt=ends_at).update(ends_at=ends_at)
    UsedWindow.objects.filter(engagement=engagement.public_id, ends_at__gt=ends_at).update(ends_at=ends_at)
    record("engagement.shortened", engagement, by=by, now=now)
    log.write(engagement, [log.touched(by, What.SHORTENED)], now=now)


def release_dates(model: ModelVersion) -> list[datetime]:
    """Return the moments at which windows onto this model end at the latest, as its developer set them."""
    return [at for at in (model.partner_release_at, model.public_release_at) if at is not None]


def is_released(model: ModelVersion, engagement: Engagement, now: datetime) -> bool:
    """Return whether a release date has come, by the engagement's own clock."""
    return any(at <= moment(engagement, now) for at in release_dates(model))


def _held_model(model: ModelVersion) -> ModelVersion:
    return ModelVersion.objects.select_for_update(no_key=True).get(pk=model.pk)


def _open_ones(model: ModelVersion) -> list[Engagement]:
    states = [one for one in State if one.is_open]
    return [held(one) for one in model.engagements.filter(state__in=states).order_by("pk")]
