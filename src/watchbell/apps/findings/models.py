"""What was handed in, which flaws it claims, and who has shown them? Nothing here is ever dropped, only settled."""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.findings.words import Channel, RejectionReason, UploadFormat
from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.domain.advisory import EvidenceLevel
from watchbell.domain.duplicates.answer import Answer
from watchbell.domain.handling import Tlp
from watchbell.domain.lifecycle import Finding as FindingState

LONGEST_TITLE = 300
LONGEST_ITEM_ID = 200
LONGEST_WEAKNESS = 20


class Submission(models.Model):
    """One upload as received: its sealed bytes, who handed it in and how, and what came of its items.

    `done` of `total` items are taken in; `job` is who does it where there were too many to wait for.
    """

    public_id = public_id()
    submitter = OrderedText(max_length=40)
    organisation = OrderedText(max_length=32, blank=True)
    person = models.CharField(max_length=32, blank=True)
    receipt_digest = models.CharField(max_length=64, null=True, unique=True)
    key = OrderedText(max_length=200)
    content_digest = models.CharField(max_length=64)
    blob = models.CharField(max_length=32)
    channel = models.CharField(max_length=8, choices=[(one, one) for one in Channel])
    format = models.CharField(max_length=8, choices=[(one, one) for one in UploadFormat])
    marking = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    job = models.CharField(max_length=32, blank=True)
    stored = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    set_aside = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-received_at"], name="submission_of_one_org_latest")]
        constraints = [
            models.UniqueConstraint(fields=["submitter", "key"], name="submission_key_is_used_once"),
            models.CheckConstraint(
                condition=~Q(organisation="") ^ Q(receipt_digest__isnull=False) ^ Q(submitter="console"),
                name="submission_has_one_kind_of_submitter",
            ),
            models.CheckConstraint(condition=Q(marking__lte=Tlp.AMBER_STRICT), name="submission_names_no_persons"),
            models.CheckConstraint(
                condition=Q(done=F("stored") + F("same") + F("refused"), done__lte=F("total")),
                name="submission_answers_each_item_once",
            ),
            no_longer_than("key", 200, name="submission_key_is_short"),
        ]

    def __str__(self) -> str:
        return f"submission {self.public_id}"


