"""This will take an upload in, item by item: at once when it is small, by a job when it is large.

Handing in the same upload again changes nothing and gives the same answers, also after
a crash in the middle: then it goes on where it stopped. An upload refused as a whole is
refused before anything of it is kept, whichever way it would have gone.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction

from watchbell.apps.files import queries as stored
from watchbell.apps.files import services as files
from watchbell.apps.findings import reading
from watchbell.apps.findings.banners import cannot_hold_one, classified, has_banner, texts
from watchbell.apps.findings.items import CONSOLE, PUBLIC, Claimed, ItemResult, Upload
from watchbell.apps.findings.models import Submission
from watchbell.apps.findings.receipts import digest_of, new_code
from watchbell.apps.findings.services import taking
from watchbell.apps.findings.words import Channel, UploadFormat
from watchbell.apps.jobs import queries as work
from watchbell.apps.jobs import services as jobs
from watchbell.apps.jobs.progress import GiveUp, Progress
from watchbell.apps.journal import services as journal
from watchbell.domain.advisory.written import plain
from watchbell.domain.handling import ANONYMOUS, Actor, ActorKind, Scope, Tlp, system
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.blobs import BlobStore

TAKE_IN = "findings.take_in"
TAKER = system(TAKE_IN)
MOST_WAITING = 5
"""Large uploads of one submitter that may wait or run at a time, so that the others' get their turn."""


class NotAllowed(Exception):
    """You may not do this here; ask an owner of your organisation."""


class KeyTaken(Exception):
    """This idempotency key was used for another upload; send this one with a new key."""


class AlreadyReceived(Exception):
    """This report is here already; its receipt code was shown when it arrived and is kept nowhere."""


class TooManyWaiting(Exception):
    """Several large uploads of yours are still being taken in; send this one when one of them is over."""


