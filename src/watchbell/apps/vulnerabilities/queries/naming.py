"""Which of one source's records name this package, or go by this id? Withdrawn ones count: they say that they are."""

from dataclasses import dataclass

from django.db.models import Q

from watchbell.apps.vulnerabilities.models import NamedVersion, Range, RangeDoubt, SourceRecord
from watchbell.domain.matching.aliases import canonical_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a record is asked to name; what is left empty is not asked. `name` is a package's canonical spelling."""

    identifier: str = ""
    ecosystem: str = ""
    name: str = ""


def ids_naming(source: str, named: Named) -> list[str]:
    """Return the ids of this source's records that name all of it, in order; an ecosystem may go without a release."""
    rows = SourceRecord.objects.filter(source__name=source)
    if named.identifier:
        wanted = canonical_id(named.identifier)
        rows = rows.filter(Q(record_id=wanted) | Q(alias_assertions__alias=wanted))
    if named.ecosystem:
        package = Q(package__ecosystem=named.ecosystem) | Q(package__ecosystem__startswith=f"{named.ecosystem}:")
        package &= Q(package__name=named.name) if named.name else Q()
        kinds = (Range, NamedVersion, RangeDoubt)
        said = Q()
        for kind in kinds:
            said |= Q(pk__in=kind.objects.filter(package).values("record_id"))
        rows = rows.filter(said)
    return list(rows.order_by("record_id").values_list("record_id", flat=True).distinct())
