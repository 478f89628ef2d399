"""Every look at what the world has published. It is public, so every viewer sees the same; own drafts are not here."""

from watchbell.apps.vulnerabilities.queries.asserted import Asserted, Fact, asserted_of
from watchbell.apps.vulnerabilities.queries.claimed import Claim, claims_about
from watchbell.apps.vulnerabilities.queries.designated import (
    DesignatedProduct,
    designated_products,
    designation_mark,
)
from watchbell.apps.vulnerabilities.queries.facts import Facts, facts_for
from watchbell.apps.vulnerabilities.queries.feeds import (
    STALE_AFTER,
    SourceAge,
    first_import_at,
    source_ages,
    sources,
)
from watchbell.apps.vulnerabilities.queries.guessed import claims_under, cpes_known
from watchbell.apps.vulnerabilities.queries.identified import Identity, identified_by, identity_mark, marks_known
from watchbell.apps.vulnerabilities.queries.kinds import kinds_of
from watchbell.apps.vulnerabilities.queries.naming import Named, ids_naming
from watchbell.apps.vulnerabilities.queries.picker import (
    ProductChoice,
    listed_for,
    products,
    products_called,
    products_listing,
)
from watchbell.apps.vulnerabilities.queries.provided import Provided, provided
from watchbell.apps.vulnerabilities.queries.records import (
    Change,
    GroupName,
    RecordPage,
    changed_since,
    count_records_changed_since,
    fixes_of,
    group_of,
    groups_of_records,
    last_change,
    names_of_records,
    record,
    records_of,
    search,
)

__all__ = [
    "STALE_AFTER",
    "Asserted",
    "Change",
    "Claim",
    "DesignatedProduct",
    "Fact",
    "Facts",
    "GroupName",
    "Identity",
    "Named",
    "ProductChoice",
    "Provided",
    "RecordPage",
    "SourceAge",
    "asserted_of",
    "changed_since",
    "claims_about",
    "claims_under",
    "count_records_changed_since",
    "cpes_known",
    "designated_products",
    "designation_mark",
    "facts_for",
    "first_import_at",
    "fixes_of",
    "group_of",
    "groups_of_records",
    "identified_by",
    "identity_mark",
    "ids_naming",
    "kinds_of",
    "last_change",
    "listed_for",
    "marks_known",
    "names_of_records",
    "products",
    "products_called",
    "products_listing",
    "provided",
    "record",
    "records_of",
    "search",
    "source_ages",
    "sources",
]
