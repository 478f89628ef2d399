"""Which vulnerabilities reach one operator, through how many assets, and which updates end it? For services and jobs.

Everything is counted from matches of distinct versions, so a thousand machines that run
one version cost one look.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from watchbell.apps.inventory.nameless import word_of
from watchbell.apps.vulnerabilities import queries as published
from watchbell.domain.matching.outcomes import Status
from watchbell.domain.matching.tiers import Tier
from watchbell.domain.priority import Exposure
from watchbell.domain.versions import Scheme, Unparsable, key, scheme_for

_MATCHES = (
    "SELECT m.version_id, m.record_id, m.status, m.fixed, v.package_id, v.ecosystem, v.name FROM inventory_match AS m "
    "CROSS JOIN inventory_packageversion AS v WHERE v.id = m.version_id AND EXISTS (SELECT 1 FROM inventory_component "
    "AS c JOIN inventory_asset AS a ON a.listing_id = c.listing_id "
    "WHERE c.version_id = m.version_id AND a.organisation_id = %s)"
)
_WHERE = (
    "SELECT c.version_id, a.id FROM inventory_asset AS a CROSS JOIN inventory_component AS c "
    "WHERE a.organisation_id = %s AND c.listing_id = a.listing_id "
    "AND EXISTS (SELECT 1 FROM inventory_match AS m WHERE m.version_id = c.version_id)"
)
_ASSETS = (
    "SELECT a.id, a.exposed, l.started_at FROM inventory_asset AS a "
    "LEFT JOIN inventory_listing AS l ON l.id = a.listing_id WHERE a.organisation_id = %s"
)
_PICKS = (
    "SELECT a.id, p.product_id, p.name, m.group_id, m.tier, m.fixed FROM inventory_asset AS a "
    "CROSS JOIN inventory_pickedproduct AS p CROSS JOIN inventory_productmatch AS m "
    "WHERE a.organisation_id = %s AND p.asset_id = a.id AND m.product_id = p.product_id AND m.version = p.version "
    "AND m.helped = p.helped"
)
_QUIET = (
    "SELECT o.group_id, a.id, c.version_id FROM inventory_vexoverlay AS o "
    "JOIN inventory_component AS c ON c.id = o.component_id JOIN inventory_asset AS a ON a.listing_id = c.listing_id "
    "JOIN inventory_vexstatement AS s ON s.id = o.statement_id JOIN inventory_vexdocument AS d ON d.id = s.document_id "
    "WHERE a.organisation_id = %s AND o.is_quiet AND d.withdrawn_at IS NULL"
)
_QUIET_PICKS = (
    "SELECT o.group_id, p.asset_id, p.product_id FROM inventory_vexoverlay AS o "
    "JOIN inventory_pickedproduct AS p ON p.id = o.pick_id JOIN inventory_asset AS a ON a.id = p.asset_id "
    "JOIN inventory_vexstatement AS s ON s.id = o.statement_id JOIN inventory_vexdocument AS d ON d.id = s.document_id "
    "WHERE a.organisation_id = %s AND o.is_quiet AND d.withdrawn_at IS NULL"
)
__all__ = ["Reach", "Subject", "Tier", "of", "worst"]

_SURER = list(Tier).index
_WORSE = (Exposure.NO, Exposure.UNKNOWN, Exposure.YES)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What would have to be updated: a package, or a picked product. `fixed` is "" while no fix is known.

    `place` is the fix's place among versions, where there is an order.
    """

    code: str
    name: str
    word: str
    fixed: str = ""
    place: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one vulnerability reaches one operator. `exposures` counts things in assets, `undetermined` those unsure.

    `quieted` counts the things that a VEX statement speaks free; the rest says only what it leaves. Where it leaves
    nothing, `is_quiet`, and the rest says what there would be without it.
    """

    group: str
    tier: Tier
    exposures: int
    undetermined: int
    assets: int
    exposed: Exposure
    listed_at: datetime | None
    subjects: tuple[Subject, ...]
    quieted: int = 0
    is_quiet: bool = False


@dataclass(slots=True)
class _Found:
    """What was found for one group so far."""

    group: str
    affected: dict[int, set[str]] = field(default_factory=dict)
    unsure: set[int] = field(default_factory=set)
    picks: dict[tuple[int, str], set[tuple[Tier, str]]] = field(default_factory=dict)

    def picked(self, *tiers: Tier) -> set[tuple[int, str]]:
        """Return the (asset, product) that are named at one of these tiers, and at none above them."""
        return {pick for pick, told in self.picks.items() if min((tier for tier, _ in told), key=_SURER) in tiers}


def of(organisation: str) -> dict[str, Reach]:
    """Return every vulnerability that reaches this operator, by its group's public id."""
    rows = _rows(_MATCHES, organisation)
    packages = {row[0]: row[4] for row in rows}
    found = _by_group(rows)
    products = _add_picks(found, organisation)
    assets = _rows(_ASSETS, organisation)
    running: dict[int, set[int]] = defaultdict(set)
    for version, asset in _rows(_WHERE, organisation):
        running[version].add(asset)
    ground = _Ground(
        packages=packages,
        names={row[4]: (row[5], row[6]) for row in rows},
        products=products,
        exposed={row[0]: row[1] for row in assets},
        listed={row[0]: _aware(row[2]) for row in assets if row[2] is not None},
        running=running,
    )
    quiet = _quiet(organisation)
    return {group: _beyond(one, ground, quiet.get(group)) for group, one in found.items()}


