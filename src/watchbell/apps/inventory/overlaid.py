"""What do an operator's VEX statements make of its matches? Looked at and never written; for services and queries.

A list may call one version by several names. It is quiet only where a statement makes it so
under every one of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from watchbell.apps.inventory import names, said
from watchbell.apps.inventory.models import (
    BECAUSE_LENGTH,
    Component,
    Listing,
    Mark,
    PickedProduct,
    ProductMatch,
    VexName,
    VexStatement,
)
from watchbell.apps.vulnerabilities import queries as published
from watchbell.apps.vulnerabilities.queries import Facts
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.advisory import VexStatus
from watchbell.domain.matching.aliases import canonical_id
from watchbell.domain.matching.designations import Helper
from watchbell.domain.matching.products import ProductName
from watchbell.domain.matching.vex import NotApplied, Obstacle, Overlay, Statements, Subject, overlay
from watchbell.domain.matching.vex_statements import Statement
from watchbell.domain.sentence import Sentence

_LOUDEST = (VexStatus.AFFECTED, VexStatus.UNDER_INVESTIGATION, None, VexStatus.FIXED, VexStatus.NOT_AFFECTED)
_FAR = (Obstacle.OTHER_VULNERABILITY, Obstacle.NO_PRODUCT, Obstacle.OTHER_PRODUCT, Obstacle.OTHER_SUBCOMPONENT)


@dataclass(frozen=True, slots=True)
class Thing:
    """One match: a vulnerability on a component of a list (its number) or on a picked product, under all its names."""

    component: int | None
    pick: int | None
    asset: int
    group: str
    ids: frozenset[str]
    names: tuple[ProductName, ...]
    product: ProductName | None

    @property
    def key(self) -> tuple[int | None, int | None, str]:
        """Return what it is found by."""
        return self.component, self.pick, self.group


@dataclass(frozen=True, slots=True)
class Laid:
    """What the statements make of one match; `status` is what counts, by `statement`."""

    thing: Thing
    status: VexStatus | None
    is_quiet: bool
    statement: Statement
    overlays: tuple[Overlay, ...]


@dataclass(slots=True)
class Fate:
    """What became of one statement: for how many matches it holds, was replaced, or why it holds for none."""

    holds: int = 0
    replaced: int = 0
    missed: NotApplied | None = None
    because: str = ""

    @property
    def why(self) -> str:
        """Return the packed sentence that says why it holds for nothing, "" where it does."""
        return "" if self.holds or self.replaced else Sentence(self.because).packed(BECAUSE_LENGTH)


@dataclass(slots=True)
class Spoken:
    """The standing statements of one operator, each by its row's number, with the one asset it is limited to."""

    rows: dict[int, Statement] = field(default_factory=dict)
    assets: dict[int, int | None] = field(default_factory=dict)
    _by_id: Statements = field(default_factory=lambda: Statements(()))

    def gather(self) -> None:
        """Order them by what they speak of."""
        self._by_id = Statements(self.rows.values())

    @property
    def ids(self) -> set[str]:
        """Return every id of a vulnerability that one of them names."""
        return {name for one in self.rows.values() for name in one.canonical_ids}

    def about(self, thing: Thing) -> list[Statement]:
        """Return those that name this vulnerability and may speak of this asset."""
        return [one for one in self._by_id.about(thing.ids) if self.assets[id(one)] in (None, thing.asset)]


def spoken(organisation: str, *, ids: Collection[str] | None = None) -> Spoken:
    """Return the statements of this operator that stand, all of them or those about any of these ids."""
    rows = VexStatement.objects.filter(
        document__organisation_id=organisation, document__read_at__isnull=False, document__withdrawn_at__isnull=True
    )
    if ids is not None:
        about = VexName.objects.filter(identifier__in=list(map(canonical_id, ids)))
        rows = rows.filter(pk__in=about.values("statement"))
    found = Spoken()
    columns = ("pk", "said", "document__asset_id", "document__key_format")
    for pk, text, asset, key_format in rows.order_by("pk").values_list(*columns):
        one = said.unpacked(text, key_format=key_format)
        found.rows[pk] = one
        found.assets[id(one)] = asset
    found.gather()
    return found


def things(organisation: str, facts: Iterable[Facts]) -> Iterator[Thing]:
    """Yield every match of these vulnerabilities with what this operator's lists in force hold, each once."""
    groups = {one.public_id: one for one in facts}
    by_record = {record: one for one in groups.values() for record in one.records}
    yield from _listed(organisation, by_record)
    yield from _picked(organisation, groups)


def _listed(organisation: str, by_record: Mapping[int, Facts]) -> Iterator[Thing]:
    seen: set[tuple[int, str]] = set()
    lists: dict[int, tuple[ProductName, str]] = {}
    for part in bulk.slices(by_record):
        rows = Component.objects.filter(
            listing__in_force_for__organisation_id=organisation, version__matches__record_id__in=part
        )
        columns = ("pk", "listing_id", "listing__in_force_for", "names", "version__ecosystem", "version__name")
        for pk, listing, asset, text, ecosystem, name, raw, record in rows.order_by("pk").values_list(
            *columns, "version__raw", "version__matches__record_id"
        ):
            group = by_record[record]
            if (pk, group.public_id) in seen:
                continue
            seen.add((pk, group.public_id))
            if listing not in lists:
                lists[listing] = _described(listing)
            product, link = lists[listing]
            called = names.unpacked(text, ecosystem=ecosystem, name=name, version=raw, link=link)
            yield Thing(pk, None, asset, group.public_id, frozenset(group.ids), called, product)


