"""What does this room remember? Which benchmarks there are, what was decided beforehand, and what came of each sample.

What an evaluator writes and what a model said lies under the engagement's evidence key. Samples are counted by `arm`:
0 is the model measured, 1 and on are the protocol's references, in its order.
"""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.evaluation.words import IncidentKind, Source, Stop
from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.domain.evaluation import Needs, Outcome, SentAs, Visibility
from watchbell.domain.evaluation.fingerprints import Moment
from watchbell.domain.evaluation.report import NEEDS_CONSENT
from watchbell.domain.lifecycle.run import Run as RunState
from watchbell.domain.terms import Routing


class Benchmark(models.Model):
    """One version of a benchmark, by its digests; an organisation's own, or the node's where none is named.

    `minutes` are human times by family, where people were timed.
    """

    public_id = public_id()
    organisation = OrderedText(max_length=32, blank=True)
    name = OrderedText(max_length=100)
    version = OrderedText(max_length=100)
    visibility = models.CharField(max_length=16)
    needs = models.CharField(max_length=16)
    content = OrderedText(max_length=64)
    generator = OrderedText(max_length=64, blank=True)
    spdx = OrderedText(max_length=100, blank=True)
    families = models.JSONField(default=list)
    canary = OrderedText(max_length=200, blank=True)
    minutes = models.JSONField(default=dict)
    known = models.JSONField(default=dict)
    digest = OrderedText(max_length=64)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "name", "version"], name="benchmark_version_is_registered_once"
            ),
            models.CheckConstraint(condition=Q(visibility__in=list(Visibility)), name="benchmark_visibility_is_known"),
            models.CheckConstraint(condition=Q(needs__in=list(Needs)), name="benchmark_needs_are_known"),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.SEALED) | ~Q(generator=""),
                name="benchmark_unless_sealed_has_a_generator",
            ),
            no_longer_than("digest", 64, name="benchmark_digest_is_one_hash"),
        ]

    def __str__(self) -> str:
        return f"benchmark {self.public_id}"


class Protocol(models.Model):
    """One version of a protocol: its bytes sealed, its digest in the open; once locked it never changes.

    `line` is the public id of its first version. `kept` are the signed terms' words for what outlives the evidence.
    """

    public_id = public_id()
    engagement = OrderedText(max_length=32)
    line = OrderedText(max_length=32)
    number = models.PositiveIntegerField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    digest = OrderedText(max_length=64)
    sealed = models.BinaryField()
    sealed_reason = models.BinaryField(default=b"")
    person = OrderedText(max_length=32, blank=True)
    drafted_at = models.DateTimeField()
    locked_at = models.DateTimeField(null=True)
    calls_before = models.BigIntegerField(null=True)
    after_data = models.BooleanField(default=False)
    kept = models.JSONField(default=list)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["engagement", "line", "number"], name="protocols_of_one_engagement")]
        constraints = [
            models.UniqueConstraint(fields=["line", "number"], name="protocol_version_has_its_number_once"),
            models.UniqueConstraint(
                fields=["line"], condition=Q(locked_at__isnull=True), name="protocol_has_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(number=1, supersedes__isnull=True) | Q(number__gt=1, supersedes__isnull=False),
                name="protocol_amended_names_what_it_supersedes",
            ),
            models.CheckConstraint(
                condition=Q(locked_at__isnull=True) ^ Q(calls_before__isnull=False),
                name="protocol_locked_knows_what_came_before",
            ),
            no_longer_than("digest", 64, name="protocol_digest_is_one_hash"),
        ]

    def __str__(self) -> str:
        return f"protocol {self.public_id}"


class Commitment(models.Model):
    """The seed of an engagement's held-out items: its hash beforehand, itself sealed, and at the close in the open."""

    public_id = public_id()
    engagement = OrderedText(max_length=32)
    benchmark = models.ForeignKey(Benchmark, on_delete=models.PROTECT, related_name="commitments")
    commitment = OrderedText(max_length=64)
    sealed = models.BinaryField()
    committed_at = models.DateTimeField()
    revealed_at = models.DateTimeField(null=True)
    seed = models.BinaryField(max_length=32, default=b"")
    salt = models.BinaryField(max_length=32, default=b"")

    class Meta:
        indexes = [models.Index(fields=["revealed_at", "engagement"], name="commitment_not_yet_revealed")]
        constraints = [
            models.UniqueConstraint(fields=["engagement", "benchmark"], name="seed_is_committed_to_once"),
            models.CheckConstraint(
                condition=Q(revealed_at__isnull=True, seed=b"") | (Q(revealed_at__isnull=False) & ~Q(seed=b"")),
                name="seed_is_in_the_open_once_revealed",
            ),
        ]

    def __str__(self) -> str:
        return f"commitment {self.public_id}"


