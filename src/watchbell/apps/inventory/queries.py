"""What does this operator run, how much of it could be assessed, and what reaches it? For that operator alone.

Coordinators and node administrators are told nothing: "not yours" and "not there" answer alike.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum

from watchbell.apps.inventory.models import (
    Asset,
    Component,
    Document,
    Gap,
    Likeness,
    Load,
    PackageVersion,
    PickedProduct,
    ProductMatch,
    Sameness,
    Unassessable,
    Unit,
)
from watchbell.apps.jobs import queries as work
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.services import SourceKind, bulk
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.matching.outcomes import Reason, Status
from watchbell.domain.matching.recognised import basis_of_package, basis_of_product
from watchbell.domain.matching.tiers import Basis, Tier
from watchbell.domain.priority import Exposure
from watchbell.domain.sentence import Sentence

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is listed could be assessed; `gaps` counts the rest by reason and adds up with `assessed`.

    `questions` is how many types of machine wait for somebody to say which product they are.
    """

    assets: int
    components: int
    assessed: int
    gaps: dict[str, int]
    picked: int
    questions: int = 0

    @property
    def not_assessed(self) -> int:
        """Return how many components could not be assessed."""
        return self.components - self.assessed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """One thing in one asset that a vulnerability reaches, or may reach, and why; `basis` is what recognised it."""

    asset: str
    asset_name: str
    exposed: Exposure
    patched_by: str
    what: str
    version: str
    status: Status
    tier: str
    because: str
    reason: str
    fixed: str
    record: str
    basis: Basis


@dataclass(frozen=True, slots=True)
class Loading:
    """How far a large list is: waiting, running, gave-up, loaded, replaced or stopped; `line` is its job."""

    stage: str
    done: int
    total: int
    line: work.Line | None = None

    @property
    def is_busy(self) -> bool:
        """Return whether it goes on by itself."""
        return self.stage in ("waiting", "running")


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Asset]:
    """Return the assets this actor may know of: those of the operator they act for."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return Asset.objects.none()
    return Asset.objects.filter(organisation_id=viewer.organisation, created_at__lte=now)


def documents(viewer: Actor, *, now: datetime) -> QuerySet[Document]:
    """Return the documents this operator handed in, newest first."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return Document.objects.none()
    return Document.objects.filter(organisation_id=viewer.organisation, loaded_at__lte=now).order_by(
        "-loaded_at", "-pk"
    )


def loads(viewer: Actor, *, now: datetime) -> QuerySet[Load]:
    """Return the large lists this operator handed in, newest first."""
    mine = Load.objects.filter(asset__in=visible_to(viewer, now=now)).select_related("listing")
    return mine.order_by("-received_at", "-pk")


def loading_of(load: Load) -> Loading:
    """Return how far a large list is, for whoever may know of it."""
    line = work.of_room(load.job) if load.job and load.stage == Load.Stage.WAITING else None
    stage = load.stage
    if line is not None and line.state in ("running", "dead", "cancelled"):
        stage = "running" if line.state == "running" else "gave-up"
    return Loading(stage, load.done, load.total, line)


def coverage(viewer: Actor, *, now: datetime) -> Coverage:
    """Return how much of what this operator lists could be assessed: always the whole, by reason."""
    assets = visible_to(viewer, now=now)
    totals = assets.aggregate(components=Sum("listing__components"), assessed=Sum("listing__assessed"))
    rows = Gap.objects.filter(listing__in_force_for__in=assets).values_list("reason").annotate(n=Sum("components"))
    gaps = dict(rows.order_by("reason"))
    described = Unit.objects.filter(asset__in=assets, listing__isnull=True)
    known = described.filter(Exists(PickedProduct.objects.filter(unit=OuterRef("pk")))).count()
    total = described.count()
    if total > known:
        nameless = Reason.NO_PACKAGE_IDENTITY.value
        gaps[nameless] = gaps.get(nameless, 0) + total - known
    return Coverage(
        assets=assets.count(),
        components=(totals["components"] or 0) + total,
        assessed=(totals["assessed"] or 0) + known,
        gaps=gaps,
        picked=PickedProduct.objects.filter(
            asset__in=assets, listing__isnull=True, unit__isnull=True, line__isnull=True
        ).count(),
        questions=_types_asked(viewer, assets),
    )


def _types_asked(viewer: Actor, assets: QuerySet[Asset]) -> int:
    raised = Likeness.objects.filter(sameness=OuterRef("pk"), tier=Tier.POSSIBLE, machine__units__asset__in=assets)
    waiting = Sameness.objects.filter(Exists(raised), organisation_id=viewer.organisation or "", says="")
    return waiting.values("type_key").distinct().count()


