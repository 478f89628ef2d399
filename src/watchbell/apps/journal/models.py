"""What does the record remember? Entries and their seals, heads over them, and where each reader stands."""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id


class Entry(models.Model):
    """One deed, free of content: who, what, on which object, when; never changed, never removed."""

    public_id = public_id()
    action = OrderedText(max_length=64)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64, blank=True)
    organisation_id = models.CharField(max_length=32, blank=True)
    subject_kind = models.CharField(max_length=64)
    subject_id = OrderedText(max_length=64)
    digests = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    salt = models.BinaryField(max_length=32)
    concern_salt = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"], name="entry_story_of_one_object")]
        constraints = [
            no_longer_than("action", 64, name="entry_action_is_short"),
            no_longer_than("subject_id", 64, name="entry_subject_is_an_opaque_id"),
            no_longer_than("actor_id", 64, name="entry_actor_is_an_opaque_id"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.public_id}"


class EntryConcern(models.Model):
    """One organisation that may read one entry."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="concerns", db_index=False)
    organisation_id = OrderedText(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["organisation_id", "entry"], name="concern_entries_of_one_org")]
        constraints = [
            models.UniqueConstraint(fields=["entry", "organisation_id"], name="concern_names_an_organisation_once")
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} may read entry {self.entry_id}"


class Unsealed(models.Model):
    """An entry that waits for its seal; the row goes when the seal comes.

    A column on the entry would have to change, and a search for entries without
    a seal would read the whole record at every turn of the worker.
    """

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="unsealed")

    class Meta:
        verbose_name_plural = "unsealed"

    def __str__(self) -> str:
        return f"entry {self.entry_id} waits for its seal"


class Seal(models.Model):
    """One place in the order of the record: an entry, or padding that hides how much happened."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="seal")
    padding_salt = models.BinaryField(max_length=32, null=True)
    commitment = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(entry__isnull=True, padding_salt__isnull=False)
                | Q(entry__isnull=False, padding_salt__isnull=True),
                name="seal_is_an_entry_or_openable_padding",
            ),
            models.CheckConstraint(condition=Q(seq__gte=0), name="seal_order_starts_at_zero"),
        ]

    def __str__(self) -> str:
        return f"seal {self.seq}"


class Fence(models.Model):
    """Where the one sealer stands; whoever holds this row's lock is the sealer."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    next_seq = models.BigIntegerField(default=0)
    chain = models.BinaryField(max_length=32)
    frontier = models.BinaryField(max_length=2056)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="fence_is_one_row")]

    def __str__(self) -> str:
        return f"the next seal is {self.next_seq}"


class OwnLog(models.Model):
    """The log of one organisation: the commitments of the entries that concern it, at places 0, 1, 2 without a gap.

    Changed with the seals, under the fence. `shown_size` and `shown_root` are what the latest head
    says of it (0 and nothing: it was not there yet); decision 10 says what it is for.
    """

    organisation_id = OrderedText(max_length=32, unique=True)
    size = models.BigIntegerField()
    frontier = models.BinaryField(max_length=2056)
    shown_size = models.BigIntegerField(default=0)
    shown_root = models.BinaryField(max_length=32, default=b"")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shown_size__gte=0, size__gte=1, shown_size__lte=F("size")),
                name="own_log_is_never_smaller_than_it_was_shown",
            )
        ]

    def __str__(self) -> str:
        return f"{self.size} entries concern {self.organisation_id}"


class TreeHead(models.Model):
    """A signed statement, for everyone: size and root of the record, and one root over everybody's own log."""

    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)
    frontier = models.BinaryField(max_length=2056)
    views = models.BinaryField(max_length=32)
    views_secret = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    published_for = models.DateTimeField(unique=True)
    key_id = models.CharField(max_length=64)
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["size"], name="head_by_size")]
        constraints = [models.CheckConstraint(condition=Q(size__gte=0), name="head_counts_from_zero")]

    def __str__(self) -> str:
        return f"head over {self.size}"


class StoredReply(models.Model):
    """What was answered to a repeatable request; it commits with the deed it answers."""

    actor = OrderedText(max_length=160)
    route = models.CharField(max_length=128)
    key = OrderedText(max_length=128)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    media_type = models.CharField(max_length=64, blank=True)
    body = models.BinaryField(default=b"")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "stored replies"
        indexes = [models.Index(fields=["at"], name="reply_oldest_first")]
        constraints = [
            models.UniqueConstraint(fields=["actor", "route", "key"], name="reply_is_the_only_one_for_its_key"),
            no_longer_than("key", 128, name="reply_key_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class HandlerCursor(models.Model):
    """How far one handler has read: the next seal it has not seen."""

    handler = OrderedText(max_length=64, unique=True)
    seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=0), name="cursor_counts_from_zero")]

    def __str__(self) -> str:
        return f"{self.handler} at {self.seq}"
