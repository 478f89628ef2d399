"""What does this room remember of an engagement? Ids, moments, counts and digests; all content lies sealed."""

from django.db import models
from django.db.models import F, Q

from watchbell.apps.engagements.words import Material, Outcome, Signed, What
from watchbell.apps.journal.columns import OrderedText, no_longer_than, public_id
from watchbell.domain.lifecycle.engagement import Engagement as State
from watchbell.domain.metering import Budget, Prices
from watchbell.domain.metering.budget import Amount
from watchbell.domain.terms import Purpose


class ModelVersion(models.Model):
    """One model of a developer's, by the digest of its weights; both release dates are the developer's alone.

    A moment in the past says that it was released then, one in the future that it is planned.
    """

    public_id = public_id()
    organisation = OrderedText(max_length=32)
    digest = OrderedText(max_length=64)
    sealed_name = models.BinaryField()
    registered_at = models.DateTimeField()
    partner_release_at = models.DateTimeField(null=True)
    public_release_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "digest"], name="model_is_registered_once"),
            no_longer_than("digest", 64, name="model_digest_is_one_hash"),
        ]

    def __str__(self) -> str:
        return f"model {self.public_id}"


class UsedWindow(models.Model):
    """From when until when a model could be used; outlives its engagement and its model, so that nothing resets it."""

    organisation = OrderedText(max_length=32)
    digest = OrderedText(max_length=64)
    engagement = OrderedText(max_length=32, unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organisation", "digest"], name="used_window_of_one_model")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="used_window_does_not_end_before"),
        ]

    def __str__(self) -> str:
        return f"window of {self.engagement}"


class Engagement(models.Model):
    """One offer of early access and what became of it.

    `seen_at` is the latest moment at which it was used: a clock set back does not open it again.
    """

    public_id = public_id()
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="engagements")
    developer = OrderedText(max_length=32)
    evaluator = OrderedText(max_length=32)
    state = models.CharField(max_length=16, default=State.DRAFT)
    created_at = models.DateTimeField()
    reply_by = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    evidence_days = models.PositiveIntegerField(default=14)
    evidence_goes_on_withdrawal = models.BooleanField(default=True)
    evidence_until = models.DateTimeField(null=True)
    evidence_gone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["developer", "-created_at", "public_id"], name="engagement_list_of_developer"),
            models.Index(fields=["evaluator", "-created_at", "public_id"], name="engagement_list_of_evaluator"),
            models.Index(fields=["state", "ends_at"], name="engagement_next_to_end"),
            models.Index(fields=["evidence_until"], name="engagement_next_to_forget"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(State)), name="engagement_state_is_known"),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True, ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="engagement_window_has_two_ends",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.ACTIVE) | Q(ends_at__isnull=False), name="engagement_active_has_a_window"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[one for one in State if one.is_open]) ^ Q(ended_at__isnull=False),
                name="engagement_is_open_or_has_ended",
            ),
            models.CheckConstraint(condition=~Q(developer=F("evaluator")), name="engagement_is_between_two"),
        ]

    def __str__(self) -> str:
        return f"engagement {self.public_id}"

    @property
    def access_key(self) -> str:
        """Return the name of the key that opens the way to the developer's endpoint."""
        return f"access-{self.public_id}"

    @property
    def evidence_key(self) -> str:
        """Return the name of the key that opens terms, statements and whatever an evaluation leaves."""
        return f"evidence-{self.public_id}"

    @property
    def stands(self) -> State:
        """Return the state."""
        return State(self.state)


