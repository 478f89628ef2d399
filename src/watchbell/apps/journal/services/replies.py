"""How is a deed done once when its request comes twice? The reply is stored with the deed and given again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.journal.models import StoredReply
from watchbell.domain.handling import Actor


class KeyAlreadyUsed(Exception):
    """The same idempotency key came with another request; send a new key with a new request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, ready to be sent again: status, bytes and their media type."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """Which request this is: the route, the key its sender chose, and the SHA-256 in hex of all it says."""

    route: str
    key: str
    digest: str


@transaction.atomic
def once(*, by: Actor, request: Request, now: datetime, deed: Callable[[], Reply]) -> Reply:
    """Do `deed` and store its reply, or return the reply of the first time.

    The row is claimed before the deed, in the deed's transaction: a second request with the
    same key waits for the first and then reads its reply, and a deed that fails leaves no row.
    Not for deeds whose reply holds a secret: the reply stays readable in the database.

    Raises KeyAlreadyUsed when the key belongs to a different request of this actor.
    """
    row, is_first = StoredReply.objects.get_or_create(
        actor=_sender(by), route=request.route, key=request.key, defaults={"request_digest": request.digest, "at": now}
    )
    if row.request_digest != request.digest:
        raise KeyAlreadyUsed(
            f"The idempotency key {request.key!r} was used for a different request to {request.route}."
            " Send this one with a new key; repeat the earlier one unchanged to see its reply."
        )
    if not is_first:
        return Reply(row.status or 500, bytes(row.body), row.media_type)
    reply = deed()
    row.status, row.body, row.media_type = reply.status, reply.body, reply.media_type
    row.save(update_fields=["status", "body", "media_type"])
    return reply


def forget_replies(*, before: datetime, limit: int = 1000) -> int:
    """This will drop the oldest stored replies from before this moment and return how many."""
    old = list(StoredReply.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:limit])
    if old:
        StoredReply.objects.filter(pk__in=old).delete()
    return len(old)


def _sender(by: Actor) -> str:
    """Return who may see the stored reply again: the same person or token, acting for the same organisation."""
    return ":".join((by.kind.value, by.person or by.name, by.organisation or ""))
