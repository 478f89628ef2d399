"""Who may read which entries, in which order they happened, and what is published about them?"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, QuerySet

from watchbell.apps.journal.models import Entry, Fence, Seal, TreeHead, Unsealed
from watchbell.domain.handling import Actor


@dataclass(frozen=True, slots=True)
class Sealed:
    """One place in the order of the record; padding has no entry."""

    seq: int
    entry: Entry | None


def entries_concerning(viewer: Actor, *, now: datetime) -> QuerySet[Entry]:
    """Return the entries that concern the organisation this actor acts for, newest first.

    Nobody reads the record as a whole: no organisation, no entries, whatever the role.
    """
    if viewer.organisation is None:
        return Entry.objects.none()
    return Entry.objects.filter(concerns__organisation_id=viewer.organisation, at__lte=now).order_by("-id")


def after(seq: int, *, limit: int) -> list[Sealed]:
    """Return the places from `seq` on, in order, for handlers and feeds; padding too, so that a cursor can pass it."""
    seals = Seal.objects.filter(seq__gte=seq).select_related("entry").order_by("seq")[:limit]
    return [Sealed(seal.seq, seal.entry) for seal in seals]


def next_seq() -> int:
    """Return where the next entry to be sealed will stand, so that readers know whether there is news."""
    return Fence.objects.filter(pk=1).values_list("next_seq", flat=True).first() or 0


def published_heads(*, limit: int = 400) -> list[TreeHead]:
    """Return the latest published heads, oldest first: the same for everyone."""
    newest = TreeHead.objects.order_by("-published_for")[:limit]
    return list(newest)[::-1]


def latest_instant() -> datetime | None:
    """Return when the latest deed was done, so that a clock that stands in the past is noticed."""
    return Entry.objects.order_by("-id").values_list("at", flat=True).first()


def latest_of(action: str, subject: Model, *, by: str) -> Entry | None:
    """Return the latest entry of one person's that says this of one row, for services that would say it again."""
    told = Entry.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.public_id)  # type: ignore[attr-defined]
    return told.filter(action=action, actor_id=by).order_by("-id").first()


def waiting_for_a_seal() -> int:
    """Return how many entries are not sealed yet."""
    return Unsealed.objects.count()