class NotThere(LookupError):
    """There is no upload of yours with this id that is still being taken in; look at it again."""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an upload, item by item, in its order: of all items once `is_over`."""

    submission: Submission
    results: tuple[ItemResult, ...]

    @property
    def is_over(self) -> bool:
        """Return whether every item has its answer."""
        return self.submission.completed_at is not None


def submit(upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> Received:
    """Hand in an upload for the organisation acted for, and wait for it; the console may, for nobody.

    Raises NotAllowed, KeyTaken, and Refused when the upload as a whole cannot be taken:
    then nothing of it is kept.
    """
    require_submitter(by)
    check(upload)
    submission = _admit(upload, by.organisation or CONSOLE, store=store, by=by, now=now, rng=rng)
    return _taken(submission, upload, by, now, rng)


def hand_in(upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> Received:
    """Hand in an upload as `submit` does, but leave a large one to a job; sending it again asks how far it is.

    One whose job was stopped or gave up goes on. Raises as `submit` does, and TooManyWaiting.
    """
    if not upload.is_large:
        return submit(upload, store=store, by=by, now=now, rng=rng)
    require_submitter(by)
    check(upload)
    submitter = by.organisation or CONSOLE
    submission = _admit(upload, submitter, store=store, by=by, now=now, rng=rng, most_waiting=MOST_WAITING)
    if submission.completed_at is None:
        _go_on(submission, now=now, rng=rng)
        return Received(submission, ())
    return Received(submission, tuple(taking.answers_of(submission)))


def report(upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> tuple[Received, str]:
    """Take a report from the public, without an account; return what became of it and the secret receipt code.

    Only the code's digest is kept. Raises AlreadyReceived when the same form is sent twice, and Refused.
    """
    check(upload)
    code = new_code(rng)
    if upload.key and Submission.objects.filter(submitter=PUBLIC, key=upload.key).exists():
        raise AlreadyReceived(str(AlreadyReceived.__doc__))
    submission = _admit(upload, PUBLIC, store=store, by=ANONYMOUS, now=now, rng=rng, receipt=digest_of(code))
    return _taken(submission, upload, ANONYMOUS, now, rng), code


def take_in(public_id: str, *, store: BlobStore, progress: Progress, now: datetime, rng: Dice) -> None:
    """Take in what is left of a large upload, as its job; nothing happens when all of it is.

    Raises what `progress` raises when the job is stopped or lost: what is done by then stays.
    """
    submission = Submission.objects.filter(public_id=public_id).first()
    if submission is None or submission.completed_at is not None:
        return
    file = stored.open_for(TAKER, submission.blob, now=now, store=store)
    if file is None:
        raise GiveUp("The sealed upload is gone.")
    content, kind, channel = b"".join(file.pieces), UploadFormat(submission.format), Channel(submission.channel)
    upload = reading.upload(content, kind, channel=channel, key=submission.key)
    by = replace(TAKER, organisation=submission.organisation or None)
    progress.report(done=submission.done, total=submission.total)
    taking.take(submission, upload, by=by, now=now, rng=rng, step=lambda done: progress.step(done=done))


@transaction.atomic
def interrupt(public_id: str, *, by: Actor, now: datetime) -> Submission:
    """Stop taking in a large upload at its next step; what is stored stays, and sending it again goes on.

    Raises NotAllowed, NotThere.
    """
    submission = _unfinished(public_id, by)
    try:
        jobs.cancel(public_id=submission.job, by=TAKER, now=now)
    except jobs.NotThere as error:
        raise NotThere(str(NotThere.__doc__)) from error
    journal.record(at=now, by=by, action="submission.interrupted", subject=submission, facts={"done": submission.done})
    return submission


@transaction.atomic
def resume(public_id: str, *, by: Actor, now: datetime, rng: Dice) -> Submission:
    """Go on with a large upload that was stopped or gave up. Raises NotAllowed, NotThere."""
    submission = _unfinished(public_id, by)
    _go_on(submission, now=now, rng=rng)
    journal.record(at=now, by=by, action="submission.resumed", subject=submission, facts={"done": submission.done})
    return submission


def _unfinished(public_id: str, by: Actor) -> Submission:
    require_submitter(by)
    own = Submission.objects.filter(submitter=by.organisation or CONSOLE, public_id=public_id)
    submission = own.filter(completed_at__isnull=True).first()
    if submission is None:
        raise NotThere(str(NotThere.__doc__))
    return submission


def require_submitter(by: Actor) -> None:
    """Raise NotAllowed unless this actor hands findings in for an organisation, or is the console."""
    is_console = by.kind is ActorKind.SYSTEM and by.organisation is None
    if not is_console and not (by.organisation and by.writes and by.holds(Scope.SUBMIT)):
        raise NotAllowed("Only members of an organisation who may write hand findings in for it.")


def check(upload: Upload) -> None:
    """Look at the whole before anything is kept, reading every text that may be a banner; raises Refused."""
    if upload.marking is Tlp.RED:
        raise refuse(
            "tlp-red",
            "TLP:RED is for named persons, and triage is an organisation's work.",
            expected="At most TLP:AMBER+STRICT",
            todo="Mark it AMBER+STRICT, or speak to a person first",
        )
    if len(upload.key) > 200 or not upload.key.isprintable():
        raise refuse("bad-key", "The idempotency key is not one.", expected="At most 200 printable characters")
    if upload.format is not UploadFormat.FORM and cannot_hold_one(upload.content):
        return
    for item in upload.items():
        if isinstance(item, Claimed) and any(has_banner(text) for text in texts(plain(item.claim))):
            raise classified(item.place)


def _admit(
    upload: Upload,
    submitter: str,
    *,
    store: BlobStore,
    by: Actor,
    now: datetime,
    rng: Dice,
    receipt: str | None = None,
    most_waiting: int = 0,
) -> Submission:
    """Return the submission of this key, written now or found again; with `most_waiting`, its job with it.

    Raises KeyTaken, TooManyWaiting.
    """
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
            total=upload.total,
        )
        try:
            return _write(row, upload, store=store, by=by, now=now, rng=rng, most_waiting=most_waiting)
        except IntegrityError:  # the same upload came in twice at the same moment
            there = Submission.objects.get(submitter=submitter, key=key)
    if submitter == PUBLIC:
        raise AlreadyReceived(str(AlreadyReceived.__doc__))
    if there.content_digest != digest:
        raise KeyTaken(
            Sentence(
                "The idempotency key {key} was used for another upload. Send this one with a new key.", key=repr(key)
            )
        )
    return there


def _write(
    row: Submission, upload: Upload, *, store: BlobStore, by: Actor, now: datetime, rng: Dice, most_waiting: int
) -> Submission:
    """Keep the bytes, sealed, and then the row that names them, with its job if it gets one."""
    if most_waiting:
        _require_turn(row.submitter, most_waiting)
    how = files.Keeping(organisation=row.organisation, marking=Tlp(row.marking))
    sealed = files.put_away(upload.content, how=how, store=store)
    with transaction.atomic():
        row.blob = files.keep(sealed, how=how, store=store, by=by, now=now, rng=rng).public_id
        row.save(force_insert=True)
        journal.record(
            at=now,
            by=by,
            action="submission.received",
            subject=row,
            concerns=taking.coordinators(),
            digests={"content": row.content_digest},
            facts={"channel": str(row.channel), "format": str(row.format)},
        )
        if most_waiting:
            _go_on(row, now=now, rng=rng)
    return row


def _require_turn(submitter: str, most: int) -> None:
    """Raise TooManyWaiting when this submitter has that many jobs on the list, give or take what comes in just now."""
    unfinished = Submission.objects.filter(submitter=submitter, completed_at__isnull=True).exclude(job="")
    if work.count_unfinished(unfinished.values_list("job", flat=True)) >= most:
        raise TooManyWaiting(str(TooManyWaiting.__doc__))


def _go_on(submission: Submission, *, now: datetime, rng: Dice) -> None:
    """Put the upload's job on the list unless one waits or runs; the key names the one before, so two ask for one."""
    if submission.job and work.count_unfinished([submission.job]):
        return
    key = f"{TAKE_IN}:{submission.public_id}:{submission.job}"
    job = jobs.enqueue(kind=TAKE_IN, key=key, args={"submission": submission.public_id}, now=now, rng=rng)
    Submission.objects.filter(pk=submission.pk, job=submission.job).update(job=job.public_id)
    submission.job = job.public_id


def _marking(upload: Upload) -> Tlp:
    if upload.marking is not None:
        return upload.marking
    return Tlp.AMBER if upload.channel is Channel.FORM else Tlp.AMBER_STRICT


def _taken(submission: Submission, upload: Upload, by: Actor, now: datetime, rng: Dice) -> Received:
    taking.take(submission, upload, by=by, now=now, rng=rng, step=taking.in_one_transaction)
    return Received(submission, tuple(taking.answers_of(submission)))
