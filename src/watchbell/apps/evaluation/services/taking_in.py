"""This will take in a log of an evaluator's own Inspect: checked against the locked protocol, sample by sample.

The log is sealed under the engagement's evidence key before anything of it is counted. It is taken in pages, each in a
transaction of its own: killed half-way, the same command goes on, and no sample counts twice. How samples find their
cells stands in `filling`.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final

from django.db import transaction

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import IsOver, held, record
from watchbell.apps.engagements.words import Material
from watchbell.apps.evaluation.models import Protocol, Run
from watchbell.apps.evaluation.services.checking import Place, canaries_of, place_of
from watchbell.apps.evaluation.services.containing import Happened, report_incident
from watchbell.apps.evaluation.services.filling import Intake, TakenIn, store_page
from watchbell.apps.evaluation.services.fingerprinting import keep as keep_fingerprints
from watchbell.apps.evaluation.services.finishing import Told, finish
from watchbell.apps.evaluation.services.standing import engagement_of, opened, require_evaluator_or_console
from watchbell.apps.evaluation.words import IncidentKind, Source
from watchbell.apps.files import services as files
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.refusal import Refusal, refuse
from watchbell.formats import eval_log
from watchbell.formats.eval_log import EvalLog, Log
from watchbell.formats.eval_sample import LoggedSample
from watchbell.outside.blobs import BlobStore, StoredBlob
from watchbell.outside.keystore import Keystore
from watchbell.outside.reader import EVAL_LOG, Archive

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

PAGE: Final = 200
ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log as it lies before us: its name, for saying where something is wrong, and a file that can seek."""

    name: str
    file: BinaryIO


def import_log(
    row: Protocol,
    source: LogFile,
    *,
    store: BlobStore,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
    progress: Callable[[int], None] = lambda seen: None,
    own: Run | None = None,
) -> TakenIn:
    """Take in one log; the same log again changes nothing. `own` is the run of this node that left it.

    Raises NotAllowed for anyone but the evaluator's people and this machine's console, IsOver once the evidence is
    due, and Refused where the log as a whole is not of this protocol. Single samples are refused in what is returned.
    """
    engagement = engagement_of(row)
    require_evaluator_or_console(engagement, by)
    if access.destroy_evidence_if_due(engagement, now=now, keys=keys, rng=rng):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    value = opened(row, keys=keys)
    digest = _digest_of(source.file)
    log = opened_log(source)
    place = place_of(log.head, row, value, engagement)
    run = _claimed(row, place, log.head, digest, source, own, store=store, by=by, now=now, keys=keys, rng=rng)
    intake = Intake(
        row=row,
        place=place,
        run=run,
        epochs=value.epochs,
        names=value.names_of(value.models[place.arm]) | {log.head.model},
        canaries=canaries_of(row, value, keys=keys),
    )
    taken, told = TakenIn(run), Told()
    for page in _pages(log.samples()):
        slipped = store_page(intake, page, taken, told)
        progress(taken.stored + taken.unchanged + taken.refused)
        if slipped is not None:
            _report(intake, slipped, taken, engagement, by=by, now=now, keys=keys, rng=rng)
            return taken
    counted = keep_fingerprints(run, log.fingerprints, engagement, now=now, keys=keys, rng=rng)
    told.add_fingerprints(log.fingerprints, counted=counted)
    finish(run, log, told, value, refused=taken.refused, by=by, now=now)
    run.refresh_from_db()
    return taken


def _digest_of(file: BinaryIO) -> str:
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return found


def opened_log(source: LogFile) -> Log:
    """Return the log, by its bytes and not by its name. Raises Refused."""
    is_zip = source.file.read(len(ZIP)) == ZIP
    source.file.seek(0)
    if is_zip:
        return eval_log.open_log(Archive(source.file, source.name, EVAL_LOG))
    return eval_log.loads(source.file.read(eval_log.MOST_DOCUMENT + 1))


