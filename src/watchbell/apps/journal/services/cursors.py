"""How far has each handler read? A cursor moves in the transaction that enqueues the handler's jobs."""

from watchbell.apps.journal.models import HandlerCursor


def cursor_of(handler: str) -> int:
    """Return the first seal this handler has not seen; 0 for one that never read."""
    return HandlerCursor.objects.get_or_create(handler=handler)[0].seq


def advance(*, handler: str, seen: int, to: int) -> bool:
    """Move the cursor from `seen` to `to`; False when another worker did so first, and then nothing may be enqueued."""
    return bool(HandlerCursor.objects.filter(handler=handler, seq=seen).update(seq=to))
