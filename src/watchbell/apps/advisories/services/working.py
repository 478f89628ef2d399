"""This will draft an advisory from its case, edit it, show it to the case, and keep it as strict as the case."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from watchbell.apps.advisories.drafting import drafted
from watchbell.apps.advisories.models import Advisory
from watchbell.apps.advisories.services.standing import (
    ChangedMeanwhile,
    etag_of,
    held,
    record,
    relabel,
    require_own,
    require_publisher,
)
from watchbell.apps.advisories.words import State
from watchbell.apps.cases import queries as cases
from watchbell.apps.cases import services as case_services
from watchbell.apps.journal import services as journal
from watchbell.domain import advisory as words
from watchbell.domain.advisory.written import plain
from watchbell.domain.canonical import canonical
from watchbell.domain.handling import Actor, Tlp
from watchbell.domain.identity import Dice, new_id


class NotThere(LookupError):
    """There is no such case, or none you may know of."""


@transaction.atomic
def draft_from_case(case_id: str, *, publisher: words.Publisher, by: Actor, now: datetime, rng: Dice) -> Advisory:
    """Return the case's draft, written now from what its parties have said, or the one it has already.

    Raises NotAllowed, NotThere.
    """
    require_publisher(by)
    case = cases.visible_to(by, now=now).filter(public_id=case_id, organisation=by.organisation).first()
    page = case_services.open_case_page(case, by=by, now=now) if case else None
    if page is None:
        raise NotThere(str(NotThere.__doc__))
    there = Advisory.objects.filter(case=case_id).first()
    if there is not None:
        return there
    told = replace(drafted(page, publisher), handling=words.Handling(tlp=Tlp(page.case.marking)))
    octets = canonical(plain(told))
    advisory = Advisory.objects.create(
        public_id=new_id(rng),
        case=case_id,
        organisation=page.case.organisation,
        title=page.case.title,
        content=octets,
        etag=etag_of(octets),
        marking=page.case.marking,
        created_at=now,
        edited_at=now,
    )
    record("advisory.drafted", advisory, by=by, now=now)
    return advisory


@transaction.atomic
def edit(advisory: Advisory, content: words.Advisory, *, etag: str, by: Actor, now: datetime) -> Advisory:
    """Replace the working copy that has this ETag; what was published stays as it was until published again.

    The label is not an edit's to change: a draft has its case's, until someone chooses one and publishes.
    Raises NotAllowed, ChangedMeanwhile.
    """
    require_own(advisory, by, now=now)
    advisory = held(advisory)
    kept = replace(content.handling, tlp=Tlp(advisory.marking))
    octets = canonical(plain(replace(content, id="", revisions=(), withdrawn_at=None, handling=kept)))
    columns = {"content": octets, "etag": etag_of(octets), "edited_at": now}
    if advisory.state == State.DRAFT:  # lists show the title, and what is public keeps its own until published again
        columns["title"] = content.title[:300]
    claimed = Advisory.objects.filter(pk=advisory.pk, etag=etag, state=advisory.state).exclude(state=State.WITHDRAWN)
    if not claimed.update(**columns):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    record("advisory.edited", advisory, by=by, now=now, digest=etag_of(octets))
    advisory.refresh_from_db()
    return advisory


@transaction.atomic
def share(advisory: Advisory, *, etag: str, by: Actor, now: datetime) -> Advisory:
    """Show the draft that has this ETag, as it is now, to those who hear what is said in its case.

    Later edits are seen when it is shown again. Raises NotAllowed, ChangedMeanwhile.
    """
    require_own(advisory, by, now=now)
    claimed = Advisory.objects.filter(pk=advisory.pk, etag=etag, state=State.DRAFT)
    if not claimed.update(shared_content=F("content"), shared_at=now):
        raise ChangedMeanwhile(str(ChangedMeanwhile.__doc__))
    case = cases.named(advisory.case)
    heard = [advisory.organisation, *cases.hearers(case)]
    digests, facts = {"content": etag}, {"advisory": advisory.public_id}
    journal.record(at=now, by=by, action="advisory.shared", subject=case, concerns=heard, digests=digests, facts=facts)
    advisory.refresh_from_db()
    return advisory


@transaction.atomic
def follow_case(case_id: str, *, by: Actor, now: datetime) -> None:
    """Give a case's draft the case's label when that was raised; a label never sinks, and what is published stays."""
    marking = Tlp(cases.named(case_id).marking)
    draft = Advisory.objects.select_for_update().filter(case=case_id, state=State.DRAFT, marking__lt=marking).first()
    if draft is None:
        return
    relabel(draft, marking)
    draft.save(update_fields=["content", "etag", "marking"])
    record("advisory.marked", draft, by=by, now=now, digest=draft.etag, marking=marking)
