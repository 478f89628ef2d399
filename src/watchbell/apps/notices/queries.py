"""Which notices does this actor have? Only about things they may still know of."""

from datetime import datetime

from django.db.models import QuerySet

from watchbell.apps.notices import reach
from watchbell.apps.notices.models import Notice
from watchbell.domain.handling import Actor

PAGE = 50


def for_viewer(viewer: Actor, *, now: datetime, limit: int = PAGE) -> list[Notice]:
    """Return the latest notices of the organisation acted for, latest first.

    One about something that has been withdrawn from the viewer since is left out.
    """
    return [
        notice
        for notice in _addressed_to(viewer, now=now)[:limit]
        if reach.may_know(notice.subject_kind, notice.subject, viewer, now=now)
    ]


def unread(viewer: Actor, *, now: datetime) -> int:
    """Return how many of the latest notices are unread."""
    return sum(1 for notice in for_viewer(viewer, now=now) if notice.read_at is None)


def one(public_id: str, viewer: Actor, *, now: datetime) -> Notice | None:
    """Return one notice of this actor's, or None: not yours and not there are alike."""
    notice = _addressed_to(viewer, now=now).filter(public_id=public_id).first()
    if notice is None or not reach.may_know(notice.subject_kind, notice.subject, viewer, now=now):
        return None
    return notice


def _addressed_to(viewer: Actor, *, now: datetime) -> QuerySet[Notice]:
    if viewer.organisation is None:
        return Notice.objects.none()
    own = Notice.objects.filter(organisation=viewer.organisation, person__in=["", viewer.person or ""])
    return own.filter(at__lte=now).order_by("-at", "public_id")
