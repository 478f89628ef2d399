"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

OWN = "The operator's own export holds it; nobody else's does."
WITH_ASSET = "With its asset, at once."
SHARED = "Nothing: it names no operator; it goes when no list names it any more."

KEPT = (
    Kept(
        model="inventory.Asset",
        columns=(
            *("id", "public_id", "organisation_id", "name", "kind", "exposed", "patched_by", "listing_id"),
            *("created_at", "updated_at"),
        ),
        holds="What an operator runs, and its answers about it.",
        until="The operator removes it.",
        on_export=OWN,
        on_deletion="The operator removes it, at once.",
    ),
    Kept(
        model="inventory.Document",
        columns=(
            *("id", "public_id", "organisation_id", "digest", "format", "size", "blob_id", "components"),
            *("assessed", "refused", "loaded_by", "loaded_at"),
        ),
        holds="Which documents were handed in: digest, counts, and the sealed file if it was kept.",
        until="The operator's organisation is removed.",
        on_export=OWN,
        on_deletion="With the organisation; the sealed file when its key or its time ends.",
    ),
    Kept(
        model="inventory.Listing",
        columns=("id", "asset_id", "document_id", "components", "assessed", "started_at"),
        holds="Which document is in force for which asset.",
        until="Another list takes its place.",
        on_export=OWN,
        on_deletion=WITH_ASSET,
    ),
    Kept(
        model="inventory.Load",
        columns=(
            *("id", "public_id", "asset_id", "document_id", "listing_id", "job", "stage", "total", "done"),
            *("received_at", "settled_at"),
        ),
        holds="Which large documents were loaded in the background, how far that is and what became of it.",
        until="The asset is removed.",
        on_export=OWN,
        on_deletion=WITH_ASSET,
    ),
    Kept(
        model="inventory.Component",
        columns=("id", "listing_id", "version_id", "times"),
        holds="Which versions a list in force names.",
        until="Another list takes its place.",
        on_export=OWN,
        on_deletion=WITH_ASSET,
    ),
    Kept(
        model="inventory.Unassessable",
        columns=("id", "listing_id", "name", "version", "purl", "word", "reason", "times", "cpe"),
        holds="What a list in force names that no record could name.",
        until="Another list takes its place.",
        on_export=OWN,
        on_deletion=WITH_ASSET,
    ),
    Kept(
        model="inventory.Gap",
        columns=("id", "listing_id", "reason", "components"),
        holds="How many components of a list could not be assessed, by reason.",
        until="Another list takes its place.",
        on_export=OWN,
        on_deletion=WITH_ASSET,
    ),
    Kept(
        model="inventory.PickedProduct",
        columns=("id", "public_id", "asset_id", "listing_id", "product_id", "name", "version", "picked_at"),
        holds="Which products a person or a table says are in an asset.",
        until="The operator takes it off.",
        on_export=OWN,
        on_deletion=WITH_ASSET,
    ),
    Kept(
        model="inventory.PackageVersion",
        columns=(
            "id",
            "package_id",
            "ecosystem",
            "name",
            "raw",
            "key",
            "key_format",
            "doubt",
            "is_ambiguous",
            "is_matched",
        ),
        holds="Versions of packages that someone here runs, once for all of them.",
        until="No list names it any more, looked at daily.",
        on_export="Not exported as such; each operator's export names its own.",
        on_deletion=SHARED,
    ),
    Kept(
        model="inventory.Match",
        columns=("id", "version_id", "record_id", "status", "reason", "because", "fixed"),
        holds="Which published records name a version, and why.",
        until="The version or the record's word on it goes.",
        on_export="Each operator's export names its own.",
        on_deletion=SHARED,
    ),
    Kept(
        model="inventory.ProductMatch",
        columns=("id", "product_id", "version", "group_id", "record_id", "tier", "because", "fixed"),
        holds="Which records and catalogues name a product that someone picked, in which version, and why.",
        until="The record or catalogue no longer names it, or nobody has that version.",
        on_export="Each operator's export names its own.",
        on_deletion=SHARED,
    ),
    Kept(
        model="inventory.Cursor",
        columns=("id", "seq"),
        holds="How far published changes were matched.",
        until="For good; it is one number.",
        on_export="Not exported.",
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="inventory.Touched",
        columns=("id", "organisation_id"),
        holds="Whom news reached, until the journal says so.",
        until="Some seconds.",
        on_export="Not exported.",
        on_deletion="It removes itself.",
    ),
)