def _claimed(
    row: Protocol,
    place: Place,
    head: EvalLog,
    digest: str,
    source: LogFile,
    own: Run | None,
    *,
    store: BlobStore,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> Run:
    """Return the run of this log: the one there is, or a new one whose log is sealed before its row is written."""
    there = Run.objects.filter(protocol=row, log_digest=digest).first()
    if there is not None:
        if there.stands is RunState.HALTED:
            todo = "Settle the incident, and run these items again"
            raise refuse("halted", "This run was halted, and nothing more of it is taken in.", todo=todo)
        return there
    engagement = engagement_of(row)
    how, stored = _put_away(engagement, source, store=store, now=now)
    with transaction.atomic():
        engagement = held(engagement)
        if access.evidence_is_due(engagement, now):
            raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
        if (there := Run.objects.filter(protocol=row, log_digest=digest).first()) is not None:
            return there  # somebody gave the same log at the same moment; our copy is swept
        blob = files.keep(stored, how=how, store=store, by=by, now=now, rng=rng)
        access.list_sealed(engagement, "log", stored.digest, key=Material.EVIDENCE, now=now)
        log = {"log_digest": digest, "eval_id": head.eval_id[:64], "blob": blob.public_id}
        run = own or Run.objects.create(
            **log,
            protocol=row,
            public_id=new_id(rng),
            source=Source.IMPORTED,
            suite=place.suite.benchmark,
            arm=place.arm,
            budget=place.budget,
            person=by.person or "",
            began_at=head.began,
            received_at=now,
        )
        if own is not None:
            Run.objects.filter(pk=own.pk, log_digest="").update(**log, received_at=now)
            run.refresh_from_db()
        digests = {"log": digest}
        record("evaluation.log_received", engagement, by=by, now=now, digests=digests, run=run.public_id)
    return run


def seal_log(run: Run, source: LogFile, *, store: BlobStore, by: Actor, now: datetime, rng: Dice) -> None:
    """Seal the log of a run of this node, and count nothing of it. Raises IsOver once the evidence is due."""
    engagement, digest = engagement_of(run.protocol), _digest_of(source.file)
    how, stored = _put_away(engagement, source, store=store, now=now)
    with transaction.atomic():
        engagement = held(engagement)
        if access.evidence_is_due(engagement, now):
            raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
        blob = files.keep(stored, how=how, store=store, by=by, now=now, rng=rng)
        access.list_sealed(engagement, "log", stored.digest, key=Material.EVIDENCE, now=now)
        Run.objects.filter(pk=run.pk).update(log_digest=digest, blob=blob.public_id)
        record("evaluation.log_received", engagement, by=by, now=now, digests={"log": digest}, run=run.public_id)


def _put_away(
    engagement: "Engagement", source: LogFile, *, store: BlobStore, now: datetime
) -> tuple[files.Keeping, StoredBlob]:
    """Seal the bytes of a log under the evidence key, before a row names them."""
    how = files.Keeping(
        key_id=engagement.evidence_key,
        keep_until=(engagement.ends_at or now) + timedelta(days=engagement.evidence_days),
        max_bytes=EVAL_LOG.max_bytes,
    )
    source.file.seek(0)
    return how, files.put_away(source.file, how=how, store=store)


def _pages(samples: Iterator[LoggedSample | Refusal]) -> Iterator[list[LoggedSample | Refusal]]:
    while page := list(islice(samples, PAGE)):
        yield page


def _report(
    intake: Intake,
    sample: LoggedSample,
    taken: TakenIn,
    engagement: "Engagement",
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> None:
    """Halt the run and tell the developer: the model said what it was never told."""
    happened = Happened(kind=IncidentKind.CANARY, noticed_at=now, run=intake.run)
    report_incident(engagement, happened, by=by, now=now, keys=keys, rng=rng)
    message = "The model said the benchmark's canary without having been told it; the run is halted."
    todo = "The developer has the incident; see whether the items are known"
    taken.refuse(Refusal(code="canary", message=message, place=sample.place, todo=todo))
    intake.run.refresh_from_db()
