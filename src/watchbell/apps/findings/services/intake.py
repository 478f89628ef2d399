"""This will take an upload in, item by item: stored, the same as one of yours, or refused with its place.

Handing in the same upload again changes nothing and gives the same answers, also after
a crash in the middle. Nothing a submitter is told depends on what others have handed in.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import IntegrityError, transaction

from watchbell.apps.files import services as files
from watchbell.apps.findings import claims
from watchbell.apps.findings.banners import classified, has_banner, texts
from watchbell.apps.findings.models import Finding, Submission
from watchbell.apps.findings.receipts import digest_of, new_code
from watchbell.apps.findings.words import Channel, Outcome, UploadFormat
from watchbell.apps.findings.written import plain
from watchbell.apps.journal import services as journal
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.advisory import Claim
from watchbell.domain.handling import Actor, ActorKind, OrganisationKind, Scope, Tlp
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import Refusal, Refused, refuse
from watchbell.outside.blobs import BlobStore

CHUNK = 100
PUBLIC, CONSOLE = "public", "console"


class NotAllowed(Exception):
    """You may not do this here; ask an owner of your organisation."""


class KeyTaken(Exception):
    """This idempotency key was used for another upload; send this one with a new key."""


class AlreadyReceived(Exception):
    """This report is here already; its receipt code was shown when it arrived and is kept nowhere."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One item of an upload that could be read, and where it stood."""

    place: str
    claim: Claim


@dataclass(frozen=True, slots=True)
class NotTaken:
    """One item of an upload that its codec refused."""

    refusal: Refusal