class TermsVersion(models.Model):
    """One version of an engagement's terms: their digest, and the terms themselves under the evidence key."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = OrderedText(max_length=64)
    offer_digest = OrderedText(max_length=64)
    sealed = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["engagement", "number"], name="terms_version_has_its_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="terms_versions_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"terms {self.number} of engagement {self.engagement_id}"


class SigningKey(models.Model):
    """The public half of a key that a party holds itself."""

    public_id = public_id()
    organisation = OrderedText(max_length=32)
    person = OrderedText(max_length=32)
    public_key = models.BinaryField(max_length=32, unique=True)
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "added_at"], name="signing_keys_of_one_party")]

    def __str__(self) -> str:
        return f"signing key {self.public_id}"


class Signature(models.Model):
    """A party's signature under one statement; the statement lies under the evidence key."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="signatures")
    kind = models.CharField(max_length=16)
    statement_digest = OrderedText(max_length=64)
    sealed_payload = models.BinaryField()
    organisation = OrderedText(max_length=32)
    person = OrderedText(max_length=32)
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["engagement", "statement_digest"], name="statement_is_signed_once"),
            models.CheckConstraint(condition=Q(kind__in=list(Signed)), name="signed_statement_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of engagement {self.engagement_id}"


class Seat(models.Model):
    """A person the evaluator named; admitted by the developer's signature, taken away by either."""

    public_id = public_id()
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="seats")
    person = OrderedText(max_length=32)
    named_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "engagement"], name="seat_engagements_of_one_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["engagement", "person"], condition=Q(ended_at__isnull=True), name="seat_is_one_persons"
            )
        ]

    def __str__(self) -> str:
        return f"seat {self.public_id}"


class Grant(models.Model):
    """The way to the developer's endpoint, sealed under the access key, and what may be used of it.

    What is `used` holds what is reserved for running calls too. Limits are the signed terms'.
    """

    engagement = models.OneToOneField(Engagement, on_delete=models.PROTECT, related_name="grant")
    sealed_endpoint = models.BinaryField(default=b"")
    endpoint_set_at = models.DateTimeField(null=True)
    requests = models.BigIntegerField(null=True)
    tokens = models.BigIntegerField(null=True)
    cost = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    input_per_million = models.BigIntegerField(default=0)
    output_per_million = models.BigIntegerField(default=0)
    per_minute = models.BigIntegerField(null=True)
    at_once = models.BigIntegerField(null=True)
    opened_a_day = models.BigIntegerField(default=200)
    dialects = models.JSONField(default=list)
    requests_used = models.BigIntegerField(default=0)
    tokens_used = models.BigIntegerField(default=0)
    cost_used = models.BigIntegerField(default=0)
    minute = models.BigIntegerField(default=0)
    calls_in_minute = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(requests__isnull=True) | Q(requests_used__lte=F("requests")),
                name="grant_requests_are_never_overspent",
            ),
            models.CheckConstraint(
                condition=Q(tokens__isnull=True) | Q(tokens_used__lte=F("tokens")),
                name="grant_tokens_are_never_overspent",
            ),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost_used__lte=F("cost")), name="grant_money_is_never_overspent"
            ),
            models.CheckConstraint(
                condition=Q(requests_used__gte=0, tokens_used__gte=0, cost_used__gte=0),
                name="grant_counts_from_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"grant of engagement {self.engagement_id}"

    @property
    def budget(self) -> Budget:
        """Return the limits and what of them is reserved or charged."""
        used = Amount(self.requests_used, self.tokens_used, self.cost_used)
        return Budget(self.requests, self.tokens, self.cost, used)

    @property
    def prices(self) -> Prices:
        """Return what tokens cost."""
        return Prices(self.input_per_million, self.output_per_million)


class GatewayToken(models.Model):
    """What one named person shows at the gateway for a few hours; only a digest of its secret is kept."""

    public_id = public_id()
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="gateway_tokens")
    person = OrderedText(max_length=32)
    purpose = models.CharField(max_length=16)
    secret_digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="gateway_token_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(purpose__in=list(Purpose)), name="gateway_token_has_a_purpose"),
        ]

    def __str__(self) -> str:
        return f"gateway token {self.public_id}"


