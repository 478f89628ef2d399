"""This will end an engagement: claim the end, destroy the access key, say what went, commit; never the other order.

If we are killed after the key is gone and before the commit, an active row without a key is left. It *is* over:
whoever uses it next finds no key and writes the ending down. A keystore that cannot be reached does not
keep anyone in or the developer from leaving: the end stands at once and the key goes as soon as it can.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from watchbell.apps.engagements.models import Engagement, Receipt, UsedWindow
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.material import key_of
from watchbell.apps.engagements.services.standing import held, moment, record, require_developer
from watchbell.apps.engagements.words import Material, What
from watchbell.apps.journal.body import instant
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, system
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.engagement import ENGAGEMENT, EngagementEvent
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.outside.keystore import KeyMissing, Keystore, KeystoreError, attest

CLOCK = system("clock")
RECEIPTS = "receipts"
AT_ONCE = 200
LIMITS = (
    "The key was overwritten and removed from this node's keystore; a copy-on-write file system, a snapshot of the "
    "disk or a worn flash cell may still hold it.",
    "Whoever had root on this machine, or read its memory, while the key was there may have kept it.",
    "What evaluators saw or wrote down on their own machines is not under this key.",
    "A law on records may oblige a party to keep what it holds itself.",
)


@transaction.atomic
def withdraw(engagement: Engagement, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Engagement:
    """End an engagement by the developer's will: at once, from any open state, no reason asked.

    Doing it again changes nothing. Raises NotAllowed for anyone but the developer.
    """
    require_developer(engagement, by)
    engagement = held(engagement)
    if engagement.stands.is_open:
        close(engagement, EngagementEvent.WITHDRAW, by=by, now=now, keys=keys, rng=rng)
    return held(engagement)


def close(
    engagement: Engagement, event: EngagementEvent, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> None:
    """End a held engagement inside the caller's transaction, by this event; raises NotPossible."""
    at = moment(engagement, now)
    before, after = engagement.stands, ENGAGEMENT.next(engagement.stands, event)
    over_at = min(at, engagement.ends_at or at)  # whoever finds it over late does not lengthen what counts from its end
    claimed = Engagement.objects.filter(pk=engagement.pk, state=before).update(
        state=after, ended_at=at, seen_at=at, evidence_until=_evidence_until(engagement, event, over_at)
    )
    if not claimed:
        return
    used = UsedWindow.objects.filter(engagement=engagement.public_id, ends_at__gt=at)
    used.update(ends_at=max(at, engagement.starts_at or at))
    engagement.gateway_tokens.filter(ended_at__isnull=True).update(ended_at=at)
    record(f"engagement.{after.value}", engagement, by=by, now=now)
    log.write(engagement, [log.touched(by, What.ENDED, event=event.value)], now=now)
    engagement.refresh_from_db()
    destroy(engagement, Material.ACCESS, now=now, keys=keys, rng=rng)
    is_due = engagement.evidence_until is not None and engagement.evidence_until <= at
    if is_due or not has_key(engagement, Material.EVIDENCE, keys):
        destroy(engagement, Material.EVIDENCE, now=now, keys=keys, rng=rng)
    log.anchor(engagement, now=now)


@transaction.atomic
def end_if_over(engagement: Engagement, *, now: datetime, keys: Keystore, rng: Dice) -> bool:
    """Write down an ending that came by itself: the window's end, an unanswered offer, a key that is gone.

    An offer whose terms nobody can read any more is unanswered for good.
    Return whether the engagement is over. Called by whoever uses it and finds it over, and by the clock's round.
    """
    engagement = held(engagement)
    if not engagement.stands.is_open:
        return True
    at = moment(engagement, now)
    if engagement.stands is State.ACTIVE:
        event = EngagementEvent.END
        is_late = engagement.ends_at is None or at >= engagement.ends_at
        over = is_late or not has_key(engagement, Material.ACCESS, keys)
    else:
        event = EngagementEvent.LAPSE
        until = engagement.reply_by
        over = until is not None and (at >= until or not has_key(engagement, Material.EVIDENCE, keys))
    if over:
        close(engagement, event, by=CLOCK, now=now, keys=keys, rng=rng)
    return over


def has_key(engagement: Engagement, key: Material, keys: Keystore) -> bool:
    """Return whether a key is there; a keystore that cannot be reached is not taken for a missing key."""
    try:
        keys.seal(key_of(engagement, key), b"", b"")
    except KeyMissing:
        return False
    except (KeystoreError, OSError):
        return True
    return True


def evidence_is_lost(engagement: Engagement, *, keys: Keystore) -> bool:
    """Return whether the key of an open engagement's terms is missing, so that only ending it is left."""
    return engagement.stands.is_open and not has_key(engagement, Material.EVIDENCE, keys)