Item = Claimed | NotTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload as received; `items` reads it from its beginning each time it is called.

    Unmarked means TLP:AMBER+STRICT, and TLP:AMBER for the public form. `set_aside` counts what its
    own author took back or called no flaw. See `reading.upload` for files.
    """

    content: bytes
    items: Callable[[], Iterable[Item]]
    format: UploadFormat
    channel: Channel
    key: str = ""
    marking: Tlp | None = None
    set_aside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What became of one item; `differs` when your item of this id is here with other words."""

    place: str
    outcome: Outcome
    item_id: str = ""
    finding: str = ""
    differs: bool = False
    needs_evidence: bool = False
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an upload, item by item, in its order."""

    submission: Submission
    results: tuple[ItemResult, ...]


def submit(upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> Received:
    """Hand in an upload for the organisation acted for; the console may, for nobody.

    Raises NotAllowed, KeyTaken, and Refused when the upload as a whole cannot be taken:
    then nothing of it is kept.
    """
    is_console = by.kind is ActorKind.SYSTEM and by.organisation is None
    if not is_console and not (by.organisation and by.writes and by.holds(Scope.SUBMIT)):
        raise NotAllowed("Only members of an organisation who may write hand findings in for it.")
    _check(upload)
    return _take(_admit(upload, by.organisation or CONSOLE, store=store, by=by, now=now, rng=rng), upload, by, now, rng)


def report(upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> tuple[Received, str]:
    """Take a report from the public, without an account; return what became of it and the secret receipt code.

    Only the code's digest is kept. Raises AlreadyReceived when the same form is sent twice, and Refused.
    """
    _check(upload)
    code = new_code(rng)
    if upload.key and Submission.objects.filter(submitter=PUBLIC, key=upload.key).exists():
        raise AlreadyReceived(str(AlreadyReceived.__doc__))
    nobody = Actor(kind=ActorKind.ANONYMOUS)
    submission = _admit(upload, PUBLIC, store=store, by=nobody, now=now, rng=rng, receipt=digest_of(code))
    return _take(submission, upload, nobody, now, rng), code


def _check(upload: Upload) -> None:
    """Read everything once before anything is kept; raises Refused."""
    if upload.marking is Tlp.RED:
        raise refuse(
            "tlp-red",
            "TLP:RED is for named persons, and triage is an organisation's work.",
            expected="At most TLP:AMBER+STRICT",
            todo="Mark it AMBER+STRICT, or speak to a person first",
        )
    if len(upload.key) > 200 or not upload.key.isprintable():
        raise refuse("bad-key", "The idempotency key is not one.", expected="At most 200 printable characters")
    for item in upload.items():
        if isinstance(item, Claimed) and any(has_banner(text) for text in texts(plain(item.claim))):
            raise classified(item.place)


def _admit(
    upload: Upload, submitter: str, *, store: BlobStore, by: Actor, now: datetime, rng: Dice, receipt: str | None = None
) -> Submission:
    """Return the submission of this key, written now or found again. Raises KeyTaken."""
    digest = hashlib.sha256(upload.content).hexdigest()
    public_id = new_id(rng)
    key = upload.key or (public_id if submitter == PUBLIC else f"sha256:{digest}")
    there = Submission.objects.filter(submitter=submitter, key=key).first()
    if there is None:
        row = Submission(
            public_id=public_id,
            submitter=submitter,
            organisation=by.organisation or "",
            person=by.person or "",
            receipt_digest=receipt,
            key=key,
            content_digest=digest,
            channel=upload.channel,
            format=upload.format,
            marking=_marking(upload),
            set_aside=upload.set_aside,
            received_at=now,
        )
        try:
            return _write(row, upload, store=store, by=by, now=now, rng=rng)
        except IntegrityError:  # the same upload came in twice at the same moment
            there = Submission.objects.get(submitter=submitter, key=key)
    if submitter == PUBLIC:
        raise AlreadyReceived(str(AlreadyReceived.__doc__))
    if there.content_digest != digest:
        raise KeyTaken(f"The idempotency key {key!r} was used for another upload. Send this one with a new key.")
    return there


@transaction.atomic
def _write(row: Submission, upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> Submission:
    how = files.Keeping(organisation=row.organisation, marking=Tlp(row.marking))
    row.blob = files.keep(upload.content, how=how, store=store, by=by, now=now, rng=rng).public_id
    row.save(force_insert=True)
    journal.record(
        at=now,
        by=by,
        action="submission.received",
        subject=row,
        concerns=_coordinators(),
        digests={"content": row.content_digest},
        facts={"channel": str(row.channel), "format": str(row.format)},
    )
    return row


def _marking(upload: Upload) -> Tlp:
    if upload.marking is not None:
        return upload.marking
    return Tlp.AMBER if upload.channel is Channel.FORM else Tlp.AMBER_STRICT


def _take(submission: Submission, upload: Upload, by: Actor, now: datetime, rng: Dice) -> Received:
    """Store the items some at a time, so that no transaction is long, and add up what became of them."""
    numbered, results = iter(enumerate(upload.items())), list[ItemResult]()
    while chunk := list(islice(numbered, CHUNK)):
        results += _store(submission, chunk, by, now, rng)
    outcomes = [one.outcome for one in results]
    counts = {str(outcome): outcomes.count(outcome) for outcome in Outcome}
    Submission.objects.filter(pk=submission.pk, completed_at__isnull=True).update(completed_at=now, **counts)
    submission.refresh_from_db()
    return Received(submission, tuple(results))


def _store(
    submission: Submission, chunk: Sequence[tuple[int, Item]], by: Actor, now: datetime, rng: Dice
) -> list[ItemResult]:
    """Store what is new of some items in one transaction, and say of each what became of it."""
    prepared = [_prepared(submission, index, item, rng) for index, item in chunk]
    rows = [row for row in prepared if isinstance(row, Finding)]
    with transaction.atomic():
        Finding.objects.bulk_create(rows, ignore_conflicts=True)
        there = _ours(submission.submitter, rows)
        new = [row for row in rows if _match(row, there).public_id == row.public_id]
        if new:
            digests = [bytes.fromhex(row.digest) for row in new]
            concerns = _coordinators()
            journal.record_bulk(
                at=now, by=by, action="finding.received", subject=submission, items=digests, concerns=concerns
            )
    return [
        _stored(row, item, _match(row, there), submission) if isinstance(row, Finding) else row
        for row, (_, item) in zip(prepared, chunk, strict=True)
    ]


def _prepared(submission: Submission, index: int, item: Item, rng: Dice) -> Finding | ItemResult:
    """Return the row an item would become, or why it does not."""
    if isinstance(item, NotTaken):
        return ItemResult(place=item.refusal.place, outcome=Outcome.REFUSED, refusal=item.refusal)
    try:
        octets = claims.written(item.claim, item.place)
    except Refused as error:
        return ItemResult(place=item.place, outcome=Outcome.REFUSED, refusal=error.refusal)
    return Finding(
        public_id=new_id(rng),
        submission=submission,
        index=index,
        submitter=submission.public_id if submission.submitter == PUBLIC else submission.submitter,
        item_id=item.claim.submitter_item_id,
        claim=octets,
        digest=claims.identity(item.claim),
        root_cause=claims.root_cause(item.claim),
        marking=submission.marking,
        received_at=submission.received_at,
        **claims.columns(item.claim),
    )


Known = dict[tuple[str, str], Finding]


def _ours(submitter: str, rows: Sequence[Finding]) -> Known:
    """Return this submitter's findings that these rows are or repeat, by content and by their own id."""
    if not rows:
        return {}
    own = Finding.objects.filter(submitter=rows[0].submitter).defer("claim").select_related("submission")
    by_content = own.filter(digest__in=[row.digest for row in rows])
    by_name = own.filter(item_id__in=[row.item_id for row in rows if row.item_id])
    known: Known = {("content", one.digest): one for one in by_content}
    return known | {("name", one.item_id): one for one in by_name}


def _match(row: Finding, there: Known) -> Finding:
    return there.get(("name", row.item_id)) or there["content", row.digest]


def _stored(row: Finding, item: Item, kept: Finding, submission: Submission) -> ItemResult:
    is_this_one = kept.submission_id == submission.pk and kept.index == row.index
    lacks_evidence = isinstance(item, Claimed) and not item.claim.evidence.text.strip()
    return ItemResult(
        place=item.place if isinstance(item, Claimed) else "",
        outcome=Outcome.STORED if is_this_one else Outcome.SAME,
        item_id=row.item_id,
        finding=kept.public_id,
        differs=kept.digest != row.digest,
        needs_evidence=lacks_evidence,
    )


def _coordinators() -> list[str]:
    return list(orgs.of_kind(OrganisationKind.COORDINATOR).values_list("public_id", flat=True))
