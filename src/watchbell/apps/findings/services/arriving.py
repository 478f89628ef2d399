"""This will take an upload in pieces, so that one cut off at any byte goes on behind the last piece that came whole.

A piece is here wholly or not at all: its bytes lie sealed first, and then its row and the count of
what is here move together. Whoever asks is told that count. The whole is handed in like any upload,
with the same key, so that a crash between the last piece and its answer changes nothing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from watchbell.apps.files import queries as stored
from watchbell.apps.files import services as files
from watchbell.apps.findings.models import Arrival, Piece
from watchbell.apps.findings.queries import ARRIVES_WITHIN
from watchbell.apps.findings.services.intake import TAKER, KeyTaken, TooManyWaiting, require_submitter
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.blobs import BlobStore

MOST_ARRIVING = 5
"""Uploads of one submitter that may be on their way at a time."""


class WrongPlace(Exception):
    """This piece does not begin where the last one ended; ask how much is here and go on from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceSent:
    """Some bytes of an upload: those from `at` on, of `size` in all that will have this SHA-256 (in hex)."""

    key: str
    at: int
    size: int
    digest: str
    content: bytes


def take_piece(piece: PieceSent, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> Arrival:
    """Keep one piece and return how much is here.

    Raises NotAllowed, KeyTaken when the key names another upload on its way, WrongPlace,
    TooManyWaiting, and Refused for more bytes than were announced.
    """
    require_submitter(by)
    if piece.at + len(piece.content) > piece.size:
        limit = Sentence("At most {limit} bytes", limit=piece.size)
        raise refuse("too-large", "The piece ends behind the announced end.", expected=limit)
    arrival = _arrival(piece, by.organisation or "", now)
    if arrival.received != piece.at:
        raise WrongPlace(str(WrongPlace.__doc__))
    if not piece.content:
        return arrival
    how = files.Keeping(organisation=by.organisation or "", keep_until=arrival.began_at + ARRIVES_WITHIN)
    sealed = files.put_away(piece.content, how=how, store=store)
    with transaction.atomic():
        here = piece.at + len(piece.content)
        if not Arrival.objects.filter(pk=arrival.pk, received=piece.at).update(received=here):
            raise WrongPlace(str(WrongPlace.__doc__))  # the same piece came in twice at the same moment
        blob = files.keep(sealed, how=how, store=store, by=by, now=now, rng=rng)
        Piece.objects.create(arrival=arrival, start=piece.at, blob=blob.public_id)
    arrival.received = here
    return arrival


def joined(arrival: Arrival, *, store: BlobStore, now: datetime) -> bytes:
    """Return the whole upload. Raises WrongPlace while it is not here, and Refused when it is not what was announced.

    One that is not is over: the next piece begins it anew.
    """
    if arrival.received != arrival.size:
        raise WrongPlace(str(WrongPlace.__doc__))
    content = bytearray()
    for blob in arrival.pieces.order_by("start").values_list("blob", flat=True):
        file = stored.open_for(TAKER, blob, now=now, store=store)
        for octets in file.pieces if file else ():
            content += octets
    if hashlib.sha256(content).hexdigest() != arrival.digest:
        forget(arrival, now=now)
        todo = "Send it again from its first byte"
        raise refuse("wrong-digest", "The pieces are not the upload that was announced.", todo=todo)
    return bytes(content)


@transaction.atomic
def forget(arrival: Arrival, *, now: datetime) -> None:
    """Let go of an upload that was handed in, or that cannot be: its pieces end now."""
    files.end(public_ids=arrival.pieces.values_list("blob", flat=True), now=now)
    Arrival.objects.filter(pk=arrival.pk).delete()


def _arrival(piece: PieceSent, submitter: str, now: datetime) -> Arrival:
    """Return the upload this piece is of, begun now if it is the first."""
    own = Arrival.objects.filter(submitter=submitter)
    for stale in own.filter(began_at__lte=now - ARRIVES_WITHIN):
        forget(stale, now=now)
    there = own.filter(key=piece.key).first()
    if there is None:
        if own.count() >= MOST_ARRIVING:
            raise TooManyWaiting(str(TooManyWaiting.__doc__))
        row = Arrival(submitter=submitter, key=piece.key, size=piece.size, digest=piece.digest, began_at=now)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
            return row
        except IntegrityError:  # its first piece came in twice at the same moment
            there = own.get(key=piece.key)
    if (there.size, there.digest) != (piece.size, piece.digest):
        raise KeyTaken(str(KeyTaken.__doc__))
    return there