def destroy(engagement: Engagement, key: Material, *, now: datetime, keys: Keystore, rng: Dice) -> bool:
    """Destroy one of the engagement's keys, write line and receipt; return whether it is gone.

    A key that cannot be reached now is tried again by the clock's round.
    """
    if engagement.receipts.filter(key=key).exists():
        return True
    try:
        keys.destroy(key_of(engagement, key))
        was_there = True
    except KeyMissing:
        was_there = False
    except (KeystoreError, OSError):
        return False
    if key is Material.EVIDENCE:
        Engagement.objects.filter(pk=engagement.pk).update(evidence_gone_at=now)
    try:
        with transaction.atomic():
            _say_what_went(engagement, key, was_there=was_there, now=now, keys=keys, rng=rng)
    except (KeystoreError, OSError):
        return True  # it is gone; the clock's round writes the receipt once the node can sign again
    return True


@transaction.atomic
def destroy_evidence_if_due(engagement: Engagement, *, now: datetime, keys: Keystore, rng: Dice) -> bool:
    """Destroy the evidence key once its signed date has come; return whether it is gone.

    A key that is not there any more before its date, as on a restored node, is gone as well, with a receipt.
    """
    end_if_over(engagement, now=now, keys=keys, rng=rng)
    engagement = held(engagement)
    is_over = engagement.ended_at is not None and not has_key(engagement, Material.EVIDENCE, keys)
    if engagement.evidence_gone_at is None and (evidence_is_due(engagement, now) or is_over):
        destroy(engagement, Material.EVIDENCE, now=now, keys=keys, rng=rng)
        engagement.refresh_from_db()
    return engagement.evidence_gone_at is not None


def evidence_is_due(engagement: Engagement, now: datetime) -> bool:
    """Return whether evidence may not be opened any more, whether or not anybody wrote down that it ended."""
    until = engagement.evidence_until
    if until is None and engagement.ends_at is not None:
        until = engagement.ends_at + timedelta(days=engagement.evidence_days)
    return until is not None and moment(engagement, now) >= until


def finish_destruction(*, now: datetime, keys: Keystore, rng: Dice) -> int:
    """Destroy the keys, and write the receipts, that could not be when they should; return how many receipts came."""
    before = Receipt.objects.count()
    ended = Engagement.objects.filter(ended_at__isnull=False).order_by("pk")
    is_due = Q(evidence_until__lte=now) | Q(evidence_until__lte=F("seen_at"))
    due = {Material.ACCESS: ended, Material.EVIDENCE: ended.filter(is_due)}
    for key, rows in due.items():
        for engagement in rows.exclude(receipts__key=key)[:AT_ONCE]:
            with transaction.atomic():
                destroy(held(engagement), key, now=now, keys=keys, rng=rng)
    return Receipt.objects.count() - before


def _evidence_until(engagement: Engagement, event: EngagementEvent, at: datetime) -> datetime:
    at_once = engagement.starts_at is None or (
        event is EngagementEvent.WITHDRAW and engagement.evidence_goes_on_withdrawal
    )
    return at if at_once else at + timedelta(days=engagement.evidence_days)


def _say_what_went(
    engagement: Engagement, key: Material, *, was_there: bool, now: datetime, keys: Keystore, rng: Dice
) -> None:
    """Write line, receipt and entry for a key that is gone; raises KeystoreError when the node cannot sign."""
    log.write(engagement, [log.Touch(What.KEY_DESTROYED, facts={"key": key.value, "was_there": was_there})], now=now)
    content = _content(engagement, key, now=now)
    public_key, signature = attest(keys, RECEIPTS, content)
    Receipt.objects.create(
        public_id=new_id(rng),
        engagement=engagement,
        key=key,
        content=content,
        public_key=public_key,
        signature=signature,
        at=now,
    )
    record("engagement.key_destroyed", engagement, by=CLOCK, now=now, key=key.value)


def _content(engagement: Engagement, key: Material, *, now: datetime) -> bytes:
    items = engagement.sealed_items.filter(key=key).order_by("pk").values_list("what", "digest")
    latest = engagement.versions.order_by("-number").first()
    chains = engagement.chains.order_by("writer").values_list("writer", "size", "head")
    return canonical(
        {
            "receipt": "watchbell-destruction-receipt-1",
            "engagement": engagement.public_id,
            "key": key.value,
            "destroyed_at": instant(now),
            "offer": latest.offer_digest if latest else "",
            "held": [{"what": what, "digest": digest} for what, digest in items],
            "log": [{"chain": name, "size": size, "head": bytes(head).hex()} for name, size, head in chains],
            "limits": list(LIMITS),
        }
    )
