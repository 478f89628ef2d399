"""Who may know of an engagement? Its developer, and the evaluator's owners and named people once it was offered.

For everyone else there is none: never asked, offered, running and withdrawn look the same to a third party.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from watchbell.apps.engagements.models import (
    AccessLine,
    Engagement,
    GatewayToken,
    Grant,
    ModelVersion,
    Partner,
    Receipt,
    Seat,
    Signature,
    SigningKey,
    TermsVersion,
    UsedWindow,
)
from watchbell.apps.engagements.words import Material, Signed, What
from watchbell.domain.handling import Actor, Role
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.lifecycle.window import LONGEST, Window, used_up
from watchbell.domain.metering import Dialect, digest_of_name
from watchbell.domain.sealing.chain import GENESIS, chain
from watchbell.formats import strictjson

NOBODY = "-"
SETTLES_WITHIN = timedelta(minutes=35)
"""After this long a call that ran has been settled or written off (services.metering)."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest lines of a log, of how many written; `holds` where hashing them anew gives the same."""

    lines: list[AccessLine]
    written: int
    holds: bool


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Engagement]:
    """Return the engagements this actor may know of at this moment."""
    known = Engagement.objects.filter(created_at__lte=now).select_related("model", "grant")
    if viewer.organisation is None or not viewer.strong:
        return known.none()
    offered = Q(evaluator=viewer.organisation, signatures__kind=Signed.OFFER)
    seated = Q(seats__person=viewer.person or NOBODY, seats__ended_at__isnull=True)
    theirs = offered if viewer.role is Role.OWNER else offered & seated
    return known.filter(Q(developer=viewer.organisation) | theirs).distinct().order_by("-created_at", "public_id")


def works_on(engagement: Engagement, viewer: Actor) -> bool:
    """Return whether this actor may know of one engagement for its evaluator; the same answer as `visible_to`."""
    if viewer.organisation != engagement.evaluator or not viewer.strong or not is_offered(engagement):
        return False
    live = engagement.seats.filter(person=viewer.person or NOBODY, ended_at__isnull=True)
    return viewer.role is Role.OWNER or live.exists()


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


def time_gone(model: ModelVersion, *, now: datetime) -> timedelta:
    """Return how much of a model's thirty days has been used until now, without what a running window may still use."""
    rows = UsedWindow.objects.filter(organisation=model.organisation, digest=model.digest, starts_at__lt=now)
    return used_up(Window(row.starts_at, min(row.ends_at, now)) for row in rows)


def newest_lines(engagement: Engagement, *, most: int) -> Newest:
    """Return the newest lines of an engagement's log and whether they hold, each against the one before it.

    Lines and heads are read in one statement, so that a line written meanwhile is no fault.
    """
    lines = list(lines_of(engagement)[:most])
    holds = True
    for own in {line.chain_id: line.chain for line in lines}.values():
        shown = sorted((line for line in lines if line.chain_id == own.pk), key=lambda line: line.seq)
        before = AccessLine.objects.filter(chain=own.pk, seq=shown[0].seq - 1).values_list("hash", flat=True).first()
        last = shown[-1]
        is_newest = last.seq + 1 == own.size and bytes(last.hash) == bytes(own.head)
        starts = before is not None or shown[0].seq == 0
        holds = holds and starts and is_newest and _hold(shown, bytes(before) if before is not None else GENESIS)
    written = sum(engagement.chains.values_list("size", flat=True))
    return Newest(lines=lines, written=written, holds=holds and bool(lines))


def _hold(lines: list[AccessLine], head: bytes) -> bool:
    """Return whether each of these lines of one chain, in order, follows the one before it."""
    for at, line in enumerate(lines, lines[0].seq):
        head = chain(head, hashlib.sha256(bytes(line.entry)).digest())
        if line.seq != at or bytes(line.hash) != head:
            return False
    return True


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


def version_for(engagement: Engagement, viewer: Actor) -> TermsVersion | None:
    """Return the version of the terms a viewer reads: the latest for the developer, else the one offered."""
    rows = engagement.versions.order_by("-number")
    if viewer.organisation != engagement.developer:
        signed = engagement.signatures.filter(kind=Signed.OFFER).values("statement_digest")
        rows = rows.filter(offer_digest__in=signed)
    return rows.first()


def is_signed(engagement: Engagement, version: TermsVersion) -> bool:
    """Return whether the developer has offered this version of the terms."""
    return engagement.signatures.filter(kind=Signed.OFFER, statement_digest=version.offer_digest).exists()


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