class Containment(models.Model):
    """The evaluator's signed words about its own machines, for the runs of one protocol; nobody verified them."""

    public_id = public_id()
    engagement = OrderedText(max_length=32)
    protocol = models.OneToOneField(Protocol, on_delete=models.PROTECT, related_name="containment")
    digest = OrderedText(max_length=64)
    sealed_payload = models.BinaryField()
    organisation = OrderedText(max_length=32)
    person = OrderedText(max_length=32)
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"containment {self.public_id}"


class Run(models.Model):
    """What one log, or one run of our own, gave for one suite, model and budget.

    `calls_admitted` and `tokens_charged` are the gateway's for the span of the log, None for a reference model.
    Of our own run, while it goes: `carried` counts how often it was handed to a worker, `asked_at` is when a person
    last wanted it to go on, `reason` why it stands still or stopped early, and what its process last told.
    """

    public_id = public_id()
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="runs")
    source = models.CharField(max_length=16)
    state = models.CharField(max_length=16, default=RunState.RUNNING)
    suite = OrderedText(max_length=100)
    arm = models.PositiveSmallIntegerField()
    budget = models.BigIntegerField()
    log_digest = OrderedText(max_length=64, blank=True)
    eval_id = OrderedText(max_length=64, blank=True)
    blob = OrderedText(max_length=32, blank=True)
    person = OrderedText(max_length=32, blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    listed = models.PositiveIntegerField(default=0)
    recovered = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    outcomes = models.JSONField(default=dict)
    calls_logged = models.BigIntegerField(null=True)
    calls_admitted = models.BigIntegerField(null=True)
    tokens_logged = models.BigIntegerField(null=True)
    tokens_charged = models.BigIntegerField(null=True)
    deviations = models.JSONField(default=list)
    asked_at = models.DateTimeField(null=True)
    carried = models.PositiveIntegerField(default=0)
    token = OrderedText(max_length=32, blank=True)
    reason = models.CharField(max_length=16, blank=True)
    total = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    tokens_told = models.BigIntegerField(default=0)
    carried_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["protocol", "suite", "arm", "budget"], name="runs_of_one_protocol"),
            models.Index(
                fields=["source"], condition=Q(finished_at__isnull=True), name="runs_of_our_own_that_are_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "log_digest"], condition=~Q(log_digest=""), name="log_is_one_run"
            ),
            models.UniqueConstraint(
                fields=["protocol", "suite", "arm", "budget"],
                condition=Q(source=Source.OWN, finished_at__isnull=True),
                name="run_of_our_own_is_one_a_cell",
            ),
            models.CheckConstraint(condition=Q(reason__in=["", *Stop]), name="run_reason_is_known"),
            models.CheckConstraint(
                condition=~Q(log_digest="") | Q(source=Source.OWN), name="run_of_a_log_names_the_log"
            ),
            models.CheckConstraint(condition=Q(source__in=list(Source)), name="run_source_is_known"),
            models.CheckConstraint(condition=Q(state__in=list(RunState)), name="run_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=[one for one in RunState if one.is_over]) ^ Q(finished_at__isnull=True),
                name="run_is_over_or_goes_on",
            ),
            models.CheckConstraint(condition=Q(budget__gte=1), name="run_has_a_budget"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
                name="run_does_not_end_before_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.public_id}"

    @property
    def stands(self) -> RunState:
        """Return the state."""
        return RunState(self.state)


class Sample(models.Model):
    """What came of one item for one model, at one budget, in one epoch; no text of anybody's.

    `digest` is that of the bytes it has in its log, `answer` that of the last answer's text.
    """

    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="samples", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="samples")
    suite = OrderedText(max_length=100)
    arm = models.PositiveSmallIntegerField()
    budget = models.BigIntegerField()
    item = OrderedText(max_length=150)
    epoch = models.PositiveIntegerField()
    family = OrderedText(max_length=100)
    level = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16)
    limit = OrderedText(max_length=20, blank=True)
    credit = models.FloatField(null=True)
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    total_tokens = models.BigIntegerField()
    calls = models.BigIntegerField(null=True)
    wall_ms = models.BigIntegerField()
    answer = OrderedText(max_length=64)
    digest = OrderedText(max_length=64)
    place = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "suite", "arm", "budget", "item", "epoch"], name="sample_fills_one_cell"
            ),
            models.CheckConstraint(condition=Q(outcome__in=list(Outcome)), name="sample_outcome_is_known"),
            models.CheckConstraint(
                condition=Q(credit__isnull=True) | Q(credit__gte=0, credit__lte=1), name="sample_credit_is_a_share"
            ),
            models.CheckConstraint(condition=Q(epoch__gte=1), name="sample_epochs_count_from_one"),
            no_longer_than("digest", 64, name="sample_digest_is_one_hash"),
        ]

    def __str__(self) -> str:
        return f"sample {self.item} of run {self.run_id}"


class Fingerprint(models.Model):
    """What an endpoint answered to neutral questions at one moment of a run; the answers sealed, their number not."""

    public_id = public_id()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="fingerprints")
    moment = models.CharField(max_length=8)
    at = models.DateTimeField()
    number = models.PositiveSmallIntegerField()
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "moment", "at"], name="fingerprint_of_a_moment_is_there_once"),
            models.CheckConstraint(condition=Q(moment__in=list(Moment)), name="fingerprint_moment_is_known"),
        ]

    def __str__(self) -> str:
        return f"fingerprint {self.public_id}"