class Arrival(models.Model):
    """An upload on its way in pieces: how many of its bytes are here, and which it will be when all are.

    It ends when the whole is handed in, or a day after it began.
    """

    submitter = OrderedText(max_length=40)
    key = OrderedText(max_length=200)
    size = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    received = models.PositiveBigIntegerField(default=0)
    began_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submitter", "key"], name="arrival_key_is_used_once"),
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="arrival_holds_no_more_than_it_will"),
            no_longer_than("key", 200, name="arrival_key_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.received} of {self.size} bytes on their way"


class Piece(models.Model):
    """Some bytes of an upload on its way, sealed in a file that ends with the day."""

    arrival = models.ForeignKey(Arrival, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    start = models.PositiveBigIntegerField()
    blob = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arrival", "start"], name="piece_is_taken_once")]

    def __str__(self) -> str:
        return f"piece from byte {self.start} on of arrival {self.arrival_id}"


class Answers(models.Model):
    """What became of some items of an upload, in its order, as its sender is told: canonical JSON, written once.

    They stand from item `first` on; `refused` counts those among them that were not taken.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="answers", db_index=False)
    first = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    told = models.BinaryField()

    class Meta:
        verbose_name_plural = "answers"
        constraints = [models.UniqueConstraint(fields=["submission", "first"], name="answers_are_given_once")]

    def __str__(self) -> str:
        return f"answers from item {self.first} of submission {self.submission_id}"


class Finding(models.Model):
    """One claimed flaw, its claim as canonical JSON, and what triage has decided about it."""

    State = FindingState

    public_id = public_id()
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="findings", db_index=False)
    index = models.PositiveIntegerField()
    submitter = OrderedText(max_length=40)
    item_id = OrderedText(max_length=LONGEST_ITEM_ID, blank=True)
    title = models.CharField(max_length=LONGEST_TITLE)
    vendor = models.CharField(max_length=LONGEST_TITLE, blank=True)
    product = models.CharField(max_length=LONGEST_TITLE, blank=True)
    version = models.CharField(max_length=LONGEST_TITLE, blank=True)
    purl = models.CharField(max_length=LONGEST_TITLE, blank=True)
    claim = models.BinaryField()
    digest = models.CharField(max_length=64)
    root_cause = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, default=FindingState.RECEIVED)
    level = models.PositiveSmallIntegerField(default=EvidenceLevel.E0_ASSERTED)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    rejection = models.CharField(max_length=32, blank=True)
    rejection_note = models.TextField(blank=True)
    marking = models.PositiveSmallIntegerField()
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "received_at", "public_id"], name="finding_queue"),
            models.Index(fields=["digest"], name="finding_with_the_same_content"),
            models.Index(fields=["root_cause"], name="finding_with_the_same_cause", condition=~Q(root_cause="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["submission", "index"], name="finding_has_its_place_in_the_upload"),
            models.UniqueConstraint(fields=["submitter", "digest"], name="finding_is_stored_once_for_its_submitter"),
            models.UniqueConstraint(
                fields=["submitter", "item_id"], condition=~Q(item_id=""), name="finding_item_id_is_its_submitters_own"
            ),
            models.CheckConstraint(condition=Q(state__in=list(FindingState)), name="finding_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=FindingState.DUPLICATE, duplicate_of__isnull=False)
                | (~Q(state=FindingState.DUPLICATE) & Q(duplicate_of__isnull=True)),
                name="finding_duplicate_names_its_original",
            ),
            models.CheckConstraint(condition=~Q(duplicate_of=F("id")), name="finding_is_not_its_own_original"),
            models.CheckConstraint(
                condition=Q(state=FindingState.RECEIVED, settled_at__isnull=True)
                | (~Q(state=FindingState.RECEIVED) & Q(settled_at__isnull=False)),
                name="finding_settled_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state=FindingState.REJECTED, rejection__in=list(RejectionReason))
                | (~Q(state=FindingState.REJECTED) & Q(rejection="")),
                name="finding_rejected_says_why",
            ),
            models.CheckConstraint(condition=Q(level__lte=max(EvidenceLevel)), name="finding_level_is_known"),
            models.CheckConstraint(condition=Q(marking__lte=Tlp.AMBER_STRICT), name="finding_names_no_persons"),
        ]

    def __str__(self) -> str:
        return f"finding {self.public_id}"


class Comparison(models.Model):
    """That a finding was compared with those before it, and when."""

    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, primary_key=True, related_name="comparison")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"comparison of {self.finding_id}"


class Likeness(models.Model):
    """A report that may be the same flaw as a later `finding`: how probably, and why, for a coordinator to judge.

    It decides nothing and nobody else learns of it. `probability` is in thousandths; `reasons` are sentences as
    canonical JSON, the heaviest first.
    """

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="likenesses", db_index=False)
    other = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="likened")
    answer = models.CharField(max_length=24)
    probability = models.PositiveSmallIntegerField()
    reasons = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "likenesses"
        constraints = [
            models.UniqueConstraint(fields=["finding", "other"], name="likeness_is_told_once"),
            models.CheckConstraint(condition=~Q(finding=F("other")), name="likeness_is_between_two"),
            models.CheckConstraint(condition=Q(answer__in=[Answer.SAME, Answer.RELATED]), name="likeness_says_which"),
            models.CheckConstraint(condition=Q(probability__lte=1000), name="likeness_probability_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"likeness of {self.finding_id} to {self.other_id}"


class Weighed(models.Model):
    """What of a claim its place in the queue hangs on: kind of weakness, and impact in thousandths where it is said."""

    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, primary_key=True, related_name="weighed")
    weakness = OrderedText(max_length=LONGEST_WEAKNESS, blank=True)
    impact = models.PositiveSmallIntegerField(null=True)

    class Meta:
        verbose_name_plural = "weighed"
        constraints = [models.CheckConstraint(condition=Q(impact__lte=1000), name="weighed_impact_is_a_share")]

    def __str__(self) -> str:
        return f"weight of {self.finding_id}"


class Place(models.Model):
    """Where a finding stands in the queue, and why: what is believed of it in thousandths, on how many judgements.

    `judged` and `real` are those of its source in its kind, as heavy as they still weigh; `minutes` is how long
    looking is expected to take. Worked out anew as a whole; the first hundreds have one.
    """

    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, primary_key=True, related_name="place")
    number = models.PositiveIntegerField(unique=True)
    by_age = models.BooleanField()
    chance = models.PositiveSmallIntegerField()
    low = models.PositiveSmallIntegerField()
    high = models.PositiveSmallIntegerField()
    judged = models.FloatField()
    real = models.FloatField()
    minutes = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(low__lte=F("chance"), chance__lte=F("high"), high__lte=1000), name="place_tells_an_interval"
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="place_expects_some_minutes"),
        ]

    def __str__(self) -> str:
        return f"place {self.number} in the queue"


class Turn(models.Model):
    """Which decision it was, counted from 1, when a source last had its turn for having waited longest."""

    source = OrderedText(max_length=40, unique=True)
    number = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"turn {self.number}"


class EvidenceReceipt(models.Model):
    """Who has shown a finding, how well, through which entry point, and who controls what goes in there."""

    public_id = public_id()
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="receipts")
    level = models.PositiveSmallIntegerField()
    party = OrderedText(max_length=32)
    recorded_by = models.CharField(max_length=32, blank=True)
    entry_point = models.TextField(blank=True)
    controlled_by = models.TextField(blank=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level__gt=EvidenceLevel.E0_ASSERTED, level__lte=max(EvidenceLevel)),
                name="evidence_level_is_above_a_bare_claim",
            ),
            models.CheckConstraint(
                condition=~Q(level__in=[EvidenceLevel.E2_REPRODUCED, EvidenceLevel.E3_REPRODUCED_BY_TWO])
                | (~Q(entry_point="") & ~Q(controlled_by="")),
                name="evidence_reproduced_names_entry_and_control",
            ),
        ]

    def __str__(self) -> str:
        return f"receipt {self.public_id} at E{self.level}"
