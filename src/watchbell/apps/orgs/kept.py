"""What does this room keep, how long, and what do export and deletion do?"""

from watchbell.apps.kept import Kept

OWN = "In the export of its organisation."
ENDS_WITH_MEMBERSHIP = "Removed when the person leaves or is erased."

KEPT = (
    Kept(
        model="orgs.Person",
        columns=(
            *("id", "public_id", "email", "display_name", "password", "language", "time_zone", "factors_removed"),
            *("is_node_admin", "is_active", "last_login", "created_at", "erased_at"),
        ),
        holds="Name, address and a digest of the password: the only place where names are kept.",
        until="The account is erased.",
        on_export="The person sees it on their own page.",
        on_deletion="Name, address and password are blanked; the opaque id stays.",
    ),
    Kept(
        model="orgs.Organisation",
        columns=(
            *("id", "public_id", "name", "sector", "time_zone", "language", "is_government", "shares_counts"),
            *("created_at", "closed_at"),
        ),
        holds="Who takes part on this node.",
        until="As long as the node; a closed organisation keeps its name for the record's readers.",
        on_export=OWN,
        on_deletion="Closed, not removed.",
    ),
    Kept(
        model="orgs.OrganisationKindOf",
        columns=("id", "organisation_id", "kind"),
        holds="What an organisation does on this node.",
        until="As long as the organisation.",
        on_export=OWN,
        on_deletion="Goes with the organisation.",
    ),
    Kept(
        model="orgs.Membership",
        columns=("id", "person_id", "organisation_id", "role", "since"),
        holds="Who acts for which organisation, in which role.",
        until="The membership ends.",
        on_export=OWN,
        on_deletion=ENDS_WITH_MEMBERSHIP,
    ),
    Kept(
        model="orgs.Client",
        columns=("id", "provider_id", "client_id", "declared_at"),
        holds="Declared clients, whom TLP:AMBER may reach.",
        until="Either organisation is closed.",
        on_export=OWN,
        on_deletion="Goes with either organisation.",
    ),
    Kept(
        model="orgs.Community",
        columns=("id", "public_id", "name", "created_at"),
        holds="Circles TLP:GREEN may be shared with.",
        until="As long as the node.",
        on_export=OWN,
        on_deletion="Holds no person's data.",
    ),
    Kept(
        model="orgs.Community_organisations",
        columns=("id", "community_id", "organisation_id"),
        holds="Which organisations a circle joins.",
        until="The organisation leaves it.",
        on_export=OWN,
        on_deletion="Goes with either of them.",
    ),
    Kept(
        model="orgs.Invitation",
        columns=(
            *("id", "public_id", "organisation_id", "email", "role", "secret_digest"),
            *("created_at", "expires_at", "accepted_at", "revoked_at"),
        ),
        holds="Who was invited, and a digest of the link's secret.",
        until="As long as the organisation.",
        on_export=OWN,
        on_deletion="Removed with the account of the person invited.",
    ),
    Kept(
        model="orgs.Token",
        columns=(
            *("id", "public_id", "person_id", "organisation_id", "label", "secret_digest", "scopes"),
            *("created_at", "expires_at", "last_used_at", "revoked_at"),
        ),
        holds="Bearer tokens: a digest of each secret, never the secret.",
        until="90 days at most as a key; the row stays for the record's readers.",
        on_export=OWN,
        on_deletion="Ended at once when the person leaves or is erased; erasure blanks the label too.",
    ),
    Kept(
        model="orgs.IdentityProvider",
        columns=(
            *("id", "public_id", "name", "label", "issuer", "client_id", "sealed_secret"),
            *("trusts_email", "asserts_mfa", "added_at"),
        ),
        holds="OpenID Connect providers people may sign in with; the client secret is sealed under a key of its own.",
        until="The provider is removed; its key is destroyed with it.",
        on_export="Names no person and no organisation; stays here.",
        on_deletion="Holds no person's data.",
    ),
    Kept(
        model="orgs.Identity",
        columns=("id", "public_id", "provider_id", "person_id", "subject", "linked_at"),
        holds="Which person a provider's opaque subject is.",
        until="The link is removed, the provider is removed, or the account is erased.",
        on_export="The person sees it on their own page.",
        on_deletion="Removed with the account.",
    ),
)
