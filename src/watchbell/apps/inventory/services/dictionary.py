"""Which number does this version of a package have here? Versions are added when first seen, each with its key."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction

from watchbell.apps.inventory.contents import Version, place_of
from watchbell.apps.inventory.models import PackageVersion
from watchbell.apps.vulnerabilities import services as published
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.domain.matching.packages import Package
from watchbell.domain.versions import KEY_FORMAT

_TABLE = PackageVersion._meta.db_table
_COLUMNS = ("package_id", "ecosystem", "name", "raw", "key", "key_format", "doubt", "is_ambiguous", "is_matched")


@dataclass(frozen=True, slots=True)
class Entry:
    """A version's number, and why it cannot be compared ("" when it can)."""

    id: int
    doubt: str


def ensure_versions(versions: Iterable[Version]) -> dict[Version, Entry]:
    """Return the entry of each version, adding those not seen before in transactions of at most 500 rows."""
    found: dict[Version, Entry] = {}
    for part in bulk.slices(sorted(versions)):
        with transaction.atomic():
            found |= _ensure(part)
    return found


def _ensure(versions: list[Version]) -> dict[Version, Entry]:
    spelled = {one: (one.package.ecosystem, one.package.name) for one in versions}
    packages = published.ensure_packages(set(spelled.values()))
    wanted = {(packages[spelled[one]], one.raw): one for one in versions}
    there = _known(wanted)
    rows = []
    for (package, raw), one in wanted.items():
        if (package, raw) not in there:
            place = place_of(one.package, raw)
            doubt = place.doubt.value if place.doubt else ""
            rows.append((package, *spelled[one], raw, place.key, KEY_FORMAT, doubt, place.is_ambiguous, False))
    added = bulk.insert_returning(_TABLE, _COLUMNS, rows, "id, package_id, raw, doubt", ignore_taken=True)
    there |= {(row[1], row[2]): Entry(row[0], row[3]) for row in added}
    if len(there) < len(wanted):  # another load added some of them at this moment
        there |= _known(wanted)
    return {one: there[packages[spelled[one]], one.raw] for one in versions}


def _known(wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Entry]:
    keys = set(wanted)
    query = f"SELECT id, package_id, raw, doubt FROM {_TABLE} WHERE package_id IN ({{}})"  # noqa: S608
    rows = bulk.rows_where_in(query, {package for package, _ in keys})
    return {(row[1], row[2]): Entry(row[0], row[3]) for row in rows if (row[1], row[2]) in keys}


def count_old_keys(most: int) -> int:
    """Return how many versions have keys of an older format, counting no further than `most`."""
    return PackageVersion.objects.exclude(key_format=KEY_FORMAT)[:most].count()


def old_keys(*, limit: int) -> list[int]:
    """Return the numbers of up to `limit` versions whose keys are of an older format."""
    old = PackageVersion.objects.exclude(key_format=KEY_FORMAT).order_by("id")
    return list(old.values_list("id", flat=True)[:limit])


def build_keys_again(ids: Collection[int]) -> None:
    """This will build anew those keys of these versions that are of an older format, in the caller's transaction.

    They count as never matched; matching them is the caller's.
    """
    for one in PackageVersion.objects.filter(id__in=ids).exclude(key_format=KEY_FORMAT):
        place = place_of(Package(one.ecosystem, one.name), one.raw)
        doubt = place.doubt.value if place.doubt else ""
        PackageVersion.objects.filter(pk=one.pk).update(
            key=place.key, key_format=KEY_FORMAT, doubt=doubt, is_ambiguous=place.is_ambiguous, is_matched=False
        )