class AccessChain(models.Model):
    """One writer's part of an engagement's access log: how many lines, and the hash that holds them all."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="chains")
    writer = OrderedText(max_length=32)
    size = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32)
    anchored_size = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["engagement", "writer"], name="access_chain_has_one_writer"),
            models.CheckConstraint(
                condition=Q(anchored_size__gte=0, anchored_size__lte=F("size")),
                name="access_chain_anchors_what_is_there",
            ),
        ]

    def __str__(self) -> str:
        return f"access log of engagement {self.engagement_id} by {self.writer}"


class AccessLine(models.Model):
    """One touch of a model or of its material, in a chain; never changed, never removed."""

    chain = models.ForeignKey(AccessChain, on_delete=models.PROTECT, related_name="lines")
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="lines", db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    what = models.CharField(max_length=16)
    person = OrderedText(max_length=32, blank=True)
    entry = models.BinaryField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["engagement", "-id"], name="access_line_newest_first"),
            models.Index(fields=["engagement", "person", "what", "at"], name="access_line_volume_of_one"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="access_line_has_one_place"),
            models.CheckConstraint(condition=Q(what__in=list(What)), name="access_line_says_a_known_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.seq}"


class Call(models.Model):
    """A call that runs: what is reserved for it; the row goes when it is settled."""

    public_id = public_id()
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="calls")
    chain = models.ForeignKey(AccessChain, on_delete=models.PROTECT, related_name="calls")
    person = OrderedText(max_length=32)
    tokens = models.BigIntegerField()
    cost = models.BigIntegerField()
    at = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["engagement", "until"], name="call_running_now")]

    def __str__(self) -> str:
        return f"call {self.public_id}"


class SealedItem(models.Model):
    """Something that lies under one of an engagement's keys, by digest: what a destruction receipt lists."""

    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="sealed_items")
    key = models.CharField(max_length=16)
    what = OrderedText(max_length=64)
    digest = OrderedText(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["engagement", "key", "id"], name="sealed_item_under_one_key")]
        constraints = [models.CheckConstraint(condition=Q(key__in=list(Material)), name="sealed_item_names_a_key")]

    def __str__(self) -> str:
        return f"{self.what} under {self.key}"


class Receipt(models.Model):
    """The node's signed statement that one of an engagement's keys was destroyed, and what lay under it."""

    public_id = public_id()
    engagement = models.ForeignKey(Engagement, on_delete=models.PROTECT, related_name="receipts")
    key = models.CharField(max_length=16)
    content = models.BinaryField()
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["engagement", "key"], name="receipt_is_one_for_each_key"),
            models.CheckConstraint(condition=Q(key__in=list(Material)), name="receipt_names_a_key"),
        ]

    def __str__(self) -> str:
        return f"receipt {self.public_id}"


class Partner(models.Model):
    """An organisation the developer chose as a trusted partner for one model; it counts while both consent."""

    public_id = public_id()
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="partners")
    partner = OrderedText(max_length=32)
    offered_at = models.DateTimeField()
    consented_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["partner", "offered_at"], name="partner_offers_to_one")]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "partner"], condition=Q(ended_at__isnull=True), name="partner_is_chosen_once"
            )
        ]

    def __str__(self) -> str:
        return f"partner {self.public_id}"


class Determination(models.Model):
    """A developer's request, made elsewhere, whether its model is a covered frontier model, and the outcome's notice.

    Read by nothing but its own page: no other part of this program may depend on it.
    """

    public_id = public_id()
    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="determinations")
    requested_at = models.DateTimeField()
    retracted_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True)
    outcome_on = models.DateField(null=True)
    signer = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=["", *Outcome]), name="determination_outcome_is_known"),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_on__isnull=True, noted_at__isnull=True, signer="")
                | (~Q(outcome="") & ~Q(signer="") & Q(outcome_on__isnull=False, noted_at__isnull=False)),
                name="determination_outcome_has_date_and_signer",
            ),
            no_longer_than("signer", 200, name="determination_signer_is_short"),
        ]

    def __str__(self) -> str:
        return f"determination {self.public_id}"
