"""What is being written, what was published, and as which bytes? A published version never changes."""

from django.db import models
from django.db.models import Q

from watchbell.apps.advisories.words import Format, State
from watchbell.apps.journal.columns import OrderedText, public_id
from watchbell.domain.handling import Tlp

RECORD_ID_LENGTH = 128
NAME_LENGTH = 512


class Advisory(models.Model):
    """One advisory: its working copy as canonical JSON, and, once published, its tracking id and label.

    A draft is as strict as its case. `shared_content` is the working copy as the case was last shown it.
    """

    public_id = public_id()
    tracking_id = OrderedText(max_length=32, blank=True)
    case = OrderedText(max_length=32, unique=True)
    organisation = OrderedText(max_length=32)
    state = models.CharField(max_length=16, default=State.DRAFT)
    title = models.CharField(max_length=300)
    content = models.BinaryField()
    etag = models.CharField(max_length=64)
    marking = models.PositiveSmallIntegerField()
    shared_content = models.BinaryField(null=True)
    shared_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "advisories"
        indexes = [
            models.Index(
                fields=["-published_at", "tracking_id"], name="advisory_public_latest", condition=~Q(state=State.DRAFT)
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(State)), name="advisory_state_is_known"),
            models.UniqueConstraint(
                fields=["tracking_id"], condition=~Q(tracking_id=""), name="advisory_tracking_id_is_its_own"
            ),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT, published_at__isnull=True, tracking_id="")
                | (~Q(state=State.DRAFT) & ~Q(tracking_id="") & Q(published_at__isnull=False)),
                name="advisory_published_has_id_and_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DRAFT) | Q(marking__lte=Tlp.GREEN), name="advisory_published_is_clear_or_green"
            ),
            models.CheckConstraint(
                condition=Q(shared_at__isnull=True, shared_content__isnull=True)
                | Q(shared_at__isnull=False, shared_content__isnull=False),
                name="advisory_shared_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state=State.WITHDRAWN, withdrawn_at__isnull=False)
                | (~Q(state=State.WITHDRAWN) & Q(withdrawn_at__isnull=True)),
                name="advisory_withdrawn_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.tracking_id or f"draft {self.public_id}"


class Version(models.Model):
    """One published state of an advisory, as it was; inserted once."""

    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    summary = models.TextField()
    content = models.BinaryField()
    etag = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["advisory", "number"], name="version_numbers_count_up"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_numbers_start_at_one"),
        ]

    def __str__(self) -> str:
        return f"{self.advisory_id} version {self.number}"


class Rendering(models.Model):
    """The bytes of one version in one format; OSV has one document for each vulnerability, counted from 0."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="renderings")
    format = models.CharField(max_length=8)
    index = models.PositiveIntegerField(default=0)
    body = models.BinaryField()
    etag = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "format", "index"], name="version_is_rendered_once"),
            models.CheckConstraint(condition=Q(format__in=list(Format)), name="rendering_format_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.format} of version {self.version_id}"


class Naming(models.Model):
    """One flaw of an advisory that is not for everyone goes by this id, or affects this package.

    What is CLEAR is found through the records that everyone's inventory is matched against; these rows are
    for the rest, and are read through `queries.visible_to` alone. Flaws are counted from 0.
    """

    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="namings", db_index=False)
    flaw = models.PositiveIntegerField()
    identifier = OrderedText(max_length=RECORD_ID_LENGTH, blank=True)
    ecosystem = OrderedText(max_length=64, blank=True)
    name = OrderedText(max_length=NAME_LENGTH, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["identifier"], name="naming_of_an_id"),
            models.Index(fields=["ecosystem", "name"], name="naming_of_a_package"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["advisory", "flaw", "identifier", "ecosystem", "name"], name="advisory_names_a_thing_once"
            ),
            models.CheckConstraint(
                condition=Q(identifier="", ecosystem__gt="", name__gt="") | Q(identifier__gt="", ecosystem="", name=""),
                name="naming_is_an_id_or_a_package",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.advisory_id} names {self.identifier or self.name}"


class TrackingCounter(models.Model):
    """How many tracking ids a year has given out; drafts take none, so that nobody can count them."""

    year = models.PositiveIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"
