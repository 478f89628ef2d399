"""Which machines does this operator have, what are they recognised as, and what is still to be asked? For it alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from watchbell.apps.inventory import helped as by_what
from watchbell.apps.inventory import queries
from watchbell.apps.inventory.models import Asset, Likeness, PickedProduct, Sameness, Unit
from watchbell.apps.inventory.services import equipment, picking
from watchbell.domain.handling import Actor, OrganisationKind
from watchbell.domain.matching.designations import HELPED_BY, Helper
from watchbell.domain.matching.equipment.answers import Answer
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.sentence import Sentence

_SUREST = list(Tier).index


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A product that a machine was recognised as, how surely and why; `tier` is None where people said no."""

    question: str
    product: str
    product_id: str
    tier: Tier | None
    because: str
    answer: Answer | None

    @property
    def is_asked(self) -> bool:
        """Return whether it waits for an answer."""
        return self.answer is None and self.tier is Tier.POSSIBLE

    @property
    def counts(self) -> bool:
        """Return whether the machine counts as it."""
        return self.tier in picking.SURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A machine in an asset, and every product it may be, the surest first.

    `is_waiting` until a job has looked at it; `left_out` counts names that may fit too and are not asked about;
    `is_listed` when a product of exactly its name was picked from the list; `helped` are products it is identified
    as by what records give for that, each with why.
    """

    unit: str
    machine: str
    version: str
    times: int
    is_described: bool
    is_listed: bool
    is_waiting: bool
    left_out: int
    seen: tuple[Seen, ...]
    helped: tuple[tuple[str, str], ...] = ()

    @property
    def is_known(self) -> bool:
        """Return whether it counts as any product; else it is one of what could not be assessed."""
        return self.is_listed or bool(self.helped) or any(one.counts for one in self.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One type of machine that may be several products: everything that is asked about it at once."""

    type_key: str
    machine: str
    assets: int
    left_out: int
    rows: tuple[tuple[Sameness, str], ...]
    """Each with the reason why it may be."""


def visible_to(viewer: Actor, *, now: datetime) -> QuerySet[Sameness]:
    """Return everything this operator is or was asked about its machines, by machine and product."""
    if viewer.organisation is None or not viewer.acts_as(OrganisationKind.OPERATOR):
        return Sameness.objects.none()
    mine = Sameness.objects.filter(organisation_id=viewer.organisation, updated_at__lte=now)
    return mine.order_by("machine", "type_key", "product", "public_id")


def asked(viewer: Actor, *, now: datetime) -> QuerySet[Sameness]:
    """Return what waits for an answer: possible only, raised by a machine that is in an asset, and not answered."""
    mine = queries.visible_to(viewer, now=now)
    raised = Likeness.objects.filter(sameness=OuterRef("pk"), tier=Tier.POSSIBLE, machine__units__asset__in=mine)
    return visible_to(viewer, now=now).filter(Exists(raised), says="")


def answered(viewer: Actor, *, now: datetime) -> QuerySet[Sameness]:
    """Return what was answered, latest first; each answer can be changed or taken back."""
    return visible_to(viewer, now=now).exclude(says="").order_by("-answered_at", "public_id")


def questions(viewer: Actor, *, now: datetime, after: str = "", limit: int = 20) -> list[Question]:
    """Return what waits for an answer, type by type in the order of their keys; `after` is the last type seen."""
    waiting = asked(viewer, now=now)
    keys = waiting.filter(type_key__gt=after).order_by("type_key").values_list("type_key", flat=True).distinct()[:limit]
    rows: defaultdict[str, list[Sameness]] = defaultdict(list)
    for row in waiting.filter(type_key__in=list(keys)):
        rows[row.type_key].append(row)
    reasons = _reasons(row.pk for several in rows.values() for row in several)
    return [_question(viewer, key, rows[key], reasons, now=now) for key in sorted(rows)]


def _question(viewer: Actor, key: str, rows: list[Sameness], reasons: dict[int, str], *, now: datetime) -> Question:
    units = Unit.objects.filter(asset__in=queries.visible_to(viewer, now=now), machine__type_key=key)
    told = units.aggregate(assets=Count("asset", distinct=True))
    left_out = units.order_by("-machine__left_out").values_list("machine__left_out", flat=True).first()
    return Question(
        type_key=key,
        machine=rows[0].machine,
        assets=told["assets"],
        left_out=left_out or 0,
        rows=tuple((row, reasons.get(row.pk, "")) for row in rows),
    )


def _reasons(rows: Iterable[int]) -> dict[int, str]:
    seen = Likeness.objects.filter(sameness__in=list(rows), tier=Tier.POSSIBLE).order_by("pk")
    return {one.sameness_id: Sentence.unpacked(one.because) for one in seen}


def recognised_in(asset: Asset) -> list[Recognised]:
    """Return the machines in an asset, which the caller may know of, and what each is recognised as."""
    units = list(Unit.objects.filter(asset=asset).select_related("machine").order_by("machine__product", "pk"))
    seen: defaultdict[int, list[Seen]] = defaultdict(list)
    machines = {unit.machine_id for unit in units}
    for one in Likeness.objects.filter(machine__in=machines).select_related("sameness").order_by("pk"):
        seen[one.machine_id].append(_seen(one))
    helped = _helped(units)
    return [_recognised(unit, seen[unit.machine_id], helped[unit.pk]) for unit in units]


def _helped(units: list[Unit]) -> defaultdict[int, list[tuple[str, str]]]:
    found: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    picks = PickedProduct.objects.filter(unit__in=units).exclude(helped="")
    for pick in picks.order_by("name", "pk"):
        surest = min(by_what.unpacked(pick.helped).variants.values(), key=list(Helper).index)
        found[pick.unit_id or 0].append((pick.name, HELPED_BY[surest]))
    return found


def _recognised(unit: Unit, seen: list[Seen], helped: list[tuple[str, str]]) -> Recognised:
    seen.sort(key=lambda one: (_SUREST(one.tier) if one.tier else len(Tier), one.product))
    return Recognised(
        unit=unit.public_id,
        machine=equipment.shown_of(unit.machine),
        version=unit.machine.version or unit.machine.read_version,
        times=unit.times,
        is_described=unit.listing_id is None,
        is_listed=unit.is_listed,
        is_waiting=not unit.machine.matched_with,
        left_out=unit.machine.left_out,
        seen=tuple(seen),
        helped=tuple(helped),
    )


def _seen(one: Likeness) -> Seen:
    after, answer = picking.after(one), picking.answer_of(one.sameness)
    is_confirmed = answer is Answer.YES and one.tier == Tier.POSSIBLE
    said = Sentence("a person said that it is this product") if is_confirmed else Sentence.unpacked(one.because)
    return Seen(
        question=one.sameness.public_id,
        product=one.sameness.product,
        product_id=one.sameness.product_id,
        tier=after,
        because=said,
        answer=answer,
    )


def described_unknown(viewer: Actor, *, now: datetime, limit: int) -> list[tuple[str, Unit]]:
    """Return the machines a person described that count as no product, each with what people read."""
    mine = Unit.objects.filter(asset__in=queries.visible_to(viewer, now=now), listing__isnull=True)
    rows = mine.filter(picks__isnull=True).select_related("machine", "asset").order_by("pk")[:limit]
    return [(equipment.shown_of(row.machine), row) for row in rows]
