"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

AS_THE_NODE = "As long as the node: it is published, and matches rest on it."
ANEW = "Until the source publishes the record anew."
PUBLIC = "Not exported: it is public, and its sources hold it."
STAYS = "Stays: it belongs to no person or organisation of this node."

KEPT = (
    Kept(
        model="vulnerabilities.Standing",
        columns=("id", "next_change", "first_import_at"),
        holds="The number of the next change and when this node first imported advisories.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.Source",
        columns=(
            *("id", "public_id", "name", "kind", "location", "enabled", "period_hours"),
            *("first_import_at", "last_tried_at", "last_ok_at", "last_error", "etag", "last_modified", "record_count"),
        ),
        holds="Where records come from, whether it is switched on, and how the last reading went.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.SourceRecord",
        columns=(
            *("id", "public_id", "source_id", "record_id", "digest", "received_digest", "published_at"),
            *("modified_at", "withdrawn_at", "known_at", "fix_known_at", "has_fix", "summary", "cvss"),
            *("changed_seq", "document_id", "read_as"),
        ),
        holds="What a record says of itself: its id, times, one line, severity.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.ReceivedRecord",
        columns=("record_id", "content"),
        holds="The bytes of a record as they came, compressed.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.AliasAssertion",
        columns=("id", "record_id", "identifier", "alias"),
        holds="Which record says that which ids mean one vulnerability.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.Group",
        columns=("id", "public_id", "anchor", "display_id", "umbrella", "merged_into_id"),
        holds="One vulnerability under its opaque id.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.GroupMember",
        columns=("id", "identifier", "group_id"),
        holds="Which id belongs to which vulnerability.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.UmbrellaLink",
        columns=("id", "group_id", "cve"),
        holds="Which CVEs a record over several speaks of.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.CatalogueAssertion",
        columns=(
            *("id", "kind", "asserter", "cve", "data", "since", "known_at"),
            *("ended_at", "changed_seq"),
        ),
        holds="What KEV, EPSS and SSVC catalogues say of a CVE; what ended is marked as ended.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.Supplier",
        columns=("id", "name", "folded"),
        holds="Vendors as catalogues name them: names, not accounts.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.Product",
        columns=("id", "public_id", "supplier_id", "name", "folded_name", "folded"),
        holds="Products as catalogues name them.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.ProductWord",
        columns=("id", "product_id", "word"),
        holds="The words by which a product is found.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.ProductListing",
        columns=("id", "product_id", "identifier", "asserter", "known_at"),
        holds="Which catalogue names which product in connection with which id.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.Package",
        columns=("id", "ecosystem", "name"),
        holds="Names of packages from records and inventories, one number for everyone's.",
        until=AS_THE_NODE,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.Range",
        columns=(
            *("id", "package_id", "record_id", "lo", "hi", "introduced", "fixed"),
            *("last_affected", "by_line", "is_ambiguous", "key_format", "retracted"),
        ),
        holds="Which versions of a package a record names, as keys and as written.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.SafeRange",
        columns=(
            *("id", "package_id", "record_id", "lo", "hi", "introduced", "fixed"),
            *("last_affected", "by_line", "is_ambiguous", "key_format", "retracted"),
        ),
        holds="Which versions of a package a record itself calls unaffected.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.ProductClaim",
        columns=(
            *("id", "product_id", "record_id", "entry", "scheme", "says", "lo", "hi", "introduced", "fixed"),
            *("last_affected", "by_line", "reason", "because", "key_format", "retracted"),
        ),
        holds="What a record says of the versions of a product that people can pick.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.NamedVersion",
        columns=("id", "package_id", "record_id", "version", "retracted"),
        holds="Versions without an order that a record lists.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
    Kept(
        model="vulnerabilities.RangeDoubt",
        columns=("id", "package_id", "record_id", "reason", "because", "retracted"),
        holds="What a record says of a package and cannot be read.",
        until=ANEW,
        on_export=PUBLIC,
        on_deletion=STAYS,
    ),
)
