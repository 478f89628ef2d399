"""This will open one sample's transcript for somebody, with a purpose, and write that down before they see it."""

import io
from datetime import datetime

from watchbell.apps.engagements import services as access
from watchbell.apps.evaluation.models import Sample
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.apps.files import queries as files
from watchbell.domain.handling import Actor, system
from watchbell.domain.identity import Dice
from watchbell.domain.refusal import refuse
from watchbell.domain.terms import Purpose
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