def not_assessed(viewer: Actor, *, now: datetime, after: int = 0, limit: int = MOST_SHOWN) -> QuerySet[Unassessable]:
    """Return the components that name no package records could name; `after` is the last one seen."""
    lists = visible_to(viewer, now=now)
    mine = Unassessable.objects.filter(listing__in_force_for__in=lists, is_assessed=False, pk__gt=after)
    return mine.select_related("listing__asset").order_by("pk")[:limit]


def cannot_be_compared(viewer: Actor, *, now: datetime, after: int = 0, limit: int = MOST_SHOWN) -> QuerySet[Component]:
    """Return the components whose package is known and whose version cannot be compared."""
    mine = Component.objects.filter(listing__in_force_for__in=visible_to(viewer, now=now), pk__gt=after)
    return mine.exclude(version__doubt="").select_related("listing__asset", "version").order_by("pk")[:limit]


def exposures_of(viewer: Actor, group: str, *, now: datetime, limit: int = MOST_SHOWN) -> list[Exposed]:
    """Return where a vulnerability (its group's public id) reaches the viewer's assets, by asset, at most `limit`."""
    mine = visible_to(viewer, now=now)
    records = {row[0]: row[2] for row in published.records_of(group)}
    rows = (
        Component.objects.filter(listing__in_force_for__in=mine, version__matches__record_id__in=list(records))
        .annotate(
            status=F("version__matches__status"),
            because=F("version__matches__because"),
            reason=F("version__matches__reason"),
            fixed=F("version__matches__fixed"),
            record=F("version__matches__record_id"),
        )
        .select_related("listing__asset", "version")
        .order_by("listing__asset__name", "version_id", "record")[:limit]
    )
    components = list(rows)
    kinds = published.kinds_of(records)
    shown = [_exposed(one, records, kinds) for one in components]
    return [*shown, *_named(mine, group, limit - len(shown))]


def _exposed(one: Component, records: dict[int, str], kinds: dict[int, SourceKind]) -> Exposed:
    found = one.__dict__  # what `annotate` added
    status = Status(found["status"])
    return Exposed(
        asset=one.listing.asset.public_id,
        asset_name=one.listing.asset.name,
        exposed=Exposure(one.listing.asset.exposed),
        patched_by=one.listing.asset.patched_by,
        what=f"{one.version.ecosystem} {one.version.name}",
        version=one.version.raw,
        status=status,
        tier=(Tier.EXACT if status is Status.AFFECTED else Tier.CANNOT_TELL).value,
        because=Sentence.unpacked(found["because"]),
        reason=found["reason"],
        fixed=found["fixed"],
        record=records[found["record"]],
        basis=basis_of_package(one.version.ecosystem, is_vendors=kinds.get(found["record"]) is SourceKind.CSAF),
    )


def _named(mine: QuerySet[Asset], group: str, limit: int) -> list[Exposed]:
    """Return the picked products that this vulnerability names, each with every record that does."""
    pairs = _picks_named(mine, group)[: max(limit, 0)]
    kinds = published.kinds_of({match.record_id for _, match in pairs if match.record_id is not None})
    return [_picked_out(pick, match, kinds) for pick, match in pairs]


def _picks_named(mine: QuerySet[Asset], group: str) -> list[tuple[PickedProduct, ProductMatch]]:
    """Return each pick with each match of it, an asset once for one product, by the surest that its things are."""
    picks: defaultdict[tuple[str, str, str], list[PickedProduct]] = defaultdict(list)
    matches = ProductMatch.objects.filter(group_id=group)
    for pick in PickedProduct.objects.filter(
        asset__in=mine, product_id__in=matches.values("product_id")
    ).select_related("asset"):
        picks[pick.product_id, pick.version, pick.helped].append(pick)
    pairs = [
        (pick, match)
        for match in matches.select_related("record")
        for pick in picks[match.product_id, match.version, match.helped]
    ]
    pairs.sort(key=lambda pair: (pair[0].asset.name, pair[0].product_id, pair[1].record_id or 0, _sureness(pair[1])))
    once: dict[tuple[int, str, str, int | None], tuple[PickedProduct, ProductMatch]] = {}
    for pick, match in pairs:
        once.setdefault((pick.asset_id, pick.product_id, pick.version, match.record_id), (pick, match))
    return list(once.values())