@dataclass(slots=True)
class _Quiet:
    """What statements speak free of one vulnerability: (asset, version) and (asset, product)."""

    versions: set[tuple[int, int]] = field(default_factory=set)
    picks: set[tuple[int, str]] = field(default_factory=set)


def _quiet(organisation: str) -> dict[str, _Quiet]:
    found: defaultdict[str, _Quiet] = defaultdict(_Quiet)
    for group, asset, version in _rows(_QUIET, organisation):
        found[group].versions.add((asset, version))
    for group, asset, product in _rows(_QUIET_PICKS, organisation):
        found[group].picks.add((asset, product))
    return dict(found)


def _beyond(found: _Found, ground: "_Ground", quiet: _Quiet | None) -> Reach:
    """Return how a vulnerability reaches beyond what statements speak free; where nothing is left, how it would."""
    whole = _reach(found, ground)
    if quiet is None:
        return whole
    versions = {version: ground.running.get(version, set()) for version in {*found.affected, *found.unsure}}
    left = {one: {asset for asset in held if (asset, one) not in quiet.versions} for one, held in versions.items()}
    picks = {pick: told for pick, told in found.picks.items() if pick not in quiet.picks}
    quieted = sum(len(held) - len(left[one]) for one, held in versions.items()) + len(found.picks) - len(picks)
    if quieted and not picks and not any(left.values()):
        return replace(whole, quieted=quieted, is_quiet=True)
    rest = _Found(
        found.group,
        {one: fixed for one, fixed in found.affected.items() if left[one] or not versions[one]},
        {one for one in found.unsure if left[one] or not versions[one]},
        picks,
    )
    return replace(_reach(rest, replace(ground, running=left, seen={})), quieted=quieted)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the operator has: versions' packages, names, and who runs what where."""

    packages: dict[int, int]
    names: dict[int, tuple[str, str]]
    products: dict[str, str]
    exposed: dict[int, str]
    listed: dict[int, datetime]
    running: dict[int, set[int]]
    seen: dict[frozenset[int], frozenset[int]] = field(default_factory=dict)

    def assets(self, versions: frozenset[int]) -> frozenset[int]:
        """Return the assets that run any of these versions; many vulnerabilities ask about the same ones."""
        found = self.seen.get(versions)
        if found is None:
            found = frozenset[int]().union(*(self.running.get(version, ()) for version in versions))
            self.seen[versions] = found
        return found

    def count(self, versions: frozenset[int]) -> int:
        """Return how often these versions run, each asset counted for each version."""
        return sum(len(self.running.get(version, ())) for version in versions)


def _by_group(rows: list[Any]) -> dict[str, _Found]:
    groups = published.groups_of_records({row[1] for row in rows})
    found: dict[str, _Found] = {}
    for version, record, status, fixed, *_package in rows:
        if record not in groups:
            continue  # its record went away at this moment; the next refresh says so
        group = groups[record].public_id
        one = found.setdefault(group, _Found(group))
        if status == Status.AFFECTED.value:
            one.affected.setdefault(version, set()).update({fixed} - {""})
        else:
            one.unsure.add(version)
    return found


