"""What does one received CVE record say, worked out before the database is touched?

A package joins by its ranges where the record names one for certain; vendor and product join
only what a person picked. A REJECTED record is withdrawn: it takes back all it said.
"""

from datetime import UTC, datetime

from watchbell.apps.vulnerabilities.services import claims, drafts
from watchbell.apps.vulnerabilities.services.drafts import Draft
from watchbell.formats import cve
from watchbell.formats.cve_record import CveRecord

NOBODY_SAID_WHEN = datetime(1970, 1, 1, tzinfo=UTC)


def read(content: bytes, received_digest: bytes, *, place: str) -> Draft:
    """Return what these bytes say. Raises Refused with the place: the line or member, then a JSON pointer."""
    with drafts.located(place):
        return _draft(cve.loads(content), content, received_digest, place)


def _draft(record: CveRecord, content: bytes, received_digest: bytes, place: str) -> Draft:
    draft = Draft(
        place=place,
        content=content,
        received_digest=received_digest,
        record_id=drafts.checked_id(record.id, "/cveMetadata/cveId"),
        published_at=record.published_at,
        modified_at=record.updated_at,
        withdrawn_at=_rejected_at(record),
        summary=drafts.shortened(record.summary),
        cvss=drafts.preferred_vector({one.vector for one in record.severities}),
        aliases=[],
    )
    for claim in record.claims():
        claims.add(draft, claim, vendor=claim.product.vendor)
    return draft


def _rejected_at(record: CveRecord) -> datetime | None:
    """Return since when the record is void; one that does not say so is void all the same."""
    if not record.is_rejected:
        return None
    return record.rejected_at or record.updated_at or record.published_at or NOBODY_SAID_WHEN
