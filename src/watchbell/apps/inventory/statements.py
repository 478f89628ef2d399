"""What do others say of what this operator runs, where does it hold, and why not elsewhere? For that operator alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from watchbell.apps.inventory import overlaid, said
from watchbell.apps.inventory.models import Asset, Component, PickedProduct, VexDocument, VexStatement
from watchbell.apps.inventory.overlaid import Spoken, Thing
from watchbell.apps.vulnerabilities import queries as published
from watchbell.domain.advisory import VexStatus
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.matching.vex import NotApplied, Overlay
from watchbell.domain.matching.vex_statements import Statement

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Word:
    """One statement as people read it, and the document it stands in."""

    one: Statement
    document: VexDocument

    @property
    def at(self) -> datetime | None:
        """Return when its author last said it, or None where no time is given."""
        return self.one.updated_at or self.one.issued_at


@dataclass(frozen=True, slots=True)
class Miss:
    """A statement about the vulnerability that does not hold for a match, and why."""

    word: Word
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One match and everything that is said of it; `status` is what counts, None where nothing does."""

    asset: str
    asset_name: str
    what: str
    version: str
    status: VexStatus | None
    is_quiet: bool
    holds: tuple[Word, ...]
    replaced: tuple[Word, ...]
    misses: tuple[Miss, ...]


def documents(viewer: Actor, *, now: datetime) -> QuerySet[VexDocument]:
    """Return the documents this operator handed in, newest first, with how many of their statements hold somewhere.

    `holding` counts those that do, `superseded` those that only a later word of their author keeps from it.
    """
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return VexDocument.objects.none()
    mine = VexDocument.objects.filter(organisation_id=viewer.organisation, imported_at__lte=now).select_related("asset")
    counted = mine.annotate(
        holding=Count("lines", filter=Q(lines__holds__gt=0)),
        superseded=Count("lines", filter=Q(lines__holds=0, lines__replaced__gt=0)),
    )
    return counted.order_by("-imported_at", "-pk")


def lines(viewer: Actor, document: str, *, now: datetime) -> QuerySet[VexStatement]:
    """Return the statements of one of the viewer's documents, in its order."""
    mine = VexStatement.objects.filter(document__in=documents(viewer, now=now).filter(public_id=document).values("pk"))
    return mine.order_by("position")


def read(line: VexStatement) -> Statement:
    """Return what a line says."""
    return said.unpacked(line.said)


def said_of(viewer: Actor, group: str, *, now: datetime, limit: int = MOST_SHOWN) -> list[Told]:
    """Return what is said of each match of a vulnerability (its group's public id), at most `limit` of them.

    Matches of which nobody speaks at all are left out.
    """
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return []
    facts = published.facts_for([group])
    statements = overlaid.spoken(viewer.organisation, ids=[name for one in facts.values() for name in one.ids])
    if not statements.rows:
        return []
    found = list(overlaid.things(viewer.organisation, facts.values()))[:limit]
    known = _Known(found, statements)
    return sorted((known.spoken_of(one) for one in found), key=lambda one: (one.asset_name, one.what, one.version))


class _Known:
    """What the matches are called, and in which documents the statements stand."""

    def __init__(self, found: list[Thing], statements: Spoken) -> None:
        self._statements = statements
        self._assets = Asset.objects.in_bulk({one.asset for one in found})
        components = Component.objects.select_related("version")
        self._components = components.in_bulk({one.component for one in found if one.component is not None})
        self._picks = PickedProduct.objects.in_bulk({one.pick for one in found if one.pick is not None})
        rows = VexStatement.objects.filter(pk__in=list(statements.rows)).select_related("document")
        self._documents = {id(statements.rows[row.pk]): row.document for row in rows}

    def spoken_of(self, thing: Thing) -> Told:
        """Return what is said of one match."""
        overlays = overlaid.overlays_of(thing, self._statements)
        laid = overlaid.lay(thing, overlays)
        holds = self._words(one for each in overlays for one in each.applied)
        what, version = self._called(thing)
        return Told(
            asset=self._assets[thing.asset].public_id,
            asset_name=self._assets[thing.asset].name,
            what=what,
            version=version,
            status=laid.status if laid else None,
            is_quiet=laid is not None and laid.is_quiet,
            holds=holds,
            replaced=self._words(one for each in overlays for one in each.replaced),
            misses=self._misses(overlays, holds),
        )

    def _called(self, thing: Thing) -> tuple[str, str]:
        if thing.component is not None:
            version = self._components[thing.component].version
            return f"{version.ecosystem} {version.name}", version.raw
        pick = self._picks[thing.pick or 0]
        return pick.name, pick.version

    def _words(self, statements: Iterable[Statement]) -> tuple[Word, ...]:
        each = {id(one): one for one in statements}
        return tuple(Word(one, self._documents[key]) for key, one in each.items())

    def _misses(self, overlays: tuple[Overlay, ...], holds: tuple[Word, ...]) -> tuple[Miss, ...]:
        """Return what does not hold under any name of the match, each once."""
        holding = {id(one.one) for one in holds}
        missed: dict[int, NotApplied] = {}
        for one in (each for laid in overlays for each in laid.not_applied):
            if id(one.statement) not in holding:
                missed.setdefault(id(one.statement), one)
        return tuple(Miss(Word(one.statement, self._documents[key]), one.because) for key, one in missed.items())
