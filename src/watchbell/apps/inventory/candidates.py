"""What on an operator's lists may be named by a record, by a CPE alone? Guesses: shown apart, and nobody is alerted.

A component without a package URL stays "could not be assessed", whatever is found here; nothing
of this reaches the worklist, the counts or a notice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from watchbell.apps.inventory.models import Asset, PickedProduct, ProductMatch, Unassessable
from watchbell.apps.inventory.queries import visible_to
from watchbell.apps.inventory.services.named import Told, told
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Claim
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.handling import Actor
from watchbell.domain.sentence import Sentence

MOST_SHOWN = 200
MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Flaw:
    """A vulnerability that may be meant: the records that say so, why, and how it stands with the version."""

    group: str
    display_id: str
    records: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something on a list that records may mean, by its CPE."""

    asset: str
    asset_name: str
    name: str
    version: str
    cpe: str
    flaws: tuple[Flaw, ...]


def candidates(viewer: Actor, *, now: datetime, asset: str = "", limit: int = MOST_SHOWN) -> list[Candidate]:
    """Return what may be named on the viewer's lists, or on one asset's (its public id), by name and asset.

    What lies outside of every range a record gives is not there; at most `MOST_LOOKED_AT` things are looked at.
    """
    mine = visible_to(viewer, now=now)
    rows = _with_a_known_cpe(mine.filter(public_id=asset) if asset else mine)[:MOST_LOOKED_AT]
    claims = published.claims_under({row.cpe for row in rows})
    known = _known({row.pk for row in rows})
    answers: dict[tuple[str, str], tuple[Flaw, ...]] = {}
    found: list[Candidate] = []
    for row in rows:
        key = row.cpe, row.version
        if key not in answers:
            answers[key] = _flaws(row.version, claims.get(row.cpe, []))
        flaws = tuple(flaw for flaw in answers[key] if (row.pk, flaw.group) not in known)
        if flaws:
            place = row.listing.asset
            found.append(Candidate(place.public_id, place.name, row.name, row.version, row.cpe, flaws))
    return found[:limit]


def _known(lines: Collection[int]) -> set[tuple[int, str]]:
    """Return what needs no guess: the lines that a vulnerability reaches by something surer, each with that."""
    found: set[tuple[int, str]] = set()
    for part in bulk.slices(lines):
        picks = PickedProduct.objects.filter(line__in=part).values_list("line_id", "product_id", "version", "helped")
        for line, product, version, helped in picks:
            told = ProductMatch.objects.filter(product_id=product, version=version, helped=helped)
            found.update((line or 0, group) for group in told.values_list("group_id", flat=True))
    return found


def _with_a_known_cpe(assets: QuerySet[Asset]) -> QuerySet[Unassessable]:
    mine = Unassessable.objects.filter(listing__in_force_for__in=assets).exclude(cpe="")
    known = published.cpes_known(mine.order_by().values_list("cpe", flat=True).distinct())
    rows = mine.filter(cpe__in=sorted(known)[:MOST_LOOKED_AT]).select_related("listing__asset")
    return rows.order_by("word", "version", "listing__asset__name", "pk")


def _flaws(version: str, claims: list[Claim]) -> tuple[Flaw, ...]:
    by_group: dict[str, list[tuple[Claim, Told]]] = {}
    for claim in claims:
        answer = told(version, claim.ranges)
        if answer is not None:
            by_group.setdefault(claim.group.public_id, []).append((claim, answer))
    flaws = [
        Flaw(
            group=group,
            display_id=said[0][0].group.display_id,
            records=tuple(dict.fromkeys(claim.record_id for claim, _ in said)),
            because=Sentence.unpacked(said[0][1].because),
        )
        for group, said in by_group.items()
    ]
    return tuple(sorted(flaws, key=lambda one: one.display_id))
