"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

PUBLIC = "Stays while the node keeps its record: what was published is corrected or withdrawn, never dropped."

KEPT = (
    Kept(
        model="advisories.Advisory",
        columns=(
            *("id", "public_id", "tracking_id", "case", "organisation", "state", "title", "content", "etag"),
            *("marking", "shared_content", "shared_at"),
            *("created_at", "edited_at", "published_at", "updated_at", "withdrawn_at"),
        ),
        holds="The working copy of an advisory, what its case was shown of it, and where it stands; "
        "credits name who asked to be named.",
        until=PUBLIC,
        on_export="The coordinating organisation's export holds its working copies; what is public is public.",
        on_deletion="A credit is removed by an edit and a new version.",
    ),
    Kept(
        model="advisories.Version",
        columns=("id", "advisory_id", "number", "summary", "content", "etag", "at"),
        holds="What was published, as it was.",
        until=PUBLIC,
        on_export="It is public.",
        on_deletion="Nothing: others hold copies, and a version that changed could not be trusted.",
    ),
    Kept(
        model="advisories.Rendering",
        columns=("id", "version_id", "format", "index", "body", "etag"),
        holds="The bytes a version is served as.",
        until=PUBLIC,
        on_export="It is public.",
        on_deletion="With its version.",
    ),
    Kept(
        model="advisories.Naming",
        columns=("id", "advisory_id", "flaw", "identifier", "ecosystem", "name"),
        holds="By which ids and packages an advisory for some communities is found by those who may read it.",
        until="Its advisory is published anew or opened to everyone.",
        on_export="With its advisory.",
        on_deletion="Nothing personal is in it.",
    ),
    Kept(
        model="advisories.TrackingCounter",
        columns=("id", "year", "last"),
        holds="How many tracking ids a year has given out.",
        until="For good, so that no id is given twice.",
        on_export="Not exported.",
        on_deletion="Nothing personal is in it.",
    ),
)
