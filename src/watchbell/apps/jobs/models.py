"""What is to be done, by whom at the moment, how far along, and which periodic slots have had theirs?"""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id


class Job(models.Model):
    """One piece of work under a lease; whoever holds owner and attempt may finish it, nobody else."""

    class State(models.TextChoices):
        """Where a job is in its life."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        DEAD = "dead"
        CANCELLED = "cancelled"

    public_id = public_id()
    kind = OrderedText(max_length=64)
    args = models.JSONField(default=dict)
    idempotency_key = OrderedText(max_length=128, unique=True)
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    run_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField()
    owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(null=True)
    progress_note = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(F("priority").desc(), "run_at", "id", name="job_next_to_claim", condition=Q(state="waiting")),
            models.Index(fields=["lease_until"], name="job_leases_that_end", condition=Q(state="running")),
            models.Index(F("finished_at").desc(), "id", name="job_dead_letters", condition=Q(state="dead")),
            models.Index(fields=["finished_at"], name="job_over_oldest_first"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "dead", "cancelled"]), name="job_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) & ~Q(owner="")
                | ~Q(state="running") & Q(lease_until__isnull=True, owner=""),
                name="job_has_an_owner_and_a_lease_while_it_runs_and_only_then",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "dead", "cancelled"], finished_at__isnull=False),
                name="job_is_finished_exactly_when_it_is_over",
            ),
            models.CheckConstraint(condition=Q(attempts__lte=F("max_attempts")), name="job_is_not_tried_too_often"),
            no_longer_than("idempotency_key", 128, name="job_key_is_short"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class ScheduleSlot(models.Model):
    """One slot of one schedule that has had its job; the pair is unique, so no slot has two."""

    schedule = OrderedText(max_length=64)
    slot = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "slot"], name="slot_has_its_job_once")]

    def __str__(self) -> str:
        return f"{self.schedule} {self.slot:%Y-%m-%d %H:%M}"
