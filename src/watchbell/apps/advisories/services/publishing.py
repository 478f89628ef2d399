"""This will publish an advisory under the label a person chose, and withdraw it. Only people publish; no date does."""

from datetime import UTC, datetime

from django.db import transaction

from watchbell.apps.advisories.models import Advisory, TrackingCounter
from watchbell.apps.advisories.queries import read
from watchbell.apps.advisories.services.standing import ChangedMeanwhile, held, record, relabel, require_own
from watchbell.apps.advisories.services.versions import new_version
from watchbell.apps.advisories.words import State
from watchbell.apps.cases import queries as cases
from watchbell.apps.cases import services as case_services
from watchbell.domain.handling import Actor, Tlp
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import refuse


@transaction.atomic
def publish(
    advisory: Advisory,
    *,
    label: Tlp,
    summary: str = "Initial publication.",
    etag: str,
    by: Actor,
    now: datetime,
    rng: Dice,
) -> Advisory:
    """Publish the working copy that has this ETag, as its first version or its next, under the label chosen.

    Whoever publishes chooses the label, and the record says which. As TLP:CLEAR, in one
    transaction the case becomes public, the bytes are written, and the record enters what
    everyone's inventory is matched against. As TLP:GREEN it reaches our circles, and the
    world, the case and the inventories hear nothing. Raises NotAllowed, ChangedMeanwhile,
    NotPossible while an embargo binds, and Refused for another label or what is not valid.
    """
    require_own(advisory, by, now=now)
    advisory = held(advisory)
    if advisory.etag != etag or advisory.state == State.WITHDRAWN:
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    _check_label(advisory, label)
    case = cases.named(advisory.case)
    case_services.check_may_publish(case, now=now)
    if label is Tlp.CLEAR:
        case_services.record_publication(case, by=by, now=now)
    relabel(advisory, label)
    advisory.tracking_id = advisory.tracking_id or _next_tracking_id(now)
    advisory.state, advisory.updated_at = State.PUBLISHED, now
    advisory.published_at = advisory.published_at or now
    advisory.title = read(bytes(advisory.content)).title[:300]
    advisory.shared_content, advisory.shared_at = None, None
    version = new_version(advisory, summary, withdrawn_at=None, by=by, now=now, rng=rng)
    advisory.save()
    record("advisory.published", advisory, by=by, now=now, digest=version.etag, version=version.number, marking=label)
    return advisory


@transaction.atomic
def withdraw(advisory: Advisory, *, reason: str, by: Actor, now: datetime, rng: Dice) -> Advisory:
    """Withdraw a published advisory: it stays readable, says why, and matches nothing any more.

    Raises NotAllowed, and ChangedMeanwhile unless it is published.
    """
    require_own(advisory, by, now=now)
    advisory = held(advisory)
    if advisory.state != State.PUBLISHED:
        raise ChangedMeanwhile("Only a published advisory can be withdrawn; reload it and look again.")
    advisory.state, advisory.withdrawn_at, advisory.updated_at = State.WITHDRAWN, now, now
    advisory.content = bytes(advisory.versions.latest("number").content)
    version = new_version(advisory, reason, withdrawn_at=now, by=by, now=now, rng=rng)
    advisory.save(update_fields=["state", "withdrawn_at", "updated_at"])
    record("advisory.withdrawn", advisory, by=by, now=now, digest=version.etag, version=version.number)
    return advisory


def _check_label(advisory: Advisory, label: Tlp) -> None:
    """Raise Refused unless this label may be published, and is not stricter than what everyone has read."""
    if label > Tlp.GREEN:
        raise refuse(
            "tlp-not-publishable",
            "Only TLP:CLEAR and TLP:GREEN are published.",
            place="/handling/tlp",
            expected="TLP:CLEAR or TLP:GREEN",
            todo="Choose one once everyone whose words it holds agrees",
        )
    if advisory.state != State.DRAFT and label > advisory.marking:
        raise refuse("tlp-not-clear", "What is public stays TLP:CLEAR.", place="/handling/tlp", expected="TLP:CLEAR")


def _next_tracking_id(now: datetime) -> str:
    """Return the next id of this year (UTC), such as WB-2026-0001; who publishes at the same moment queues here."""
    year = now.astimezone(UTC).year
    TrackingCounter.objects.get_or_create(year=year)
    counter = TrackingCounter.objects.select_for_update().get(year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"WB-{year}-{counter.last:04d}"
