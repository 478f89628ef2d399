"""Which sealed files are there, whose are they, how far may they travel, and until when are they kept?"""

from django.db import models
from django.db.models import Q

from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id


class Blob(models.Model):
    """One sealed file: its bytes lie encrypted in the store under a random name, never in the database."""

    public_id = public_id()
    token = models.CharField(max_length=32, unique=True)
    digest = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    key_id = models.CharField(max_length=64)
    organisation_id = OrderedText(max_length=32, blank=True)
    kept_by = models.CharField(max_length=64, blank=True)
    marking = models.PositiveSmallIntegerField()
    is_quarantined = models.BooleanField()
    keep_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["keep_until"], name="blob_kept_long_enough", condition=Q(keep_until__isnull=False)),
            models.Index(fields=["organisation_id", "id"], name="blob_of_one_organisation"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(marking__lte=4), name="blob_marking_is_a_tlp_label"),
            no_longer_than("digest", 64, name="blob_digest_is_sha256_in_hex"),
        ]

    def __str__(self) -> str:
        return f"blob {self.public_id}"
