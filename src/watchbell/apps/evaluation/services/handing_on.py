"""This will let others read a report, as far as its developer consents: trusted partners, or everybody.

What they have is made and signed when the developer consents, so that it is what the developer looked at before; it
is made again only when the developer comments. Withdrawn, it is gone at the next request. Who reads it is the
developer's to know: a look through a seal is a line of the access log, and a partner's name is told to the developer.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from watchbell.apps.engagements import services as access
from watchbell.apps.engagements.services.standing import NotYet, held, record, require_developer
from watchbell.apps.evaluation.models import HandedOn, Report
from watchbell.apps.evaluation.services.keeping import REPORT_KEY, laid_down, said, taken_up
from watchbell.apps.evaluation.services.standing import engagement_of
from watchbell.domain.canonical import canonical
from watchbell.domain.evaluation import report as forms
from watchbell.domain.evaluation.report import Reader
from watchbell.domain.handling import Actor
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.sentence import Sentence
from watchbell.domain.terms import Purpose
from watchbell.formats import strictjson
from watchbell.outside.keystore import Keystore, attest

if TYPE_CHECKING:
    from watchbell.apps.engagements.models import Engagement

MOST_COMMENT = 20_000


@transaction.atomic
def comment(report: Report, text: str, *, by: Actor, now: datetime, keys: Keystore) -> Report:
    """Put the developer's comment beside a report, verbatim; a later one takes its place, for everyone who reads it.

    Raises NotAllowed for anyone but the developer, ValueError for a text that is empty or too long.
    """
    engagement = engagement_of(report.protocol)
    require_developer(engagement, by)
    if not text.strip() or len(text) > MOST_COMMENT:
        raise ValueError(Sentence("A comment has up to {most} letters.", most=MOST_COMMENT))
    engagement = held(engagement)
    laid = laid_down(report, "comment", text.encode(), now=now, keys=keys)
    Report.objects.filter(pk=report.pk).update(comment=laid, commented_at=now)
    report.refresh_from_db()
    for copy in report.handed_on.filter(ended_at__isnull=True):
        _fill(copy, now=now, keys=keys)
        copy.save(update_fields=["content", "public_key", "signature"])
    record("evaluation.report_commented", engagement, by=by, now=now, report=report.public_id)
    return report


def preview(report: Report, reader: Reader, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> dict[str, Any]:
    """Return what this reader would have if the developer consented now; only the developer sees it, and it is logged.

    Raises NotAllowed, IsOver once evidence that is not kept is due, ValueError for one of the two parties.
    """
    engagement = engagement_of(report.protocol)
    require_developer(engagement, by)
    _require_other(reader)
    if not (report.is_kept and engagement.evidence_gone_at is not None):
        access.note_opening(engagement, "report", Purpose.READ_RESULTS, by=by, now=now, keys=keys, rng=rng)
    return forms.redacted(said(report, keys=keys), reader)


@transaction.atomic
def consent(report: Report, reader: Reader, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> Report:
    """Let a report be read by trusted partners, or by everybody; doing it again changes nothing.

    Raises NotAllowed for anyone but the developer, ValueError for one of the two parties, KeyMissing once it is gone.
    """
    engagement = engagement_of(report.protocol)
    require_developer(engagement, by)
    _require_other(reader)
    engagement = held(engagement)
    if not report.handed_on.filter(reader=reader, ended_at__isnull=True).exists():
        copy = HandedOn(public_id=new_id(rng), report=report, reader=reader, consented_at=now)
        _fill(copy, now=now, keys=keys)
        copy.save(force_insert=True)
        record("evaluation.report_consented", engagement, by=by, now=now, report=report.public_id, reader=reader.value)
    return report


@transaction.atomic
def withdraw_consent(report: Report, reader: Reader, *, by: Actor, now: datetime) -> Report:
    """Let nobody of this kind read the report from the next request on; no reason is asked, and again changes nothing.

    Raises NotAllowed for anyone but the developer.
    """
    engagement = engagement_of(report.protocol)
    require_developer(engagement, by)
    engagement = held(engagement)
    live = report.handed_on.filter(reader=reader, ended_at__isnull=True)
    if live.update(content=b"", ended_at=now):
        gone, whom = report.public_id, reader.value
        record("evaluation.report_consent_withdrawn", engagement, by=by, now=now, report=gone, reader=whom)
    return report


@transaction.atomic
def open_handed_on(copy: HandedOn, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> bytes:
    """Return the signed bytes of what others have, for one whom `queries.handed_on_to` showed it; the look is logged.

    Raises IsOver once evidence that is not kept is due, KeyMissing.
    """
    report = copy.report
    engagement = engagement_of(report.protocol)
    if not (report.is_kept and engagement.evidence_gone_at is not None):
        material, often = f"report_{copy.reader}", copy.reader == Reader.PUBLIC
        access.note_reading(engagement, material, report.public_id, now=now, keys=keys, rng=rng, often=often)
        _tell_developer(engagement, copy, by=by, now=now)
    return content_of(copy, keys=keys)


def handed_on(
    report: Report, reader: Reader, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> tuple[bytes, bytes, bytes]:
    """Return the report as others have it, the node's public key and the signature, to one of the two parties.

    Raises NotAllowed, IsOver once evidence that is not kept is due, and NotYet where the developer does not consent.
    """
    require_party_may_open(report, by=by, now=now, keys=keys, rng=rng)
    copy = copy_of(report, reader)
    return content_of(copy, keys=keys), bytes(copy.public_key), bytes(copy.signature)


def copy_of(report: Report, reader: Reader) -> HandedOn:
    """Return what this kind of reader has of a report; raises NotYet where the developer does not consent."""
    copy = report.handed_on.filter(reader=reader, ended_at__isnull=True).first()
    if copy is None:
        raise NotYet("The developer has not consented to a report for this reader.")
    return copy


def content_of(copy: HandedOn, *, keys: Keystore) -> bytes:
    """Return the bytes of a copy, for services that already decided; raises KeyMissing once they are gone."""
    return taken_up(copy.report, "copy", bytes(copy.content), keys=keys, place=copy.public_id)


def require_party_may_open(report: Report, *, by: Actor, now: datetime, keys: Keystore, rng: Dice) -> None:
    """Write down that one of the two parties opens a report; where the terms keep it, no seal is left at the end.

    Raises NotAllowed for anyone but the parties' own, IsOver once evidence that is not kept is due.
    """
    engagement = engagement_of(report.protocol)
    if report.is_kept and engagement.evidence_gone_at is not None:
        access.require_reader(engagement, by)
    else:
        access.note_opening(engagement, "report", Purpose.READ_RESULTS, by=by, now=now, keys=keys, rng=rng)


def read_by(report: Report, reader: Reader, *, keys: Keystore) -> dict[str, Any]:
    """Return what others have of a report as JSON values; raises NotYet where the developer does not consent."""
    found: dict[str, Any] = strictjson.loads(content_of(copy_of(report, reader), keys=keys))
    return found


def _fill(copy: HandedOn, *, now: datetime, keys: Keystore) -> None:
    content = canonical(forms.redacted(said(copy.report, keys=keys), Reader(copy.reader)))
    copy.public_key, copy.signature = attest(keys, REPORT_KEY, content)
    copy.content = laid_down(copy.report, "copy", content, now=now, keys=keys, place=copy.public_id)


def _require_other(reader: Reader) -> None:
    if reader not in forms.NEEDS_CONSENT:
        raise ValueError("The two parties need no consent.")


def _tell_developer(engagement: "Engagement", copy: HandedOn, *, by: Actor, now: datetime) -> None:
    """Name the partner that reads to the developer alone: who its partners are, the evaluator need not learn."""
    if copy.reader == Reader.PARTNER:
        only, report, partner = [engagement.developer], copy.report.public_id, by.organisation or ""
        record("evaluation.report_read", engagement, by=by, now=now, only=only, report=report, partner=partner)