def _described(listing: int) -> tuple[ProductName, str]:
    """Return what a list as a whole describes, and how others call it."""
    product, digest = Listing.objects.values_list("product", "document__digest").get(pk=listing)
    return names.unpacked_product(product, document=names.by_digest(digest))


def _picked(organisation: str, groups: Mapping[str, Facts]) -> Iterator[Thing]:
    matches: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for part in bulk.slices(groups):
        for product, version, helped, group in ProductMatch.objects.filter(group_id__in=part).values_list(
            "product_id", "version", "helped", "group_id"
        ):
            matches[product, version, helped].add(group)
    if not matches:
        return
    called: dict[tuple[str, str, str, int | None], ProductName] = {}
    for pick in PickedProduct.objects.filter(asset__organisation_id=organisation).order_by("pk"):
        words = (pick.product_id, pick.name, pick.version, pick.line_id)
        for group in sorted(matches.get((pick.product_id, pick.version, pick.helped), ())):
            if words not in called:
                called[words] = _name_of(pick)
            ids = frozenset(groups[group].ids)
            yield Thing(None, pick.pk, pick.asset_id, group, ids, (called[words],), None)


def _name_of(pick: PickedProduct) -> ProductName:
    """Return a picked product as statements name one; where records no longer list it, by what people read.

    What was recognised by its marks is also called by its digests and by the URIs that point to it.
    """
    marks = list(Mark.objects.filter(line=pick.line_id).values_list("kind", "value")) if pick.line_id else []
    hashes = (value.partition(":") for kind, value in marks if kind == Helper.DIGEST and ":" in value)
    choice = next((one for one in published.products(pick.name) if one.public_id == pick.product_id), None)
    return ProductName(
        vendor=choice.vendor if choice else "",
        name=choice.name if choice else pick.name,
        version=pick.version,
        hashes=tuple((algorithm, digest) for algorithm, _, digest in hashes),
        refs=tuple(value for kind, value in marks if kind == Helper.URI),
    )


def overlays_of(thing: Thing, statements: Spoken) -> tuple[Overlay, ...]:
    """Return what holds and what does not under each name of a match."""
    about = statements.about(thing)
    return tuple(overlay(Subject(ids=thing.ids, component=name, product=thing.product), about) for name in thing.names)


def lay(thing: Thing, overlays: tuple[Overlay, ...]) -> Laid | None:
    """Return what the statements make of a match, or None where none of them holds for it."""
    if not any(one.applied for one in overlays):
        return None
    loudest = min(overlays, key=lambda one: _LOUDEST.index(one.status))
    speaking = loudest if loudest.applied else next(one for one in overlays if one.applied)
    is_quiet = all(one.is_quiet for one in overlays)
    return Laid(thing, loudest.status, is_quiet, _decides(speaking), overlays)


def _decides(one: Overlay) -> Statement:
    """Return the statement whose word counts, or the first unexplained one where no word does."""
    return next((each for each in one.applied if each.status is one.status and not each.is_unexplained), one.applied[0])


def fates(
    statements: Spoken, laid: Iterable[tuple[Thing, tuple[Overlay, ...]]], known: Mapping[str, Facts]
) -> dict[int, Fate]:
    """Return what became of each statement, by its row's number."""
    numbers = {id(one): pk for pk, one in statements.rows.items()}
    found = {pk: Fate(because=_idle(one, known)) for pk, one in statements.rows.items()}
    for _, overlays in laid:
        applied = {numbers[id(each)] for one in overlays for each in one.applied}
        replaced = {numbers[id(each)] for one in overlays for each in one.replaced} - applied
        for pk in applied:
            found[pk].holds += 1
        for pk in replaced:
            found[pk].replaced += 1
        for missed in (each for one in overlays for each in one.not_applied):
            _remember(found[numbers[id(missed.statement)]], missed)
    return found


def _idle(one: Statement, known: Mapping[str, Facts]) -> str:
    named = ", ".join(one.ids[:3])
    if not any(name in known for name in one.canonical_ids):
        return Sentence("no record here is about {ids}", ids=named)
    return Sentence("{ids} reaches nothing in your lists that it may speak of", ids=named)


def _remember(fate: Fate, missed: NotApplied) -> None:
    """This will keep the nearest miss: it says most about what to correct; of equals the first in words, always."""
    if fate.missed is None or _nearness(missed) < _nearness(fate.missed):
        fate.missed, fate.because = missed, missed.because


def _nearness(missed: NotApplied) -> tuple[int, str]:
    return -_FAR.index(missed.obstacle) if missed.obstacle in _FAR else -len(_FAR), str(missed.because)
