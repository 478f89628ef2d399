"""This will open a transcript or the sample table for somebody, with a purpose, and write that down before that."""

import io
from datetime import datetime

from django.db.models import QuerySet

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.opening import require_reader
from watchbell.apps.evaluation import queries
from watchbell.apps.evaluation.models import Protocol, Sample
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.apps.files import queries as files
from watchbell.domain.handling import Actor, system
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import refuse
from watchbell.domain.terms import Kept, Purpose
from watchbell.formats import eval_log, fields, strictjson
from watchbell.outside.blobs import BlobStore
from watchbell.outside.keystore import Keystore
from watchbell.outside.reader import EVAL_LOG, Archive

OPENER = system("evaluation")


def open_transcript(
    sample: Sample,
    purpose: Purpose,
    *,
    store: BlobStore,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
) -> bytes:
    """Return the JSON of one sample as it was logged: untrusted text, to be shown as inert as any.

    The developer reads who opened it, and what for. Raises NotAllowed for anyone but the parties' own, IsOver once
    the evidence is due, Refused where the log cannot be read any more. The log is held in memory while it is opened.
    """
    engagement = engagement_of(sample.protocol)
    access.note_opening(engagement, "transcript", purpose, by=by, now=now, keys=keys, rng=rng)
    found = files.open_for(OPENER, sample.run.blob, now=now, store=store)
    if found is None:
        raise refuse("no-log", "The log of this sample is not kept here.", place=sample.place)
    log = b"".join(found.pieces)
    if sample.place.startswith("member "):
        archive = Archive(io.BytesIO(log), sample.run.log_digest, EVAL_LOG)
        return archive.read(sample.place.removeprefix("member "), most=eval_log.MOST_SAMPLE)
    samples = {place: one for one, place in fields.objects(fields.root(eval_log.read_json(log)), "samples")}
    return strictjson.dumps(samples[sample.place])


def open_samples(
    row: Protocol, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> QuerySet[Sample]:
    """Return the sample table for somebody who takes it along; the developer reads who did, and what for.

    Once the evidence is gone there is no log any more, and only where the signed terms keep the table a table.
    Raises NotAllowed for anyone but the parties' own, IsOver where it is not kept.
    """
    engagement = engagement_of(row)
    if Kept.SAMPLE_TABLE in row.kept and engagement.evidence_gone_at is not None:
        require_reader(engagement, by)
    else:
        access.note_opening(engagement, "samples", purpose, by=by, now=now, keys=keys, rng=rng)
    return queries.samples_of(row, by, now=now)
