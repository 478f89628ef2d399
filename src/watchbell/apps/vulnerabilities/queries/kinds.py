"""Of what kind are these records: a registry's, a numbering authority's, or a vendor's own document?"""

from collections.abc import Iterable

from watchbell.apps.vulnerabilities.models import SourceKind
from watchbell.apps.vulnerabilities.services import bulk

_KINDS = (
    "SELECT r.id, s.kind FROM vulnerabilities_sourcerecord AS r JOIN vulnerabilities_source AS s ON s.id = r.source_id "
    "WHERE r.id IN ({})"
)


def kinds_of(records: Iterable[int]) -> dict[int, SourceKind]:
    """Return the kind of the source of each of these records, by its number."""
    return {row[0]: SourceKind(row[1]) for row in bulk.rows_where_in(_KINDS, records)}