def _sureness(match: ProductMatch) -> tuple[int, str]:
    return list(Tier).index(Tier(match.tier)), match.helped


def _picked_out(pick: PickedProduct, match: ProductMatch, kinds: dict[int, SourceKind]) -> Exposed:
    is_told = match.tier != Tier.CANNOT_TELL
    return Exposed(
        asset=pick.asset.public_id,
        asset_name=pick.asset.name,
        exposed=Exposure(pick.asset.exposed),
        patched_by=pick.asset.patched_by,
        what=pick.name,
        version=pick.version,
        status=Status.AFFECTED if is_told else Status.CANNOT_TELL,
        tier=match.tier,
        because=Sentence.unpacked(match.because),
        reason="" if is_told else Reason.RANGE_NOT_GIVEN.value,
        fixed=match.fixed,
        record=str(match.record) if match.record else "",
        basis=basis_of_product(
            is_vendors=kinds.get(match.record_id or 0) is SourceKind.CSAF, is_helped=bool(match.helper)
        ),
    )


def asset(public_id: str) -> Asset | None:
    """Return an asset by its id, for jobs."""
    return Asset.objects.filter(public_id=public_id).first()


def owner_of(asset: str) -> str | None:
    """Return the organisation an asset belongs to, for jobs."""
    return Asset.objects.filter(public_id=asset).values_list("organisation_id", flat=True).first()


def organisations() -> list[str]:
    """Return every organisation that has an asset, for jobs."""
    return list(Asset.objects.order_by("organisation_id").values_list("organisation_id", flat=True).distinct())


def words_not_assessed(organisation: str, words: Iterable[str]) -> set[str]:
    """Return those of these names (`nameless.word_of`) that lists in force hold without saying which package it is."""
    found: set[str] = set()
    for part in bulk.slices(words):
        mine = Q(listing__in_force_for__organisation_id=organisation, is_assessed=False, word__in=part)
        found.update(Unassessable.objects.filter(mine).values_list("word", flat=True).distinct())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something the viewer's lists name: in how many assets, and the first of them."""

    what: str
    version: str
    assets: int
    asset: str
    asset_name: str


def things_named(viewer: Actor, text: str, *, now: datetime, limit: int) -> list[Held]:
    """Return what is in the viewer's assets under a name that holds this text: packages, products, and the unclear."""
    mine = visible_to(viewer, now=now)
    in_force = Component.objects.filter(listing__in_force_for__in=mine)
    held = Exists(in_force.filter(version=OuterRef("pk")))
    versions = PackageVersion.objects.filter(held, name__icontains=text).order_by("name", "ecosystem", "raw")[:limit]
    found = [*_listed(list(versions), in_force), *_picked(mine, text, limit), *_unclear(mine, text, limit)]
    return found[:limit]


def _listed(versions: list[PackageVersion], in_force: QuerySet[Component]) -> list[Held]:
    places = in_force.filter(version__in=versions).order_by().values("version_id")
    counted = {one["version_id"]: one for one in places.annotate(n=Count("pk"), first=Min("listing__asset_id"))}
    assets = Asset.objects.in_bulk([one["first"] for one in counted.values()])
    return [
        Held(
            what=f"{one.ecosystem} {one.name}",
            version=one.raw,
            assets=counted[one.pk]["n"],
            asset=assets[counted[one.pk]["first"]].public_id,
            asset_name=assets[counted[one.pk]["first"]].name,
        )
        for one in versions
    ]


def _picked(mine: QuerySet[Asset], text: str, limit: int) -> list[Held]:
    picks = PickedProduct.objects.filter(asset__in=mine, name__icontains=text).select_related("asset")
    return [
        Held(what=one.name, version=one.version, assets=1, asset=one.asset.public_id, asset_name=one.asset.name)
        for one in picks.order_by("name", "asset__name")[:limit]
    ]


def _unclear(mine: QuerySet[Asset], text: str, limit: int) -> list[Held]:
    open_ones = Q(is_assessed=False) | Q(machine__isnull=True)  # a machine that is known is found as its product
    named = Unassessable.objects.filter(open_ones, listing__in_force_for__in=mine).select_related("listing__asset")
    named = named.filter(Q(name__icontains=text) | Q(purl__icontains=text)).order_by("name", "pk")[:limit]
    places = [(one, one.listing.asset) for one in named]
    return [
        Held(what=one.name or one.purl, version=one.version, assets=1, asset=place.public_id, asset_name=place.name)
        for one, place in places
    ]