def _add_picks(found: dict[str, _Found], organisation: str) -> dict[str, str]:
    """This will add what picked products are listed under, and return their names."""
    names: dict[str, str] = {}
    for asset, product, name, group, tier, fixed in _rows(_PICKS, organisation):
        names[product] = name
        one = found.setdefault(group, _Found(group))
        one.picks.setdefault((asset, product), set()).add((Tier(tier), fixed))
    return names


def _reach(found: _Found, ground: _Ground) -> Reach:
    affected = frozenset(found.affected)
    unsure = frozenset(found.unsure) - affected
    sure = ground.assets(affected)
    exact, probable, possible = (found.picked(tier) for tier in (Tier.EXACT, Tier.PROBABLE, Tier.POSSIBLE))
    unclear = found.picked(Tier.CANNOT_TELL)
    named = {asset for asset, _ in exact | probable | possible}
    assets = (sure | named) or ground.assets(unsure) | {asset for asset, _ in unclear}
    tiers = ((sure | exact, Tier.EXACT), (probable, Tier.PROBABLE), (possible, Tier.POSSIBLE))
    return Reach(
        group=found.group,
        tier=next((tier for things, tier in tiers if things), Tier.CANNOT_TELL),
        exposures=ground.count(affected) + len(exact) + len(probable) + len(possible),
        undetermined=ground.count(unsure) + len(unclear),
        assets=len(assets),
        exposed=worst(ground.exposed[asset] for asset in assets),
        listed_at=max((ground.listed[asset] for asset in assets if asset in ground.listed), default=None),
        subjects=_subjects(found, ground),
    )


def worst(answers: Iterable[str]) -> Exposure:
    """Return yes where one asset is exposed, else unknown where one may be, else no."""
    return Exposure(max(answers, key=_WORSE.index, default=Exposure.UNKNOWN))


def _subjects(found: _Found, ground: _Ground) -> tuple[Subject, ...]:
    """Return what to update, by name; a package that is fixed in one place and not in another has no fix yet."""
    fixes: dict[int, list[set[str]]] = defaultdict(list)
    for version, fixed in found.affected.items():
        fixes[ground.packages[version]].append(fixed)
    picks = found.picked(Tier.EXACT, Tier.PROBABLE, Tier.POSSIBLE)
    if not fixes and not picks:
        fixes = defaultdict(list, {ground.packages[version]: [] for version in found.unsure})
        picks = set(found.picks)
    subjects = [_package(package, ground.names[package], sets) for package, sets in fixes.items()]
    return tuple(sorted([*subjects, *_products(found, picks, ground)]))


def _products(found: _Found, picks: set[tuple[int, str]], ground: _Ground) -> Iterator[Subject]:
    """Yield the picked products; one fix is named where records name the same one for all that is picked."""
    for product in {product for _, product in picks}:
        told = [one for pick, said in found.picks.items() if pick in picks and pick[1] == product for one in said]
        fixes = {fixed if tier in (Tier.EXACT, Tier.PROBABLE) else "" for tier, fixed in told}
        fixed = fixes.pop() if len(fixes) == 1 else ""
        yield Subject(f"product:{product}", ground.products.get(product, ""), "", fixed, _firmware_place(fixed))


def _firmware_place(version: str) -> bytes:
    try:
        return key(Scheme.GENERIC, version) if version else b""
    except Unparsable:
        return b""


def _package(package: int, named: tuple[str, str], fixes: Collection[set[str]]) -> Subject:
    ecosystem, name = named
    code, word = f"package:{package}", word_of(name)
    if not fixes or not all(fixes):
        return Subject(code, name, word)
    place, fixed = max((_place(ecosystem, one), one) for some in fixes for one in some)
    return Subject(code, name, word, fixed, place)


def _place(ecosystem: str, version: str) -> bytes:
    scheme = scheme_for(ecosystem)
    try:
        return key(scheme, version) if scheme else b""
    except Unparsable:
        return b""


def _rows(query: str, organisation: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, [organisation])
        return list(cursor.fetchall())


def _aware(at: datetime) -> datetime:
    """Return the moment with its zone: SQLite hands out UTC without saying so."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
