"""Who was told what, and did the mail go out? Rows hold words by key and opaque ids, never what a case says."""

from django.db import models
from django.db.models import Q

from watchbell.apps.journal.columns import OrderedText, public_id
from watchbell.domain.handling import Tlp


class Notice(models.Model):
    """One piece of news for one organisation, or for one person of it."""

    public_id = public_id()
    key = OrderedText(max_length=150, unique=True)
    organisation = OrderedText(max_length=32)
    person = OrderedText(max_length=32, blank=True)
    kind = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=64)
    subject = OrderedText(max_length=64)
    facts = models.JSONField(default=dict)
    marking = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    read_by = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-at", "public_id"], name="notice_of_one_org_latest"),
            models.Index(fields=["organisation"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(marking__lte=Tlp.RED), name="notice_marking_is_a_tlp_label"),
            models.CheckConstraint(condition=~Q(organisation=""), name="notice_has_a_recipient"),
        ]

    def __str__(self) -> str:
        return f"notice {self.public_id}"


class Mail(models.Model):
    """One mail of one notice to one address, of which only a digest is kept; `sent_at` once the server took it."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="mails")
    address_digest = models.CharField(max_length=64)
    tried_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "address_digest"], name="notice_is_mailed_to_an_address_once")
        ]

    def __str__(self) -> str:
        return f"mail of notice {self.notice_id}"
