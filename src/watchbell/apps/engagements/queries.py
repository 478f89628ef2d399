"""Who may know of an engagement? Its developer, and the evaluator's owners and named people once it was offered.

For everyone else there is none: never asked, offered, running and withdrawn look the same to a third party.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from watchbell.apps.engagements.models import (
    AccessLine,
    Engagement,
    GatewayToken,
    ModelVersion,
    Partner,
    Receipt,
    Seat,
    Signature,
    SigningKey,
    UsedWindow,
)
from watchbell.apps.engagements.words import Material, Signed
from watchbell.domain.handling import Actor, Role
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.lifecycle.window import LONGEST, Window, used_up

NOBODY = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How far a window is: `passed` of `whole`, and when it ends."""

    starts_at: datetime
    ends_at: datetime
    gone: timedelta
    whole: timedelta
    is_open: bool

    @property
    def day(self) -> int:
        """Return which day of the window this is, from 1."""
        return min(int(self.gone / timedelta(days=1)) + 1, max(int(-(-self.whole // timedelta(days=1))), 1))


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Engagement]:
    """Return the engagements this actor may know of at this moment."""
    known = Engagement.objects.filter(created_at__lte=now).select_related("model", "grant")
    if viewer.organisation is None or not viewer.strong:
        return known.none()
    offered = Q(evaluator=viewer.organisation, signatures__kind=Signed.OFFER)
    seated = Q(seats__person=viewer.person or NOBODY, seats__ended_at__isnull=True)
    theirs = offered if viewer.role is Role.OWNER else offered & seated
    return known.filter(Q(developer=viewer.organisation) | theirs).distinct().order_by("-created_at", "public_id")


def models_of(viewer: Actor, *, now: datetime) -> QuerySet[ModelVersion]:
    """Return the viewer's own registered models, newest first."""
    own = ModelVersion.objects.filter(organisation=viewer.organisation or NOBODY, registered_at__lte=now)
    return own.order_by("-registered_at", "public_id") if viewer.strong else own.none()


def clock_of(engagement: Engagement, *, now: datetime) -> Clock | None:
    """Return where in its window an engagement is, or None when it never had one."""
    start, end = engagement.starts_at, engagement.ends_at
    if start is None or end is None:
        return None
    at = max(now, engagement.seen_at or now)
    over_at = min(end, engagement.ended_at or end)
    is_open = engagement.stands.lets_in and start <= at < end
    return Clock(
        starts_at=start,
        ends_at=end,
        gone=max(min(at, over_at) - start, timedelta(0)),
        whole=end - start,
        is_open=is_open,
    )


def time_left(model: ModelVersion) -> timedelta:
    """Return how much of a model's thirty days no window has used or will use."""
    rows = UsedWindow.objects.filter(organisation=model.organisation, digest=model.digest)
    return max(LONGEST - used_up(Window(row.starts_at, row.ends_at) for row in rows), timedelta(0))


def lines_of(engagement: Engagement) -> QuerySet[AccessLine]:
    """Return the lines of an engagement's access log, newest first; the viewer was asked for already."""
    return AccessLine.objects.filter(engagement=engagement).select_related("chain").order_by("-id")


def seats_of(engagement: Engagement) -> QuerySet[Seat]:
    """Return the people of an engagement, those who still have a seat first."""
    return engagement.seats.order_by("ended_at", "named_at", "public_id")


def own_tokens(engagement: Engagement, viewer: Actor, *, now: datetime) -> QuerySet[GatewayToken]:
    """Return the live tokens: one's own, and for the developer everyone's."""
    live = engagement.gateway_tokens.filter(ended_at__isnull=True, expires_at__gt=now).order_by("-made_at")
    return live if viewer.organisation == engagement.developer else live.filter(person=viewer.person or NOBODY)


def receipts_of(engagement: Engagement) -> QuerySet[Receipt]:
    """Return the destruction receipts of an engagement, oldest first."""
    return engagement.receipts.order_by("at", "key")


def signatures_of(engagement: Engagement) -> QuerySet[Signature]:
    """Return who signed what, oldest first."""
    return engagement.signatures.order_by("pk")


def signing_keys_of(viewer: Actor) -> QuerySet[SigningKey]:
    """Return the public keys of the viewer's organisation, newest first."""
    return SigningKey.objects.filter(organisation=viewer.organisation or NOBODY).order_by("-added_at")


def partners_of(viewer: Actor, *, now: datetime) -> QuerySet[Partner]:
    """Return the partnerships the viewer's organisation is part of: the developer's all, a partner's its own."""
    own = viewer.organisation or NOBODY
    rows = Partner.objects.filter(offered_at__lte=now, ended_at__isnull=True).select_related("model")
    return rows.filter(Q(partner=own) | Q(model__organisation=own)).order_by("-offered_at", "public_id")


def named(public_id: str) -> Engagement:
    """Return one engagement by its opaque id, for services that already decided; raises DoesNotExist."""
    return Engagement.objects.select_related("model", "grant").get(public_id=public_id)


def keys_needed(*, now: datetime) -> set[str]:
    """Return the names of the keys that running access, open offers and evidence not yet due need, for the doctor."""
    rows = Engagement.objects.filter(evidence_gone_at__isnull=True).exclude(state=State.DRAFT)
    needed = {one.evidence_key for one in rows if one.evidence_until is None or one.evidence_until > now}
    return needed | {one.access_key for one in rows if one.stands is State.ACTIVE}


def receipts_owed() -> int:
    """Return how many ended engagements wait for the receipt of their access key."""
    return Engagement.objects.filter(ended_at__isnull=False).exclude(receipts__key=Material.ACCESS).count()


def is_offered(engagement: Engagement) -> bool:
    """Return whether the evaluator may know of it."""
    return engagement.stands is not State.DRAFT and engagement.signatures.filter(kind=Signed.OFFER).exists()