def with_partner(viewer: Actor, *, now: datetime) -> QuerySet[Engagement]:
    """Return the engagements about models for which the viewer's organisation is a trusted partner by mutual consent.

    For what their developers let partners read; nothing else of them is the viewer's to know.
    """
    both = partners_of(viewer, now=now).filter(partner=viewer.organisation or NOBODY, consented_at__lte=now)
    known = Engagement.objects.filter(model__in=both.order_by().values("model"))
    return known if viewer.strong else known.none()


def with_evidence() -> QuerySet[Engagement, str]:
    """Return the ids of the engagements whose evidence nobody wrote down as gone, for services that ask again."""
    return Engagement.objects.filter(evidence_gone_at__isnull=True).values_list("public_id", flat=True)


def named(public_id: str) -> Engagement:
    """Return one engagement by its opaque id, for services that already decided; raises DoesNotExist."""
    return Engagement.objects.select_related("model", "grant").get(public_id=public_id)


def partner_named(public_id: str) -> Partner:
    """Return one partnership by its opaque id, for services that already decided; raises DoesNotExist."""
    return Partner.objects.select_related("model").get(public_id=public_id)


def parties(engagement: Engagement) -> list[str]:
    """Return the organisations that may know of it: its developer, and the evaluator once it was offered."""
    return [engagement.developer, engagement.evaluator] if is_offered(engagement) else [engagement.developer]


def keys_needed(*, now: datetime) -> set[str]:
    """Return the names of the keys that running access, open offers and evidence not yet due need, for the doctor."""
    rows = Engagement.objects.filter(evidence_gone_at__isnull=True).exclude(state=State.DRAFT)
    needed = {one.evidence_key for one in rows if one.evidence_until is None or one.evidence_until > now}
    return needed | {one.access_key for one in rows if one.stands is State.ACTIVE}


def has_models() -> bool:
    """Return whether any model is registered, whose name a key of the node seals."""
    return ModelVersion.objects.exists()


def has_receipts() -> bool:
    """Return whether this node ever signed that a key was destroyed."""
    return Receipt.objects.exists()


def has_an_endpoint() -> bool:
    """Return whether any open engagement has its developer's endpoint, for whoever starts a gateway."""
    rows = Grant.objects.exclude(sealed_endpoint=b"")
    return rows.filter(engagement__state__in=[one for one in State if one.is_open]).exists()


def receipts_owed() -> int:
    """Return how many ended engagements wait for the receipt of their access key."""
    return Engagement.objects.filter(ended_at__isnull=False).exclude(receipts__key=Material.ACCESS).count()


def is_offered(engagement: Engagement) -> bool:
    """Return whether the evaluator may know of it: of a draft that ended before it was offered, it never may."""
    return engagement.signatures.filter(kind=Signed.OFFER).exists()


def over_among(names: Iterable[str]) -> set[str]:
    """Return those of these engagements that have ended, for rooms that do something then."""
    return set(
        Engagement.objects.filter(public_id__in=names, ended_at__isnull=False).values_list("public_id", flat=True)
    )


def forgotten_among(names: Iterable[str]) -> set[str]:
    """Return those of these engagements whose evidence is gone."""
    rows = Engagement.objects.filter(public_id__in=names, evidence_gone_at__isnull=False)
    return set(rows.values_list("public_id", flat=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a gateway let through in some span of time: how many calls of the model, and what they were charged."""

    calls: int
    tokens: int


def calls_between(engagement: Engagement, start: datetime, end: datetime, *, model: str = "") -> Called:
    """Return what was called from `start` until `end`, by the lines of the access log; lists of models are no calls.

    With `model` only what was called by this name, and lines that do not say by which: older ones say none.
    A call is charged when it settles: what settles after `end` counts too, what has not settled yet does not.
    """
    lines = AccessLine.objects.filter(engagement=engagement, at__gte=start).order_by("id")
    called: set[str] = set()
    wanted = digest_of_name(model)
    for line in lines.filter(what=What.CALL, at__lt=end).iterator(chunk_size=500):
        said = strictjson.loads(bytes(line.entry))
        is_asked = not model or said.get("model", wanted) == wanted
        if said.get("interface") != Dialect.MODELS and is_asked:
            called.add(said["call"])
    tokens = 0
    for line in lines.filter(what=What.SETTLED, at__lt=end + SETTLES_WITHIN).iterator(chunk_size=500):
        said = strictjson.loads(bytes(line.entry))
        tokens += said["tokens"] if said["call"] in called else 0
    return Called(calls=len(called), tokens=tokens)
