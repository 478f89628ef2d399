"""This will keep the CPEs by which records name products, beside what the same entry claims of their versions."""

from collections.abc import Iterable

from watchbell.apps.vulnerabilities.models import CPE_LENGTH
from watchbell.apps.vulnerabilities.services import bulk
from watchbell.apps.vulnerabilities.services.drafts import Draft
from watchbell.domain.matching.cpe import read_cpe
from watchbell.domain.matching.products import ProductName

COLUMNS = ("record_id", "entry", "cpe", "retracted")
MOST_FOR_ONE = 100


def add(draft: Draft, product: ProductName, *, entry: int) -> None:
    """Add the CPEs of a product whose versions are told in this entry of the draft's claims."""
    found = (read_cpe(text) for text in product.cpes)
    keys = sorted({one.key for one in found if one is not None and len(one.key) <= CPE_LENGTH})
    draft.cpes.update({(entry, key): None for key in keys[:MOST_FOR_ONE]})


def rows_of(placed: Iterable[tuple[int, Draft]]) -> list[bulk.Row]:
    """Return the rows of these drafts, by the number of each record."""
    return [
        (pk, entry, cpe, draft.withdrawn_at is not None) for pk, draft in placed for entry, cpe in sorted(draft.cpes)
    ]
