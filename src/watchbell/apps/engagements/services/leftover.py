"""This will remove keys of engagements that nothing stands behind any more, so that no round leaves one alive.

Such a key is left where a draft or a start was undone after its key was made, or where an older keystore
or database was brought back. Nobody waits for this: without an active row no key lets anyone in.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from watchbell.apps.engagements.models import Engagement
from watchbell.apps.engagements.services.ending import CLOCK, destroy, evidence_is_due
from watchbell.apps.engagements.services.material import key_of
from watchbell.apps.engagements.services.standing import held, record
from watchbell.apps.engagements.words import OF_ENGAGEMENTS, Material
from watchbell.apps.journal import services as journal
from watchbell.domain.identity import Dice
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.outside.keystore import KeyMissing, Keystore, KeystoreError

AT_ONCE = 500


def remove_leftover_keys(*, now: datetime, keys: Keystore, rng: Dice) -> int:
    """Remove every engagement's key that has no row which needs it; return how many went."""
    split = (one.partition("-") for one in keys.names())
    named = [(OF_ENGAGEMENTS[key], rest) for key, _, rest in split if key in OF_ENGAGEMENTS]
    gone = 0
    for start in range(0, len(named), AT_ONCE):
        part = named[start : start + AT_ONCE]
        rows = {one.public_id: one for one in Engagement.objects.filter(public_id__in={name for _, name in part})}
        for key, name in part:
            if name in rows and not _is_needed(rows[name], key, now):
                gone += _remove(rows[name], key, now=now, keys=keys, rng=rng)
        gone += _remove_unknown([(key, name) for key, name in part if name not in rows], now=now, keys=keys)
    return gone


def forget_missing_evidence(*, now: datetime, keys: Keystore, rng: Dice) -> int:
    """Write down, with a receipt, that evidence of an ended engagement cannot be opened: its key is not here any more.

    So it is on a node that was restored: no backup holds these keys.
    """
    there = set(keys.names())
    kept = Engagement.objects.filter(ended_at__isnull=False, evidence_gone_at__isnull=True).order_by("pk")
    lost = [one for one in kept.exclude(receipts__key=Material.EVIDENCE) if one.evidence_key not in there]
    for engagement in lost[:AT_ONCE]:
        with transaction.atomic():
            destroy(held(engagement), Material.EVIDENCE, now=now, keys=keys, rng=rng)
    return len(lost)


def is_reachable(keys: Keystore) -> bool:
    """Return whether this is the node's keystore and not an empty folder: some key in it is no engagement's."""
    return any(name.partition("-")[0] not in OF_ENGAGEMENTS for name in keys.names())


def _is_needed(engagement: Engagement, key: Material, now: datetime) -> bool:
    if key is Material.ACCESS:
        return engagement.stands is State.ACTIVE
    return engagement.evidence_gone_at is None and not evidence_is_due(engagement, now)


@transaction.atomic
def _remove(engagement: Engagement, key: Material, *, now: datetime, keys: Keystore, rng: Dice) -> bool:
    """Remove a key if its engagement, now held, still does not need it.

    A start that was undone may come again: nothing lies under its key yet, so its name stays free.
    """
    engagement = held(engagement)
    if _is_needed(engagement, key, now):
        return False
    try:
        if key is Material.ACCESS and engagement.stands.is_open:
            keys.discard(key_of(engagement, key))
        elif engagement.receipts.filter(key=key).exists():
            keys.destroy(key_of(engagement, key))
        else:
            return destroy(engagement, key, now=now, keys=keys, rng=rng)
    except (KeystoreError, OSError):
        return False
    record("engagement.key_removed", engagement, by=CLOCK, now=now, key=key.value)
    return True


def _remove_unknown(named: Sequence[tuple[Material, str]], *, now: datetime, keys: Keystore) -> int:
    """Destroy the keys of engagements that are not there; a draft that is being written has its row before its key."""
    if not named:
        return 0
    gone = 0
    with transaction.atomic():
        _wait_for_drafts()
        there = set(_known(name for _, name in named))
        for key, name in named:
            if name in there:
                continue
            try:
                keys.destroy(f"{key}-{name}")
            except KeyMissing:
                continue
            except (KeystoreError, OSError):
                return gone
            subject = journal.Subject("keystore.key", f"{key}-{name}")
            journal.record(at=now, by=CLOCK, action="engagement.key_removed", subject=subject)
            gone += 1
    return gone


def _known(names: Iterable[str]) -> Iterable[str]:
    return Engagement.objects.filter(public_id__in=set(names)).values_list("public_id", flat=True)


def _wait_for_drafts() -> None:
    """Wait until every transaction that writes engagements has ended; on SQLite this one could only begin then."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f'LOCK TABLE "{Engagement._meta.db_table}" IN SHARE MODE')
