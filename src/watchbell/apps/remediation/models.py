"""What does each operator have to do? One row for each vulnerability that reaches it, and what was done about it."""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.inventory.reach import Tier
from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.apps.remediation.words import Clock, Closing
from watchbell.domain.lifecycle import Remediation
from watchbell.domain.priority import Drawn, Exposure, Outcome

NOTE_LENGTH = 2000
SUBJECT_LENGTH = 200


class WorklistRow(models.Model):
    """One vulnerability as it reaches one operator: how urgent, by when, why, and where it stands.

    `done_at` is when the operator had done its part: patched, mitigated, accepted, or asked the
    vendor. `order_at` is the due date, or the end of time where there is none, so that one index
    holds the order of the page. Rows are never removed; a settled or closed one leaves the page.
    `quieted` counts the things that VEX statements speak free of it; a row with nothing left is
    closed as quieted, on a list of its own, where `quiet_place` puts what attackers use first.
    """

    public_id = public_id()
    organisation_id = OrderedText(max_length=32)
    group_id = OrderedText(max_length=32)
    display_id = OrderedText(max_length=128)
    title = models.CharField(max_length=500, blank=True)
    tier = models.CharField(max_length=16)
    exposures = models.PositiveIntegerField()
    undetermined = models.PositiveIntegerField(default=0)
    quieted = models.PositiveIntegerField(default=0)
    quiet_place = models.SmallIntegerField(default=1)
    assets = models.PositiveIntegerField()
    exposed = models.CharField(max_length=8)
    in_kev = models.BooleanField(default=False)
    outcome = models.CharField(max_length=4)
    low = models.CharField(max_length=4)
    high = models.CharField(max_length=4)
    drawn = models.CharField(max_length=8)
    band = models.CharField(max_length=12)
    backlog = models.BooleanField(default=False)
    reason = models.JSONField(default=dict)
    rank = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    order_at = models.DateTimeField()
    clock_started_at = models.DateTimeField()
    clock = models.CharField(max_length=8)
    forensics_offered = models.BooleanField(default=False)
    forensics_required = models.BooleanField(default=False)
    forensics_done_at = models.DateTimeField(null=True)
    subject_code = OrderedText(max_length=SUBJECT_LENGTH)
    subject_name = models.CharField(max_length=1000)
    fix_version = models.CharField(max_length=1000, blank=True)
    fix_place = models.BinaryField(max_length=2048, blank=True, default=b"")
    state = models.CharField(max_length=20, default=Remediation.OPEN)
    accepted_until = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=16, blank=True)
    is_settled = models.BooleanField(default=False)
    settled_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        # One index for each part: a condition on a boolean would hide the rest of an index from SQLite.
        indexes = [
            models.Index(
                fields=["organisation_id", "order_at", "rank", "public_id"],
                name="worklist_page",
                condition=Q(is_settled=False),
            ),
            models.Index(
                fields=["organisation_id", "order_at", "rank", "public_id"],
                name="worklist_page_of_settled",
                condition=Q(is_settled=True),
            ),
            models.Index(fields=["organisation_id", "tier"], name="worklist_by_tier", condition=Q(is_settled=False)),
            models.Index(fields=["organisation_id", "done_at"], name="worklist_done_lately"),
            models.Index(
                fields=["organisation_id", "subject_code", "fix_place"],
                name="worklist_ended_by_one_update",
                condition=Q(is_settled=False),
            ),
            models.Index(
                fields=["organisation_id", "quiet_place", "order_at", "rank", "public_id"],
                name="worklist_page_of_quieted",
                condition=Q(closed_because=Closing.QUIETED),
            ),
            models.Index(
                fields=["accepted_until"], name="worklist_acceptance_ends", condition=Q(accepted_until__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "group_id"], name="worklist_names_a_vulnerability_once"),
            models.CheckConstraint(condition=Q(state__in=list(Remediation)), name="worklist_state_is_known"),
            models.CheckConstraint(condition=Q(tier__in=list(Tier)), name="worklist_tier_is_known"),
            models.CheckConstraint(condition=Q(exposed__in=list(Exposure)), name="worklist_exposure_is_an_answer"),
            models.CheckConstraint(
                condition=Q(outcome__in=list(Outcome), low__in=list(Outcome), high__in=list(Outcome)),
                name="worklist_outcome_is_one_of_the_table",
            ),
            models.CheckConstraint(condition=Q(drawn__in=list(Drawn)), name="worklist_says_how_sure_it_is"),
            models.CheckConstraint(condition=Q(clock__in=list(Clock)), name="worklist_clock_is_known"),
            models.CheckConstraint(condition=Q(closed_because__in=["", *Closing]), name="worklist_closing_is_known"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True) | Q(order_at=F("due_at")), name="worklist_order_follows_the_due_date"
            ),
            models.CheckConstraint(
                condition=Q(backlog=False) | Q(due_at__isnull=True), name="worklist_backlog_has_no_invented_date"
            ),
            models.CheckConstraint(
                condition=Q(state=Remediation.ACCEPTED_UNTIL) ^ Q(accepted_until__isnull=True),
                name="worklist_is_accepted_until_a_date",
            ),
            models.CheckConstraint(
                condition=Q(is_settled=False, settled_at__isnull=True) | Q(is_settled=True, settled_at__isnull=False),
                name="worklist_row_says_when_it_was_settled",
            ),
            models.CheckConstraint(
                condition=Q(is_settled=False)
                | Q(state__in=[Remediation.VERIFIED, Remediation.ACCEPTED_UNTIL])
                | ~Q(closed_because=""),
                name="worklist_row_leaves_the_page_only_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_id}: {self.state}"


class Desk(models.Model):
    """One operator's worklist as a whole; `turn` is the refresh that may write, so that an overtaken one stops.

    `strict_since` is when the organisation chose to count what is not known at its worst; null where it did not.
    """

    organisation_id = OrderedText(max_length=32, unique=True)
    turn = models.BigIntegerField(default=0)
    refreshed_at = models.DateTimeField(null=True)
    strict_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"turn {self.turn} of {self.organisation_id}"


class Action(models.Model):
    """One thing that was done about a row, or happened to it; never changed, never removed.

    `by_id` is a person's opaque id or the name of the node's own work.
    """

    public_id = public_id()
    row = models.ForeignKey(WorklistRow, on_delete=models.CASCADE, related_name="actions", db_index=False)
    by_kind = models.CharField(max_length=16)
    by_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    what = models.CharField(max_length=24)
    state_before = models.CharField(max_length=20)
    state_after = models.CharField(max_length=20)
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)
    blob_id = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField(null=True)
    due_before = models.DateTimeField(null=True)
    due_after = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["row", "id"], name="action_story_of_a_row")]
        constraints = [no_longer_than("note", NOTE_LENGTH, name="action_note_is_short")]

    def __str__(self) -> str:
        return f"{self.what} at {self.at:%Y-%m-%d}"
