"""People, organisations and what binds them; the only tables that hold names."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from watchbell.domain.handling import OrganisationKind, Role


class People(BaseUserManager["Person"]):
    """Find people by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Return the person with this e-mail address."""
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Someone who signs in; once erased, this row is blanked and keeps the opaque id alone.

    `language` is empty until they choose one. `factors_removed` counts removals of second
    factors: a session that was strong at an earlier count is not strong any more.
    """

    public_id = models.CharField(max_length=32, unique=True)
    email = models.EmailField(max_length=254)
    display_name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    factors_removed = models.PositiveIntegerField(default=0)
    is_node_admin = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = People()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_is_unique_in_any_case")]

    def get_full_name(self) -> str:
        """Return the name to show."""
        return "erased person" if self.erased_at else self.display_name or self.email


class Organisation(models.Model):
    """A lab, evaluator, coordinator, vendor or operator on this node, or several of these at once."""

    public_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    sector = models.CharField(max_length=60, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=8, default="en")
    is_government = models.BooleanField(default=False)
    shares_counts = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="organisation_name_is_unique_in_any_case"),
        ]

    def __str__(self) -> str:
        return self.name


class OrganisationKindOf(models.Model):
    """One kind an organisation is of."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="kinds")
    kind = models.CharField(max_length=16, choices=[(kind, kind) for kind in OrganisationKind])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind"], name="organisation_is_of_a_kind_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=list(OrganisationKind)), name="organisation_kind_is_known"
            ),
        ]


class Membership(models.Model):
    """A person belongs to an organisation, in one role."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role, role) for role in Role])
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "organisation"], name="person_belongs_to_organisation_once"),
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="membership_role_is_known"),
        ]


class Client(models.Model):
    """A declared client: TLP:AMBER material of the provider may reach it."""

    provider = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="clients")
    client = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="providers")
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "client"], name="client_is_declared_once"),
            models.CheckConstraint(condition=~models.Q(provider=models.F("client")), name="client_is_somebody_else"),
        ]


class Community(models.Model):
    """A circle of organisations that TLP:GREEN material may be shared with."""

    public_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    organisations = models.ManyToManyField(Organisation, related_name="communities")


class Invitation(models.Model):
    """A link, used once, that lets someone join; without an organisation it makes a node administrator."""

    public_id = models.CharField(max_length=32, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, blank=True)
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=16, choices=[(role, role) for role in Role], blank=True)
    secret_digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(organisation__isnull=False) ^ models.Q(role=""),
                name="invitation_names_a_role_exactly_when_it_names_an_organisation",
            ),
        ]


class Token(models.Model):
    """A bearer token of one person for one organisation; only a digest of its secret is kept."""

    public_id = models.CharField(max_length=32, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=100)
    secret_digest = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="token_ends_after_it_begins"
            ),
        ]


class IdentityProvider(models.Model):
    """An OpenID Connect provider whose word this node takes for who somebody is; its secret lies sealed."""

    public_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=32, unique=True)
    label = models.CharField(max_length=60)
    issuer = models.CharField(max_length=500, unique=True)
    client_id = models.CharField(max_length=255)
    sealed_secret = models.BinaryField()
    trusts_email = models.BooleanField(default=False)
    asserts_mfa = models.BooleanField(default=False)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.label


class Identity(models.Model):
    """Who a person is to one provider, by the provider's own opaque name for them."""

    public_id = models.CharField(max_length=32, unique=True)
    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="identities")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="identity_is_one_persons"),
            models.UniqueConstraint(fields=["provider", "person"], name="person_has_one_identity_at_a_provider"),
            models.CheckConstraint(condition=~models.Q(subject=""), name="identity_has_a_subject"),
        ]