class Incident(models.Model):
    """Something left its scope or touched a canary: what was halted, when it was seen, when the developer had it."""

    public_id = public_id()
    engagement = OrderedText(max_length=32)
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, null=True, related_name="incidents")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="incidents")
    kind = models.CharField(max_length=16)
    sealed_note = models.BinaryField(default=b"")
    person = OrderedText(max_length=32, blank=True)
    tokens_ended = models.PositiveIntegerField(default=0)
    noticed_at = models.DateTimeField()
    told_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = OrderedText(max_length=32, blank=True)
    sealed_reason = models.BinaryField(default=b"")

    class Meta:
        indexes = [models.Index(fields=["engagement", "settled_at"], name="incidents_of_one_engagement")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(IncidentKind)), name="incident_kind_is_known"),
            models.CheckConstraint(
                condition=Q(told_at__gte=F("noticed_at")), name="incident_is_told_after_it_is_noticed"
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(settled_at__gte=F("told_at")),
                name="incident_is_settled_after_it_is_told",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=False) | Q(settled_by="", sealed_reason=b""),
                name="incident_has_a_reason_once_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"incident {self.public_id}"


class Flaw(models.Model):
    """A flaw in somebody else's software that the model found, and where the signed terms sent it.

    `submission` is what took it in under an organisation's name. What took it in without one stands nowhere in the
    open: its receipt code is sealed, and goes with the evidence key.
    """

    public_id = public_id()
    engagement = OrderedText(max_length=32)
    key = OrderedText(max_length=64)
    route = models.CharField(max_length=20)
    sealed = models.BinaryField()
    sealed_code = models.BinaryField(default=b"")
    submission = OrderedText(max_length=32, blank=True)
    person = OrderedText(max_length=32, blank=True)
    reported_at = models.DateTimeField()
    sent_as = models.CharField(max_length=10, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["engagement", "-reported_at"], name="flaws_of_one_engagement")]
        constraints = [
            models.UniqueConstraint(fields=["engagement", "key"], name="flaw_is_reported_once"),
            models.CheckConstraint(condition=Q(route__in=list(Routing)), name="flaw_route_is_known"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, sent_as="", submission="", sealed_code=b"")
                | Q(sent_at__isnull=False, sent_as=SentAs.NAMED, sealed_code=b"") & ~Q(submission="")
                | Q(sent_at__isnull=False, sent_as=SentAs.NAMELESS, submission=""),
                name="flaw_sent_says_how_and_nameless_names_nothing",
            ),
            models.CheckConstraint(
                condition=Q(route=Routing.RETURN_TO_LAB) | Q(sent_at__isnull=False),
                name="flaw_not_returned_is_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"flaw {self.public_id}"


class Report(models.Model):
    """One issued report on a protocol, signed by this node; both parties have it from the same moment.

    `content` is sealed under the evidence key, unless the signed terms keep the report: then nothing seals it.
    """

    public_id = public_id()
    protocol = models.ForeignKey(Protocol, on_delete=models.PROTECT, related_name="reports")
    number = models.PositiveIntegerField()
    digest = OrderedText(max_length=64)
    is_kept = models.BooleanField()
    content = models.BinaryField()
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    person = OrderedText(max_length=32, blank=True)
    issued_at = models.DateTimeField()
    comment = models.BinaryField(default=b"")
    commented_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["protocol", "number"], name="report_has_its_number_once"),
            models.CheckConstraint(
                condition=Q(comment=b"", commented_at__isnull=True) | (~Q(comment=b"") & Q(commented_at__isnull=False)),
                name="report_comment_has_its_moment",
            ),
            no_longer_than("digest", 64, name="report_digest_is_one_hash"),
        ]

    def __str__(self) -> str:
        return f"report {self.public_id}"

    @property
    def consents(self) -> list[str]:
        """Return for which readers the developer consents at this moment."""
        return sorted(self.handed_on.filter(ended_at__isnull=True).values_list("reader", flat=True))


class HandedOn(models.Model):
    """What one kind of reader has of a report while the developer consents: less of it, and signed as it is.

    `content` is kept as the report's own; once the consent is withdrawn there is none.
    """

    public_id = public_id()
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="handed_on")
    reader = models.CharField(max_length=16)
    content = models.BinaryField(default=b"")
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    consented_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["report", "reader"],
                condition=Q(ended_at__isnull=True),
                name="report_is_handed_on_once_to_a_kind_of_reader",
            ),
            models.CheckConstraint(condition=Q(reader__in=sorted(NEEDS_CONSENT)), name="handed_on_reader_is_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(content=b"", ended_at__gte=F("consented_at")),
                name="handed_on_holds_nothing_once_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.public_id} for {self.reader}"
