"""This will list, switch on and off, and keep the state of where records come from."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from watchbell.apps.journal import services as journal
from watchbell.apps.vulnerabilities.listed import BY_NAME, LISTED
from watchbell.apps.vulnerabilities.models import Source, SourceKind
from watchbell.domain.handling import Actor, ActorKind
from watchbell.domain.identity import Dice, new_id
from watchbell.domain.refusal import Refusal, refuse
from watchbell.domain.sentence import Sentence
from watchbell.outside.egress import Policy, check_url


class NotAllowed(PermissionError):
    """Only a node administrator switches sources; ask one."""


class NoSuchSource(LookupError):
    """There is no source of this name; the list of sources shows those there are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a feed said of its own freshness, to be given back the next time."""

    etag: str = ""
    last_modified: str = ""


NOTHING_HELD = Answer()


def ensure_listed(*, rng: Dice) -> None:
    """Bring the listed feeds into the table, all off; what is there stays as it is."""
    there = set(Source.objects.values_list("name", flat=True))
    rows = [
        Source(
            public_id=new_id(rng),
            name=one.name,
            kind=one.kind,
            location=one.location,
            period_hours=one.period_hours,
        )
        for one in LISTED
        if one.name not in there
    ]
    Source.objects.bulk_create(rows, ignore_conflicts=True)


def ensure_source(*, name: str, kind: SourceKind, rng: Dice) -> Source:
    """Return the source of this name, added (switched off) when new. Raises Refused when its kind is another."""
    row = Source.objects.filter(name=name).first()
    if row is None:
        listed = BY_NAME.get(name)
        place = listed.location if listed and listed.kind is kind else ""
        fresh = Source(public_id=new_id(rng), name=name[:64], kind=kind, location=place)
        Source.objects.bulk_create([fresh], ignore_conflicts=True)
        row = Source.objects.get(name=name[:64])
    if row.kind != kind:
        expected = Sentence("a source of kind {kind}", kind=row.kind)
        raise refuse(
            "wrong-value",
            Sentence("The source {name} is of another kind than {kind}", name=repr(name), kind=kind.value),
            expected=expected,
        )
    return row


@transaction.atomic
def switch_on(name: str, *, by: Actor, now: datetime, rng: Dice, location: str = "") -> Source:
    """Switch a source on, so that its host may be asked and the periodic job asks it; `location` replaces its place.

    Raises NotAllowed, NoSuchSource, Refused for one without an address, and EgressDenied for an address
    that may not be used.
    """
    row = _administered(name, by, rng)
    place = location or row.location
    if not place:
        raise refuse("missing-field", "The source has no address", place="location", todo="Give its address or folder")
    if place.startswith(("http:", "https:")):
        check_url(place, Policy(allowed_hosts=frozenset({host_entry(place)})))
    if Source.objects.filter(pk=row.pk).exclude(enabled=True, location=place).update(enabled=True, location=place):
        journal.record(at=now, by=by, action="source.enabled", subject=row)
    row.refresh_from_db()
    return row


@transaction.atomic
def switch_off(name: str, *, by: Actor, now: datetime, rng: Dice) -> Source:
    """Switch a source off: its host may not be asked any more; what came from it stays. Raises as `switch_on`."""
    row = _administered(name, by, rng)
    if Source.objects.filter(pk=row.pk, enabled=True).update(enabled=False):
        journal.record(at=now, by=by, action="source.disabled", subject=row)
    row.refresh_from_db()
    return row


def host_entry(url: str) -> str:
    """Return the entry that allows exactly the place this address leads to."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0]
    return f"http://{authority}" if scheme == "http" else authority


def _administered(name: str, by: Actor, rng: Dice) -> Source:
    if not (by.is_node_admin or by.kind is ActorKind.SYSTEM):
        raise NotAllowed("Only a node administrator switches sources on and off; ask one.")
    ensure_listed(rng=rng)
    row = Source.objects.filter(name=name).first()
    if row is None:
        raise NoSuchSource(Sentence("There is no source named {name}.", name=repr(name[:64])))
    return row


def note_success(source: Source, *, now: datetime, answer: Answer | None = None) -> None:
    """This will remember that the source was read whole at this moment."""
    fresh = answer or Answer()
    Source.objects.filter(pk=source.pk).update(
        last_tried_at=now,
        last_ok_at=now,
        last_error="",
        etag=fresh.etag[:512],
        last_modified=fresh.last_modified[:128],
    )


@transaction.atomic
def note_failure(source: Source, refusal: Refusal, *, by: Actor, now: datetime) -> None:
    """This will raise the alarm: the last good state stays, its age keeps growing, and the journal says why."""
    Source.objects.filter(pk=source.pk).update(last_tried_at=now, last_error=Sentence(str(refusal)).packed(1000))
    journal.record(at=now, by=by, action="source.failed", subject=source, facts={"code": refusal.code[:64]})
