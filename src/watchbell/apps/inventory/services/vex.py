"""This will take in what others say of an operator's products (VEX), once a document, and take it back when asked.

Killed halfway and sent again it goes on behind what is there; nothing of a document counts
before all of it is in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from watchbell.apps.inventory import names, said
from watchbell.apps.inventory.models import NAME_LENGTH, Asset, VexDocument, VexName, VexStatement
from watchbell.apps.inventory.services.loading import ChangedMeanwhile, Received
from watchbell.apps.inventory.services.overlays import settle
from watchbell.apps.inventory.services.rights import require_operator
from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.matching.vex_statements import Statement
from watchbell.domain.matching.vex_statements import VexDocument as Parsed
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.domain.versions import KEY_FORMAT
from watchbell.formats import vex

STATEMENTS_AT_ONCE = 200
MOST_STATEMENTS = 50_000
MOST_DEFECTS = 50
LONGEST_ID = 128
"""No record here has a longer id, so a longer one names none of them."""


class NotStanding(LookupError):
    """This document was withdrawn already, or is none of yours; look at the list again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a document: its row, and whether it stands only now."""

    document: VexDocument
    is_new: bool


def import_vex(
    received: Received, *, organisation: str, asset: Asset | None = None, by: Actor, now: datetime, rng: Dice
) -> Taken:
    """Take in an OpenVEX, CSAF or CycloneDX document; with `asset` it speaks of what is in that one alone.

    The same bytes again change nothing; a withdrawn document stands again. What it quiets follows in a job.
    Raises NotAllowed, Refused with the place (and nothing is stored), ChangedMeanwhile.
    """
    require_operator(by, organisation if asset is None else asset.organisation_id)
    there = _there(received.digest, organisation, asset)
    if there is not None and there.read_at and not there.withdrawn_at and there.key_format == KEY_FORMAT:
        return Taken(there, False)
    parsed = _read(received)
    document = there or _begin(received, parsed, organisation=organisation, asset=asset, by=by, now=now, rng=rng)
    try:
        _fill(document, parsed.statements)
    except IntegrityError as error:  # the same document from two sides at one moment
        raise ChangedMeanwhile("Someone is importing this document at this moment; look again.") from error
    is_new = _stand(document, by=by, now=now, rng=rng)
    document.refresh_from_db()
    return Taken(document, is_new)


@transaction.atomic
def withdraw_vex(public_id: str, *, organisation: str, by: Actor, now: datetime, rng: Dice) -> None:
    """Take a document back: nothing it says counts any more, and what it quieted comes back.

    It stays on the list, and importing it again makes it stand again. Raises NotAllowed, NotStanding.
    """
    require_operator(by, organisation)
    mine = VexDocument.objects.filter(organisation_id=organisation, public_id=public_id)
    standing = mine.filter(withdrawn_at__isnull=True)
    if not standing.update(withdrawn_at=now, withdrawn_by=_name_of(by)):
        raise NotStanding(str(NotStanding.__doc__))
    _record("inventory.vex_withdrawn", mine.get(), by=by, now=now, rng=rng)


def overlay_organisation(organisation: str, *, by: Actor, now: datetime) -> None:
    """Lay what stands over the matches and say so in the journal; worklists follow that entry."""
    settle(organisation, now=now)
    subject = journal.Subject("orgs.organisation", organisation)
    with transaction.atomic():
        journal.record(at=now, by=by, action="inventory.overlaid", subject=subject, concerns=[organisation])


def _read(received: Received) -> Parsed:
    parsed = vex.loads(received.content, document=names.by_digest(received.digest))
    if not parsed.statements:
        message = "The document makes no statement about a product."
        raise refuse("no-statements", message, todo="Ask its author for one that does")
    if len(parsed.statements) > MOST_STATEMENTS:
        message = Sentence("The document makes more than {limit} statements.", limit=MOST_STATEMENTS)
        raise refuse("too-many", message, todo="Split it")
    return parsed


def _there(digest: str, organisation: str, asset: Asset | None) -> VexDocument | None:
    return VexDocument.objects.filter(organisation_id=organisation, digest=digest, asset=asset).first()


def _begin(
    received: Received, parsed: Parsed, *, organisation: str, asset: Asset | None, by: Actor, now: datetime, rng: Dice
) -> VexDocument:
    fresh = VexDocument(
        public_id=new_id(rng),
        organisation_id=organisation,
        asset=asset,
        digest=received.digest,
        format=parsed.format,
        name=parsed.id[:NAME_LENGTH],
        version=parsed.version[:64],
        author=parsed.author[:NAME_LENGTH],
        issued_at=parsed.issued_at,
        updated_at=parsed.updated_at,
        size=len(received.content),
        statements=len(parsed.statements),
        defects=[[one.place, Sentence(one.because).packed(1000)] for one in parsed.defects[:MOST_DEFECTS]],
        key_format=KEY_FORMAT,
        imported_by=_name_of(by),
        imported_at=now,
    )
    VexDocument.objects.bulk_create([fresh], ignore_conflicts=True)
    return VexDocument.objects.get(organisation_id=organisation, digest=received.digest, asset=asset)


def _fill(document: VexDocument, statements: Sequence[Statement]) -> None:
    """This will write the statements that are not there yet; those with keys of an older format are written anew."""
    if document.key_format != KEY_FORMAT:
        with transaction.atomic():
            VexStatement.objects.filter(document=document).delete()
            VexDocument.objects.filter(pk=document.pk).update(key_format=KEY_FORMAT, read_at=None)
    done = VexStatement.objects.filter(document=document).count()
    for part in bulk.slices(range(done, len(statements)), STATEMENTS_AT_ONCE):
        with transaction.atomic():
            rows = [_row(document, at, statements[at]) for at in part]
            VexStatement.objects.bulk_create(rows)
            ids = [(row, name) for row, at in zip(rows, part, strict=True) for name in _ids(statements[at])]
            VexName.objects.bulk_create([VexName(statement=row, identifier=name) for row, name in ids], batch_size=200)


def _row(document: VexDocument, position: int, one: Statement) -> VexStatement:
    return VexStatement(document=document, position=position, status=one.status, said=said.packed(one))


def _ids(one: Statement) -> list[str]:
    return sorted(name for name in one.canonical_ids if len(name) <= LONGEST_ID)


@transaction.atomic
def _stand(document: VexDocument, *, by: Actor, now: datetime, rng: Dice) -> bool:
    """Make all of it count; False when somebody else did."""
    mine = VexDocument.objects.filter(pk=document.pk)
    is_new = mine.filter(read_at__isnull=True).update(read_at=now, withdrawn_at=None, withdrawn_by="")
    is_again = mine.filter(withdrawn_at__isnull=False).update(withdrawn_at=None, withdrawn_by="")
    if is_new or is_again:
        _record("inventory.vex_received", document, by=by, now=now, rng=rng)
    return bool(is_new or is_again)


def _record(action: str, document: VexDocument, *, by: Actor, now: datetime, rng: Dice) -> None:
    journal.record(
        at=now,
        by=by,
        action=action,
        subject=journal.Subject("orgs.organisation", document.organisation_id),
        concerns=[document.organisation_id],
        digests={"document": document.digest},
        facts={"document": document.public_id, "statements": document.statements},
        rng=rng,
    )


def _name_of(by: Actor) -> str:
    return (by.person or by.name)[:64]
