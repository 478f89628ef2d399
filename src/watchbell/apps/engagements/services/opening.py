"""This will open an engagement's material for somebody, with a purpose, and write that down before they see it."""

from datetime import datetime, timedelta

from django.db import transaction

from watchbell.apps.engagements.models import AccessLine, Engagement, TermsVersion
from watchbell.apps.engagements.queries import is_offered, version_for
from watchbell.apps.engagements.services import log
from watchbell.apps.engagements.services.ending import destroy_evidence_if_due
from watchbell.apps.engagements.services.material import terms_of
from watchbell.apps.engagements.services.offering import Signing, models_in_scope, offer_to_sign
from watchbell.apps.engagements.services.standing import (
    IsOver,
    NotAllowed,
    NotYet,
    held,
    record,
    require_developer,
    require_open,
)
from watchbell.apps.engagements.words import What
from watchbell.apps.journal import queries as journal
from watchbell.apps.orgs import queries as orgs
from watchbell.domain.handling import Actor, Role
from watchbell.domain.identity import Dice
from watchbell.domain.terms import Purpose, Terms
from watchbell.formats import strictjson
from watchbell.outside.keystore import Keystore

UNUSUAL = "engagement.unusual_volume"
ONE_SITTING = timedelta(minutes=15)


def open_terms(
    engagement: Engagement, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Terms:
    """Return the terms: to the developer the latest, to the evaluator as offered; the log says who opened them.

    Raises NotAllowed for anyone but the parties' own, IsOver once the evidence is due, NotYet, KeyMissing.
    """
    return open_version(engagement, purpose, by=by, now=now, keys=keys, rng=rng)[1]


def open_version(
    engagement: Engagement, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> tuple[TermsVersion, Terms]:
    """Return the version of the terms that somebody reads, and what it says; otherwise as `open_terms`."""
    note_opening(engagement, "terms", purpose, by=by, now=now, keys=keys, rng=rng)
    version = version_for(engagement, by)
    if version is None:
        raise NotYet("Nothing has been offered yet.")
    return version, terms_of(engagement, keys=keys, number=version.number)


def open_offer(
    engagement: Engagement, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> Signing:
    """Return the offer that the developer signs, which holds the terms; the log says who opened it.

    Raises NotAllowed for anyone but the developer, IsOver once the evidence is due, KeyMissing.
    """
    require_own(engagement, by)
    note_opening(engagement, "offer", purpose, by=by, now=now, keys=keys, rng=rng)
    return offer_to_sign(engagement, keys=keys)


def open_models(
    engagement: Engagement, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> tuple[str, ...]:
    """Return the names of the models in scope, which stand in the terms; the log says who opened them.

    Raises NotAllowed for anyone but the developer, IsOver.
    """
    require_developer(engagement, by)
    require_open(engagement)
    note_opening(engagement, "models", purpose, by=by, now=now, keys=keys, rng=rng)
    return models_in_scope(engagement, keys=keys)


def note_opening(
    engagement: Engagement, material: str, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> None:
    """Write down that somebody opens material of an engagement, before it is shown.

    More openings by one person in a day than the terms say are usual alarm the developer, and as many more again.
    Raises NotAllowed, IsOver.
    """
    _write_opening(engagement, material, purpose, by=by, now=now, keys=keys, rng=rng, sitting=timedelta(0))


def note_sitting(
    engagement: Engagement, material: str, purpose: Purpose, *, by: Actor, now: datetime, keys: Keystore, rng: Dice
) -> None:
    """Write down that somebody works on material page after page: one line a quarter of an hour, else as an opening.

    For a page that answers as one types, so that its lines do not bury everybody else's. Raises NotAllowed, IsOver.
    """
    _write_opening(engagement, material, purpose, by=by, now=now, keys=keys, rng=rng, sitting=ONE_SITTING)


@transaction.atomic
def note_reading(
    engagement: Engagement, material: str, report: str, *, now: datetime, keys: Keystore, rng: Dice, often: bool
) -> None:
    """Write down that others read a report that the developer lets them read; who may was decided before.

    The line names nobody, as the log is the evaluator's too. What is read `often`, by everybody, has one line a quarter
    of an hour. Raises IsOver once the evidence is due.
    """
    if destroy_evidence_if_due(engagement, now=now, keys=keys, rng=rng):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    if often and _was_read(engagement, material, report, since=now - ONE_SITTING, until=now):
        return
    facts = {"material": material, "purpose": Purpose.READ_RESULTS.value, "report": report, "organisation": ""}
    log.write(held(engagement), [log.Touch(What.OPENED, "", facts)], now=now)


def _was_read(engagement: Engagement, material: str, report: str, *, since: datetime, until: datetime) -> bool:
    lines = AccessLine.objects.filter(engagement=engagement, person="", what=What.OPENED, at__gt=since, at__lte=until)
    entries = (strictjson.loads(bytes(one)) for one in lines.order_by("-id").values_list("entry", flat=True))
    return any((one.get("material"), one.get("report")) == (material, report) for one in entries)


def _write_opening(
    engagement: Engagement,
    material: str,
    purpose: Purpose,
    *,
    by: Actor,
    now: datetime,
    keys: Keystore,
    rng: Dice,
    sitting: timedelta,
) -> None:
    require_reader(engagement, by)  # first: nobody else learns that it is over
    if destroy_evidence_if_due(engagement, now=now, keys=keys, rng=rng):
        raise IsOver("The evidence of this engagement has been destroyed, as its terms say.")
    with transaction.atomic():
        engagement = held(engagement)
        require_reader(engagement, by)
        if sitting and _is_open_already(engagement, material, by, since=now - sitting, until=now):
            return
        facts = {"material": material, "purpose": purpose.value}
        log.write(engagement, [log.touched(by, What.OPENED, **facts)], now=now)
        _alarm_if_unusual(engagement, by, now=now)


def _is_open_already(engagement: Engagement, material: str, by: Actor, *, since: datetime, until: datetime) -> bool:
    """Return whether this person's latest opening was of the same material, and no longer ago than that."""
    own = AccessLine.objects.filter(engagement=engagement, person=by.person or "-", what=What.OPENED)
    latest = own.filter(at__gt=since, at__lte=until).order_by("-id").values_list("entry", flat=True).first()
    return latest is not None and strictjson.loads(bytes(latest)).get("material") == material


def require_own(engagement: Engagement, by: Actor) -> None:
    """Raise NotAllowed for anyone but the developer's people, also those who only read."""
    if by.organisation != engagement.developer:
        raise NotAllowed("Only the developer of this engagement does this.")


def require_reader(engagement: Engagement, by: Actor) -> None:
    """Raise NotAllowed unless they may open this: the developer, people with a seat, the evaluator's owners.

    Asked of the memberships as they are when this is decided, not as they were when the request came in.
    """
    organisation, person = by.organisation or "-", by.person or "-"
    role = orgs.roles_in(organisation, [person]).get(person)
    ours = organisation == engagement.developer
    theirs = organisation == engagement.evaluator and is_offered(engagement)
    seated = theirs and role is not Role.READER and engagement.seats.filter(person=person, ended_at=None).exists()
    if not by.strong or role is None or not (ours or seated or (theirs and role is Role.OWNER)):
        raise NotAllowed("Only people of this engagement open its material.")


def _alarm_if_unusual(engagement: Engagement, by: Actor, *, now: datetime) -> None:
    """Tell the developer of the first opening beyond what is usual in a day, and then of every so-and-so-many-th."""
    own = AccessLine.objects.filter(engagement=engagement, person=by.person or "", what=What.OPENED)
    opened, usual = own.filter(at__gt=now - timedelta(days=1)).count(), engagement.grant.opened_a_day
    if by.organisation != engagement.evaluator or opened <= usual:
        return
    so_far = own.count()
    told = journal.latest_of(UNUSUAL, engagement, by=by.person or "")
    if told is None or so_far - int(str(told.facts["so_far"])) >= usual:
        only = [engagement.developer]
        record(UNUSUAL, engagement, by=by, now=now, only=only, opened=opened, usual=usual, so_far=so_far)
